/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is entitled to what where not everybody may use every pCPU, with pools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "entitlement/affinity.h"

#include <string.h>

#define PCPU 1000000000ull /* per pCPU: ns per second */
#define MANY 24            /* domains of a random rig */
#define ROOM 160           /* of any */
#define SETS 2080          /* of pCPUs to look at: all of up to 8, all intervals of 64 */
#define NONE CX_AMOUNT_MAX

struct rig {
	struct cx_affinity affinity;
	struct cx_solver solver;
	struct cx_solver_domain d[ROOM];
	uint64_t masks[ROOM];
	unsigned n;
};

static void add(struct rig *r, uint64_t mask, unsigned pool, uint64_t weight, uint64_t percent)
{
	r->masks[r->n] = mask;
	r->d[r->n++] = (struct cx_solver_domain){
		.pool = pool, .weight = weight, .demand = percent * PCPU / 100, .limit = NONE
	};
}

static void begin(struct rig *r, unsigned pcpus, unsigned pools)
{
	unsigned i;

	assert_int_equal(cx_affinity_init(&r->affinity, pcpus, r->n), 0);
	for (i = 0; i < r->n; i++)
		r->d[i].class = cx_affinity_class(&r->affinity, &r->masks[i]);
	assert_int_equal(cx_affinity_finish(&r->affinity), 0);
	assert_int_equal(cx_solver_init(&r->solver, &r->affinity, r->n, pools), 0);
	r->solver.per_pcpu = PCPU;
	r->solver.rates = true;
	for (i = 0; i < pools; i++) {
		r->solver.pools[i].weight = 1;
		r->solver.pools[i].limit = NONE;
	}
}

static void solve(struct rig *r)
{
	assert_int_equal(cx_solver_solve(&r->solver, r->d, r->n), 0);
}

static void end(struct rig *r)
{
	cx_solver_free(&r->solver);
	cx_affinity_free(&r->affinity);
}

#define assert_percent(what, percent)                                                              \
	assert_in_range(what, (percent)*PCPU / 100 - 2, (percent)*PCPU / 100 + 2)

static void groups_apart(void **state)
{
	struct rig r = { .n = 0 };

	(void)state;
	add(&r, 3, CX_NO_POOL, 100, 400);
	add(&r, 3, CX_NO_POOL, 300, 400);
	add(&r, 12, CX_NO_POOL, 1, 100);
	begin(&r, 4, 0);
	solve(&r);
	assert_percent(r.d[0].entitled, 50);
	assert_percent(r.d[1].entitled, 150);
	assert_percent(r.d[2].entitled, 100);
	assert_percent(r.d[2].rate, 200);
	assert_int_equal(r.d[0].set, r.d[1].set);
	assert_int_not_equal(r.d[0].set, r.d[2].set);
	/* A pCPU goes: the others have it no more. */
	cx_affinity_set_online(&r.affinity, 1, false);
	solve(&r);
	assert_percent(r.d[0].entitled, 25);
	assert_percent(r.d[1].entitled, 75);
	assert_percent(r.d[2].entitled, 100);
	end(&r);
}

/* Three bound to one pCPU of two, one free: a third each, and a whole one. */
static void crowded(void **state)
{
	struct rig r = { .n = 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++)
		add(&r, 1, CX_NO_POOL, 256, 100);
	add(&r, 3, CX_NO_POOL, 256, 100);
	begin(&r, 2, 0);
	solve(&r);
	for (i = 0; i < 3; i++) {
		assert_in_range(r.d[i].entitled, PCPU / 3, PCPU / 3 + 1);
		assert_int_equal(r.d[i].set, r.d[0].class);
	}
	assert_percent(r.d[3].entitled, 100);
	assert_int_equal(r.d[3].set, r.d[3].class);
	assert_true(r.d[0].rank < r.d[3].rank);
	/* With less to do on the first, one level is enough: solved together. */
	r.d[1].demand = r.d[2].demand = PCPU / 10;
	solve(&r);
	assert_percent(r.d[0].entitled, 80);
	r.d[0].demand = PCPU / 5;
	solve(&r);
	assert_percent(r.d[3].entitled, 100);
	assert_int_equal(r.d[3].set, r.d[0].set);
	end(&r);
}

