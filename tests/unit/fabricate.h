/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records made by hand: events and, beside them, accounts kept by this file's own plain
 * bookkeeping, so that what the metrics find in the events can be held against it.
 * On top a tiny simulated scheduler in quanta of 100 us, for records of a natural shape.
 */
#ifndef CX_TESTS_FABRICATE_H
#define CX_TESTS_FABRICATE_H

#include "base/units.h"
#include "trace/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fab_vcpu {
	bool on, runnable, paused, gone;
	unsigned parked, pcpu;
	enum cx_state state;
	uint64_t since;
};

struct fab {
	struct cx_record *record;
	struct fab_vcpu *vcpus;
	uint32_t *current; /* by pCPU */
	uint64_t *busy_since;
};

struct fab_domain {
	const char *name;
	unsigned vcpus, weight, reservation, limit;
	const char *affinity;
	/* For fab_simulate(): runs `burst`, then sleeps `sleep`; 0 sleep = for ever. */
	uint64_t burst_ns, sleep_ns;
};

static inline char *fab_text(const char *s)
{
	char *copy = strdup(s);

	assert(copy);
	return copy;
}

static inline struct fab fab_new(uint64_t duration_ns, unsigned n_pcpus, unsigned n_domains,
				 const struct fab_domain *domains)
{
	struct fab f;
	unsigned d, v, n = 0;

	for (d = 0; d < n_domains; d++)
		n += domains[d].vcpus;
	f.record = cx_record_new(n_domains, n, n_pcpus);
	f.vcpus = calloc(n + 1, sizeof(*f.vcpus));
	f.current = calloc(n_pcpus, sizeof(*f.current));
	f.busy_since = calloc(n_pcpus, sizeof(*f.busy_since));
	assert(f.record && f.vcpus && f.current && f.busy_since);
	f.record->duration_ns = duration_ns;
	f.record->scenario = fab_text("fabricated");
	f.record->question = fab_text("Does the report say what is in the record?");
	f.record->scenario_yaml = fab_text("name: fabricated\n");
	f.record->machine = fab_text("sim");
	f.record->backend = fab_text("sim");
	f.record->host = fab_text("no host at all, 2 pCPUs");
	f.record->scheduler = fab_text("rr");
	f.record->params = fab_text("");
	for (d = 0, n = 0; d < n_domains; d++) {
		struct cx_record_domain *dom = &f.record->domains[d];

		dom->name = fab_text(domains[d].name);
		dom->workload = fab_text(domains[d].sleep_ns ? "sleeper" : "hog");
		dom->progress_unit = fab_text("iterations");
		dom->affinity = fab_text(domains[d].affinity ? domains[d].affinity : "");
		dom->weight = domains[d].weight ? domains[d].weight : 256;
		dom->reservation = domains[d].reservation;
		dom->limit = domains[d].limit;
		dom->stop_ns = duration_ns;
		dom->end = CX_END_RUN;
		dom->first_vcpu = n;
		dom->n_vcpus = domains[d].vcpus;
		for (v = 0; v < domains[d].vcpus; v++, n++) {
			f.record->vcpus[n].domain = d;
			f.record->vcpus[n].index = v;
			f.record->vcpus[n].stop_ns = duration_ns;
			f.vcpus[n].state = CX_BLOCKED;
		}
	}
	for (v = 0; v < n_pcpus; v++) {
		f.record->pcpus[v].host_cpu = v;
		f.current[v] = CX_NO_VCPU;
	}
	return f;
}

/** A resource pool more, the last; its index.  Its parent is an earlier one, or CX_NO_POOL. */
static inline unsigned fab_pool(struct fab *f, const char *name, uint32_t parent)
{
	struct cx_record *r = f->record;
	struct cx_record_pool *more = realloc(r->pools, (r->n_pools + 1) * sizeof(*more));

	assert(more);
	r->pools = more;
	more[r->n_pools] =
		(struct cx_record_pool){ fab_text(name), parent, 1024, 0, 0, .expandable = true };
	return r->n_pools++;
}

static inline void fab_free(struct fab *f)
{
	cx_record_free(f->record);
	free(f->vcpus);
	free(f->current);
	free(f->busy_since);
}

static inline void fab_account(struct fab *f, unsigned v, uint64_t t)
{
	struct fab_vcpu *vcpu = &f->vcpus[v];

	f->record->vcpus[v].time_ns[vcpu->state] += t - vcpu->since;
	vcpu->since = t;
	vcpu->state = cx_state_of(vcpu->on, vcpu->runnable, vcpu->paused, vcpu->parked);
}

/** Its life starts at @t. */
static inline void fab_born(struct fab *f, unsigned v, uint64_t t)
{
	f->vcpus[v].since = t;
	f->record->vcpus[v].start_ns = t;
}

