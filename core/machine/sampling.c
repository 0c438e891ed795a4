/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the host does not let us record context switches: the threads' CPU times, read a
 * hundred times a second, turned into switches that add up to them.  Run times are exact
 * to a sample; who ran when within one, and how often, is not known, and the record says
 * so.
 */
#include "core/machine/linux_internal.h"

#include <stdlib.h>
#include <string.h>

static uint64_t cpu_time(pthread_t thread)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) == 0)
		clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * CX_SEC + (uint64_t)ts.tv_nsec;
}

/* The pCPU with the most of this interval left that the thread may use. */
static int roomiest(const struct cx_linux *l, const struct cx_linux_vcpu *lv)
{
	int best = -1;
	unsigned i;

	for (i = 0; i < l->n_pcpus; i++)
		if (cx_linux_may_use(lv, i) && (best < 0 || l->filled_ns[i] < l->filled_ns[best]))
			best = (int)i;
	return best;
}

static void place(struct cx_linux *l, struct cx_linux_vcpu *lv, uint64_t from, uint64_t length)
{
	int p = roomiest(l, lv);
	struct cx_switch_record record;
	uint64_t ran;

	if (p < 0 || l->filled_ns[p] >= length)
		return;
	/* What does not fit stays owed and is placed in the next interval. */
	ran = lv->owed_ns;
	if (ran > length - l->filled_ns[p])
		ran = length - l->filled_ns[p];
	record = (struct cx_switch_record){ .time_ns = from + l->filled_ns[p],
					    .cpu = l->pcpus[p],
					    .in = true };
	cx_linux_add_switch(lv, &record);
	record.time_ns += ran;
	record.in = false;
	cx_linux_add_switch(lv, &record);
	l->filled_ns[p] += ran;
	lv->owed_ns -= ran;
}

void cx_linux_sample(struct cx_linux *l)
{
	uint64_t now = cx_host_now(l->host) + l->host->start_ns, from = l->sampled_ns;
	unsigned i;

	if (!from || now <= from) {
		l->sampled_ns = now;
		return;
	}
	memset(l->filled_ns, 0, l->n_pcpus * sizeof(*l->filled_ns));
	for (i = 0; i < l->host->n_vcpus; i++) {
		struct cx_linux_vcpu *lv = &l->vcpus[i];
		uint64_t cpu = cpu_time(lv->hv->thread);

		lv->owed_ns += cpu - lv->cpu_ns;
		lv->cpu_ns = cpu;
		if (lv->owed_ns)
			place(l, lv, from, now - from);
	}
	l->sampled_ns = now;
}
