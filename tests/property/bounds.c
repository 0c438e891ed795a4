/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each policy promises, in numbers, and why.  Parameters that change during a run count
 * with the least and the most that they ever are.
 *
 * A turn is a stay on a pCPU: the slice, and CX_COST_SLICE_LATE until the machine has ended it.
 */
#include "tests/property/property.h"

#include "core/dispatch/dispatch.h"

#include <string.h>

/* By its name: 0 if the policy has no such parameter. */
static int64_t least(const struct prop_case *c, const char *name)
{
	for (unsigned i = 0; i < c->table->n_params; i++)
		if (strcmp(c->table->params[i].name, name) == 0)
			return c->low[i];
	return 0;
}

static int64_t most(const struct prop_case *c, const char *name)
{
	for (unsigned i = 0; i < c->table->n_params; i++)
		if (strcmp(c->table->params[i].name, name) == 0)
			return c->high[i];
	return 0;
}

static uint64_t cost(const struct prop_case *c, enum cx_cost_index i)
{
	return prop_cost(c->costs, i);
}

bool prop_is_hog(const struct cx_scenario_domain *d)
{
	/* Without end and without yielding: its parameters are unit, work, yield. */
	return strcmp(d->workload, "hog") == 0 && d->params[1] == 0 && d->params[2] == 0;
}

/*
 * core/dispatch/fault.c: the watchdog time, or 60 ms for each who waits for the same pCPU,
 * and a quarter of the watchdog time until it looks.
 */
static uint64_t core_wait(const struct prop_case *c, unsigned dom, unsigned ahead)
{
	uint64_t bound = (ahead + 1) * 60 * CX_MS;

	(void)dom, (void)c;
	if (bound < CX_WATCHDOG_DEFAULT_NS)
		bound = CX_WATCHDOG_DEFAULT_NS;
	return bound + CX_WATCHDOG_DEFAULT_NS / 4;
}

/* --- rr -------------------------------------------------------------------------------------- */

/*
 * First come, first served: at most everybody who was runnable when it came has a turn before
 * it.  Who is stolen only makes the queue shorter; who comes later stands behind it.
 */
static uint64_t rr_wait(const struct prop_case *c, unsigned dom, unsigned ahead)
{
	(void)dom;
	return ahead * ((uint64_t)most(c, "slice") + cost(c, CX_COST_SLICE_LATE));
}

static bool one_pcpu(uint64_t set)
{
	return (set & (set - 1)) == 0;
}

/*
 * On one pCPU that no one else's choice is concerned with, hogs come round in a fixed order
 * with whole turns: at any time one has had one turn more than another at most.  A change of the
 * slice comes between the turns of one round: another turn's difference each.  And where chance
 * says how late a slice ends, each round may add what it varies by.
 */
static uint64_t rr_twins(const struct prop_case *c, unsigned a, unsigned b)
{
	uint64_t turn = (uint64_t)most(c, "slice") + cost(c, CX_COST_SLICE_LATE);
	uint64_t varies = 2 * (cost(c, CX_COST_SLICE_LATE) - c->costs->value[CX_COST_SLICE_LATE]);

	(void)b;
	if (!one_pcpu(c->allowed[a]) || !prop_is_hog(&c->scenario->domains[a]))
		return 0;
	return (1 + c->param_changes) * turn + 1 +
	       (c->record->duration_ns / (uint64_t)least(c, "slice") + 1) * varies;
}

/* --- credit ---------------------------------------------------------------------------------- */

/*
 * The longest turn.  A kick that comes within the rate limit lets the turn go on until that is
 * over, or for the shortest slice.
 */
static uint64_t credit_turn(const struct prop_case *c)
{
	return (uint64_t)most(c, "tslice") + CX_SLICE_MIN_NS + 2 * cost(c, CX_COST_SLICE_LATE) +
	       cost(c, CX_COST_KICK);
}

/* From one accounting to the next. */
static uint64_t credit_period(const struct prop_case *c)
{
	return (uint64_t)most(c, "tslice") + cost(c, CX_COST_TIMER_LATE);
}

