/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's state and its accounts: every change books the time since the last one, so
 * the states' times add up to the lifetime exactly.
 */
#include "core/dispatch/internal.h"

void emit(struct cx_pcpu *p, const struct cx_event *event)
{
	struct cx_dispatch *d = p->d;

	if (event->t_ns > p->emitted_ns)
		p->emitted_ns = event->t_ns;
	if (d->history)
		cx_history_add(d->history, d->single_thread ? 0 : p->index, event);
	if (d->sink)
		d->sink->event(event);
}

void emit_simple(struct cx_pcpu *p, enum cx_event_type type, const struct cx_vcpu *v, uint32_t why,
		 uint64_t x, uint64_t now)
{
	struct cx_event e = {
		.t_ns = now,
		.type = (uint16_t)type,
		.pcpu = (uint16_t)p->index,
		.vcpu = v ? v->id : CX_NO_VCPU,
		.prev = CX_NO_VCPU,
		.why = why,
		.x = x,
	};

	emit(p, &e);
}

void restate(struct cx_vcpu *v, uint64_t now)
{
	if (now > v->since_ns) {
		v->time_ns[v->state] += now - v->since_ns;
		v->since_ns = now;
	}
	v->state = cx_state_of(is_oncpu(v), v->runnable, v->paused, v->parked);
}

void set_runnable(struct cx_vcpu *v, bool runnable, uint64_t now)
{
	if (v->runnable == runnable)
		return;
	v->runnable = runnable;
	if (runnable)
		atomic_fetch_add(&assigned(v)->runnable, 1);
	else
		atomic_fetch_sub(&assigned(v)->runnable, 1);
	restate(v, now);
}

static void note_run(struct cx_pcpu *p, struct cx_vcpu *v, uint64_t ran_ns)
{
	cx_warmth_note_run(&v->warmth[p->llc], &p->d->llcs[p->llc].cache, ran_ns);
}

void set_current(struct cx_pcpu *p, struct cx_vcpu *next, uint64_t now)
{
	struct cx_vcpu *prev = p->current;

	if (prev == next) {
		if (prev && now > p->noted_ns)
			note_run(p, prev, now - p->noted_ns);
		p->noted_ns = now;
		return;
	}
	if (now > p->since_ns) {
		if (prev)
			p->busy_ns += now - p->since_ns;
		else
			p->idle_ns += now - p->since_ns;
		p->since_ns = now;
	}
	if (prev) {
		note_run(p, prev, now - p->noted_ns);
		prev->last_pcpu = p->index;
		atomic_store_explicit(&prev->oncpu, false, memory_order_relaxed);
		restate(prev, now);
	}
	p->current = next;
	p->noted_ns = now;
	atomic_store(&p->idle, next == NULL);
	if (next) {
		atomic_store_explicit(&next->oncpu, true, memory_order_relaxed);
		next->dispatches++;
		restate(next, now);
	}
}

void assign(struct cx_vcpu *v, struct cx_pcpu *to, uint64_t now)
{
	struct cx_pcpu *from = assigned(v);
	struct cx_dispatch *d = v->d;
	struct cx_event e = {
		.t_ns = now,
		.type = CX_EV_MIGRATE,
		.pcpu = (uint16_t)to->index,
		.vcpu = v->id,
		.prev = from->index,
		.why = distance_of(from, to),
		.x = cx_warmth_value(&v->warmth[to->llc], &d->llcs[to->llc].cache),
	};

	cx_list_remove(&v->node);
	cx_list_push_back(&to->vcpus, &v->node);
	if (v->runnable) {
		atomic_fetch_sub(&from->runnable, 1);
		atomic_fetch_add(&to->runnable, 1);
	}
	atomic_store_explicit(&v->pcpu, to, memory_order_release);
	/* Before its first run a vCPU is nowhere yet: giving it a place is no migration. */
	if (v->last_pcpu != UINT32_MAX) {
		v->migrations[e.why]++;
		emit(to, &e);
	}
}