/* A pool of two, one of them bound to a crowded pCPU; its free member may use the other. */
static void a_pool_across_sets(void **state)
{
	struct rig r = { .n = 0 };

	(void)state;
	add(&r, 1, CX_NO_POOL, 100, 100);
	add(&r, 1, 0, 100, 100);
	add(&r, 3, 0, 100, 100);
	begin(&r, 2, 1);
	r.solver.pools[0].weight = 100;
	solve(&r);
	/* Alike, the first has 1 and the pool 1/2 each: 1.5 asked of pCPU 0. */
	assert_percent(r.d[0].entitled, 50);
	assert_percent(r.d[1].entitled, 50);
	assert_percent(r.d[2].entitled, 100);
	/* The pool's limit: half of it for the member that is solved first. */
	r.solver.pools[0].limit = 80 * PCPU / 100;
	solve(&r);
	assert_percent(r.d[1].entitled, 40);
	assert_percent(r.d[2].entitled, 40);
	assert_percent(r.d[0].entitled, 60);
	end(&r);
}

static void a_pool_across_groups(void **state)
{
	struct rig r = { .n = 0 };

	(void)state;
	add(&r, 1, 1, 100, 100);
	add(&r, 2, 1, 300, 100);
	add(&r, 2, 0, 0, 0);
	add(&r, 1, CX_NO_POOL, 100000, 100);
	add(&r, 2, CX_NO_POOL, 100000, 100);
	begin(&r, 2, 2);
	r.solver.pools[1].parent = 0;
	r.solver.pools[1].reservation = 80 * PCPU / 100;
	solve(&r);
	assert_percent(r.d[0].entitled, 20);
	assert_percent(r.d[0].reserved, 20);
	assert_percent(r.d[1].entitled, 60);
	assert_percent(r.d[3].entitled, 80);
	assert_percent(r.d[4].entitled, 40);
	/* Who sleeps counts for nothing, as long as another one does not. */
	r.d[0].demand = 0;
	solve(&r);
	assert_percent(r.d[1].entitled, 80);
	assert_int_equal(r.d[0].entitled, 0);
	assert_percent(r.d[0].rate, 20);
	end(&r);
}

/* One of a pool wants next to nothing on its pCPU: what is reserved is for the other. */
static void a_pool_over_pinned(void **state)
{
	struct rig r = { .n = 0 };
	unsigned i;

	(void)state;
	add(&r, 1, 0, 100, 1);
	add(&r, 2, 0, 100, 100);
	for (i = 0; i < 4; i++)
		add(&r, 1 + i % 2, CX_NO_POOL, 100000, 100);
	begin(&r, 2, 1);
	r.solver.pools[0].reservation = PCPU;
	solve(&r);
	assert_percent(r.d[0].entitled, 1);
	assert_percent(r.d[0].rate, 50);
	assert_percent(r.d[1].entitled, 99);
	assert_percent(r.d[1].reserved, 99);
	/* Likewise what it may have at most. */
	for (i = 2; i < r.n; i++)
		r.d[i].demand = 0;
	r.solver.pools[0].reservation = 0;
	r.solver.pools[0].limit = PCPU;
	solve(&r);
	assert_percent(r.d[0].entitled, 1);
	assert_percent(r.d[0].rate, 50);
	assert_percent(r.d[1].entitled, 99);
	r.d[0].demand = PCPU;
	solve(&r);
	assert_percent(r.d[0].entitled, 50);
	assert_percent(r.d[1].entitled, 50);
	/* Beside others on its pCPU, the first has less than its half, and the second more. */
	r.d[2].demand = PCPU;
	r.d[0].weight = r.d[1].weight = r.d[2].weight = 100;
	r.solver.pools[0].weight = 25;
	solve(&r);
	assert_percent(r.d[0].entitled, 20);
	assert_percent(r.d[1].entitled, 80);
	end(&r);
}

/* Nine affinities in one group; six of them share three pCPUs among themselves. */
static void more_than_six_classes(void **state)
{
	static const uint64_t masks[] = { 3, 3, 6, 6, 5, 5, 12, 24, 48, 96, 192, 384 };
	struct rig r = { .n = 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < 12; i++)
		add(&r, masks[i], CX_NO_POOL, 256, 100);
	begin(&r, 9, 0);
	solve(&r);
	for (i = 0; i < 12; i++) {
		assert_percent(r.d[i].entitled, i < 6 ? 50u : 100u);
		assert_int_equal(r.d[i].set, r.d[i < 6 ? 0 : 6].class);
	}
	/* Half asleep there is room for all. */
	for (i = 0; i < 6; i += 2)
		r.d[i].demand = 0;
	solve(&r);
	for (i = 0; i < 12; i++) {
		assert_int_equal(r.d[i].entitled, r.d[i].demand);
		assert_int_equal(r.d[i].set, r.d[0].class);
	}
	/* Two of the three pCPUs offline: five affinities for one. */
	cx_affinity_set_online(&r.affinity, 0, false);
	cx_affinity_set_online(&r.affinity, 1, false);
	solve(&r);
	assert_int_equal(r.d[1].entitled, 0);
	assert_percent(r.d[3].entitled, 50);
	assert_percent(r.d[5].entitled, 50);
	assert_percent(r.d[6].entitled, 100);
	end(&r);
}

