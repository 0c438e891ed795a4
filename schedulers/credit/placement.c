/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU runs: the choice of a pCPU, who is called when somebody starts to wait,
 * and stealing.  Soft affinity first, then hard.
 */
#include "credit.h"

enum step { STEP_SOFT, STEP_HARD, STEPS };

void credit_set_idler(struct credit_policy *cp, struct credit_pcpu *pc, bool idler)
{
	if (pc->idler == idler)
		return;
	pc->idler = idler;
	cp->idlers += idler ? 1 : -1;
}

void credit_note_affinity(const struct cx_policy *policy, struct credit_policy *cp,
			  struct credit_vcpu *cv)
{
	unsigned liked = 0, disliked = 0;
	struct cx_pcpu *pcpu;

	for (unsigned i = 0; i < cx_pcpu_limit(policy); i++) {
		pcpu = cx_pcpu_at(policy, i);
		if (!pcpu || !cx_vcpu_allowed(cv->v, pcpu))
			continue;
		if (cx_vcpu_prefers(cv->v, pcpu))
			liked++;
		else
			disliked++;
	}
	cp->soft_users -= cv->has_soft;
	cv->has_soft = liked && disliked;
	cp->soft_users += cv->has_soft;
}

void credit_note_pool(const struct cx_policy *policy, struct credit_policy *cp)
{
	struct cx_node *node;

	cx_list_for_each (node, &cp->vcpus)
		credit_note_affinity(policy, cp, cx_entry(node, struct credit_vcpu, all_node));
}

static bool fits(const struct credit_vcpu *cv, const struct cx_pcpu *pcpu, enum step step)
{
	return cx_vcpu_allowed(cv->v, pcpu) && (step == STEP_HARD || cx_vcpu_prefers(cv->v, pcpu));
}

/* A step that would only repeat the other one is left out. */
static enum step first_step(const struct credit_vcpu *cv)
{
	return cv->has_soft ? STEP_SOFT : STEP_HARD;
}

/* Would @cv run at once there?  Also where it runs now with nobody waiting behind it. */
static bool free_for(const struct credit_pcpu *pc, const struct credit_vcpu *cv)
{
	return pc->idler || (pc->current == cv && pc->queued == 0);
}

static unsigned free_around(const struct cx_pcpu *pcpu, enum cx_distance reach,
			    const struct credit_vcpu *cv)
{
	struct cx_pcpu *near;
	unsigned n = 0;

	for (unsigned rank = 0; (near = cx_pcpu_near(pcpu, rank)); rank++) {
		if (cx_distance(pcpu, near) > reach)
			break;
		n += free_for(credit_pcpu_of(near), cv);
	}
	return n;
}

/*
 * Is idle @b better than idle @a?  Threads of an idle core before those of a busy one;
 * another cache only if twice as much idles there.
 */
static bool idler_around(const struct cx_pcpu *a, const struct cx_pcpu *b,
			 const struct credit_vcpu *cv)
{
	if (cx_distance(a, b) <= CX_DIST_LLC)
		return free_around(a, CX_DIST_SMT, cv) < free_around(b, CX_DIST_SMT, cv);
	return 2 * free_around(a, CX_DIST_LLC, cv) < free_around(b, CX_DIST_LLC, cv);
}

static struct cx_pcpu *best_idle(const struct credit_vcpu *cv, enum step step)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(cv->v), *best = NULL, *pcpu;

	for (unsigned rank = 0; (pcpu = cx_pcpu_near(home, rank)); rank++) {
		if (!free_for(credit_pcpu_of(pcpu), cv) || !fits(cv, pcpu, step))
			continue;
		if (!best || idler_around(best, pcpu, cv))
			best = pcpu;
	}
	return best;
}

static struct cx_pcpu *least_busy(const struct credit_vcpu *cv, enum step step)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(cv->v), *best = NULL, *pcpu;
	unsigned least = 0;

	for (unsigned rank = 0; (pcpu = cx_pcpu_near(home, rank)); rank++) {
		unsigned load = cx_pcpu_runnable(pcpu);

		if (fits(cv, pcpu, step) && (!best || load < least)) {
			best = pcpu;
			least = load;
		}
	}
	return best;
}

/* Nothing is idle: stay, unless affinity forbids or it has never run anywhere. */
static struct cx_pcpu *best_busy(const struct credit_vcpu *cv)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(cv->v), *best = NULL;

	if (cv->has_run && cx_vcpu_allowed(cv->v, home))
		return home;
	for (enum step step = first_step(cv); !best && step < STEPS; step++)
		best = least_busy(cv, step);
	return best ? best : home;
}

struct cx_pcpu *credit_place(const struct credit_policy *cp, const struct credit_vcpu *cv)
{
	struct cx_pcpu *best = NULL;

	if (cp->idlers)
		for (enum step step = first_step(cv); !best && step < STEPS; step++)
			best = best_idle(cv, step);
	return best ? best : best_busy(cv);
}

/* @pc idles; somebody on @from's queue may run there. */
static void call(struct credit_policy *cp, struct credit_pcpu *pc, const struct credit_pcpu *from)
{
	/* From now on it is spoken for: the next who wakes calls another. */
	if (pc->idler)
		pc->called_from = from->pcpu;
	credit_set_idler(cp, pc, false);
	cx_kick(pc->pcpu);
}