/* Credits that one slice of one pCPU is worth; at least 1, as credit_configure() has it. */
static int64_t credits_of(int64_t per_ms, int64_t tslice)
{
	int64_t n = per_ms * tslice / (int64_t)CX_MS;

	return n > 0 ? n : 1;
}

/* The least that a vCPU of @dom gets at an accounting. */
static int64_t credit_share(const struct prop_case *c, unsigned dom)
{
	int64_t slice = credits_of(least(c, "credits_per_ms"), least(c, "tslice"));
	int64_t weight = 0, share;

	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		weight += (int64_t)c->high_weight[i] * c->scenario->domains[i].vcpus;
	/* fair / n = total x w / W; the pool hands out at least a slice for each pCPU. */
	share = slice * c->least_pcpus * c->low_weight[dom] / weight;
	if (share > slice)
		share = slice;        /* the peak */
	return share > 0 ? share : 1; /* rounded up */
}

/*
 * It begins to wait with no less than -300 credits (the floor) less a turn's.  It pays nothing
 * while it waits and earns a share at each accounting, so after ceil(600 / share) periods it is
 * UNDER, if it was not from the beginning; one period more until the first.  Then it stands
 * behind those who were UNDER before it, each of whom has a turn and goes behind it; and one
 * more, whom a yielder let pass.  Who wakes up with credit left goes before it: that is
 * excused.
 */
static uint64_t credit_wait(const struct prop_case *c, unsigned dom, unsigned ahead)
{
	int64_t slice = credits_of(most(c, "credits_per_ms"), most(c, "tslice"));
	int64_t share = credit_share(c, dom);
	uint64_t periods = (uint64_t)((2 * slice + share - 1) / share) + 1;

	(void)ahead; /* it may be OVER for long, and others come meanwhile */
	return periods * credit_period(c) + (c->n_vcpus + 1ull) * credit_turn(c);
}

/* The boost goes at the first tick that sees it running, so after a slice at the latest. */
static uint64_t credit_boost(const struct prop_case *c)
{
	return credit_period(c);
}

/* One that ran so recently may not be stolen; it had left its pCPU when it began to wait. */
static uint64_t credit_idle(const struct prop_case *c)
{
	uint64_t delay = (uint64_t)most(c, "migration_delay");

	return delay ? delay + cost(c, CX_COST_TIMER_LATE) : 0;
}

static uint64_t credit_tick(const struct prop_case *c)
{
	uint64_t tslice = (uint64_t)least(c, "tslice");
	uint64_t ticks = tslice < 3 * CX_MS ? 1 : (uint64_t)least(c, "ticks_per_tslice");

	return tslice / ticks < CX_SLICE_MIN_NS ? CX_SLICE_MIN_NS : tslice / ticks;
}

/* The most that @n vCPUs or fewer earn together at an accounting: each its part of the cap,
 * rounded up. */
static int64_t credit_income(int64_t cap, unsigned n)
{
	int64_t most_of_all = 0;

	for (int64_t i = 1; i <= (int64_t)n; i++)
		if ((cap + i - 1) / i * i > most_of_all)
			most_of_all = (cap + i - 1) / i * i;
	return most_of_all;
}

/*
 * At an accounting the n active vCPUs of a domain with a cap of K credits a slice get ceil(K / n)
 * each.  What they run costs credits, so over time they run what they earn, and beside that
 * what their credits differ by from one moment to another: from at most a slice's (above it
 * they are halved) to at least minus their part of the cap (below it they are parked) less a
 * slice's (what one can run until the next accounting looks).  What the floor of -300 forgives
 * is earned income not given: the share and what is forgiven are ceil(K / n) together at most,
 * except for what a period's run costs beyond a slice's credits: what is run between being
 * parked and being off (a kick's time), and what the slice is longer than whole credits.
 *
 * Only active vCPUs are parked, and only a tick makes one active: what runs between the ticks
 * is not limited.  That is Xen's known weakness, and it does not count here.
 */
static bool credit_limit(const struct prop_case *c, unsigned dom, unsigned percent,
			 struct prop_limit *limit)
{
	int64_t per_ms = least(c, "credits_per_ms"), slice = credits_of(per_ms, least(c, "tslice"));
	int64_t cap = (percent * slice + 99) / 100;
	unsigned n = c->scenario->domains[dom].vcpus;
	uint64_t beyond;