static void refused(void **state)
{
	struct rig r = { .n = 0 };

	(void)state;
	add(&r, 1, 7, 1, 100); /* no such pool: none */
	add(&r, 1, 0, 1, 100);
	begin(&r, 1, 2);
	solve(&r);
	assert_percent(r.d[0].entitled, 50);
	assert_int_equal(cx_solver_solve(&r.solver, r.d, 3), -22);
	r.solver.pools[0].parent = 1;
	assert_int_equal(cx_solver_solve(&r.solver, r.d, 2), -22);
	r.solver.pools[0].parent = CX_NO_POOL;
	r.d[1].class = 1;
	assert_int_equal(cx_solver_solve(&r.solver, r.d, 2), -22);
	end(&r);
}

/* ---- any ---- */

static uint64_t rnd(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return below ? *state % below : *state;
}

static unsigned bits(uint64_t x)
{
	return (unsigned)__builtin_popcountll(x);
}

/* Up to so many affinities: all unions of few are tried, of many are not. */
#define FEW 4u
#define LOTS 12u

/** Any pCPUs, mostly few of them where there are many affinities, so that they are crowded. */
static uint64_t random_mask(uint64_t *seed, unsigned pcpus, unsigned kinds)
{
	uint64_t mask = 1 + rnd(seed, (1u << pcpus) - 1);

	if (kinds > FEW && rnd(seed, 3))
		mask &= 3ull << rnd(seed, pcpus) | 1ull << rnd(seed, pcpus);
	return mask ? mask : 1ull << rnd(seed, pcpus);
}

static void random_rig(struct rig *r, uint64_t *seed, unsigned pcpus, unsigned pools,
		       unsigned kinds_max)
{
	uint64_t masks[LOTS];
	unsigned i, n = 1 + (unsigned)rnd(seed, MANY), kinds = 1 + (unsigned)rnd(seed, kinds_max);

	for (i = 0; i < kinds_max; i++)
		masks[i] = random_mask(seed, pcpus, kinds_max);
	*r = (struct rig){ .n = 0 };
	for (i = 0; i < n; i++) {
		add(r, masks[rnd(seed, kinds)], (unsigned)rnd(seed, pools + 2),
		    1 + rnd(seed, rnd(seed, 2) ? 4 : 4000), rnd(seed, 4) ? rnd(seed, 400) : 0);
		if (rnd(seed, 3) == 0)
			r->d[i].limit = rnd(seed, 4 * PCPU);
		if (rnd(seed, 3) == 0)
			r->d[i].reservation = rnd(seed, PCPU / 2);
	}
	begin(r, pcpus, pools);
	for (i = 0; i < pools; i++) {
		struct cx_solver_pool *p = &r->solver.pools[i];

		p->parent = i && rnd(seed, 2) ? (unsigned)rnd(seed, i) : CX_NO_POOL;
		p->weight = 1 + rnd(seed, 4000);
		p->reservation = rnd(seed, 2) ? 0 : rnd(seed, PCPU);
		p->limit = rnd(seed, 2) ? NONE : rnd(seed, 4 * PCPU);
	}
	for (i = 0; i < pcpus; i++)
		if (rnd(seed, 6) == 0)
			cx_affinity_set_online(&r->affinity, i, false);
}

/** What domain @i may have at most, by itself. */
static uint64_t most_of(const struct rig *r, unsigned i)
{
	uint64_t most = bits(r->masks[i] & r->affinity.online[0]) * PCPU;

	most = r->d[i].limit < most ? r->d[i].limit : most;
	return r->d[i].demand < most ? r->d[i].demand : most;
}

/** Sets of pCPUs that bound those that lie within them. */
struct sets {
	uint64_t masks[SETS];
	unsigned n;
};

