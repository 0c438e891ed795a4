/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going through the events once, in time order.
 *
 * Lanes of different pCPUs are merged by time, so what happened to one vCPU within the
 * same nanosecond on two pCPUs may arrive in either order.  Therefore wakes and blocks are
 * counted (they alternate, so the sum is right whatever the order), and a pCPU can only
 * take off a vCPU that is still on it.  Between instants the count is set back to 0 or 1,
 * so that a lost event does no lasting harm.
 */
#include "trace/metrics_bounds.h"
#include "trace/metrics_internal.h"
#include "trace/metrics_series.h"

#include <errno.h>
#include <stdlib.h>

#define TICK_NS 1000000ull        /* skew is sampled so often ... */
#define TICKS_MAX 10000ull        /* ... more rarely in long runs ... */
#define TICK_WORK_MAX 50000000ull /* ... and with very many vCPUs: ticks times vCPUs */
#define STEP_WORK_MAX 8000000ull  /* steps times domains; beyond, steps are longer */

static int init_domain(struct cx_replay *r, unsigned d)
{
	const struct cx_record_domain *config = &r->record->domains[d];
	struct cx_replay_domain *dom = &r->domains[d];

	dom->group = r->affinity.class_group[dom->class];
	dom->weight = config->weight;
	dom->reservation = config->reservation;
	dom->limit = config->limit;
	if ((uint64_t)config->first_vcpu + config->n_vcpus > r->record->n_vcpus)
		return -EINVAL;
	if (config->n_vcpus < 2)
		return 0;
	dom->skew = calloc(1, sizeof(*dom->skew));
	r->m->domains[d].corun_ns = calloc(config->n_vcpus + 1, sizeof(*r->m->domains[d].corun_ns));
	return dom->skew && r->m->domains[d].corun_ns ? 0 : -ENOMEM;
}

