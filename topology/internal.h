/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology/internal.h - what the files of this room share; tests may look in.
 *
 *   topology.c           a topology as tables, and what is asked of them
 *   cpuset.c             sets of CPU numbers
 *   print.c              for people
 *   from_hwloc.c         hwloc's tree into the tables
 *   isolated.c           hwloc at work in a child process
 *   host.c               this host
 *   xml.c, xml_check.c   a file that hwloc exported on another host
 *   synthetic*.c         a host that is described in a line
 *   open.c               whichever of these is meant
 */
#ifndef CX_TOPOLOGY_INTERNAL_H
#define CX_TOPOLOGY_INTERNAL_H

#include "topology/topology.h"

#include <hwloc.h>

#define CX_TOPOLOGY_NODES_MAX 1024u /* as many as Linux knows */
#define CX_TOPOLOGY_MODEL_MAX 320u  /* bytes of a CPU's name and a file's */

struct cx_cpuset {
	hwloc_bitmap_t bits;
};

/** What is known of one CPU number; a number without a CPU shares nothing with others. */
struct cx_topology_cpu {
	bool present;
	unsigned core;      /* lowest CPU number of its core */
	unsigned llc;       /* lowest CPU number that shares its last-level cache */
	unsigned package;   /* lowest CPU number of its package */
	unsigned node;      /* number of its (nearest, lowest) NUMA node */
	int package_number; /* of that package, as the host counts; -1 = none is reported */
	unsigned llc_level; /* 1 .. 5; 0 = no cache is reported */
	uint64_t llc_size;  /* bytes, 0 = unknown */
	uint64_t l2_size;   /* of the largest below it that its core has for itself; likewise */
};

struct cx_topology_node {
	bool present;
	uint64_t memory; /* bytes */
	struct cx_cpuset *cpus;
};

struct cx_topology {
	bool is_host; /* this machine, not a description of one */
	char *model;  /* what kind of host it is, for cx_topology_describe() */
	struct cx_cpuset *allowed;
	unsigned n_cpus; /* highest CPU number plus one */
	struct cx_topology_cpu *cpus;
	unsigned n_nodes; /* highest node number plus one */
	struct cx_topology_node *nodes;
	unsigned *node_distances; /* n_nodes x n_nodes, 10 = local, 0 = unknown */
};

/**
 * Tables for @n_cpus CPU numbers and @n_nodes (1 or more) nodes, none of them present.
 * @model  is copied
 * Returns 0; -ERANGE: more than there may be; -ENOMEM.
 */
int cx_topology_new(unsigned n_cpus, unsigned n_nodes, const char *model, struct cx_topology **topo,
		    struct cx_error *err);
/**
 * Do the tables fit each other?  Who shares a core, a cache or a package with the lowest CPU
 * of it says so of that as well; and there is a CPU to use.  0 or -EINVAL with a message.
 */
int cx_topology_check(const struct cx_topology *topo, struct cx_error *err);
/** A row of node_distances. */
unsigned *cx_topology_node_row(const struct cx_topology *topo, unsigned node);

/**
 * Make the tables from @hw, which is loaded, and taken over also on failure.
 * @is_host  it is this machine: ask the kernel what we may use of it, and libnuma
 * @name     beside the CPU's model, such as the file's name; or NULL
 */
int cx_topology_from_hwloc(hwloc_topology_t hw, bool is_host, const char *name,
			   struct cx_topology **topo, struct cx_error *err);

/** Makes a topology of @arg in a process of its own: it may crash, print and never end. */
typedef int (*cx_topology_maker)(const void *arg, struct cx_topology **topo, struct cx_error *err);
/**
 * Call @maker in a child process, without the caller's environment and standard streams.
 * @what  for messages: "topology a.xml"
 * @timeout_ms  how long it may take
 * Returns what @maker does; -EBADMSG: it crashed; -ETIMEDOUT; -EAGAIN or -ENOMEM: no child.
 */
int cx_topology_isolated(cx_topology_maker maker, const void *arg, const char *what, int timeout_ms,
			 struct cx_topology **topo, struct cx_error *err);
#define CX_TOPOLOGY_TIMEOUT_MS 60000 /* hwloc takes a second for 10000 CPUs */

/**
 * Is @text, of @len bytes, an XML file that hwloc may be given?  Well-formed, of a version that
 * there is, with as many objects as there may be, and numbers within bounds.
 * @cpus  how many hwloc must find in it; 0 = fewer than are there may be right, as in its old
 *        format, which has those that are offline as well
 * Returns 0; -EINVAL or -ERANGE: the message is "FILE:LINE: ..."; -ENOMEM.
 */
int cx_topology_xml_check(const char *file, const char *text, size_t len, unsigned *cpus,
			  struct cx_error *err);
/** Read the file @path.  As cx_topology_open(). */
int cx_topology_xml(const char *path, struct cx_topology **topo, struct cx_error *err);

#endif