static void all_sets(struct sets *sets, unsigned pcpus)
{
	sets->n = 0;
	while (sets->n < (1u << pcpus) - 1) {
		sets->masks[sets->n] = sets->n + 1;
		sets->n++;
	}
}

/** Hall's condition: whoever lies within a set of pCPUs has no more than it together. */
static void check_feasible(const struct rig *r, const struct sets *sets)
{
	unsigned i, k;

	for (k = 0; k < sets->n; k++) {
		uint64_t sum = 0, set = sets->masks[k];

		for (i = 0; i < r->n; i++)
			if ((r->masks[i] & ~set) == 0)
				sum += r->d[i].entitled;
		assert_true(sum <= bits(set & r->affinity.online[0]) * PCPU + r->n);
	}
}

static void check_each(const struct rig *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		const struct cx_solver_domain *d = &r->d[i];

		assert_true(d->entitled <= most_of(r, i));
		assert_true(d->rate >= d->entitled);
		assert_true(d->reserved <= d->entitled);
		assert_true(d->set < r->affinity.n_classes);
	}
}

static void check_pool_limits(const struct rig *r, unsigned pools)
{
	unsigned i, p;

	for (p = 0; p < pools; p++) {
		uint64_t sum = 0;

		for (i = 0; i < r->n; i++) {
			unsigned q = r->d[i].pool;

			while (q < pools && q != p)
				q = r->solver.pools[q].parent;
			sum += q == p ? r->d[i].entitled : 0;
		}
		assert_true(sum <= r->solver.pools[p].limit);
	}
}

static void any_with_pools_of(unsigned kinds, unsigned pcpus_max, unsigned rounds)
{
	uint64_t seed = 5;
	unsigned round;

	for (round = 0; round < rounds; round++) {
		unsigned pcpus = 1 + (unsigned)rnd(&seed, pcpus_max);
		unsigned pools = (unsigned)rnd(&seed, 5);
		struct sets sets;
		struct rig r;

		random_rig(&r, &seed, pcpus, pools, kinds);
		solve(&r);
		all_sets(&sets, pcpus);
		check_feasible(&r, &sets);
		check_each(&r);
		check_pool_limits(&r, pools);
		end(&r);
	}
}

static void any_with_pools(void **state)
{
	(void)state;
	any_with_pools_of(FEW, 5, 3000);
	any_with_pools_of(LOTS, 8, 3000);
}

/** What those of pool 0 and the pools in it have together, and could have at most. */
static void sum_of_pool(const struct rig *r, unsigned pcpus, uint64_t *has, uint64_t *most)
{
	unsigned i, p;

	*has = *most = 0;
	for (p = 0; p < pcpus; p++) {
		uint64_t wanted = 0;

		for (i = 0; i < r->n; i++) {
			if (r->masks[i] != 1ull << p || r->d[i].pool >= r->solver.n_pools)
				continue;
			*has += r->d[i].entitled;
			wanted += most_of(r, i);
		}
		*most += wanted < PCPU ? wanted : PCPU;
	}
}

/* However its members are pinned and whatever they want: a pool has what it reserves, beside others
 * of much more weight, and all of its limit where nobody else wants anything. */
static void any_pool_over_pinned(void **state)
{
	uint64_t seed = 17, amount, has, most;
	unsigned round, i;

	(void)state;
	for (round = 0; round < 3000; round++) {
		unsigned pcpus = 1 + (unsigned)rnd(&seed, 6), n = 1 + (unsigned)rnd(&seed, MANY);
		struct rig r = { .n = 0 };

		for (i = 0; i < n; i++)
			add(&r, 1ull << rnd(&seed, pcpus), (unsigned)rnd(&seed, 3),
			    1 + rnd(&seed, 1000), rnd(&seed, 3) ? rnd(&seed, 120) : 0);
		for (i = 0; i < 2 * pcpus; i++)
			add(&r, 1ull << i % pcpus, CX_NO_POOL, 1000000, 200);
		begin(&r, pcpus, 3);
		for (i = 1; i < 3; i++)
			r.solver.pools[i].parent = i - 1;
		amount = rnd(&seed, pcpus * PCPU);
		r.solver.pools[0].reservation = amount;
		solve(&r);
		check_each(&r);
		sum_of_pool(&r, pcpus, &has, &most);
		assert_true(has + r.n >= (amount < most ? amount : most));
		r.solver.pools[0].reservation = 0;
		r.solver.pools[0].limit = amount;
		for (i = n; i < r.n; i++)
			r.d[i].demand = 0;
		solve(&r);
		sum_of_pool(&r, pcpus, &has, &most);
		assert_true(has + r.n >= (amount < most ? amount : most) && has <= amount);
		end(&r);
	}
}