	limit->tick_ns = credit_tick(c);
	if (c->param_changes || cost(c, CX_COST_TIMER_LATE) >= limit->tick_ns)
		return false;
	limit->period_ns = (uint64_t)least(c, "tslice");
	beyond = limit->period_ns - (uint64_t)(slice * (int64_t)CX_MS / per_ms);
	if ((int64_t)beyond < 0)
		beyond = 0;
	limit->rate_ns = (uint64_t)(credit_income(cap, n) * (int64_t)CX_MS / per_ms) +
			 n * (cost(c, CX_COST_KICK) + beyond);
	limit->burst_ns = n * ((uint64_t)((2 * slice + cap + 1) * (int64_t)CX_MS / per_ms) +
			       credit_turn(c) + cost(c, CX_COST_KICK));
	return true;
}

/*
 * Hogs alone on one pCPU, nobody limited, nobody leaving: after each accounting the credits of
 * all add up to 0 or more, so somebody is UNDER, and only such run: none ever falls below the
 * floor, and nothing is forgiven.  Each accounting gives equals the same, so what they ran
 * differs by what their credits differ by: two slices' worth, from -300 to 300.  One more is
 * what the one that ran first earns before the other is seen running, or what one loses by being
 * halved; and the last turn of one may still be to come.
 *
 * On several pCPUs somebody may wait long enough to own more than a slice, which is halved; in all
 * that was tried that has cost less than a tenth of the run.
 *
 * Shares are rounded up, which adds up where a slice is worth few credits, and a slice that is
 * not worth whole credits costs more than the pool hands out; such runs are left out.
 */
static uint64_t credit_twins(const struct prop_case *c, unsigned a, unsigned b)
{
	int64_t cost_of_slice = least(c, "credits_per_ms") * least(c, "tslice");
	uint64_t all = prop_first(c->n_pcpus);

	(void)a, (void)b;
	if (c->scenario->n_changes || cost_of_slice % (int64_t)CX_MS != 0 ||
	    cost_of_slice / (int64_t)CX_MS < 10 * (int64_t)c->n_vcpus)
		return 0;
	for (unsigned i = 0; i < c->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &c->scenario->domains[i];

		if (!prop_is_hog(d) || d->limit || d->stop_ns < c->record->duration_ns ||
		    (c->allowed[i] & all) != all)
			return 0;
	}
	return 3 * (uint64_t)most(c, "tslice") + credit_turn(c) +
	       (c->n_pcpus > 1 ? c->record->duration_ns / 10 : 0);
}

/* --- propshare ------------------------------------------------------------------------------- */

/* The longest turn. */
static uint64_t share_turn(const struct prop_case *c)
{
	uint64_t turn = (uint64_t)(most(c, "slice") / least(c, "turns"));

	return turn < CX_SLICE_MIN_NS ? CX_SLICE_MIN_NS : turn;
}

/* By how much a stay may be longer than it was meant to be: a slice has its least length, and ends
 * late; what makes it end earlier is a timer, late as well, and a kick that takes its time. */
static uint64_t share_late(const struct prop_case *c)
{
	uint64_t kick = cost(c, CX_COST_TIMER_LATE) + cost(c, CX_COST_KICK);

	return CX_SLICE_MIN_NS +
	       (kick > cost(c, CX_COST_SLICE_LATE) ? kick : cost(c, CX_COST_SLICE_LATE));
}

/*
 * Earliest eligible virtual deadline first (Stoica, Abdel-Wahab, 1995): on one pCPU nobody is
 * behind by more than the longest turn, and nobody before by more than its own, which is less
 * than a slice; what makes stays longer than asked for adds to both.  On several a vCPU cannot
 * be on two at once, which has cost no more than half a slice in all that was tried, and one that is due
 * on another pCPU counts as due later by four times `stay`.  Who is entitled to next to nothing is given the shortest slice for its
 * patience.  Rates are solved a turn after somebody came.
 *
 * Lags are remembered up to `memory`.  Where that is short, or the host so slow, that a turn is more
 * than half of it nothing is promised.
 */