static inline void fab_emit(struct fab *f, uint64_t t, unsigned type, unsigned pcpu, unsigned v,
			    unsigned prev, unsigned why, uint64_t x, uint64_t y)
{
	struct cx_event e = { t, (uint16_t)type, (uint16_t)pcpu, v, prev, why, x, y };

	cx_history_add(f->record->history, pcpu, &e);
}

static inline void fab_wake(struct fab *f, uint64_t t, unsigned v, enum cx_wake_why why)
{
	f->vcpus[v].runnable = true;
	fab_account(f, v, t);
	fab_emit(f, t, CX_EV_WAKE, f->vcpus[v].pcpu, v, CX_NO_VCPU, why, 0, 0);
}

static inline void fab_block(struct fab *f, uint64_t t, unsigned v)
{
	f->vcpus[v].runnable = false;
	fab_account(f, v, t);
	fab_emit(f, t, CX_EV_BLOCK, f->vcpus[v].pcpu, v, CX_NO_VCPU, 0, 0, 0);
}

static inline void fab_park(struct fab *f, uint64_t t, unsigned v, enum cx_park_reason reason,
			    bool park)
{
	if (park)
		f->vcpus[v].parked |= 1u << reason;
	else
		f->vcpus[v].parked &= ~(1u << reason);
	fab_account(f, v, t);
	fab_emit(f, t, park ? CX_EV_PARK : CX_EV_UNPARK, f->vcpus[v].pcpu, v, CX_NO_VCPU, reason, 0,
		 0);
}

static inline void fab_pause(struct fab *f, uint64_t t, unsigned v, bool pause)
{
	f->vcpus[v].paused = pause;
	fab_account(f, v, t);
	fab_emit(f, t, pause ? CX_EV_PAUSE : CX_EV_UNPAUSE, f->vcpus[v].pcpu, v, CX_NO_VCPU, 0, 0,
		 0);
}

static inline void fab_migrate(struct fab *f, uint64_t t, unsigned v, unsigned to,
			       enum cx_distance distance)
{
	fab_emit(f, t, CX_EV_MIGRATE, to, v, f->vcpus[v].pcpu, distance, 0, 0);
	f->vcpus[v].pcpu = to;
	f->record->vcpus[v].migrations[distance]++;
}

/** Put @next (CX_NO_VCPU = nobody) on pCPU @p. */
static inline void fab_switch(struct fab *f, uint64_t t, unsigned p, unsigned next, enum cx_why why)
{
	uint32_t prev = f->current[p];

	if (prev != next) {
		f->record->pcpus[p].busy_ns += prev == CX_NO_VCPU ? 0 : t - f->busy_since[p];
		f->busy_since[p] = t;
		if (prev != CX_NO_VCPU) {
			f->vcpus[prev].on = false;
			fab_account(f, prev, t);
		}
		if (next != CX_NO_VCPU) {
			f->vcpus[next].on = true;
			f->vcpus[next].pcpu = p;
			f->record->vcpus[next].dispatches++;
			f->record->switches++;
			fab_account(f, next, t);
		}
		f->current[p] = next;
	}
	cx_hist_add(&f->record->decide_ns, 400 + t % 700);
	fab_emit(f, t, CX_EV_SWITCH, p, next, prev, why, 10 * CX_MS, 400 + t % 700);
}

static inline void fab_end(struct fab *f, uint64_t t, unsigned v, enum cx_end end)
{
	f->vcpus[v].runnable = false;
	f->vcpus[v].gone = true;
	f->record->vcpus[v].stop_ns = t;
	fab_emit(f, t, CX_EV_END, f->vcpus[v].pcpu, v, CX_NO_VCPU, end, 0, 0);
	if (f->current[f->vcpus[v].pcpu] == v && f->vcpus[v].on)
		fab_switch(f, t, f->vcpus[v].pcpu, CX_NO_VCPU, CX_WHY_END);
	else
		fab_account(f, v, t);
}

/** Close the accounts at the run's end. */
static inline void fab_finish(struct fab *f)
{
	uint64_t end = f->record->duration_ns;
	unsigned i;

	for (i = 0; i < f->record->n_vcpus; i++)
		if (!f->vcpus[i].gone)
			fab_account(f, i, end);
	for (i = 0; i < f->record->n_vcpus; i++)
		f->record->vcpus[i].progress = f->record->vcpus[i].time_ns[CX_RUNNING] / 1000;
	for (i = 0; i < f->record->n_pcpus; i++) {
		if (f->current[i] != CX_NO_VCPU)
			f->record->pcpus[i].busy_ns += end - f->busy_since[i];
		f->record->pcpus[i].idle_ns = end - f->record->pcpus[i].busy_ns;
	}
}

/* ---- a tiny scheduler ---- */

#define FAB_QUANTUM (100 * CX_US)

struct fab_policy {
	const char *name;
	uint64_t slice_ns;
	bool weighted; /* the smallest received / weight first; else the longest waiting */
	bool boost;    /* who wakes goes first, at once */
	bool limits;   /* a domain past its limit is parked for the rest of 100 ms */
};

