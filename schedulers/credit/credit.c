/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * credit - Xen's credit scheduler.
 *
 * Every vCPU owns credits.  Running costs them, and once a slice all active vCPUs are
 * given new ones in proportion to their weights.  Who has credit left (UNDER) runs before
 * who has overdrawn (OVER); who wakes with credit left is boosted until the next tick
 * finds it running.  A pCPU whose own queue offers nothing better than OVER looks for
 * something better on the others.
 *
 * The operations, in the order of a vCPU's life; the table is at the end.
 */
#include "credit.h"

static int credit_init(struct cx_policy *policy)
{
	cx_list_init(&credit_of(policy)->vcpus);
	cx_list_init(&credit_of(policy)->active);
	credit_configure(policy);
	return 0;
}

static void credit_param_set(struct cx_policy *policy, unsigned index, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct cx_pcpu *pcpu;

	(void)index;
	credit_configure(policy);
	for (unsigned i = 0; i < cx_pcpu_limit(policy); i++) {
		pcpu = cx_pcpu_at(policy, i);
		if (pcpu)
			cx_tick_every(pcpu, cp->tick_ns);
	}
	if (cp->armed) {
		cp->armed = false;
		credit_arm(cp, now);
	}
}

static int credit_pcpu_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_pcpu *pc = credit_pcpu_of(pcpu);

	(void)now;
	pc->pcpu = pcpu;
	credit_queue_init(pc);
	credit_set_idler(cp, pc, true);
	cp->n_pcpus++;
	if (!cp->master)
		cp->master = pcpu;
	cx_tick_every(pcpu, cp->tick_ns);
	credit_note_pool(policy, cp);
	return 0;
}

/* Who has been sent here, unless it may not run here any more: then it stays where it is. */
static void receive(struct credit_policy *cp, struct credit_pcpu *pc, uint64_t now)
{
	struct cx_node *node;

	while ((node = cx_list_first(&pc->arrivals))) {
		struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, node);

		cx_list_remove(node);
		if (cx_vcpu_allowed(cv->v, pc->pcpu) && cx_migrate(cv->v, pc->pcpu, now) == 0) {
			credit_insert(cp, pc, cv);
		} else {
			credit_insert(cp, credit_pcpu_of(cx_vcpu_pcpu(cv->v)), cv);
			credit_tickle(cp, cv);
		}
	}
}

static void credit_pcpu_offline(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);

	credit_set_idler(cp, credit_pcpu_of(pcpu), false);
	receive(cp, credit_pcpu_of(pcpu), now);
	credit_note_pool(policy, cp);
	cp->n_pcpus--;
	if (cp->master != pcpu)
		return;
	/* Another one does the accounting from now on. */
	cp->master = NULL;
	for (unsigned i = 0; i < cx_pcpu_limit(policy) && !cp->master; i++)
		if (cx_pcpu_at(policy, i) != pcpu)
			cp->master = cx_pcpu_at(policy, i);
	if (cp->armed) {
		cp->armed = false;
		credit_arm(cp, now);
	}
}

static int credit_domain_attach(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	struct credit_domain *cd = cx_domain_priv(dom);

	(void)now;
	cx_list_init(&cd->active);
	credit_reweigh(credit_of(policy), cd, dom);
	return 0;
}

static void credit_domain_adjust(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)now;
	credit_reweigh(credit_of(policy), cx_domain_priv(dom), dom);
}

static int credit_vcpu_attach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct credit_vcpu *cv = credit_vcpu_of(v);

	(void)now;
	cv->v = v;
	cv->dom = cx_domain_priv(cx_vcpu_domain(v));
	cv->pri = CREDIT_UNDER;
	cx_list_push_back(&credit_of(policy)->vcpus, &cv->all_node);
	credit_note_affinity(policy, credit_of(policy), cv);
	return 0;
}

static void credit_vcpu_detach(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_vcpu *cv = credit_vcpu_of(v);
	struct credit_pcpu *pc = credit_pcpu_of(cx_vcpu_pcpu(v));

	(void)now;
	credit_remove(cv);
	credit_deactivate(cp, cv);
	cx_list_remove(&cv->all_node);
	cp->soft_users -= cv->has_soft;
	if (pc->current == cv)
		pc->current = NULL;
}

/* It wakes where it ran last; whoever idles is then called to fetch it. */
static struct cx_pcpu *credit_choose_pcpu(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	struct credit_vcpu *cv = credit_vcpu_of(v);
	struct cx_pcpu *home = cx_vcpu_pcpu(v);

	(void)now;
	if (cv->has_run && cx_vcpu_allowed(v, home))
		return home;
	return credit_place(credit_of(policy), cv);
}

