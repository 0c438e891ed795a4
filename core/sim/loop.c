/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: what is next, and the order of what is due at one instant.  sim.h states it.
 */
#include "core/sim/internal.h"

#include <errno.h>

/* More at one instant, for each vCPU and pCPU and in all, and time stands still. */
#define INSTANT_EVENTS 100000u
#define INSTANT_EVENTS_MAX 20000000u

/* SplitMix64, as the dispatcher's own numbers (core/dispatch/services.c). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t sim_charge(struct cx_sim *sim, enum cx_cost_index index)
{
	uint64_t ns = cost(sim, index), spread = ns * cost(sim, CX_COST_JITTER) / 100;

	if (!spread)
		return ns;
	/* Evenly from ns - spread to ns + spread. */
	return ns - spread +
	       (uint64_t)(((unsigned __int128)next_random(&sim->chance) * (2 * spread + 1)) >> 64);
}

/* --- what the dispatcher asks for ------------------------------------------------- */

static uint64_t op_now(void *m)
{
	return ((const struct cx_sim *)m)->now_ns;
}

static void op_kick(void *m, struct cx_pcpu *pcpu)
{
	struct cx_sim *sim = m;
	struct sim_pcpu *p = &sim->pcpus[cx_pcpu_index(pcpu)];

	if (p->called)
		return;
	p->called = true;
	sim->kicks[sim->n_kicks++] = cx_pcpu_index(pcpu);
}

static void op_alarm(void *m, uint64_t when_ns)
{
	struct cx_sim *sim = m;

	if (when_ns < sim->timers_ns)
		sim->timers_ns = when_ns;
}

static bool op_pending(void *m, struct cx_vcpu *v)
{
	(void)m;
	return ((const struct cx_model_vcpu *)cx_vcpu_machine(v))->pending != 0;
}

static void op_timer_expired(void *m, struct cx_vcpu *v)
{
	(void)m;
	sim_post(cx_vcpu_machine(v), CX_PORT_TIMER, CX_WAKE_TIMER);
}

static void op_ticked(void *m, struct cx_pcpu *pcpu)
{
	struct cx_sim *sim = m;
	struct sim_pcpu *p = &sim->pcpus[cx_pcpu_index(pcpu)];

	if (!p->on || !cost(sim, CX_COST_TICK))
		return;
	sim_book(sim, p);
	p->on->stall_ns += sim_charge(sim, CX_COST_TICK);
	sim_pcpu_plan(sim, p);
}

static void op_log(void *m, const char *line)
{
	struct cx_sim *sim = m;

	if (sim->log)
		sim->log(sim->log_arg, line);
}

const struct cx_machine_ops cx_sim_machine_ops = {
	.now = op_now,
	.kick = op_kick,
	.alarm = op_alarm,
	.pending = op_pending,
	.timer_expired = op_timer_expired,
	.ticked = op_ticked,
	.log = op_log,
};

/* --- one thing after another --------------------------------------------------------- */

/* Several at once come in the order in which they were called, or as chance has it. */
static void answer_kicks(struct cx_sim *sim)
{
	while (sim->n_kicks) {
		unsigned i =
			sim->shuffle ? (unsigned)(next_random(&sim->random) % sim->n_kicks) : 0;
		uint32_t pcpu = sim->kicks[i];

		sim->n_kicks--;
		for (; i < sim->n_kicks; i++)
			sim->kicks[i] = sim->kicks[i + 1];
		sim->pcpus[pcpu].called = false;
		sim_pcpu_kicked(sim, &sim->pcpus[pcpu]);
		sim->events++;
		sim->instant_events++;
	}
}

static uint64_t timers_due(const struct cx_sim *sim)
{
	return sim->timers_ns > CX_NEVER - sim->late_ns ? CX_NEVER : sim->timers_ns + sim->late_ns;
}

/* How late the next of them will be noticed is another matter. */
static void run_timers(struct cx_sim *sim)
{
	sim->timers_ns = cx_dispatch_timers(sim->d);
	sim->late_ns = sim_charge(sim, CX_COST_TIMER_LATE);
}

static void advance(struct cx_sim *sim, uint64_t to)
{
	if (to <= sim->now_ns)
		return;
	sim->now_ns = to;
	sim->instant_events = 0;
}

enum source { TIMERS, AGENDA, PCPUS, SOURCES };

/* Of the sources that are due: in their order, or as chance has it. */
static enum source next_source(struct cx_sim *sim, uint64_t timers, uint64_t agenda_at)
{
	const struct cx_timer *first = cx_timers_first(&sim->queue);
	enum source due[SOURCES];
	unsigned n = 0;

	if (timers <= sim->now_ns)
		due[n++] = TIMERS;
	if (agenda_at <= sim->now_ns)
		due[n++] = AGENDA;
	if (first && first->when_ns <= sim->now_ns)
		due[n++] = PCPUS;
	return due[sim->shuffle && n > 1 ? next_random(&sim->random) % n : 0];
}

static int one_event(struct cx_sim *sim, uint64_t timers, uint64_t agenda_at,
		     const struct cx_sim_agenda *agenda)
{
	int rc = 0;

	switch (next_source(sim, timers, agenda_at)) {
	case TIMERS:
		run_timers(sim);
		break;
	case AGENDA:
		rc = agenda->act(agenda->arg);
		break;
	default:
		sim_pcpu_event(sim, cx_timers_first(&sim->queue)->owner);
		break;
	}
	sim->events++;
	sim->instant_events++;
	answer_kicks(sim);
	return rc;
}

static bool stands_still(const struct cx_sim *sim)
{
	uint64_t most = (uint64_t)INSTANT_EVENTS * (sim->n_vcpus + sim->n_pcpus);

	return sim->instant_events > least(most, INSTANT_EVENTS_MAX);
}

int cx_sim_run(struct cx_sim *sim, uint64_t until_ns, uint64_t max_events,
	       const struct cx_sim_agenda *agenda, struct cx_error *err)
{
	uint64_t last = sim->events + max_events, agenda_at = agenda->next(agenda->arg);
	int rc;

	while (sim->events < last) {
		const struct cx_timer *first = cx_timers_first(&sim->queue);
		uint64_t timers = timers_due(sim), at = least(timers, agenda_at);

		if (first)
			at = least(at, first->when_ns);
		if (at >= until_ns) {
			advance(sim, until_ns);
			return 1;
		}
		advance(sim, at);
		rc = one_event(sim, timers, agenda_at, agenda);
		if (rc < 0)
			return rc;
		if (agenda_at <= at) {
			agenda_at = agenda->next(agenda->arg);
			sim->ended = true; /* it may have stopped some that did not run */
		}
		if (sim->ended && agenda->over(agenda->arg))
			return 1;
		sim->ended = false;
		if (stands_still(sim))
			return cx_fail(err, EDEADLK,
				       "simulation: time stands still at %llu ns after %llu events "
				       "there: a workload or a policy goes on without end; give "
				       "hypercalls a cost, or see what it does with --verbose",
				       (unsigned long long)sim->now_ns,
				       (unsigned long long)sim->instant_events);
	}
	return 0;
}