struct fab_sim {
	uint64_t due, done, waiting_since, slice_end;
	double received;
	bool boosted;
};

static inline unsigned fab_pick(const struct fab *f, const struct fab_sim *sim,
				const struct fab_policy *policy)
{
	unsigned v, best = CX_NO_VCPU;

	for (v = 0; v < f->record->n_vcpus; v++) {
		bool sooner;

		if (f->vcpus[v].on || f->vcpus[v].state != CX_READY)
			continue;
		if (best == CX_NO_VCPU)
			sooner = true;
		else if (sim[v].boosted != sim[best].boosted)
			sooner = sim[v].boosted;
		else if (policy->weighted)
			sooner = sim[v].received < sim[best].received;
		else
			sooner = sim[v].waiting_since < sim[best].waiting_since;
		if (sooner)
			best = v;
	}
	return best;
}

static inline void fab_limits(struct fab *f, const struct fab_domain *domains, uint64_t t,
			      uint64_t *used)
{
	unsigned v;

	for (v = 0; v < f->record->n_vcpus; v++) {
		unsigned d = f->record->vcpus[v].domain;

		if (!domains[d].limit)
			continue;
		if (t % (100 * CX_MS) == 0) {
			used[d] = 0;
			if (f->vcpus[v].parked)
				fab_park(f, t, v, CX_PARK_LIMIT, false);
		} else if (used[d] >= domains[d].limit * CX_MS && !f->vcpus[v].parked) {
			fab_park(f, t, v, CX_PARK_LIMIT, true);
		}
	}
}

static inline void fab_quantum(struct fab *f, struct fab_sim *sim, const struct fab_policy *policy,
			       const struct fab_domain *domains, uint64_t t, uint64_t *used)
{
	unsigned p, v;

	for (v = 0; v < f->record->n_vcpus; v++) {
		if (f->vcpus[v].runnable || sim[v].due > t)
			continue;
		fab_wake(f, t, v, t ? CX_WAKE_TIMER : CX_WAKE_START);
		sim[v].waiting_since = t;
		sim[v].boosted = policy->boost && t;
	}
	if (policy->limits)
		fab_limits(f, domains, t, used);
	for (p = 0; p < f->record->n_pcpus; p++) {
		unsigned now = f->current[p], next = fab_pick(f, sim, policy);
		enum cx_why why = CX_WHY_SLICE;

		if (now == CX_NO_VCPU) {
			why = CX_WHY_IDLE;
		} else if (!f->vcpus[now].runnable) {
			why = CX_WHY_BLOCK;
		} else if (f->vcpus[now].parked ||
			   (next != CX_NO_VCPU && sim[next].boosted && !sim[now].boosted)) {
			why = CX_WHY_PREEMPT;
		} else if (sim[now].slice_end > t || next == CX_NO_VCPU) {
			continue;
		}
		if (next == CX_NO_VCPU && now == CX_NO_VCPU)
			continue;
		if (now != CX_NO_VCPU)
			sim[now].waiting_since = t;
		if (next != CX_NO_VCPU && f->vcpus[next].pcpu != p)
			fab_migrate(f, t, next, p, CX_DIST_LLC);
		fab_switch(f, t, p, next, why);
		if (next != CX_NO_VCPU)
			sim[next].slice_end = t + policy->slice_ns;
	}
	for (p = 0; p < f->record->n_pcpus; p++) {
		const struct fab_domain *dom;

		v = f->current[p];
		if (v == CX_NO_VCPU)
			continue;
		dom = &domains[f->record->vcpus[v].domain];
		used[f->record->vcpus[v].domain] += FAB_QUANTUM;
		sim[v].received += (double)FAB_QUANTUM / (dom->weight ? dom->weight : 256);
		sim[v].done += FAB_QUANTUM;
		if (dom->sleep_ns && sim[v].done >= dom->burst_ns) {
			sim[v].done = 0;
			sim[v].boosted = false;
			sim[v].due = t + FAB_QUANTUM + dom->sleep_ns;
			fab_block(f, t + FAB_QUANTUM, v);
		}
	}
}

/** Run @domains on @n_pcpus under @policy; the record is complete. */
static inline struct fab fab_simulate(uint64_t duration_ns, unsigned n_pcpus, unsigned n_domains,
				      const struct fab_domain *domains,
				      const struct fab_policy *policy)
{
	struct fab f = fab_new(duration_ns, n_pcpus, n_domains, domains);
	struct fab_sim *sim = calloc(f.record->n_vcpus + 1, sizeof(*sim));
	uint64_t *used = calloc(n_domains, sizeof(*used));
	uint64_t t;

	assert(sim && used);
	free(f.record->scheduler);
	f.record->scheduler = fab_text(policy->name);
	for (t = 0; t + FAB_QUANTUM <= duration_ns; t += FAB_QUANTUM)
		fab_quantum(&f, sim, policy, domains, t, used);
	fab_finish(&f);
	free(sim);
	free(used);
	return f;
}

#endif