static void credit_migrate(struct cx_policy *policy, struct cx_vcpu *v, struct cx_pcpu *from,
			   struct cx_pcpu *to, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_vcpu *cv = credit_vcpu_of(v);

	(void)from, (void)now;
	credit_note_affinity(policy, cp, cv);
	if (!cx_queued(&cv->node))
		return;
	credit_remove(cv);
	credit_insert(cp, credit_pcpu_of(to), cv);
	credit_tickle(cp, cv);
}

static void credit_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_vcpu *cv = credit_vcpu_of(v);

	(void)why, (void)now;
	if (cv->parked)
		return; /* queued when it is unparked */
	if (cv->pri == CREDIT_UNDER)
		cv->pri = CREDIT_BOOST;
	credit_insert(cp, credit_pcpu_of(cx_vcpu_pcpu(v)), cv);
	credit_tickle(cp, cv);
}

static void credit_block(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	credit_remove(credit_vcpu_of(v));
}

static void credit_yield(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)policy, (void)now;
	credit_vcpu_of(v)->yielded = true;
}

static bool can_wait(const struct credit_vcpu *cv)
{
	return cx_vcpu_runnable(cv->v) && !cx_vcpu_parked(cv->v);
}

/* Has it not had its minimum yet?  Then it stays, for what is missing. */
static bool rate_limited(const struct credit_policy *cp, const struct credit_vcpu *prev,
			 struct cx_pick *pick)
{
	uint64_t until = prev->started_ns + cp->ratelimit_ns;

	if (prev->yielded || prev->moving || !can_wait(prev) || pick->now_ns >= until)
		return false;
	if (!cx_vcpu_allowed(prev->v, cx_vcpu_pcpu(prev->v)))
		return false; /* its pCPU is going offline */
	pick->slice_ns = until - pick->now_ns;
	if (pick->slice_ns < CX_SLICE_MIN_NS)
		pick->slice_ns = CX_SLICE_MIN_NS;
	return true;
}

/* @prev, which has been running on @pc, waits from now on: here, or where it is sent. */
static void requeue(struct credit_policy *cp, struct credit_pcpu *pc, struct credit_vcpu *prev)
{
	struct cx_pcpu *to = prev->moving ? credit_place(cp, prev) : pc->pcpu;

	prev->moving = false;
	if (!can_wait(prev) || cx_queued(&prev->node))
		return;
	if (to == pc->pcpu) {
		credit_insert(cp, pc, prev);
		return;
	}
	/* It cannot be migrated until it has left: the other pCPU fetches it. */
	cx_list_push_back(&credit_pcpu_of(to)->arrivals, &prev->node);
	credit_set_idler(cp, credit_pcpu_of(to), false);
	cx_kick(to);
}

/* UNDER (or boosted) here, UNDER elsewhere, OVER here, OVER elsewhere. */
static struct credit_vcpu *choose_next(struct credit_policy *cp, struct credit_pcpu *pc,
				       uint64_t now)
{
	struct credit_vcpu *local = credit_head(cp, pc), *next = NULL;

	if (local && !cx_vcpu_allowed(local->v, pc->pcpu))
		return NULL; /* the pCPU is going offline */
	if (!local || local->pri == CREDIT_OVER)
		next = credit_steal(cp, pc, CREDIT_OVER, now);
	if (next)
		return next;
	if (!local)
		return credit_steal(cp, pc, CREDIT_IDLE, now);
	credit_remove(local);
	return local;
}

static struct cx_vcpu *credit_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_pcpu *pc = credit_pcpu_of(pcpu);
	struct credit_vcpu *prev = pick->prev ? credit_vcpu_of(pick->prev) : NULL, *next;

	if (prev) {
		if (pc->current == prev)
			credit_bill(cp, prev, pick->now_ns);
		prev->last_ran_ns = pick->now_ns;
		if (rate_limited(cp, prev, pick))
			return prev->v;
		requeue(cp, pc, prev);
		prev->yielded = false;
	}
	pc->current = NULL;
	receive(cp, pc, pick->now_ns);
	pc->look_ns = UINT64_MAX;
	next = choose_next(cp, pc, pick->now_ns);
	pc->current = next;
	credit_set_idler(cp, pc, !next);
	if (!next) {
		/* Nobody calls it when a hot one has cooled. */
		if (cp->migration_delay_ns)
			cx_timer_at(pcpu, CREDIT_TIMER_LOOK, pc->look_ns);
		return NULL;
	}
	if (next != prev) {
		next->started_ns = pick->now_ns;
		next->has_run = true;
	}
	if (cp->idlers)
		credit_share(cp, pc);
	next->billed_ns = pick->now_ns;
	pick->slice_ns = cp->tslice_ns;
	return next->v;
}

