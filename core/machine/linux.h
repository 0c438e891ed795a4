/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/linux.h - the baseline: the same VMs under the host kernel's scheduler.
 *
 * Weights become nice values: the heaviest domain keeps 0, one of 1/1.25 of its weight
 * gets 1, and so on to 19 (a nice step is a factor of 1.25 in the kernel), so no
 * privilege is needed at the start; a weight that is raised during the run needs it.
 * Reservations, limits and resource pools have no counterpart and are ignored.  A pCPU that is offline is one
 * that no thread may run on.
 */
#ifndef CX_CORE_LINUX_H
#define CX_CORE_LINUX_H

#include "core/machine/host.h"
#include "trace/record.h"

struct cx_linux;

struct cx_linux_domain {
	unsigned weight;
	const struct cx_cpuset *cpus; /* host CPUs; NULL = all of the run's */
};

struct cx_linux_config {
	struct cx_host *host; /* its threads are spawned and wait */
	const struct cx_topology *topology;
	unsigned n_pcpus;
	const unsigned *pcpus; /* host CPU numbers */
	const struct cx_linux_domain *domains;
	unsigned heaviest; /* weight of any domain at any time of the run */
};

/** Set affinities and nice values, begin to record switches; where the host does not
 *  permit that, sample CPU times instead, and log why. */
int cx_linux_new(const struct cx_linux_config *config, struct cx_linux **linux_,
		 struct cx_error *err);
void cx_linux_free(struct cx_linux *linux_);
void cx_linux_start_domain(struct cx_linux *linux_, unsigned domain);
/** To be called every cx_linux_poll_every() or more often, by one thread. */
void cx_linux_poll(struct cx_linux *linux_);
uint64_t cx_linux_poll_every(const struct cx_linux *linux_);

/** New values of a domain; NULL = as before. */
struct cx_linux_adjustment {
	const unsigned *weight, *reservation, *limit;
};
/**
 * Change them now, by the thread that polls; what the host's scheduler does not know is noted
 * for the record's yardstick.  Returns 0, or -EPERM: the host does not let its threads become
 * less nice, and they stay as they are.
 */
int cx_linux_adjust(struct cx_linux *linux_, unsigned domain,
		    const struct cx_linux_adjustment *adjustment);
/** New values of a resource pool, of which the host's scheduler knows nothing: noted likewise. */
void cx_linux_adjust_pool(struct cx_linux *linux_, unsigned pool,
			  const struct cx_linux_adjustment *adjustment);
/**
 * Take a pCPU away from all threads, or give it back; by the thread that polls.  Returns 0;
 * -EBUSY: some thread may run nowhere else; other negative errno; with a message.
 */
int cx_linux_set_online(struct cx_linux *linux_, unsigned pcpu, bool online, struct cx_error *err);

bool cx_linux_all_ended(struct cx_linux *linux_);
/** Close all accounts; threads are to be joined next.  The run's length. */
uint64_t cx_linux_finish(struct cx_linux *linux_);
/** After the join: fill in the record's events, vCPUs' and pCPUs' times. */
int cx_linux_collect(struct cx_linux *linux_, struct cx_record *record, struct cx_error *err);

extern const struct cx_director cx_direct_linux;

#endif
