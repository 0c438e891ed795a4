/* SPDX-License-Identifier: BSD-2-Clause */
/* Nobody runs twice in one place: every turn and every wake-up is on another pCPU, near
 * ones and far ones in turn. */
#include "minimal_rr.h"

/** The next pCPU for a vCPU that was on @from; @from itself only if no other is allowed. */
static struct cx_pcpu *elsewhere(struct cx_policy *policy, const struct cx_vcpu *v,
				 struct cx_pcpu *from)
{
	unsigned others = cx_pcpu_count(policy) - 1;
	unsigned first = (unsigned)(minimal_pcpu(from)->picks % (others ? others : 1));

	for (unsigned i = 0; i < others; i++) {
		struct cx_pcpu *to = cx_pcpu_near(from, 1 + (first + i) % others);

		if (cx_vcpu_allowed(v, to))
			return to;
	}
	return from;
}

static struct cx_pcpu *choose_another(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct cx_pcpu *to = elsewhere(policy, v, cx_vcpu_pcpu(v));

	(void)now;
	return cx_vcpu_allowed(v, to) ? to : NULL;
}

/** From the queue of another pCPU, and so moved. */
static struct cx_vcpu *take_from_others(struct cx_policy *policy, struct cx_pcpu *pcpu,
					uint64_t now)
{
	unsigned others = cx_pcpu_count(policy) - 1;

	for (unsigned i = 0; i < others; i++) {
		unsigned rank = 1 + (unsigned)((minimal_pcpu(pcpu)->picks + i) % others);
		struct minimal_pcpu *peer = minimal_pcpu(cx_pcpu_near(pcpu, rank));
		struct cx_node *node = cx_list_first(&peer->queue);
		struct cx_vcpu *v = node ? cx_entry(node, struct minimal_vcpu, node)->v : NULL;

		if (v && cx_vcpu_allowed(v, pcpu) && cx_migrate(v, pcpu, now) == 0) {
			cx_list_remove(node);
			return v;
		}
	}
	return NULL;
}

/* Whose turn is over waits here until another pCPU, which is kicked for it, fetches it. */
static struct cx_vcpu *pick_from_others(struct cx_policy *policy, struct cx_pcpu *pcpu,
					struct cx_pick *pick)
{
	struct cx_vcpu *v = take_from_others(policy, pcpu, pick->now_ns), *prev = pick->prev;

	minimal_pcpu(pcpu)->picks++;
	/* Came here when it woke: that was its move. */
	if (!v)
		v = minimal_take(pcpu);
	if (prev && cx_vcpu_runnable(prev)) {
		struct cx_pcpu *to = elsewhere(policy, prev, pcpu);

		if (to == pcpu && !v)
			return prev;
		minimal_enqueue(pcpu, prev);
		if (to != pcpu)
			cx_kick(to);
	}
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,         .name = "moves_always", MINIMAL_RR, .choose_pcpu = choose_another,
	.pick = pick_from_others,
};