/* Beside others: it has all of its limit, or all that it would have without one. */
static void any_limit_over_pinned(void **state)
{
	uint64_t seed = 19, amount, has, most, unlimited;
	unsigned round, i;

	(void)state;
	for (round = 0; round < 3000; round++) {
		unsigned pcpus = 1 + (unsigned)rnd(&seed, 4);
		struct rig r = { .n = 0 };

		for (i = 0; i < MANY; i++)
			add(&r, 1ull << rnd(&seed, pcpus), rnd(&seed, 2) ? 0 : CX_NO_POOL,
			    1 + rnd(&seed, 1000), rnd(&seed, 3) ? rnd(&seed, 120) : 0);
		begin(&r, pcpus, 1);
		r.solver.pools[0].weight = 1 + rnd(&seed, 4000);
		solve(&r);
		sum_of_pool(&r, pcpus, &unlimited, &most);
		amount = rnd(&seed, unlimited + PCPU);
		r.solver.pools[0].limit = amount;
		solve(&r);
		check_each(&r);
		sum_of_pool(&r, pcpus, &has, &most);
		assert_true(has <= amount);
		assert_true(has + 4ul * r.n >= (amount < unlimited ? amount : unlimited));
		end(&r);
	}
}

/** Could domain @i have more, if those with a higher level gave way?  Not under max-min. */
static bool tight(const struct rig *r, const struct sets *sets, unsigned i)
{
	unsigned k, j;

	for (j = 0; j < sets->n; j++) {
		uint64_t sum = 0, highest = 0, set = sets->masks[j];

		if (r->masks[i] & ~set)
			continue;
		for (k = 0; k < r->n; k++) {
			const struct cx_solver_domain *d = &r->d[k];
			uint64_t lo =
				d->reservation < most_of(r, k) ? d->reservation : most_of(r, k);

			if (r->masks[k] & ~set)
				continue;
			sum += d->entitled;
			/* Who has no more than it is guaranteed has nothing to give. */
			if (d->entitled > lo + 1 && d->entitled / d->weight > highest)
				highest = d->entitled / d->weight;
		}
		if (sum + r->n >= bits(set & r->affinity.online[0]) * PCPU &&
		    highest <= r->d[i].entitled / r->d[i].weight + 2)
			return true;
	}
	return false;
}

/** Weighted max-min: who has less than it may is in a full set in which no level is higher. */
static void check_max_min(const struct rig *r, const struct sets *sets)
{
	unsigned i;

	for (i = 0; i < r->n; i++)
		if (r->d[i].entitled < most_of(r, i))
			assert_true(tight(r, sets, i));
	check_feasible(r, sets);
	check_each(r);
}

/** No pools, and reservations that fit. */
static void random_flat_rig(struct rig *r, uint64_t *seed, unsigned pcpus, unsigned kinds)
{
	unsigned i;

	random_rig(r, seed, pcpus, 0, kinds);
	for (i = 0; i < r->n; i++)
		r->d[i].reservation = r->d[i].reservation / r->n / 4;
	for (i = 0; i < pcpus; i++)
		cx_affinity_set_online(&r->affinity, i, true);
}

static void max_min_of(unsigned kinds, unsigned pcpus_max, unsigned rounds)
{
	uint64_t seed = 9;
	unsigned round;

	for (round = 0; round < rounds; round++) {
		unsigned pcpus = 1 + (unsigned)rnd(&seed, pcpus_max);
		struct sets sets;
		struct rig r;

		random_flat_rig(&r, &seed, pcpus, kinds);
		solve(&r);
		all_sets(&sets, pcpus);
		check_max_min(&r, &sets);
		end(&r);
	}
}

static void without_pools_max_min(void **state)
{
	(void)state;
	max_min_of(FEW, 5, 3000);
	max_min_of(LOTS, 8, 2000);
}

/* ---- beside progressive filling ---- */

/*
 * The definition of max-min fairness played out, slow and plain: all levels rise together until
 * some set of pCPUs is full; who is in it stays there, the others rise on.
 */
struct filling {
	const struct rig *r;
	const struct sets *sets;
	double has[MANY];
	bool stays[MANY];
};