static uint64_t share_lag(const struct prop_case *c)
{
	uint64_t slice = (uint64_t)most(c, "slice"), turn = share_turn(c), late = share_late(c);
	uint64_t patience = c->record->duration_ns / (uint64_t)least(c, "patience");
	uint64_t all = slice + (c->n_pcpus == 1 ? 0 : 4 * (uint64_t)most(c, "stay")) + 2 * late +
		       patience * (CX_SLICE_MIN_NS + late);

	if (turn + late > (uint64_t)(least(c, "memory") * least(c, "slice") / 2))
		return 0;
	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if (c->scenario->domains[i].start_ns)
			return all + turn;
	return all;
}

/*
 * Whoever has waited for `patience`, or 30 ms for each that waits on a pCPU, has the shortest slice
 * next, after those who have waited longer, even before what is reserved; but then 20 ms may pass between them.
 */
static uint64_t share_wait(const struct prop_case *c, unsigned dom, unsigned ahead)
{
	uint64_t patience = (uint64_t)most(c, "patience");
	uint64_t each = c->n_vcpus * 30 * CX_MS; /* all on one pCPU */

	(void)dom, (void)ahead;
	return (patience > each ? patience : each) + share_turn(c) + share_late(c) +
	       (c->n_vcpus + 1) * (20 * CX_MS + CX_SLICE_MIN_NS + share_late(c));
}

/*
 * In a pool with a limit each domain has a bucket of its share.  It is let go by its part of the pool's
 * burst, so that the pool's own bucket hardly ever stops all of them; one that is entitled to all
 * that its vCPUs could use cannot make up for what it lost when it did: 2 % is more than was
 * seen, beside what the beginning and each change cost, when buckets begin anew.
 */
static uint64_t share_of_pool(const struct prop_case *c, uint64_t entitled)
{
	/* Parts of the burst that are too short to be run are not shares of anything. */
	if (least(c, "slice") / 100 * least(c, "burst") <
	    4 * (int64_t)CX_SLICE_MIN_NS * (int64_t)c->scenario->n_domains)
		return 0;
	return entitled / 50 + (6 + c->scenario->n_changes) * (uint64_t)most(c, "slice") +
	       2 * share_late(c);
}

static bool anywhere(const struct prop_case *c)
{
	uint64_t all = prop_first(c->n_pcpus);

	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if ((c->allowed[i] & all) != all)
			return false;
	return true;
}

static bool any_limit(const struct prop_case *c)
{
	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if (c->scenario->domains[i].limit)
			return true;
	return false;
}

static bool any_reservation(const struct prop_case *c)
{
	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if (c->scenario->domains[i].reservation)
			return true;
	return false;
}

/* Those of siblings that run at once are to make up one turn, but none is shorter than the shortest. */
static bool turns_too_long(const struct prop_case *c)
{
	for (unsigned i = 0; i < c->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &c->scenario->domains[i];
		unsigned wide = d->vcpus < c->n_pcpus ? d->vcpus : c->n_pcpus;

		if (d->reservation && wide > 1 &&
		    wide * (uint64_t)most(c, "turn_min") > share_turn(c))
			return true;
	}
	return false;
}

/*
 * By weight, affinity and reservations alone: four slices; one that is due on another pCPU counts as
 * due later by four times `stay`; what all who wait may have for their patience of the pCPU of
 * one; and by half a percent of a pCPU for moving out of each other's way.  What is received beyond
 * a reservation is forgotten after a turn: two percent.  Where both come together several
 * may have to move so that one can, which nobody sees to: an eighth.  (Without reservations that
 * has cost up to two percent, in one mix of some thousand.)
 */
static uint64_t share_of_places(const struct prop_case *c)
{
	uint64_t late = share_late(c), slice = (uint64_t)most(c, "slice");
	uint64_t afar = 4 * (uint64_t)most(c, "stay");
	uint64_t patience = c->record->duration_ns / (uint64_t)least(c, "patience");
	unsigned part = !any_reservation(c) ? 200 : anywhere(c) ? 50 : 8;

	if (any_limit(c) || c->scenario->n_changes || turns_too_long(c) ||
	    share_turn(c) + late > (uint64_t)(least(c, "memory") * least(c, "slice") / 2))
		return 0;
	return c->record->duration_ns / part + afar + 4 * (slice + late) +
	       c->n_vcpus * patience * (CX_SLICE_MIN_NS + late);
}

