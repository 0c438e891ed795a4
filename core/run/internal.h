/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/internal.h - one run and its parts, in the order in which they are made.
 */
#ifndef CX_CORE_RUN_INTERNAL_H
#define CX_CORE_RUN_INTERNAL_H

#include "core/dispatch/guard.h"
#include "core/dispatch/loader.h"
#include "core/machine/host.h"
#include "core/machine/linux.h"
#include "core/run/change.h"
#include "core/run/plan.h"
#include "core/run/run.h"
#include "core/sim/sim.h"
#include "core/vmm/vmm.h"

/* Lines for the run's log, from any thread, shown by the caller's own. */
struct log_queue {
	pthread_mutex_t lock;
	char **lines;
	unsigned n, room, dropped;
};

struct policy_setup {
	struct cx_loaded *loaded; /* NULL for the baseline */
	const struct cx_plugin *table;
	int64_t *params;
	int64_t **domain_params; /* by domain; NULL entries = the defaults */
	char *text;              /* "tslice=30ms ratelimit=1ms" */
};

struct run {
	const struct cx_scenario *scenario;
	const struct cx_run_options *options;
	struct cx_error *err;
	bool is_linux;
	uint64_t duration_ns, seed;

	struct cx_topology *topology;
	unsigned n_pcpus, *pcpus; /* host CPU numbers */
	struct policy_setup policy;
	unsigned n_vcpus;
	struct cx_kvm *kvm;
	struct cx_payload **payloads; /* by domain; several may be the same */
	struct cx_vm **vms;
	struct cx_record *record;
	struct cx_host host;
	bool handlers_installed;
	struct cx_dispatch *dispatch;
	struct cx_linux *baseline;
	struct cx_sim *sim;
	struct cx_sim_watch *sim_watch;
	struct cx_action *actions;
	unsigned n_actions, next_action;
	struct log_queue log;
	bool dead;
};

/* policy.c */
int load_policy(struct run *r);
void free_policy(struct run *r);
/** What the scenario's changes need to know of the run. */
struct cx_changing changing(const struct run *r);
/** What the scenario asks for and the policy ignores, as one line; NULL = nothing. */
char *ignored_by_policy(const struct run *r);

/* guests.c */
int choose_pcpus(struct run *r);
/** Read every domain's payload, once each. */
int open_payloads(struct run *r);
int make_guests(struct run *r);
void free_guests(struct run *r);
/** Begin: host.start_ns is now, and every guest's clock shows 0 now. */
void set_clocks(struct run *r);

/* logs.c */
void log_init(struct log_queue *q);
void log_free(struct log_queue *q);
void log_push(void *queue, const char *line);
/** Hand what has come to the caller. */
void log_drain(struct run *r);

/* describe.c */
int describe_run(struct run *r);
/** What guests and threads know: progress, results, CPU time, crashes. */
void describe_guests(struct run *r);
/** The named figures of a vCPU: @values in the workload's order. */
void describe_results(struct cx_record_vcpu *rv, const struct cx_workload_info *info,
		      const uint64_t *values);
/** From when to when each domain lived. */
void describe_lives(struct run *r);

/* dispatch.c */
/** The dispatcher of this run for the machine @machine, or the baseline. */
int make_dispatch(struct run *r, const struct cx_machine_ops *ops, void *machine);
int make_baseline(struct run *r);

/* supervise.c */
/** When the next of it is due; CX_NEVER = nothing any more. */
uint64_t next_action(const struct run *r);
int do_next_action(struct run *r);
/** Has every domain been started that will be, and has every vCPU ended? */
bool all_ended(struct run *r);
int supervise(struct run *r);

/* simulate.c */
/** As measure() in run.c, in virtual time. */
int simulate(struct run *r);
/** Has every domain's workload a model?  After open_payloads(). */
int check_models(struct run *r);
/** What models know: progress, results. */
void describe_models(struct run *r);

/* run.c */
void trace_start(struct run *r);
int collect(struct run *r);

#endif