static void choose_rates(struct cx_replay *r)
{
	uint64_t duration = r->record->duration_ns;
	uint64_t domains = r->record->n_domains + 1, vcpus = r->record->n_vcpus + 1;
	uint64_t ticks = TICK_WORK_MAX / vcpus;

	r->m->step_ns = CX_STEP_NS * (duration / CX_STEP_NS * domains / STEP_WORK_MAX + 1);
	if (ticks > TICKS_MAX)
		ticks = TICKS_MAX;
	r->tick_every_ns = duration / (ticks ? ticks : 1);
	if (r->tick_every_ns < TICK_NS)
		r->tick_every_ns = TICK_NS;
	r->tick_ns = r->tick_every_ns;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int find_cuts(struct cx_replay *r)
{
	unsigned d;

	r->cuts = calloc(2 * r->record->n_domains + 1u, sizeof(*r->cuts));
	if (!r->cuts)
		return -ENOMEM;
	for (d = 0; d < r->record->n_domains; d++) {
		r->cuts[r->n_cuts++] = r->record->domains[d].start_ns;
		r->cuts[r->n_cuts++] = r->record->domains[d].stop_ns;
	}
	qsort(r->cuts, r->n_cuts, sizeof(*r->cuts), by_time);
	return 0;
}

/** The current step's end. */
static uint64_t step_end(struct cx_replay *r)
{
	uint64_t end = r->step_start_ns + r->m->step_ns;

	while (r->cut < r->n_cuts && r->cuts[r->cut] <= r->step_start_ns)
		r->cut++;
	if (r->cut < r->n_cuts && r->cuts[r->cut] < end)
		end = r->cuts[r->cut];
	return end < r->record->duration_ns ? end : r->record->duration_ns;
}

int cx_replay_init(struct cx_replay *r, const struct cx_record *record, struct cx_metrics *m)
{
	size_t domains = record->n_domains + 1u, vcpus = record->n_vcpus + 1u;
	size_t pcpus = record->n_pcpus + 1u;
	unsigned i;
	int ret;

	r->record = record;
	r->m = m;
	r->domains = calloc(domains, sizeof(*r->domains));
	if (!r->domains)
		return -ENOMEM;
	ret = cx_step_init(r);
	if (ret)
		return ret;
	r->vcpus = calloc(vcpus, sizeof(*r->vcpus));
	r->pcpus = calloc(pcpus, sizeof(*r->pcpus));
	r->groups = calloc(r->affinity.n_groups + 1u, sizeof(*r->groups));
	r->lags = calloc(domains, sizeof(*r->lags));
	r->bounds = cx_bounds_new(record);
	r->series = cx_series_new(record, m);
	if (!r->vcpus || !r->pcpus || !r->groups || !r->lags || !r->bounds || !r->series)
		return -ENOMEM;
	for (i = 0; i < record->n_pcpus; i++) {
		r->pcpus[i].current = CX_NO_VCPU;
		r->groups[r->affinity.group_of[i]].idle++;
	}
	for (i = 0; i < record->n_vcpus; i++) {
		if (record->vcpus[i].domain >= record->n_domains)
			return -EINVAL;
		r->vcpus[i].state = CX_BLOCKED;
		r->vcpus[i].since_ns = record->vcpus[i].start_ns;
	}
	for (i = 0; i < record->n_domains && !ret; i++)
		ret = init_domain(r, i);
	choose_rates(r);
	return ret ? ret : find_cuts(r);
}

void cx_replay_free(struct cx_replay *r)
{
	unsigned i;

	for (i = 0; r->domains && i < r->record->n_domains; i++) {
		free(r->domains[i].step);
		free(r->domains[i].skew);
	}
	for (i = 0; r->lags && i < r->record->n_domains; i++)
		free(r->lags[i].points);
	cx_step_free(r);
	free(r->vcpus);
	free(r->domains);
	free(r->pcpus);
	free(r->groups);
	free(r->lags);
	free(r->cuts);
	cx_bounds_free(r->bounds);
	cx_series_free(r->series);
}

/* ---- charging ---- */

void cx_replay_advance(struct cx_replay *r, unsigned d, uint64_t t_ns)
{
	struct cx_replay_domain *dom = &r->domains[d];
	uint64_t dt;

	if (t_ns <= dom->since_ns)
		return;
	dt = t_ns - dom->since_ns;
	dom->run_ns += dt * dom->in[CX_RUNNING];
	dom->want_ns += dt * (dom->in[CX_RUNNING] + dom->in[CX_READY] + dom->in[CX_LIMITED] +
			      dom->in[CX_COSTOPPED]);
	cx_siblings_charge(r, d, dt);
	dom->since_ns = t_ns;
}

static void charge_vcpu(struct cx_replay *r, unsigned v, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[v];

	if (t_ns > r->record->vcpus[v].stop_ns)
		t_ns = r->record->vcpus[v].stop_ns;
	if (t_ns <= vcpu->since_ns)
		return;
	r->m->vcpus[v].time_ns[vcpu->state] += t_ns - vcpu->since_ns;
	vcpu->since_ns = t_ns;
}

static uint64_t least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void charge_group(struct cx_replay *r, struct cx_replay_group *g, uint64_t t_ns)
{
	uint64_t dt = t_ns > g->since_ns ? t_ns - g->since_ns : 0;

	r->m->fragmented_ns += dt * least(g->idle, g->costopped);
	r->m->idle_while_ready_ns += dt * least(g->idle, g->ready);
	g->since_ns = t_ns;
}

static void charge_pcpu(struct cx_replay *r, unsigned p, uint64_t t_ns)
{
	struct cx_replay_pcpu *pcpu = &r->pcpus[p];

	if (t_ns > pcpu->since_ns && pcpu->current != CX_NO_VCPU)
		r->m->busy_ns += t_ns - pcpu->since_ns;
	else if (t_ns > pcpu->since_ns && pcpu->offline)
		r->m->offline_ns += t_ns - pcpu->since_ns;
	pcpu->since_ns = t_ns;
}

/* ---- state ---- */

static void count_state(struct cx_replay *r, unsigned d, enum cx_state state, int by)
{
	struct cx_replay_domain *dom = &r->domains[d];
	struct cx_replay_group *g = &r->groups[dom->group];

	dom->in[state] += (unsigned)by;
	if (state == CX_READY)
		g->ready += (unsigned)by;
	else if (state == CX_COSTOPPED)
		g->costopped += (unsigned)by;
}

/** Tell those who watch: CX_STATES = not there. */
static void moved(struct cx_replay *r, unsigned d, uint64_t t_ns, unsigned before, unsigned after)
{
	cx_bounds_move(r->bounds, d, t_ns, before, after);
	cx_series_move(r->series, d, t_ns, before, after);
}

/** After a flag of @v changed: charge its old state and enter the new one. */
static void restate(struct cx_replay *r, unsigned v, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[v];
	unsigned d = r->record->vcpus[v].domain;
	struct cx_replay_domain *dom = &r->domains[d];
	enum cx_state next = cx_state_of(vcpu->on, vcpu->wakes > 0, vcpu->paused, vcpu->parked);
	bool dies = vcpu->ending && !vcpu->on;

	if (vcpu->dead || (vcpu->joined && next == vcpu->state && !dies))
		return;
	cx_replay_advance(r, d, t_ns);
	cx_step_note(r, d, t_ns);
	charge_group(r, &r->groups[dom->group], t_ns);
	charge_vcpu(r, v, t_ns);
	moved(r, d, t_ns, vcpu->joined ? vcpu->state : CX_STATES, dies ? CX_STATES : next);
	if (vcpu->joined) {
		count_state(r, d, vcpu->state, -1);
	} else {
		vcpu->joined = true;
		dom->alive++;
		if (dom->alive > dom->alive_in_step)
			dom->alive_in_step = dom->alive;
	}
	cx_siblings_skew(r, d, t_ns, false);
	vcpu->state = next;
	if (dies) {
		vcpu->dead = true;
		dom->alive--;
	} else {
		count_state(r, d, next, 1);
	}
}

/** Forget what a lost event left behind, once the instant of the last one is over. */
static void settle_wakes(struct cx_replay_vcpu *vcpu, uint64_t t_ns)
{
	if (t_ns > vcpu->instant_ns) {
		if (vcpu->wakes > 1)
			vcpu->wakes = 1;
		if (vcpu->wakes < 0)
			vcpu->wakes = 0;
		vcpu->instant_ns = t_ns;
	}
}

static void latency(struct cx_replay *r, unsigned v, uint64_t ns)
{
	struct cx_hist **own = &r->m->vcpus[v].wake_ns;

	if (!*own)
		*own = calloc(1, sizeof(**own));
	if (!*own) {
		r->no_memory = true;
		return;
	}
	cx_hist_add(*own, ns);
	cx_hist_add(&r->m->domains[r->record->vcpus[v].domain].wake_ns, ns);
	cx_hist_add(&r->m->wake_ns, ns);
}

static void on_wake(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[ev->vcpu];

	settle_wakes(vcpu, t_ns);
	vcpu->wakes++;
	if (ev->why != CX_WAKE_START) {
		if (vcpu->on && vcpu->on_ns == t_ns) { /* its switch came first: same instant */
			latency(r, ev->vcpu, 0);
		} else {
			vcpu->waking = true;
			vcpu->woken_ns = t_ns;
		}
	}
	restate(r, ev->vcpu, t_ns);
}

static void on_block(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[ev->vcpu];

	settle_wakes(vcpu, t_ns);
	vcpu->wakes--;
	if (vcpu->wakes <= 0)
		vcpu->waking = false;
	restate(r, ev->vcpu, t_ns);
}

static void put_on(struct cx_replay *r, unsigned p, unsigned v, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[v];
	unsigned d = r->record->vcpus[v].domain;

	vcpu->on = true;
	vcpu->pcpu = (uint16_t)p;
	vcpu->on_ns = t_ns;
	r->m->vcpus[v].switches++;
	r->m->domains[d].switches++;
	r->m->switches++;
	restate(r, v, t_ns);
}

static void on_switch(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	unsigned p = ev->pcpu, old, next = ev->vcpu;
	struct cx_replay_group *g;

	if (p >= r->record->n_pcpus)
		return;
	if (next >= r->record->n_vcpus)
		next = CX_NO_VCPU;
	old = r->pcpus[p].current;
	if (next != CX_NO_VCPU && r->vcpus[next].waking) {
		latency(r, next, t_ns - r->vcpus[next].woken_ns);
		r->vcpus[next].waking = false;
	}
	if (next == old)
		return; /* a new slice for the same one */
	g = &r->groups[r->affinity.group_of[p]];
	charge_group(r, g, t_ns);
	charge_pcpu(r, p, t_ns);
	if (!r->pcpus[p].offline)
		g->idle += (unsigned)(next == CX_NO_VCPU) - (unsigned)(old == CX_NO_VCPU);
	r->pcpus[p].current = next;
	if (old != CX_NO_VCPU && r->vcpus[old].on && r->vcpus[old].pcpu == p) {
		r->vcpus[old].on = false;
		restate(r, old, t_ns);
	}
	if (next != CX_NO_VCPU)
		put_on(r, p, next, t_ns);
}

static void on_migrate(struct cx_replay *r, const struct cx_event *ev)
{
	if (ev->why >= CX_DISTANCES)
		return;
	r->m->vcpus[ev->vcpu].migrations[ev->why]++;
	r->m->domains[r->record->vcpus[ev->vcpu].domain].migrations[ev->why]++;
	r->m->migrations[ev->why]++;
}

static void on_flag(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	struct cx_replay_vcpu *vcpu = &r->vcpus[ev->vcpu];

	if (ev->type == CX_EV_PARK && ev->why < CX_PARK_REASONS)
		vcpu->parked |= 1u << ev->why;
	else if (ev->type == CX_EV_UNPARK && ev->why < CX_PARK_REASONS)
		vcpu->parked &= ~(1u << ev->why);
	else if (ev->type == CX_EV_PAUSE || ev->type == CX_EV_UNPAUSE)
		vcpu->paused = ev->type == CX_EV_PAUSE;
	else if (ev->type == CX_EV_END)
		vcpu->ending = true;
	if (vcpu->paused || vcpu->ending)
		vcpu->waking = false; /* the wait is not the scheduler's any more */
	restate(r, ev->vcpu, t_ns);
}

/* ---- changes: the step ends, for another one counts from now on ---- */

static void cut_step(struct cx_replay *r, uint64_t t_ns)
{
	if (t_ns <= r->step_start_ns)
		return;
	r->step_end_ns = t_ns;
	cx_step_close(r);
}

static void on_pool(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	bool offline = ev->type == CX_EV_PCPU_OFFLINE;
	struct cx_replay_pcpu *pcpu;
	struct cx_replay_group *g;

	if (ev->pcpu >= r->record->n_pcpus || r->pcpus[ev->pcpu].offline == offline)
		return;
	cut_step(r, t_ns);
	pcpu = &r->pcpus[ev->pcpu];
	g = &r->groups[r->affinity.group_of[ev->pcpu]];
	charge_group(r, g, t_ns);
	charge_pcpu(r, ev->pcpu, t_ns);
	pcpu->offline = offline;
	if (pcpu->current == CX_NO_VCPU)
		g->idle += offline ? -1u : 1u;
	cx_affinity_set_online(&r->affinity, ev->pcpu, !offline);
}

static unsigned value_of(uint64_t x)
{
	return x < UINT32_MAX ? (unsigned)x : UINT32_MAX;
}

static void on_adjust(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	struct cx_replay_domain *dom;
	unsigned value = value_of(ev->x);

	if (ev->vcpu >= r->record->n_domains)
		return;
	cut_step(r, t_ns);
	cx_bounds_adjust(r->bounds, ev->vcpu, t_ns, ev->why, value);
	dom = &r->domains[ev->vcpu];
	if (ev->why == CX_ADJUST_WEIGHT)
		dom->weight = value;
	else if (ev->why == CX_ADJUST_RESERVATION)
		dom->reservation = value;
	else if (ev->why == CX_ADJUST_LIMIT)
		dom->limit = value;
}

void cx_replay_pool_adjust(struct cx_replay *r, unsigned pool, enum cx_adjust what, uint64_t value,
			   uint64_t t_ns)
{
	if (pool >= r->record->n_pools)
		return;
	cut_step(r, t_ns);
	if (what == CX_ADJUST_WEIGHT)
		r->pools[pool].weight = value_of(value);
	else if (what == CX_ADJUST_RESERVATION)
		r->pools[pool].reservation = value_of(value);
	else if (what == CX_ADJUST_LIMIT)
		r->pools[pool].limit = value_of(value);
}

/** False: it is an event of a vCPU, or of nobody. */
static bool apply_to_others(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	switch (ev->type) {
	case CX_EV_SWITCH:
		on_switch(r, ev, t_ns);
		return true;
	case CX_EV_PCPU_OFFLINE:
	case CX_EV_PCPU_ONLINE:
		on_pool(r, ev, t_ns);
		return true;
	case CX_EV_ADJUST:
		on_adjust(r, ev, t_ns);
		return true;
	case CX_EV_ADJUST_POOL:
		cx_replay_pool_adjust(r, ev->vcpu, ev->why, ev->x, t_ns);
		cx_bounds_adjust_pool(r->bounds, ev->vcpu, t_ns, ev->why, value_of(ev->x));
		return true;
	default:
		return false;
	}
}

static void apply(struct cx_replay *r, const struct cx_event *ev, uint64_t t_ns)
{
	if (apply_to_others(r, ev, t_ns))
		return;
	if (ev->vcpu >= r->record->n_vcpus)
		return;
	switch (ev->type) {
	case CX_EV_WAKE:
		on_wake(r, ev, t_ns);
		break;
	case CX_EV_BLOCK:
		on_block(r, ev, t_ns);
		break;
	case CX_EV_MIGRATE:
		on_migrate(r, ev);
		break;
	case CX_EV_PARK:
	case CX_EV_UNPARK:
	case CX_EV_PAUSE:
	case CX_EV_UNPAUSE:
	case CX_EV_END:
		on_flag(r, ev, t_ns);
		break;
	default: /* nothing that changes a state */
		break;
	}
}

/* ---- time ---- */

static void sample_skew(struct cx_replay *r)
{
	unsigned d;

	for (d = 0; d < r->record->n_domains; d++)
		cx_siblings_skew(r, d, r->tick_ns, true);
}

/** Close the steps and take the samples that lie before or at @t_ns. */
static void pass(struct cx_replay *r, uint64_t t_ns)
{
	uint64_t duration = r->record->duration_ns;

	for (;;) {
		uint64_t end = step_end(r);
		bool tick = r->tick_ns < end;

		if ((tick ? r->tick_ns : end) > t_ns || r->step_start_ns == duration)
			break;
		if (tick) {
			sample_skew(r);
			r->tick_ns += r->tick_every_ns;
		} else {
			r->step_end_ns = end;
			cx_step_close(r);
		}
	}
}

static void finish(struct cx_replay *r)
{
	uint64_t end = r->record->duration_ns;
	unsigned i;

	pass(r, end);
	for (i = 0; i < r->record->n_pcpus; i++)
		charge_pcpu(r, i, end);
	for (i = 0; i < r->affinity.n_groups; i++)
		charge_group(r, &r->groups[i], end);
	for (i = 0; i < r->record->n_domains; i++)
		cx_siblings_skew(r, i, end, false);
	for (i = 0; i < r->record->n_vcpus; i++)
		if (!r->vcpus[i].dead)
			charge_vcpu(r, i, end);
}

int cx_replay_run(struct cx_replay *r)
{
	struct cx_history_cursor *cursor = cx_history_walk(r->record->history);
	const struct cx_event *ev;
	uint64_t now = 0;

	if (!cursor)
		return -ENOMEM;
	while ((ev = cx_history_next(cursor)) != NULL && !r->no_memory) {
		if (ev->t_ns > now)
			now = ev->t_ns;
		if (now > r->record->duration_ns)
			now = r->record->duration_ns;
		pass(r, now);
		apply(r, ev, now);
	}
	cx_history_cursor_free(cursor);
	finish(r);
	return r->no_memory ? -ENOMEM : 0;
}