static uint64_t share_share(const struct prop_case *c, uint64_t entitled)
{
	if (c->scenario->n_pools)
		return anywhere(c) ? share_of_pool(c, entitled) : 0;
	return share_of_places(c);
}

/*
 * What domains leave of a pool's limit is handed out to those who want more before the pool's bucket is full:
 * 1 %, and a slice for the beginning and for the end, when a domain may be held for what it has had.  Not where the
 * burst is hardly longer than what those that run on may take out of it.
 */
static uint64_t share_fill(const struct prop_case *c, uint64_t limit_ns)
{
	if (least(c, "slice") / 100 * least(c, "burst") < 4 * (int64_t)(c->n_pcpus * share_late(c)))
		return 0;
	return limit_ns / 100 + 2 * (uint64_t)most(c, "slice") + 2 * share_late(c);
}

/* A bucket of so many percent of a slice, filled at the limit's rate; when it is empty all are parked.
 * Those that run, on a pCPU each, run on until they hear of it. */
static bool share_bucket(const struct prop_case *c, unsigned vcpus, unsigned percent,
			 struct prop_limit *limit)
{
	unsigned running = vcpus < c->n_pcpus ? vcpus : c->n_pcpus;

	*limit = (struct prop_limit){ .rate_ns = percent,
				      .period_ns = 100,
				      .burst_ns = (uint64_t)(most(c, "slice") / 100 *
							     most(c, "burst")) +
						  running * share_late(c) };
	/* What they run on beyond `memory` is forgotten. */
	return running * share_late(c) <= (uint64_t)(least(c, "memory") * least(c, "slice"));
}

static bool share_limit(const struct prop_case *c, unsigned dom, unsigned percent,
			struct prop_limit *limit)
{
	return share_bucket(c, c->scenario->domains[dom].vcpus, percent, limit);
}

static bool is_within(const struct prop_case *c, unsigned dom, unsigned pool)
{
	unsigned p = c->scenario->domains[dom].pool;

	while (p < c->scenario->n_pools && p != pool)
		p = c->scenario->pools[p].parent;
	return p == pool;
}

static bool share_pool_limit(const struct prop_case *c, unsigned pool, unsigned percent,
			     struct prop_limit *limit)
{
	unsigned vcpus = 0;

	for (unsigned i = 0; i < c->scenario->n_domains; i++)
		if (is_within(c, i, pool))
			vcpus += c->scenario->domains[i].vcpus;
	return share_bucket(c, vcpus, percent, limit);
}

static bool limits_change(const struct prop_case *c)
{
	for (unsigned i = 0; i < c->scenario->n_changes; i++)
		if (c->scenario->changes[i].limit_given)
			return true;
	return false;
}

/* Has @pool or one around it a limit, or could it have one during the run? */
static bool in_limited_pool(const struct prop_case *c, unsigned p)
{
	if (p < c->scenario->n_pools && limits_change(c))
		return true;
	for (; p < c->scenario->n_pools; p = c->scenario->pools[p].parent)
		if (c->scenario->pools[p].limit)
			return true;
	return false;
}

/* The least that a domain's limit ever is; 0 = it never has one. */
static unsigned least_limit(const struct prop_case *c, unsigned dom)
{
	const struct cx_scenario *s = c->scenario;
	unsigned least = s->domains[dom].limit;

	for (unsigned i = 0; i < s->n_changes; i++) {
		const struct cx_scenario_change *change = &s->changes[i];

		if (change->kind == CX_CHANGE_DOMAIN &&
		    dom - change->first_domain < change->n_domains && change->limit_given &&
		    change->limit && (!least || change->limit < least))
			least = change->limit;
	}
	return least;
}

/*
 * A bucket that lets those parked go when it has filled up by what it holds at most, and by what those
 * that ran on were beyond it.  In a pool with a limit who has used up its share waits until that has
 * filled up, which may be long.
 */