static struct credit_pcpu *nearest_idler(const struct credit_vcpu *cv, enum step step)
{
	struct cx_pcpu *home = cx_vcpu_pcpu(cv->v), *pcpu;

	for (unsigned rank = 0; (pcpu = cx_pcpu_near(home, rank)); rank++)
		if (credit_pcpu_of(pcpu)->idler && fits(cv, pcpu, step))
			return credit_pcpu_of(pcpu);
	return NULL;
}

void credit_tickle(struct credit_policy *cp, struct credit_vcpu *cv)
{
	struct credit_pcpu *home = credit_pcpu_of(cx_vcpu_pcpu(cv->v)), *idler = NULL;

	if (!home->current) {
		call(cp, home, home);
		return;
	}
	if (cp->idlers)
		for (enum step step = first_step(cv); !idler && step < STEPS; step++)
			idler = nearest_idler(cv, step);
	if (idler) {
		call(cp, idler, home); /* it comes and steals it */
	} else if (cv->pri > home->current->pri) {
		/* The one that must go may yet run where the new one could not. */
		if (cp->idlers && nearest_idler(home->current, STEP_HARD))
			home->current->moving = true;
		cx_kick(home->pcpu);
	}
}

/* Somebody waits on @pc's queue: call who idles and could take it. */
static void call_idlers(struct credit_policy *cp, struct credit_pcpu *pc)
{
	struct credit_pcpu *idler;
	struct cx_node *node;

	for (int pri = CREDIT_BOOST; pri > CREDIT_IDLE && pc->queued; pri--)
		cx_list_for_each (node, &pc->queue[pri]) {
			const struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, node);

			if (!cp->idlers)
				return;
			idler = cv->has_soft ? nearest_idler(cv, STEP_SOFT) : NULL;
			if (!idler)
				idler = nearest_idler(cv, STEP_HARD);
			if (idler)
				call(cp, idler, pc);
		}
}

void credit_share(struct credit_policy *cp, struct credit_pcpu *pc)
{
	struct credit_pcpu *from = pc->called_from ? credit_pcpu_of(pc->called_from) : NULL;
	struct cx_pcpu *pcpu;

	pc->called_from = NULL;
	call_idlers(cp, pc);
	if (from && from != pc)
		call_idlers(cp, from);
	/* It may have been about to take one that is still hot: another has to look for that. */
	for (unsigned rank = 1; cp->migration_delay_ns && cp->idlers; rank++) {
		pcpu = cx_pcpu_near(pc->pcpu, rank);
		if (!pcpu)
			break;
		call_idlers(cp, credit_pcpu_of(pcpu));
	}
}

static bool is_hot(const struct credit_policy *cp, const struct credit_vcpu *cv, uint64_t now)
{
	return cp->migration_delay_ns && cv->has_run &&
	       now < cv->last_ran_ns + cp->migration_delay_ns;
}

/* @thief would have @cv, once it is not hot any more. */
static void note_hot(const struct credit_policy *cp, struct credit_pcpu *thief,
		     const struct credit_vcpu *cv)
{
	uint64_t cools_ns = cv->last_ran_ns + cp->migration_delay_ns;

	if (cools_ns < thief->look_ns)
		thief->look_ns = cools_ns;
}

/* The first on @peer's queue, of more than @above, that may go to @thief in this step. */
static struct credit_vcpu *stealable(const struct credit_policy *cp, struct credit_pcpu *peer,
				     struct credit_pcpu *thief, enum credit_pri above,
				     enum step step, uint64_t now)
{
	struct cx_node *node;

	credit_sort(cp, peer);
	for (int pri = CREDIT_BOOST; pri > (int)above; pri--)
		cx_list_for_each (node, &peer->queue[pri]) {
			struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, node);

			if (step == STEP_SOFT && !cv->has_soft)
				continue;
			if (!fits(cv, thief->pcpu, step))
				continue;
			if (!is_hot(cp, cv, now))
				return cv;
			note_hot(cp, thief, cv);
		}
	return NULL;
}

struct credit_vcpu *credit_steal(const struct credit_policy *cp, struct credit_pcpu *thief,
				 enum credit_pri above, uint64_t now)
{
	enum step step = cp->soft_users ? STEP_SOFT : STEP_HARD;
	struct credit_vcpu *cv;
	struct cx_pcpu *pcpu;

	for (; step < STEPS; step++)
		for (unsigned rank = 1; (pcpu = cx_pcpu_near(thief->pcpu, rank)); rank++) {
			struct credit_pcpu *peer = credit_pcpu_of(pcpu);

			/* One that idles has been called and takes its own in a moment. */
			if (peer->queued == 0 || !peer->current)
				continue;
			cv = stealable(cp, peer, thief, above, step, now);
			if (!cv)
				continue;
			credit_remove(cv);
			if (cx_migrate(cv->v, thief->pcpu, now) == 0)
				return cv;
			credit_insert(cp, peer, cv);
		}
	return NULL;
}
