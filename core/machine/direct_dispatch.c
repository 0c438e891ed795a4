/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dispatcher's decisions, put into effect on threads: whoever leaves a pCPU wakes
 * the thread that is next there; an idle pCPU is run by nobody.
 */
#include "core/machine/host.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

static void move_thread(struct cx_host_vcpu *hv, unsigned cpu)
{
	cpu_set_t set;

	if (hv->host_cpu == cpu)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(hv->tid, sizeof(set), &set) == 0)
		hv->host_cpu = cpu;
}

static void take_over(struct cx_host_vcpu *hv, const struct cx_decision *decision)
{
	hv->until_ns = decision->until_ns;
	hv->run_ns = decision->run_ns;
	hv->ready_ns = decision->ready_ns;
}

/* @left_ns: when somebody left that pCPU for it; CX_NEVER if it was idle.
 * @hv is the dispatcher's choice: nobody else touches these fields until it leaves. */
static void put_on(struct cx_host_vcpu *hv, const struct cx_decision *decision, uint64_t left_ns)
{
	uint64_t decided_ns = cx_host_now(hv->host);

	/* Cold after other guests have run; its thread writes there before it enters. */
	__builtin_prefetch(&hv->page->run_ns, 1);

	move_thread(hv, cx_pcpu_host_cpu(decision->pcpu));
	hv->pcpu = decision->pcpu;
	take_over(hv, decision);
	hv->left_at_ns = left_ns;
	hv->left_cost_ns = decided_ns - left_ns;
	hv->cost_known = left_ns != CX_NEVER;
	cx_host_go(hv);
}

static bool must_leave(struct cx_host_vcpu *hv, uint64_t now, enum cx_why *why)
{
	if (cx_dispatch_ending(hv->v))
		*why = CX_WHY_END;
	else if (cx_dispatch_preempted(hv->pcpu))
		*why = CX_WHY_PREEMPT;
	else if (now >= hv->until_ns)
		*why = CX_WHY_SLICE;
	else
		return false;
	return true;
}

static bool leave(struct cx_host_vcpu *hv, enum cx_why why, uint64_t deadline_ns, uint64_t left_ns)
{
	struct cx_decision decision;

	cx_dispatch_leave(hv->v, why, deadline_ns, left_ns, &decision);
	if (decision.next == hv->v) {
		take_over(hv, &decision);
		return true;
	}
	/* From here on @hv may have been put on another pCPU already: not ours to read. */
	if (decision.next)
		put_on(cx_vcpu_machine(decision.next), &decision, left_ns);
	return false;
}

static void wake(struct cx_host_vcpu *hv, enum cx_wake_why why)
{
	cx_dispatch_wake(hv->v, why);
}

static void set_timer(struct cx_host_vcpu *hv, uint64_t when_ns)
{
	cx_dispatch_set_timer(hv->v, when_ns);
}

static void stop_domain(struct cx_host *host, unsigned domain, enum cx_end end)
{
	cx_dispatch_stop_domain(host->dispatch, domain, end);
}

static void note(struct cx_host_vcpu *hv, enum cx_event_type type, uint32_t why, uint64_t x,
		 uint64_t y)
{
	cx_dispatch_note(hv->v, type, why, x, y);
}

const struct cx_director cx_direct_dispatch = {
	.must_leave = must_leave,
	.leave = leave,
	.wake = wake,
	.set_timer = set_timer,
	.stop_domain = stop_domain,
	.note = note,
};

/* --- what the dispatcher asks of us ------------------------------------------ */

static uint64_t op_now(void *m)
{
	return cx_host_now(m);
}

static void op_kick(void *m, struct cx_pcpu *pcpu)
{
	struct cx_decision decision;
	int rc = cx_dispatch_enter(pcpu, &decision);

	(void)m;
	if (rc == 1)
		put_on(cx_vcpu_machine(decision.next), &decision, CX_NEVER);
	else if (rc == -EBUSY)
		cx_host_kick(cx_vcpu_machine(decision.next));
}

static void op_alarm(void *m, uint64_t when_ns)
{
	(void)when_ns;
	cx_host_alarm(m);
}

static bool op_pending(void *m, struct cx_vcpu *v)
{
	struct cx_host_vcpu *hv = cx_vcpu_machine(v);

	(void)m;
	return hv->guest->engine->pending(hv->guest->vm, hv->index) != 0;
}

static void op_timer_expired(void *m, struct cx_vcpu *v)
{
	(void)m;
	cx_host_post(cx_vcpu_machine(v), CX_PORT_TIMER, CX_WAKE_TIMER);
}

static void op_log(void *m, const char *line)
{
	cx_host_log(m, "%s", line);
}

const struct cx_machine_ops cx_host_machine_ops = {
	.now = op_now,
	.kick = op_kick,
	.alarm = op_alarm,
	.pending = op_pending,
	.timer_expired = op_timer_expired,
	.log = op_log,
};
