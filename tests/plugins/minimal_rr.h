/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * minimal_rr.h - a round robin that works, for test plug-ins to spoil in one place.
 *
 * MINIMAL_RR in a table makes it complete; what comes after it in the table overrides.
 * A queue a pCPU, one lock, no stealing.
 */
#ifndef MINIMAL_RR_H
#define MINIMAL_RR_H

#include <coxswain/plugin.h>

struct minimal_pcpu {
	struct cx_list queue;
	uint64_t picks;
};

struct minimal_vcpu {
	struct cx_node node;
	struct cx_vcpu *v;
};

static inline struct minimal_pcpu *minimal_pcpu(const struct cx_pcpu *pcpu)
{
	return cx_pcpu_priv(pcpu);
}

static inline struct minimal_vcpu *minimal_vcpu(const struct cx_vcpu *v)
{
	return cx_vcpu_priv(v);
}

static inline int minimal_pcpu_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_list_init(&minimal_pcpu(pcpu)->queue);
	return 0;
}

static inline void minimal_enqueue(struct cx_pcpu *pcpu, struct cx_vcpu *v)
{
	struct minimal_vcpu *me = minimal_vcpu(v);

	me->v = v;
	cx_list_remove(&me->node);
	cx_list_push_back(&minimal_pcpu(pcpu)->queue, &me->node);
	if (cx_pcpu_idle(pcpu))
		cx_kick(pcpu);
}

static inline void minimal_migrate(struct cx_policy *policy, struct cx_vcpu *v,
				   struct cx_pcpu *from, struct cx_pcpu *to, uint64_t now)
{
	(void)policy, (void)from, (void)now;
	if (cx_queued(&minimal_vcpu(v)->node))
		minimal_enqueue(to, v);
}

static inline void minimal_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
				uint64_t now)
{
	(void)policy, (void)why, (void)now;
	minimal_enqueue(cx_vcpu_pcpu(v), v);
}

static inline void minimal_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	cx_list_remove(&minimal_vcpu(v)->node);
}

static inline void minimal_requeue(struct cx_pcpu *pcpu, const struct cx_pick *pick)
{
	if (pick->prev && cx_vcpu_runnable(pick->prev))
		minimal_enqueue(pcpu, pick->prev);
}

static inline struct cx_vcpu *minimal_take(struct cx_pcpu *pcpu)
{
	struct cx_node *node = cx_list_first(&minimal_pcpu(pcpu)->queue);

	if (!node)
		return NULL;
	cx_list_remove(node);
	return cx_entry(node, struct minimal_vcpu, node)->v;
}

static inline struct cx_vcpu *minimal_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
					   struct cx_pick *pick)
{
	(void)policy;
	minimal_pcpu(pcpu)->picks++;
	minimal_requeue(pcpu, pick);
	return minimal_take(pcpu);
}

#define MINIMAL_RR                                                                                 \
	.flags = CX_PLUGIN_INSTANCE_LOCK, .pcpu_size = sizeof(struct minimal_pcpu),                \
	.vcpu_size = sizeof(struct minimal_vcpu), .pcpu_online = minimal_pcpu_online,              \
	.migrate = minimal_migrate, .wake = minimal_wake, .block = minimal_block

#endif
