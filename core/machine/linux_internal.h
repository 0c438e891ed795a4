/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/linux_internal.h - what the two halves of the baseline share: how threads
 * behave (direct_linux.c) and how they are measured (linux.c).
 */
#ifndef CX_CORE_LINUX_INTERNAL_H
#define CX_CORE_LINUX_INTERNAL_H

#include "core/machine/linux.h"
#include "core/machine/switches.h"

struct cx_linux_vcpu {
	struct cx_linux *linux_;
	struct cx_host_vcpu *hv;
	pthread_mutex_t lock;
	bool blocked, ended; /* lock */
	enum cx_end end;     /* lock */
	uint64_t start_ns, stop_ns;
	atomic_bool ending;
	atomic_uint bell;  /* rung when it may go on */
	uint64_t alarm_ns; /* its guest's timer; its thread's own */

	/* Wakes, blocks and the end (under the lock); switches (by the poller). */
	struct cx_event *log;
	size_t n_log, room_log;
	struct cx_switch_record *switches;
	size_t n_switches, room_switches;
	uint64_t lost;
	bool out_of_memory;
	struct cx_switch_ring *ring;  /* NULL: sampled */
	const struct cx_cpuset *cpus; /* that it may use; NULL = all */
	unsigned weight;
	uint64_t cpu_ns, owed_ns; /* sampled: CPU time seen, and not yet placed */
};

struct cx_linux {
	struct cx_host *host;
	const struct cx_topology *topology;
	unsigned n_pcpus;
	unsigned *pcpus;
	struct cx_linux_vcpu *vcpus;
	unsigned n_vcpus; /* its own: freed after the host's threads are gone */
	atomic_uint alive;
	unsigned unstarted; /* domains */
	bool *started;      /* by domain */
	uint64_t end_ns;
	uint64_t others_ns;  /* others' CPU time on our pCPUs: at the start, then during the run */
	bool sampled;        /* no context switches to be had */
	uint64_t sampled_ns; /* when last; CLOCK_MONOTONIC */
	uint64_t *filled_ns; /* by pCPU: of the interval that is being placed */
	bool *offline;       /* by pCPU */
	unsigned heaviest;   /* the weight of nice 0 */
	/* What was changed during the run; by the poller. */
	struct cx_event *changes;
	size_t n_changes, room_changes;
	bool changes_lost; /* out of memory */
};

/** Room for one more in an array of @n; NULL when out of memory, and it stays as it is. */
void *cx_linux_grow(void *array, size_t n, size_t *room, size_t size);
/** Put a thread where it may run, as nice as its weight says. */
int cx_linux_place(struct cx_linux_vcpu *lv, struct cx_error *err);
/** May the thread run on pCPU @p now? */
bool cx_linux_may_use(const struct cx_linux_vcpu *lv, unsigned p);
/** Append a switch; by the poller. */
void cx_linux_add_switch(struct cx_linux_vcpu *lv, const struct cx_switch_record *record);
/** Turn the CPU time since the last call into switches. */
void cx_linux_sample(struct cx_linux *linux_);
/** Append to the log; its lock held. */
void cx_linux_log(struct cx_linux_vcpu *lv, const struct cx_event *event);

#endif
