/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rr - round robin, and the tutorial: the smallest policy that is a good citizen.
 *
 * Each pCPU has a queue.  Who wakes or has had a turn goes to its end; its head runs next.
 * A pCPU with an empty queue steals the nearest vCPU that waits.  It shows what a policy must
 * do at the least, and equal turns.  It does badly with weights and limits (unknown to it),
 * sleepers (once awake they wait for a turn of everyone ahead), across pCPUs (three hogs on
 * two get 50, 50, 100 %), warm caches and siblings (ignored).
 *
 * Core calls us with the lock of the pCPU concerned; of another pCPU we try for the lock.
 */
#include <coxswain/plugin.h>

/* Our private area of a vCPU.  That of a pCPU is its queue. */
struct rr_vcpu {
	struct cx_node node; /* on the queue of its pCPU while it waits */
	struct cx_vcpu *v;
};
#define VCPU_OF(n) (cx_entry((n), struct rr_vcpu, node)->v)

/* A pCPU joins the pool, with nobody on it. */
static int rr_pcpu_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy, (void)now;
	cx_list_init(cx_pcpu_priv(pcpu));
	return 0;
}

static void enqueue(struct cx_pcpu *pcpu, struct cx_vcpu *v)
{
	struct rr_vcpu *me = cx_vcpu_priv(v);

	me->v = v;
	cx_list_remove(&me->node); /* off another queue, if it is on one */
	cx_list_push_back(cx_pcpu_priv(pcpu), &me->node);
	if (cx_pcpu_idle(pcpu))
		cx_kick(pcpu);
}

/* It has work.  We have no choose_pcpu: core has chosen where it waits, idle if possible. */
static void rr_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why, uint64_t now)
{
	(void)policy, (void)why, (void)now;
	enqueue(cx_vcpu_pcpu(v), v);
}

/* Core has moved it: if it waits, it waits there now. */
static void rr_migrate(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
		       struct cx_pcpu *to, uint64_t now)
{
	(void)policy, (void)from, (void)now;
	if (cx_queued(&((struct rr_vcpu *)cx_vcpu_priv(v))->node))
		enqueue(to, v);
}

/* The first that waits on @from and may run on @to; NULL if none. */
static struct cx_node *find(struct cx_pcpu *from, struct cx_pcpu *to)
{
	struct cx_node *node;

	cx_list_for_each (node, (struct cx_list *)cx_pcpu_priv(from))
		if (cx_vcpu_allowed(VCPU_OF(node), to))
			break;
	return node;
}

/* Who is next?  prev goes to the end, if it still has work; then the head, else steal. */
static struct cx_vcpu *rr_pick(struct cx_policy *policy, struct cx_pcpu *pcpu, struct cx_pick *pick)
{
	struct cx_pcpu *peer;
	struct cx_node *next;

	pick->slice_ns = cx_policy_param(policy, 0);
	if (pick->prev && cx_vcpu_runnable(pick->prev))
		enqueue(pcpu, pick->prev);
	next = find(pcpu, pcpu);
	if (next)
		cx_list_remove(next);
	for (unsigned rank = 1; (peer = cx_pcpu_near(pcpu, rank)); rank++) {
		if (cx_pcpu_idle(peer) && find(pcpu, peer))
			cx_kick(peer); /* come and steal */
		if (next || cx_pcpu_runnable(peer) == 0 || !cx_trylock(peer))
			continue;
		next = find(peer, pcpu);
		if (next && cx_migrate(VCPU_OF(next), pcpu, pick->now_ns))
			next = NULL;
		if (next)
			cx_list_remove(next);
		cx_unlock(peer);
	}
	return next ? VCPU_OF(next) : NULL; /* NULL: idle until kicked */
}

/* It sleeps, or was stopped while it waited. */
static void rr_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	cx_list_remove(&((struct rr_vcpu *)cx_vcpu_priv(v))->node);
}

static const struct cx_param params[] = {
	{ "slice", CX_PARAM_DURATION, NULL, 100000, 1000000000, 10000000, "longest turn", NULL },
};

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "rr",
	.summary = "round robin: equal turns, no weights (the tutorial)",
	.flags = CX_PLUGIN_WORK_CONSERVING,
	.params = params,
	.n_params = 1,
	.pcpu_size = sizeof(struct cx_list),
	.vcpu_size = sizeof(struct rr_vcpu),
	.pcpu_online = rr_pcpu_online,
	.wake = rr_wake,
	.migrate = rr_migrate,
	.pick = rr_pick,
	.block = rr_block,
};
