/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/scenario/scenario.h - scenario files: what runs, how important it is.
 *
 * A scenario that cx_scenario_load() returned is complete and consistent: replicas
 * expanded, defaults filled in, workload parameters checked against the payload's own
 * table, CPU lists parsed.  What depends on the host or the policy (do the CPUs exist,
 * are the parameters the policy's) is checked by the run.
 */
#ifndef CX_CORE_SCENARIO_H
#define CX_CORE_SCENARIO_H

#include "base/error.h"
#include "entitlement/entitlement.h"
#include "topology/topology.h"

#include <coxswain/guest_abi.h>
#include <stdbool.h>
#include <stdint.h>

#define CX_SCENARIO_DOMAINS_MAX 4096
#define CX_SCENARIO_CHANGES_MAX 4096
#define CX_SCENARIO_POOLS_MAX 1024
#define CX_WEIGHT_DEFAULT 256u
#define CX_POOL_WEIGHT_DEFAULT 1024u /* as a domain of four vCPUs, as VMware has it */

/** "name=value" still as text: what it means is the policy's business. */
struct cx_setting {
	char *name;
	char *value;
	unsigned line; /* in the file; 0 = from the command line */
};

/** A resource pool: domains and pools that share what it is entitled to. */
struct cx_scenario_pool {
	char *name;
	unsigned line;   /* of its entry in the file */
	unsigned parent; /* an index, less than its own; CX_NO_POOL: of the whole host */
	unsigned weight; /* 1 .. CX_POOL_WEIGHT_MAX, of the whole pool */
	bool weight_given;
	unsigned reservation, limit; /* percent of a pCPU; 0 = none */
	bool expandable;             /* may borrow reservation from its ancestors; by default */
};

struct cx_scenario_domain {
	unsigned pool;                      /* an index, or CX_NO_POOL */
	char *name;                         /* "web" or "web.1" */
	unsigned line;                      /* of its entry in the file */
	unsigned vcpus;                     /* 1 .. CX_GUEST_VCPUS_MAX */
	uint64_t memory;                    /* bytes */
	unsigned weight;                    /* 1 .. 65535, per vCPU */
	bool weight_given;                  /* so that the report can say what is asked for */
	unsigned reservation, limit;        /* percent of a pCPU; 0 = none */
	unsigned cpus_line;                 /* of `cpus`; 0 = not given */
	struct cx_cpuset *cpus, *cpus_soft; /* NULL = all; host CPU numbers */
	uint64_t start_ns, stop_ns;         /* stop_ns = UINT64_MAX: with the run */
	char *workload;                     /* payload's name */
	char *workload_path;                /* file of the payload */
	char *workload_text;                /* "cachewalk size=512KiB", for reports */
	int64_t params[CX_GUEST_PARAMS];    /* in the payload's order, defaults filled in */
	unsigned n_peers;
	unsigned *peers; /* domain indices, for CX_HC_SEND */
	unsigned n_settings;
	struct cx_setting *settings; /* the policy's per-domain parameters */
};

enum cx_change_kind {
	CX_CHANGE_DOMAIN, /* weight, reservation, limit, the policy's parameters of domains */
	CX_CHANGE_POOL,   /* weight, reservation, limit of a resource pool */
	CX_CHANGE_PARAM,  /* the policy's parameters */
	CX_CHANGE_PCPU    /* a pCPU goes offline or comes back */
};

/** Something that changes while the scenario runs. */
struct cx_scenario_change {
	uint64_t at_ns;
	unsigned entry; /* its place in the file's list, from 0 */
	unsigned line;  /* of the key that says what changes */
	enum cx_change_kind kind;
	unsigned first_domain, n_domains; /* one, or all replicas of an entry */
	unsigned pool;                    /* of CX_CHANGE_POOL */
	bool weight_given, reservation_given, limit_given;
	unsigned weight, reservation, limit; /* as a domain's, where given */
	char *scheduler; /* whose the settings are; NULL = of any policy that has them */
	unsigned n_settings;
	struct cx_setting *settings; /* the policy's, or its per-domain ones */
	unsigned cpu;                /* host CPU number, as in `pcpus` */
	bool online;                 /* from now on */
};

struct cx_scenario {
	char *path;
	char *text; /* the file, whole */
	char *name;
	char *question; /* the first comment line's text, or NULL */
	uint64_t duration_ns;
	uint64_t seed;
	unsigned pcpus_line;     /* of `pcpus`; 0 = not given */
	struct cx_cpuset *pcpus; /* NULL = all allowed */
	char *topology;          /* as cx_topology_open() takes it; sim only; NULL = none given */
	unsigned topology_line;  /* of `topology`; 0 = not given */
	char *scheduler;         /* NULL = none named */
	unsigned n_params;
	struct cx_setting *params; /* of the scheduler */
	unsigned n_pools;
	struct cx_scenario_pool *pools; /* parents before their children */
	unsigned n_domains;
	struct cx_scenario_domain *domains;
	unsigned n_changes;
	struct cx_scenario_change *changes; /* in the order of time, then of the file */
};

/**
 * Read, check and expand the file @path.
 * @payload_dirs  directories searched for NAME.elf, NULL-terminated; a workload with a
 *                slash in its name is a path of its own
 * Returns 0; -EINVAL: the message is "FILE:LINE: KEY: found ..., allowed ...";
 * else the errno of reading the file.
 */
int cx_scenario_load(const char *path, const char *const *payload_dirs,
		     struct cx_scenario **scenario, struct cx_error *err);
/**
 * The same with @n values put in the place of the file's, or beside them, before anything is
 * checked.  Each is named by its place: "duration", "pcpus", "topology",
 * "domains.NAME.KEY", "domains.NAME.workload.PARAM", "domains.NAME.policy.PARAM",
 * "pools.NAME.KEY"; NAME as in the file, without a replica's number.  Lines in messages are still those of the file;
 * scenario->text is the file as changed.
 * Returns also -ENOENT: the file has no domain or pool of that name; -EINVAL with another message
 * than above when the place is none that can be changed.
 */
int cx_scenario_load_overridden(const char *path, const char *const *payload_dirs,
				const struct cx_setting *overrides, unsigned n,
				struct cx_scenario **scenario, struct cx_error *err);
void cx_scenario_free(struct cx_scenario *scenario);

#endif