static uint64_t share_parked(const struct prop_case *c, unsigned dom)
{
	uint64_t empty = (uint64_t)most(c, "slice") + c->n_pcpus * share_late(c);
	unsigned percent = least_limit(c, dom);

	if (in_limited_pool(c, c->scenario->domains[dom].pool))
		return PROP_FOREVER;
	return percent ? empty * 100 / percent + cost(c, CX_COST_TIMER_LATE) : 0;
}

/*
 * A domain that is behind its reservation comes first, and the one that would first be a turn behind
 * first of all: it has been a turn before it and comes to be a turn behind, and two turns more are what
 * others that fall behind at the same time may take.  One that is guaranteed several pCPUs has as much shorter
 * turns, and preempts as many.  Under a limit, its own or of a pool around it, it is parked for what it ran beyond
 * that.
 */
static bool share_floor(const struct prop_case *c, unsigned dom, uint64_t *ns)
{
	uint64_t wide = c->scenario->domains[dom].vcpus, turn = share_turn(c);
	uint64_t least_turn = (uint64_t)most(c, "turn_min");

	if (wide > c->n_pcpus)
		wide = c->n_pcpus;
	if (least_turn > turn)
		least_turn = turn;
	if (turn < wide * least_turn)
		turn = wide * least_turn;
	*ns = 4 * turn + wide * share_late(c);
	if (c->scenario->domains[dom].limit || limits_change(c) ||
	    in_limited_pool(c, c->scenario->domains[dom].pool))
		*ns += (uint64_t)most(c, "slice") + c->n_pcpus * share_late(c);
	return true;
}

/*
 * A pool is one that is wide, whoever of it wants to run: it has a turn in hand, is a turn behind, and others
 * that fall behind take two.  Who stands under a limit, of its own, of the pool or of one around or in it, may
 * be parked for what it ran beyond that while nobody else of the pool wants to run; shares of a
 * limited pool are handed on when its bucket has filled up.  What can be guaranteed is solved a turn after
 * somebody came.  Where affinities come in the way nothing is promised.
 */
static bool share_pool_floor(const struct prop_case *c, unsigned pool, uint64_t *ns)
{
	uint64_t all = prop_first(c->n_pcpus), turn = share_turn(c), wide = 0;
	uint64_t bucket = (uint64_t)most(c, "slice") + c->n_pcpus * share_late(c);

	*ns = in_limited_pool(c, pool) ? 2 * bucket : 0;
	for (unsigned i = 0; i < c->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &c->scenario->domains[i];

		if ((c->allowed[i] & all) != all)
			return false;
		if (!is_within(c, i, pool))
			continue;
		wide += d->vcpus;
		if (d->start_ns)
			*ns += turn + share_late(c);
		if (d->limit || limits_change(c))
			*ns += bucket;
		if (d->pool != pool && in_limited_pool(c, d->pool))
			*ns += 2 * bucket;
	}
	if (wide > c->n_pcpus)
		wide = c->n_pcpus;
	if (turn < wide * (uint64_t)most(c, "turn_min"))
		turn = wide * (uint64_t)most(c, "turn_min");
	*ns += 4 * turn + wide * share_late(c);
	return !c->pool_changes;
}

static const struct prop_bounds table[] = {
	{ .policy = "rr", .wait = rr_wait, .twins = rr_twins },
	{ .policy = "credit",
	  .wait = credit_wait,
	  .boost = credit_boost,
	  .idle = credit_idle,
	  .limit = credit_limit,
	  .twins = credit_twins },
	{ .policy = "propshare",
	  .wait = share_wait,
	  .parked = share_parked,
	  .limit = share_limit,
	  .pool_limit = share_pool_limit,
	  .floor = share_floor,
	  .pool_floor = share_pool_floor,
	  .share = share_share,
	  .fill = share_fill,
	  .lag = share_lag },
	/* Any other: what core makes of those that leave somebody waiting. */
	{ .policy = NULL, .wait = core_wait },
};

const struct prop_bounds *prop_bounds_of(const char *policy)
{
	const struct prop_bounds *b = table;

	while (b->policy && strcmp(b->policy, policy) != 0)
		b++;
	return b;
}