static double at_level(const struct filling *f, unsigned i, double level)
{
	const struct cx_solver_domain *d = &f->r->d[i];
	double hi = (double)most_of(f->r, i), lo = (double)d->reservation;
	double want = (double)d->weight * level;

	if (f->stays[i])
		return f->has[i];
	lo = lo < hi ? lo : hi;
	return want < lo ? lo : want > hi ? hi : want;
}

/** What is free of set @k at @level. */
static double slack(const struct filling *f, unsigned k, double level)
{
	uint64_t set = f->sets->masks[k];
	double left = (double)(bits(set & f->r->affinity.online[0]) * PCPU);
	unsigned i;

	for (i = 0; i < f->r->n; i++)
		if ((f->r->masks[i] & ~set) == 0)
			left -= at_level(f, i, level);
	return left;
}

/** Raise the level until a set is full; false: all have all that they may. */
static bool rise(struct filling *f, double *level)
{
	double low = *level, high = 8.0 * (double)PCPU;
	unsigned k, step, i, before = 0, after = 0;

	for (step = 0; step < 64; step++) {
		double middle = (low + high) / 2;

		for (k = 0; k < f->sets->n && slack(f, k, middle) >= 0;)
			k++;
		if (k == f->sets->n)
			low = middle;
		else
			high = middle;
	}
	*level = low;
	for (i = 0; i < f->r->n; i++) {
		before += f->stays[i];
		f->has[i] = at_level(f, i, low);
	}
	for (k = 0; k < f->sets->n; k++) {
		if (slack(f, k, low) > 0.01)
			continue;
		for (i = 0; i < f->r->n; i++)
			f->stays[i] |= (f->r->masks[i] & ~f->sets->masks[k]) == 0;
	}
	for (i = 0; i < f->r->n; i++)
		after += f->stays[i];
	return after > before && after < f->r->n;
}

static void as_filled(void **state)
{
	uint64_t seed = 13;
	unsigned round, i;

	(void)state;
	for (round = 0; round < 150; round++) {
		unsigned pcpus = 3 + (unsigned)rnd(&seed, 4);
		struct filling f = { 0 };
		double level = 0;
		struct sets sets;
		struct rig r;

		random_flat_rig(&r, &seed, pcpus, LOTS);
		solve(&r);
		all_sets(&sets, pcpus);
		f.r = &r;
		f.sets = &sets;
		while (rise(&f, &level))
			;
		for (i = 0; i < r.n; i++) {
			double off = (double)r.d[i].entitled - f.has[i];

			assert_true(off > -2 && off < 2);
		}
		end(&r);
	}
}

/* ---- as many as there are pCPUs, and more ---- */

/** Of affinities that are intervals, only intervals can be too crowded by themselves. */
static void all_intervals(struct sets *sets, unsigned pcpus)
{
	unsigned from, to;

	sets->n = 0;
	for (from = 0; from < pcpus; from++)
		for (to = from; to < pcpus; to++)
			sets->masks[sets->n++] = (~0ull >> (63 - to)) & (~0ull << from);
}

static void intervals_of_64_pcpus(void **state)
{
	uint64_t seed = 21;
	struct sets sets;
	unsigned round, i;

	(void)state;
	all_intervals(&sets, 64);
	for (round = 0; round < 6; round++) {
		struct rig r = { .n = 0 };

		for (i = 0; i < ROOM; i++) {
			unsigned from = (unsigned)rnd(&seed, 62),
				 width = 2 + (unsigned)rnd(&seed, 5);

			add(&r, ((1ull << width) - 1) << from, CX_NO_POOL, 1 + rnd(&seed, 1000),
			    400);
			r.d[i].demand = rnd(&seed, 5) ? 4 * PCPU : rnd(&seed, PCPU);
		}
		begin(&r, 64, 0);
		assert_true(r.affinity.n_classes > 64);
		solve(&r);
		check_max_min(&r, &sets);
		end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_apart),
		cmocka_unit_test(crowded),
		cmocka_unit_test(a_pool_across_sets),
		cmocka_unit_test(a_pool_across_groups),
		cmocka_unit_test(a_pool_over_pinned),
		cmocka_unit_test(more_than_six_classes),
		cmocka_unit_test(refused),
		cmocka_unit_test(any_with_pools),
		cmocka_unit_test(any_pool_over_pinned),
		cmocka_unit_test(any_limit_over_pinned),
		cmocka_unit_test(without_pools_max_min),
		cmocka_unit_test(as_filled),
		cmocka_unit_test(intervals_of_64_pcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
