/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the baseline's threads may run and how nice they are, at the start and when that
 * changes.
 */
#include "core/machine/linux_internal.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#define NICE_STEP 1.25 /* the kernel's weights differ by so much from step to step */
#define NICE_MAX 19

bool cx_linux_may_use(const struct cx_linux_vcpu *lv, unsigned p)
{
	const struct cx_linux *l = lv->linux_;

	return !l->offline[p] && (!lv->cpus || cx_cpuset_has(lv->cpus, l->pcpus[p]));
}

/* Returns 0, -EINVAL: it may run nowhere, or the errno of the kernel. */
static int bind_thread(const struct cx_linux_vcpu *lv)
{
	const struct cx_linux *l = lv->linux_;
	cpu_set_t set;
	unsigned i;

	CPU_ZERO(&set);
	for (i = 0; i < l->n_pcpus; i++)
		if (cx_linux_may_use(lv, i))
			CPU_SET(l->pcpus[i], &set);
	if (CPU_COUNT(&set) == 0)
		return -EINVAL;
	return sched_setaffinity(lv->hv->tid, sizeof(set), &set) < 0 ? -errno : 0;
}

static int nice_of(unsigned weight, unsigned heaviest)
{
	long n = lround(log((double)heaviest / weight) / log(NICE_STEP));

	return n > NICE_MAX ? NICE_MAX : n < 0 ? 0 : (int)n;
}

static int renice_thread(const struct cx_linux_vcpu *lv)
{
	int value = nice_of(lv->weight, lv->linux_->heaviest);

	return setpriority(PRIO_PROCESS, (id_t)lv->hv->tid, value) < 0 ? -errno : 0;
}

int cx_linux_place(struct cx_linux_vcpu *lv, struct cx_error *err)
{
	int rc = bind_thread(lv);

	if (rc == -EINVAL)
		return cx_fail(err, EINVAL,
			       "domain %s: none of its cpus is among the run's pcpus; widen either",
			       lv->hv->guest->name);
	if (!rc)
		rc = renice_thread(lv);
	if (rc)
		return cx_fail(err, -rc, "scheduler linux: cannot place the thread of %s/%u: %s",
			       lv->hv->guest->name, lv->hv->index, strerror(-rc));
	return 0;
}

/* --- changes ------------------------------------------------------------------------- */

static void note(struct cx_linux *l, enum cx_event_type type, unsigned pcpu, uint32_t domain,
		 uint32_t what, uint64_t value)
{
	struct cx_event *list =
		cx_linux_grow(l->changes, l->n_changes, &l->room_changes, sizeof(*list));

	if (!list) {
		l->changes_lost = true;
		return;
	}
	l->changes = list;
	list[l->n_changes++] = (struct cx_event){
		.t_ns = cx_host_now(l->host),
		.type = (uint16_t)type,
		.pcpu = (uint16_t)pcpu,
		.vcpu = domain,
		.prev = CX_NO_VCPU,
		.why = what,
		.x = value,
	};
}

static void note_value(struct cx_linux *l, enum cx_event_type type, unsigned which,
		       enum cx_adjust what, const unsigned *value)
{
	if (value)
		note(l, type, 0, which, what, *value);
}

static int set_weight(struct cx_linux *l, unsigned domain, unsigned weight)
{
	const struct cx_guest *g = &l->host->guests[domain];
	unsigned i;
	int rc, first = 0;

	for (i = 0; i < g->n_vcpus; i++) {
		struct cx_linux_vcpu *lv = g->vcpus[i].director_data;

		lv->weight = weight;
		rc = renice_thread(lv);
		/* Its thread may have ended meanwhile. */
		if (rc && rc != -ESRCH)
			first = -EPERM;
	}
	return first;
}

int cx_linux_adjust(struct cx_linux *l, unsigned domain, const struct cx_linux_adjustment *a)
{
	int rc = a->weight ? set_weight(l, domain, *a->weight) : 0;

	/* Entitlement is by what the scenario asks for, whatever came of it. */
	note_value(l, CX_EV_ADJUST, domain, CX_ADJUST_WEIGHT, a->weight);
	note_value(l, CX_EV_ADJUST, domain, CX_ADJUST_RESERVATION, a->reservation);
	note_value(l, CX_EV_ADJUST, domain, CX_ADJUST_LIMIT, a->limit);
	return rc;
}

void cx_linux_adjust_pool(struct cx_linux *l, unsigned pool, const struct cx_linux_adjustment *a)
{
	note_value(l, CX_EV_ADJUST_POOL, pool, CX_ADJUST_WEIGHT, a->weight);
	note_value(l, CX_EV_ADJUST_POOL, pool, CX_ADJUST_RESERVATION, a->reservation);
	note_value(l, CX_EV_ADJUST_POOL, pool, CX_ADJUST_LIMIT, a->limit);
}

static unsigned count_online(const struct cx_linux *l)
{
	unsigned i, n = 0;

	for (i = 0; i < l->n_pcpus; i++)
		n += !l->offline[i];
	return n;
}

static int bind_all(struct cx_linux *l, struct cx_error *err)
{
	unsigned i;
	int rc;

	for (i = 0; i < l->n_vcpus; i++) {
		const struct cx_linux_vcpu *lv = &l->vcpus[i];

		if (atomic_load(&lv->ending))
			continue; /* it may have no place any more, and needs none */
		rc = bind_thread(lv);
		if (rc == -EINVAL)
			return cx_fail(err, EBUSY,
				       "scheduler linux: domain %s may run nowhere else that is "
				       "online; widen its cpus",
				       lv->hv->guest->name);
		if (rc && rc != -ESRCH)
			return cx_fail(err, -rc,
				       "scheduler linux: cannot move the thread of %s/%u: %s",
				       lv->hv->guest->name, lv->hv->index, strerror(-rc));
	}
	return 0;
}

int cx_linux_set_online(struct cx_linux *l, unsigned pcpu, bool online, struct cx_error *err)
{
	int rc;

	/* It is there before anybody comes, and until everybody has gone. */
	l->offline[pcpu] = !online;
	if (online)
		note(l, CX_EV_PCPU_ONLINE, pcpu, CX_NO_VCPU, 0, count_online(l));
	rc = bind_all(l, err);
	if (!online)
		note(l, CX_EV_PCPU_OFFLINE, pcpu, CX_NO_VCPU, 0, count_online(l));
	return rc;
}
