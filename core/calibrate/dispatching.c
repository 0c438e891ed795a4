/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies between one guest and the next.
 *
 * A gauge that reads its clock without a pause sees its own absences: the last reading is when
 * it stopped, the first one after is when it runs again.  The dispatcher's events say what was
 * decided meanwhile.  Both count nanoseconds from the start of the run, so the two together
 * give each part of the way from guest to guest.
 */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/dispatch/dispatch.h"
#include "core/machine/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Nobody is away for shorter than what the host's own interrupts take. */
#define AWAY_NS (2 * CX_US)
/* A sleep that is no multiple of anybody's tick. */
#define NAP_NS 2700000u
#define SLICE "5ms"
#define SHORT_SLICE "2ms"
#define TICK_NS CX_MS
#define TICK_CPUS_MAX 8u
#define BIT(cost) (1u << (cost))

/* --- events ---------------------------------------------------------------------------- */

struct on_pcpu {
	bool known;
	uint64_t since_ns, until_ns;
	uint32_t vcpu;
};

struct of_vcpu {
	uint64_t deadline_ns; /* 0 = none */
	uint64_t woken_ns;    /* 0 = not since it last ran */
};

struct join {
	struct cal *c;
	const struct cal_run *run;
	unsigned costs;
	struct on_pcpu *pcpus;
	struct of_vcpu *vcpus;
};

static void take(struct join *j, enum cx_cost_index cost, uint64_t from, uint64_t to)
{
	if ((j->costs & BIT(cost)) && to >= from)
		cal_add(&j->c->cost[cost], to - from);
}

/* @e put a vCPU on: when does its guest run? */
static void on_entry(struct join *j, const struct cx_event *e)
{
	const struct cal_span *span = cal_span_at(j->run, e->vcpu, e->t_ns);
	enum cx_cost_index cost = CX_COST_SWITCH;

	if (!span)
		return;
	if (e->prev == CX_NO_VCPU)
		cost = CX_COST_IDLE_WAKE;
	else if (e->prev == e->vcpu)
		cost = CX_COST_RESUME;
	take(j, cost, e->t_ns, span->end_ns);
}

static void on_switch(struct join *j, const struct cx_event *e)
{
	struct on_pcpu *p = &j->pcpus[e->pcpu];

	if (e->why == CX_WHY_SLICE && p->known && p->vcpu == e->prev)
		take(j, CX_COST_SLICE_LATE, p->until_ns, e->t_ns);
	if (e->vcpu != CX_NO_VCPU) {
		struct of_vcpu *v = &j->vcpus[e->vcpu];

		/* Of one that woke after the other was put on: the kick was for it. */
		if (e->why == CX_WHY_PREEMPT && e->vcpu != e->prev && p->known &&
		    v->woken_ns > p->since_ns)
			take(j, CX_COST_KICK, v->woken_ns, e->t_ns);
		v->woken_ns = 0;
		on_entry(j, e);
	}
	*p = (struct on_pcpu){ e->vcpu != CX_NO_VCPU, e->t_ns, e->t_ns + e->x, e->vcpu };
}

static void on_event(struct join *j, const struct cx_event *e)
{
	switch (e->type) {
	case CX_EV_BLOCK:
		j->vcpus[e->vcpu].deadline_ns = e->x;
		break;
	case CX_EV_WAKE:
		if (e->why == CX_WAKE_TIMER && j->vcpus[e->vcpu].deadline_ns) {
			take(j, CX_COST_TIMER_LATE, j->vcpus[e->vcpu].deadline_ns, e->t_ns);
			j->vcpus[e->vcpu].woken_ns = e->t_ns;
		}
		break;
	case CX_EV_SWITCH:
		on_switch(j, e);
		break;
	default:
		break;
	}
}

void cal_join(struct cal *c, const struct cal_run *run, unsigned costs)
{
	const struct cx_record *record = run->record;
	struct join j = { .c = c, .run = run, .costs = costs };
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *e;

	j.pcpus = calloc(record->n_pcpus, sizeof(*j.pcpus));
	j.vcpus = calloc(record->n_vcpus, sizeof(*j.vcpus));
	if (!cursor || !j.pcpus || !j.vcpus)
		c->cost[CX_COST_SWITCH].lost = true;
	/* After that time they log, which is another life. */
	while (cursor && j.pcpus && j.vcpus && (e = cx_history_next(cursor)) != NULL &&
	       e->t_ns < run->until_ns)
		if (e->pcpu < record->n_pcpus &&
		    (e->vcpu < record->n_vcpus || e->vcpu == CX_NO_VCPU))
			on_event(&j, e);
	cx_history_cursor_free(cursor);
	free(j.pcpus);
	free(j.vcpus);
}

/* --- runs --------------------------------------------------------------------------------- */

/* Costs that need a guest's own clock. */
static bool has_clock(struct cal *c, enum cx_cost_index cost)
{
	if (!c->clock)
		cal_not_measured(c, cost,
				 "this host's time stamp counter is no clock: guests have to ask");
	return c->clock;
}

static int run_and_join(struct cal *c, const struct cal_plan *plan, unsigned costs)
{
	struct cal_run run;
	int rc;

	if (!c->clock)
		costs &= ~(BIT(CX_COST_SWITCH) | BIT(CX_COST_RESUME) | BIT(CX_COST_IDLE_WAKE));
	rc = cal_run(c, plan, &run);
	if (rc)
		return rc;
	cal_join(c, &run, costs);
	if (costs & BIT(CX_COST_DECIDE))
		cx_hist_merge(&c->decide, &run.record->decide_ns);
	cal_run_free(&run);
	return 0;
}

