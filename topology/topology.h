/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology/topology.h - what the host looks like to a policy.
 *
 * Discovery by hwloc (and libnuma for node distances).  CPU numbers are the host's.  Once it
 * is there a topology never changes, and any number of threads may ask it.
 */
#ifndef CX_TOPOLOGY_H
#define CX_TOPOLOGY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** A set of CPU numbers. */
struct cx_cpuset;

struct cx_cpuset *cx_cpuset_new(void); /* empty; NULL when out of memory */
struct cx_cpuset *cx_cpuset_dup(const struct cx_cpuset *set);
void cx_cpuset_free(struct cx_cpuset *set);
/**
 * Read a list such as "0-3,8,^2": numbers and ranges in order, ^ takes away.
 * @max  highest number allowed
 * Returns 0; -EINVAL or -ERANGE with a message that shows where.
 */
int cx_cpuset_parse(const char *text, unsigned max, struct cx_cpuset *set, struct cx_error *err);
/** "0-3,8"; malloc'd, NULL when out of memory. */
char *cx_cpuset_format(const struct cx_cpuset *set);
bool cx_cpuset_has(const struct cx_cpuset *set, unsigned cpu);
void cx_cpuset_add(struct cx_cpuset *set, unsigned cpu);
void cx_cpuset_remove(struct cx_cpuset *set, unsigned cpu);
unsigned cx_cpuset_count(const struct cx_cpuset *set);
/** The lowest member above @prev (start with -1), or -1. */
int cx_cpuset_next(const struct cx_cpuset *set, int prev);

/** CPUs of a host at most: an event names its pCPU in 16 bits.  Numbers are 0 .. 65533. */
#define CX_TOPOLOGY_CPUS_MAX 65534u
/** Bytes of a description in a line, and of an XML file, at most. */
#define CX_TOPOLOGY_TEXT_MAX (64u << 10)
#define CX_TOPOLOGY_FILE_MAX (64u << 20)

/** One host, discovered or described. */
struct cx_topology;

/**
 * The host that @what means:
 *   "host"                                        this one
 *   ends in ".xml", has a slash, or is there as a file   an XML file that hwloc exported
 *                                                 on another host (`lstopo --of xml`)
 *   anything else                                 a description as for cx_topology_synthetic()
 * Its result, but for that of "host", depends on @what alone: on no environment and no host.
 * Returns 0 or a negative errno with a message that says where and what is wrong and what is
 * allowed: -EINVAL, -ERANGE (more than there may be), -EISDIR, -EFBIG, -EBADMSG (hwloc crashed
 * on the file), -ETIMEDOUT (it did not come to an end), -ENOMEM, the errno of reading.
 */
int cx_topology_open(const char *what, struct cx_topology **topo, struct cx_error *err);
/** Does it take @what for the name of a file? */
bool cx_topology_is_file(const char *what);
/**
 * What @what means in the file @said_in (a scenario, a plan): a file of that name beside it, if
 * there is one, else @what as it is.
 * @found  for cx_topology_open(); malloc'd
 * Returns 0 or -ENOMEM.
 */
int cx_topology_find(const char *what, const char *said_in, char **found, struct cx_error *err);
/** This host.  Returns 0, or a negative errno with a message. */
int cx_topology_host(struct cx_topology **topo, struct cx_error *err);
/** Write it as an XML file, which cx_topology_open() reads on any host.  Likewise. */
int cx_topology_host_write(const char *path, struct cx_error *err);
/**
 * A host that is described, in hwloc's synthetic form: "pack:2 l3:1 core:4 pu:2".
 * Returns 0; -EINVAL (not such a description), -ERANGE or -ENOMEM with a message.
 */
int cx_topology_synthetic(const char *description, struct cx_topology **topo, struct cx_error *err);
void cx_topology_free(struct cx_topology *topo);
/** CPUs that this process may use (its own affinity and cgroup).  Belongs to @topo. */
const struct cx_cpuset *cx_topology_allowed(const struct cx_topology *topo);
/** Take all CPUs that are there for usable, whatever this process may use of them: a host like
 *  this one, and no longer this one, of whose kernel cx_topology_describe() then says nothing. */
void cx_topology_use_all(struct cx_topology *topo);
/** Highest CPU number plus one. */
unsigned cx_topology_cpus(const struct cx_topology *topo);
/** As enum cx_distance: 0 self, 1 SMT, 2 LLC, 3 node, 4 remote, also for a CPU that is not there. */
unsigned cx_topology_distance(const struct cx_topology *topo, unsigned cpu_a, unsigned cpu_b);
/**
 * A number that CPUs share exactly if they share the last-level cache, 0 .. cpus - 1.
 * Where the host reports no caches, CPUs of one package and NUMA node count as sharing.
 */
unsigned cx_topology_llc(const struct cx_topology *topo, unsigned cpu);
/** A number that CPUs share exactly if they are threads of one core, 0 .. cpus - 1. */
unsigned cx_topology_core(const struct cx_topology *topo, unsigned cpu);
/** Bytes of the largest data cache below the last-level one that the CPU's core has for itself;
 *  0 when unknown. */
uint64_t cx_topology_l2_size(const struct cx_topology *topo, unsigned cpu);
/** Bytes of the last-level cache; 0 when unknown. */
uint64_t cx_topology_llc_size(const struct cx_topology *topo, unsigned cpu);
/** Number of the NUMA node of that CPU. */
unsigned cx_topology_node(const struct cx_topology *topo, unsigned cpu);
/** As the firmware states it: 10 = the same node, 20 = twice as far; 0 = unknown. */
unsigned cx_topology_node_distance(const struct cx_topology *topo, unsigned node_a,
				   unsigned node_b);
/**
 * One line: "AMD EPYC, 2 CPUs, 1 package, 1 NUMA node, Linux 6.18"; "synthetic, 8 CPUs, ...";
 * of a file "AMD EPYC (a.xml), 64 CPUs, ...".  malloc'd, NULL when out of memory.
 */
char *cx_topology_describe(const struct cx_topology *topo);
/** The whole, for `coxswain topology`: packages, nodes, caches, distances. */
void cx_topology_print(const struct cx_topology *topo, FILE *out);

#endif