static void credit_tick(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct credit_vcpu *cv = credit_pcpu_of(pcpu)->current;

	if (!cv || cx_pcpu_current(pcpu) != cv->v)
		return;
	/* Seen by a tick, it uses more than a little: no boost for that. */
	if (cv->pri == CREDIT_BOOST)
		cv->pri = CREDIT_UNDER;
	credit_bill(cp, cv, now);
	if (!credit_is_active(cv)) {
		credit_activate(cp, cv, now);
	} else if (cp->idlers && credit_place(cp, cv) != pcpu) {
		cv->moving = true;
		cx_kick(pcpu);
	}
}

static void credit_timer(struct cx_policy *policy, struct cx_pcpu *pcpu, unsigned id, uint64_t now)
{
	if (id == CREDIT_TIMER_ACCOUNT)
		credit_account(credit_of(policy), pcpu, now);
	else if (credit_pcpu_of(pcpu)->idler)
		cx_kick(pcpu);
}

static const char *pri_name(enum credit_pri pri)
{
	static const char *const names[CREDIT_PRIS] = { "idle", "over", "under", "boost" };

	return names[pri];
}

static void credit_dump(struct cx_policy *policy, uint64_t now)
{
	struct credit_policy *cp = credit_of(policy);
	struct cx_node *dn, *vn;

	cx_dump(policy, "at %llu ns: accountings %llu, weight %lld, balance %lld, idlers %u of %u",
		(unsigned long long)now, (unsigned long long)cp->accountings, (long long)cp->weight,
		(long long)cp->balance, cp->idlers, cp->n_pcpus);
	for (unsigned i = 0; i < cx_pcpu_limit(policy); i++) {
		struct cx_pcpu *pcpu = cx_pcpu_at(policy, i);
		struct credit_pcpu *pc = pcpu ? credit_pcpu_of(pcpu) : NULL;

		if (pc)
			cx_dump(policy, "pCPU %u: running %d, %u queued", i,
				pc->current ? (int)cx_vcpu_id(pc->current->v) : -1, pc->queued);
	}
	cx_list_for_each (dn, &cp->active) {
		cx_list_for_each (vn, &cx_entry(dn, struct credit_domain, node)->active) {
			struct credit_vcpu *cv = cx_entry(vn, struct credit_vcpu, active_node);

			cx_dump(policy, "vCPU %u of %s: credit %lld, %s%s", cx_vcpu_id(cv->v),
				cx_domain_name(cx_vcpu_domain(cv->v)), (long long)cv->credit,
				pri_name(cv->pri), cv->parked ? ", parked" : "");
		}
	}
}

/* In the order of the enumeration in accounting.c. */
static const struct cx_param credit_params[] = {
	{ "tslice", CX_PARAM_DURATION, NULL, 100000, 1000000000, 30000000,
	  "longest turn, and the time between two accountings", NULL },
	{ "ticks_per_tslice", CX_PARAM_INT, NULL, 1, 100, 3,
	  "ticks in a slice, at least 100us apart; one if the slice is under 3ms", NULL },
	{ "credits_per_ms", CX_PARAM_INT, "credits", 1, 1000, 10,
	  "what one millisecond of a pCPU costs", NULL },
	{ "ratelimit", CX_PARAM_DURATION, NULL, 0, 500000000, 1000000,
	  "shortest turn unless it yields or blocks; no more than tslice", NULL },
	{ "migration_delay", CX_PARAM_DURATION, NULL, 0, 100000000, 0,
	  "a vCPU that ran so recently is not stolen; 0 = any may be", NULL },
};

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "credit",
	.summary = "Xen's credit scheduler: weights, caps, boosted wake-ups",
	.flags = CX_PLUGIN_INSTANCE_LOCK | CX_PLUGIN_WEIGHT | CX_PLUGIN_LIMIT |
		 CX_PLUGIN_SOFT_AFFINITY | CX_PLUGIN_WORK_CONSERVING,
	.params = credit_params,
	.n_params = sizeof(credit_params) / sizeof(credit_params[0]),
	.policy_size = sizeof(struct credit_policy),
	.pcpu_size = sizeof(struct credit_pcpu),
	.domain_size = sizeof(struct credit_domain),
	.vcpu_size = sizeof(struct credit_vcpu),
	.init = credit_init,
	.param_set = credit_param_set,
	.pcpu_online = credit_pcpu_online,
	.pcpu_offline = credit_pcpu_offline,
	.domain_attach = credit_domain_attach,
	.domain_adjust = credit_domain_adjust,
	.vcpu_attach = credit_vcpu_attach,
	.vcpu_detach = credit_vcpu_detach,
	.choose_pcpu = credit_choose_pcpu,
	.migrate = credit_migrate,
	.wake = credit_wake,
	.block = credit_block,
	.yield = credit_yield,
	.pick = credit_pick,
	.tick = credit_tick,
	.timer = credit_timer,
	.dump = credit_dump,
};