int cal_switching(struct cal *c, uint64_t ns)
{
	const struct cal_gauge two[] = { { .what = CAL_WATCH, .nap_ns = AWAY_NS },
					 { .what = CAL_WATCH, .nap_ns = AWAY_NS } };
	const struct cal_plan plan = {
		.scheduler = "rr",
		.params = { { "slice", SLICE } },
		.n_cpus = 1,
		.n_gauges = 2,
		.gauges = two,
		.until_ns = ns,
	};

	has_clock(c, CX_COST_SWITCH);
	return run_and_join(c, &plan,
			    BIT(CX_COST_SWITCH) | BIT(CX_COST_SLICE_LATE) | BIT(CX_COST_DECIDE));
}

int cal_resuming(struct cal *c, uint64_t ns)
{
	const struct cal_gauge one = { .what = CAL_WATCH, .nap_ns = AWAY_NS };
	const struct cal_plan plan = {
		.scheduler = "rr",
		.params = { { "slice", SHORT_SLICE } },
		.n_cpus = 1,
		.n_gauges = 1,
		.gauges = &one,
		.until_ns = ns,
	};

	has_clock(c, CX_COST_RESUME);
	return run_and_join(c, &plan, BIT(CX_COST_RESUME));
}

/*
 * Who watches for deadlines has a CPU of its own where the pool leaves one, else shares one
 * with guests: half of the time each.
 */
static int twice(struct cal *c, struct cal_plan *plan, unsigned costs)
{
	int rc;

	plan->until_ns /= 2;
	plan->n_cpus = 1;
	rc = run_and_join(c, plan, costs);
	plan->n_cpus = c->n_cpus;
	return rc ? rc : run_and_join(c, plan, costs);
}

int cal_waking_busy(struct cal *c, uint64_t ns)
{
	const struct cal_gauge two[] = { { .what = CAL_WATCH, .nap_ns = AWAY_NS },
					 { .what = CAL_SLEEP, .nap_ns = NAP_NS } };
	struct cal_plan plan = {
		.scheduler = "credit",
		.params = { { "ratelimit", "0s" } },
		.n_gauges = 2,
		.gauges = two,
		.until_ns = ns,
	};

	return twice(c, &plan, BIT(CX_COST_KICK) | BIT(CX_COST_TIMER_LATE) | BIT(CX_COST_DECIDE));
}

int cal_waking_idle(struct cal *c, uint64_t ns)
{
	const struct cal_gauge one = { .what = CAL_SLEEP, .nap_ns = NAP_NS };
	struct cal_plan plan = {
		.scheduler = "credit",
		.n_gauges = 1,
		.gauges = &one,
		.until_ns = ns,
	};

	has_clock(c, CX_COST_IDLE_WAKE);
	return twice(c, &plan, BIT(CX_COST_IDLE_WAKE) | BIT(CX_COST_TIMER_LATE));
}

/* --- ticks ------------------------------------------------------------------------------------ */

/* How long @gauge was away in [@from, @to). */
static uint64_t away(const struct cal_spans *s, size_t *at, uint64_t from, uint64_t to)
{
	uint64_t sum = 0;
	size_t i;

	while (*at < s->n && s->at[*at].end_ns <= from)
		++*at;
	for (i = *at; i < s->n && s->at[i].begin_ns < to; i++) {
		uint64_t begin = s->at[i].begin_ns > from ? s->at[i].begin_ns : from;
		uint64_t end = s->at[i].end_ns < to ? s->at[i].end_ns : to;

		sum += end - begin;
	}
	return sum;
}

/*
 * In the half of a period that begins with the tick every guest is away for what the host does
 * anyway, and one of them for what the tick takes; in the other half for the former alone.  The
 * difference may be below 0.
 */
static void ticks_of(struct cal *c, const struct cal_run *run)
{
	size_t at[TICK_CPUS_MAX] = { 0 };

	for (uint64_t t = TICK_NS; run->n && t + TICK_NS < run->until_ns; t += TICK_NS) {
		uint64_t with = 0, without = 0;

		for (unsigned i = 0; i < run->n; i++) {
			with += away(&run->gauge[i], &at[i], t, t + TICK_NS / 2);
			without += away(&run->gauge[i], &at[i], t + TICK_NS / 2, t + TICK_NS);
		}
		cal_add(&c->cost[CX_COST_TICK], CAL_ZERO + with / run->n - without / run->n);
	}
}

static int tick_on(struct cal *c, unsigned n_cpus, uint64_t ns)
{
	struct cal_gauge all[TICK_CPUS_MAX];
	const struct cal_plan plan = {
		.scheduler = "credit",
		.params = { { "tslice", "100ms" }, { "ticks_per_tslice", "100" } },
		.n_cpus = n_cpus,
		.n_gauges = n_cpus,
		.gauges = all,
		.until_ns = ns,
	};
	struct cal_run run;
	int rc;

	for (unsigned i = 0; i < n_cpus; i++)
		all[i] = (struct cal_gauge){ .what = CAL_WATCH,
					     .nap_ns = AWAY_NS,
					     .anywhere = true };
	rc = cal_run(c, &plan, &run);
	if (rc)
		return rc;
	ticks_of(c, &run);
	cal_run_free(&run);
	return 0;
}

int cal_ticking(struct cal *c, uint64_t ns)
{
	unsigned n = c->n_cpus < TICK_CPUS_MAX ? c->n_cpus : TICK_CPUS_MAX;
	int rc;

	if (!has_clock(c, CX_COST_TICK))
		return 0;
	rc = tick_on(c, 1, ns / 2);
	return rc ? rc : tick_on(c, n, ns / 2);
}
