/* SPDX-License-Identifier: BSD-2-Clause */
/* The entitlement solver: one capacity, and trees of clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "entitlement/entitlement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MANY 40
#define HUGE_AMOUNT CX_AMOUNT_MAX

static uint64_t rnd(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return below ? *state % below : *state;
}

static struct cx_level solve(struct cx_claim *c, unsigned n, uint64_t capacity)
{
	struct cx_edge scratch[2 * MANY];
	struct cx_level level = { 77, 77 };

	cx_entitle(c, n, capacity, &level, scratch);
	return level;
}

/* ---- one capacity ---- */

static void worked_example(void **state)
{
	struct cx_claim c[3] = {
		{ .weight = 1000, .lo = 0, .hi = 50 },
		{ .weight = 1000, .lo = 225, .hi = 600 },
		{ .weight = 2000, .lo = 0, .hi = 600 },
	};
	struct cx_level x = solve(c, 3, 600);

	(void)state;
	assert_int_equal(c[0].share, 50);
	assert_int_equal(c[1].share, 225);
	assert_int_equal(c[2].share, 325);
	assert_true(x.num * 10000 == x.den * 1625); /* 0.1625 */
	assert_int_equal(cx_level_share(x, 1000, 0, 600), 162);
	assert_int_equal(cx_level_share(x, 1000, 225, 600), 225);
	assert_int_equal(cx_level_share(x, 8000, 0, 600), 600);
}

static void all_fit(void **state)
{
	struct cx_claim c[2] = { { .weight = 1, .hi = 10 }, { .weight = 9, .hi = 20 } };

	(void)state;
	assert_int_equal(solve(NULL, 0, 100).den, 0);
	assert_int_equal(solve(c, 2, 100).den, 0);
	assert_int_equal(c[0].share, 10);
	assert_int_equal(c[1].share, 20);
	assert_int_equal(solve(c, 2, 30).den, 0); /* just so */
	assert_int_equal(c[0].share + c[1].share, 30);
	assert_int_equal(solve(c, 2, 0).num, 0);
	assert_int_equal(c[0].share + c[1].share, 0);
}

static void guarantees_do_not_fit(void **state)
{
	struct cx_claim c[2] = { { .weight = 1, .lo = 60, .hi = 80 },
				 { .weight = 9, .lo = 90, .hi = 90 } };
	struct cx_claim thirds[3] = { { .weight = 1, .lo = 1, .hi = 1 },
				      { .weight = 1, .lo = 1, .hi = 1 },
				      { .weight = 1, .lo = 1, .hi = 1 } };
	struct cx_level x = solve(c, 2, 100); /* of 150: both scaled by 2/3 */

	(void)state;
	assert_int_equal(c[0].share, 40);
	assert_int_equal(c[1].share, 60);
	assert_true(x.num == 0 && x.den != 0);
	solve(thirds, 3, 2);
	assert_int_equal(thirds[0].share + thirds[1].share + thirds[2].share, 2);
}

/* The lo fill the capacity to the unit: nobody gets more, whatever its weight. */
static void guarantees_just_fit(void **state)
{
	struct cx_claim c[3] = { { .weight = 1, .lo = 60, .hi = 80 },
				 { .weight = 9, .lo = 40, .hi = 90 },
				 { .weight = 5, .lo = 0, .hi = 90 } };

	(void)state;
	assert_int_equal(solve(c, 3, 100).num, 0);
	assert_int_equal(c[0].share, 60);
	assert_int_equal(c[1].share, 40);
	assert_int_equal(c[2].share, 0);
	/* One at its hi, the other still at its lo, nobody in between. */
	c[0] = (struct cx_claim){ .weight = 1000, .hi = 10 };
	c[1] = (struct cx_claim){ .weight = 1, .lo = 90, .hi = 900 };
	solve(c, 2, 100);
	assert_int_equal(c[0].share, 10);
	assert_int_equal(c[1].share, 90);
}

static void fractions_are_handed_on(void **state)
{
	struct cx_claim c[7];
	unsigned i;

	(void)state;
	for (i = 0; i < 7; i++)
		c[i] = (struct cx_claim){ .weight = 1, .hi = 1000 };
	solve(c, 7, 100);
	for (i = 0; i < 7; i++)
		assert_int_equal(c[i].share, 100 * (i + 1) / 7 - 100 * i / 7);
}

static void levels_compare(void **state)
{
	struct cx_level none = { 0, 0 }, third = { 1, 3 }, same = { 1000, 3000 }, half = { 1, 2 };
	struct cx_level big = { HUGE_AMOUNT, (1ull << 62) - 1 },
			bigger = { HUGE_AMOUNT, (1ull << 62) - 2 };

	(void)state;
	assert_true(cx_level_below(third, half) && !cx_level_below(half, third));
	assert_false(cx_level_below(third, same) || cx_level_below(same, third));
	assert_true(cx_level_below(half, none));
	assert_false(cx_level_below(none, half) || cx_level_below(none, none));
	assert_true(cx_level_below(big, bigger) && !cx_level_below(bigger, big));
	assert_int_equal(cx_level_share(none, 5, 3, 10), 10);
}

/* The largest numbers that the header allows. */
static void largest_numbers(void **state)
{
	struct cx_claim c[MANY];
	uint64_t sum = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < MANY; i++)
		c[i] = (struct cx_claim){ .weight = CX_CLIENT_WEIGHT_MAX - i,
					  .lo = i % 3 ? 0 : HUGE_AMOUNT / MANY / 2,
					  .hi = HUGE_AMOUNT - i };
	solve(c, MANY, HUGE_AMOUNT);
	for (i = 0; i < MANY; i++) {
		assert_in_range(c[i].share, c[i].lo, c[i].hi);
		sum += c[i].share;
	}
	assert_true(sum == HUGE_AMOUNT);
	for (i = 0; i < MANY; i++)
		c[i].lo = c[i].hi;
	solve(c, MANY, HUGE_AMOUNT); /* 40 times too much guaranteed */
	for (i = 0, sum = 0; i < MANY; i++)
		sum += c[i].share;
	assert_true(sum == HUGE_AMOUNT);
	c[0] = (struct cx_claim){ .weight = 1, .hi = HUGE_AMOUNT };
	c[1] = (struct cx_claim){ .weight = CX_CLIENT_WEIGHT_MAX, .hi = HUGE_AMOUNT };
	solve(c, 2, HUGE_AMOUNT);
	assert_true(c[0].share == HUGE_AMOUNT / (CX_CLIENT_WEIGHT_MAX + 1));
	assert_true(c[0].share + c[1].share == HUGE_AMOUNT);
}

/* Slow and plain, in real numbers: halve x until nothing is left to halve. */
static void reference(const struct cx_claim *c, unsigned n, long double capacity,
		      long double *share)
{
	long double lo = 0, hi = 0, a = 0, b = 0;
	unsigned i, k;

	for (i = 0; i < n; i++) {
		lo += c[i].lo;
		hi += c[i].hi;
		b = fmaxl(b, (long double)c[i].hi / c[i].weight);
	}
	for (k = 0; k < 200; k++) {
		long double x = (a + b) / 2, sum = 0;

		for (i = 0; i < n; i++)
			sum += fminl(fmaxl(c[i].weight * x, c[i].lo), c[i].hi);
		if (sum < capacity)
			a = x;
		else
			b = x;
	}
	for (i = 0; i < n; i++) {
		share[i] = fminl(fmaxl(c[i].weight * a, c[i].lo), c[i].hi);
		if (hi <= capacity)
			share[i] = c[i].hi;
		else if (lo > capacity)
			share[i] = c[i].lo * capacity / lo;
	}
}

static unsigned random_claims(uint64_t *seed, struct cx_claim *c, uint64_t *capacity)
{
	static const uint64_t scales[] = { 5, 100, 1000000, 1000000000000ull };
	uint64_t scale = scales[rnd(seed, 4)];
	unsigned n = 1 + (unsigned)rnd(seed, MANY), i;

	for (i = 0; i < n; i++) {
		c[i].weight = 1 + (rnd(seed, 3) ? rnd(seed, 8) : rnd(seed, 65535));
		c[i].hi = rnd(seed, 4) ? rnd(seed, scale) : scale;
		c[i].lo = rnd(seed, 3) ? 0 : rnd(seed, c[i].hi + 1);
		c[i].lo = rnd(seed, 8) ? c[i].lo : c[i].hi;
		c[i].share = 12345;
	}
	*capacity = rnd(seed, scale * (1 + rnd(seed, n)));
	return n;
}

static void as_the_reference(void **state)
{
	struct cx_claim c[MANY], more[MANY];
	long double share[MANY];
	uint64_t seed = 7, capacity;
	unsigned round, i, n;

	(void)state;
	for (round = 0; round < 5000; round++) {
		uint64_t sum = 0, hi = 0, lo = 0;
		struct cx_level x, y;

		n = random_claims(&seed, c, &capacity);
		memcpy(more, c, sizeof(c));
		reference(c, n, capacity, share);
		x = solve(c, n, capacity);
		y = solve(more, n, capacity + 1 + rnd(&seed, capacity + 1));
		assert_false(cx_level_below(y, x)); /* more for all, less for none */
		for (i = 0; i < n; i++) {
			assert_true(fabsl(c[i].share - share[i]) <= 1 + 1e-6L);
			assert_true(more[i].share + 1 >= c[i].share);
			assert_true(c[i].share <= c[i].hi);
			sum += c[i].share;
			hi += c[i].hi;
			lo += c[i].lo;
		}
		assert_true(sum == (hi < capacity ? hi : capacity));
		for (i = 0; lo <= capacity && i < n; i++) {
			assert_true(c[i].share >= c[i].lo);
			/* The level says the same as the shares. */
			if (x.den)
				assert_true(cx_level_share(x, c[i].weight, c[i].lo, c[i].hi) + 1 >=
					    c[i].share);
		}
		assert_int_equal(x.den == 0, hi <= capacity);
	}
}

/* ---- trees ---- */

static void divide(struct cx_client *c, unsigned n, uint64_t capacity)
{
	struct cx_amounts has = { capacity, capacity, CX_AMOUNT_MAX };
	struct cx_tree tree;

	assert_int_equal(cx_tree_init(&tree, n), 0);
	assert_int_equal(cx_tree_divide(&tree, c, n, &has, true), 0);
	cx_tree_free(&tree);
}

#define POOL(p, w, res, lim)                                                                       \
	{                                                                                          \
		.parent = (p), .weight = (w), .reservation = (res),                                \
		.limit = (lim) ? (lim) : CX_AMOUNT_MAX                                             \
	}
#define LEAF(p, w, res, lim, want)                                                                 \
	{                                                                                          \
		.parent = (p), .weight = (w), .reservation = (res),                                \
		.limit = (lim) ? (lim) : CX_AMOUNT_MAX, .demand = (want)                           \
	}

/* The flat example, as the only pool's members: the same. */
static void one_pool_changes_nothing(void **state)
{
	struct cx_client c[] = {
		POOL(CX_NO_POOL, 5, 0, 0),
		LEAF(0, 1000, 0, 0, 50),
		LEAF(0, 1000, 225, 600, 600),
		LEAF(0, 2000, 0, 600, 600),
	};

	(void)state;
	divide(c, 4, 600);
	assert_int_equal(c[0].entitled, 600);
	assert_int_equal(c[1].entitled, 50);
	assert_int_equal(c[2].entitled, 225);
	assert_int_equal(c[3].entitled, 325);
	/* The pool need not reserve what its members do. */
	assert_int_equal(c[0].reserved, 225);
	assert_int_equal(c[2].reserved, 225);
	assert_int_equal(c[3].reserved, 0);
	/* If A wanted more it would have its share at the same level. */
	assert_int_equal(c[1].rate, 162);
	assert_int_equal(c[2].rate, 225);
	assert_int_equal(c[3].rate, 325);
}

/* A pool is one client, however many are in it. */
static void a_pool_is_one_client(void **state)
{
	struct cx_client c[] = {
		POOL(CX_NO_POOL, 1000, 0, 0),
		POOL(0, 1, 0, 0),
		LEAF(CX_NO_POOL, 1000, 0, 0, 900),
		LEAF(0, 1, 0, 0, 900),
		LEAF(1, 7, 0, 0, 900),
		LEAF(1, 7, 0, 0, 30),
	};

	(void)state;
	divide(c, 6, 600);
	assert_int_equal(c[2].entitled, 300);
	assert_int_equal(c[0].entitled, 300);
	assert_int_equal(c[1].entitled, 150);
	assert_int_equal(c[3].entitled, 150);
	assert_int_equal(c[4].entitled, 120);
	assert_int_equal(c[5].entitled, 30);
	assert_int_equal(c[5].rate, 120);
}

/* What a pool does not use goes to its siblings; its limit and its reservation bound it. */
static void pools_have_bounds(void **state)
{
	struct cx_client c[] = {
		POOL(CX_NO_POOL, 3000, 0, 100),
		POOL(CX_NO_POOL, 1, 200, 0),
		LEAF(CX_NO_POOL, 1000, 0, 0, 900),
		LEAF(0, 1, 0, 0, 900),
		LEAF(0, 1, 0, 0, 900),
		LEAF(1, 1, 0, 0, 150),
		LEAF(1, 1, 0, 0, 10),
	};

	(void)state;
	divide(c, 7, 600);
	assert_int_equal(c[0].entitled, 100);
	assert_int_equal(c[3].entitled, 50);
	assert_int_equal(c[4].entitled, 50);
	assert_int_equal(c[1].entitled, 160); /* of 200 reserved: no more is wanted */
	assert_int_equal(c[5].entitled, 150);
	assert_int_equal(c[6].entitled, 10);
	assert_int_equal(c[2].entitled, 340);
	assert_int_equal(c[1].reserved, 160);
	assert_int_equal(c[5].reserved, 150);
	assert_int_equal(c[2].reserved, 0);
	/* If it wanted more it could have its reservation, and its members would share that. */
	assert_int_equal(c[1].rate, 200);
	assert_int_equal(c[5].rate, 150);
	assert_int_equal(c[6].rate, 100);
}

/* The pool's reservation is its members' by weight, above what they reserve themselves. */
static void a_reservation_is_divided(void **state)
{
	struct cx_client c[] = {
		POOL(CX_NO_POOL, 1, 400, 0), LEAF(CX_NO_POOL, 1000000, 0, 0, 900),
		LEAF(0, 100, 250, 0, 900),   LEAF(0, 100, 0, 0, 900),
		LEAF(0, 200, 0, 0, 900),
	};

	(void)state;
	divide(c, 5, 600);
	assert_int_equal(c[0].entitled, 400);
	assert_int_equal(c[0].reserved, 400);
	assert_int_equal(c[2].reserved, 250);
	assert_int_equal(c[3].reserved, 50);
	assert_int_equal(c[4].reserved, 100);
}

/* All fits: rates are what each could have of the whole if it and those who work wanted it. */
static void rates_when_all_fits(void **state)
{
	struct cx_client c[] = {
		LEAF(CX_NO_POOL, 100, 0, 400, 50),
		LEAF(CX_NO_POOL, 300, 0, 400, 50),
		LEAF(CX_NO_POOL, 400, 0, 400, 0),
		LEAF(CX_NO_POOL, 400, 300, 400, 0),
	};

	(void)state;
	divide(c, 4, 400);
	assert_int_equal(c[0].entitled, 50);
	assert_int_equal(c[0].rate, 100);
	assert_int_equal(c[1].rate, 300);
	assert_int_equal(c[2].entitled, 0);
	/* If all wanted everything: 300 reserved, and 100 among 800. */
	assert_int_equal(c[2].rate, 50);
	assert_int_equal(c[3].rate, 300);
	assert_int_equal(c[3].reserved, 0);
	/* Less than there is: everybody could have its limit. */
	divide(c, 4, 4000);
	assert_int_equal(c[0].rate, 400);
	assert_int_equal(c[2].rate, 400);
}

static void who_sleeps_has_the_others_level(void **state)
{
	struct cx_client c[] = {
		LEAF(CX_NO_POOL, 100, 0, 400, 400),
		LEAF(CX_NO_POOL, 300, 0, 400, 400),
		LEAF(CX_NO_POOL, 200, 0, 150, 0),
	};

	(void)state;
	divide(c, 3, 400);
	assert_int_equal(c[0].rate, 100);
	assert_int_equal(c[1].rate, 300);
	assert_int_equal(c[2].entitled, 0);
	assert_int_equal(c[2].rate, 150); /* 200 but for its limit */
}

static void bad_trees(void **state)
{
	struct cx_client c[] = { LEAF(CX_NO_POOL, 1, 0, 0, 9), LEAF(0, 1, 0, 0, 9),
				 LEAF(0, 0, 9, 3, 9) };
	struct cx_amounts has = { 10, 10, CX_AMOUNT_MAX };
	struct cx_tree tree;

	(void)state;
	assert_int_equal(cx_tree_init(&tree, 3), 0);
	assert_int_equal(cx_tree_divide(&tree, c, 0, &has, true), 0);
	assert_int_equal(cx_tree_divide(&tree, c, 4, &has, true), -22);
	c[1].parent = 1; /* itself */
	assert_int_equal(cx_tree_divide(&tree, c, 3, &has, true), -22);
	c[1].parent = 2; /* comes later */
	assert_int_equal(cx_tree_divide(&tree, c, 3, &has, true), -22);
	/* A reservation above the limit, a weight of 0: no more than odd. */
	c[1].parent = 0;
	assert_int_equal(cx_tree_divide(&tree, c, 3, &has, true), 0);
	assert_int_equal(c[2].entitled, 3);
	cx_tree_free(&tree);
}

/* A chain as deep as there is room: no recursion to run out of. */
static void a_deep_chain(void **state)
{
	enum { DEPTH = 200000 };
	struct cx_client *c = calloc(DEPTH, sizeof(*c));
	unsigned i;

	(void)state;
	assert_non_null(c);
	for (i = 0; i < DEPTH; i++)
		c[i] = (struct cx_client){ .parent = i ? i - 1 : CX_NO_POOL,
					   .weight = 1,
					   .limit = CX_AMOUNT_MAX,
					   .demand = 500 };
	divide(c, DEPTH, 100);
	assert_int_equal(c[DEPTH - 1].entitled, 100);
	free(c);
}

/* The definition, by recursion and in real numbers. */
static void tree_reference(struct cx_client *c, unsigned n, unsigned parent, long double capacity,
			   long double *out)
{
	struct cx_claim claims[MANY];
	long double share[MANY];
	unsigned of[MANY], i, m = 0;

	for (i = 0; i < n; i++)
		if (c[i].parent == parent) {
			claims[m] = (struct cx_claim){ c[i].weight, c[i].lo, c[i].hi, 0 };
			of[m++] = i;
		}
	if (m == 0)
		return;
	reference(claims, m, capacity, share);
	for (i = 0; i < m; i++) {
		out[of[i]] = share[i];
		tree_reference(c, n, of[i], share[i], out);
	}
}

static bool is_leaf(const struct cx_client *c, unsigned n, unsigned i)
{
	unsigned k;

	for (k = 0; k < n; k++)
		if (c[k].parent == i)
			return false;
	return true;
}

static unsigned random_tree(uint64_t *seed, struct cx_client *c)
{
	unsigned n = 1 + (unsigned)rnd(seed, MANY), i;

	for (i = 0; i < n; i++)
		c[i] = (struct cx_client){
			.parent = i && rnd(seed, 4) ? (unsigned)rnd(seed, i) : CX_NO_POOL,
			.weight = 1 + (rnd(seed, 3) ? rnd(seed, 8) : rnd(seed, 65535)),
			.reservation = rnd(seed, 3) ? 0 : rnd(seed, 400000),
			.limit = rnd(seed, 3) ? CX_AMOUNT_MAX : rnd(seed, 1000000),
			.demand = rnd(seed, 4) ? rnd(seed, 1000000) : 0,
		};
	return n;
}

/** Bounds as the header defines them, from the solver's input alone. */
static void check_bounds(const struct cx_client *c, unsigned n)
{
	unsigned i, k;

	for (i = 0; i < n; i++) {
		uint64_t hi = 0, lo = 0;

		for (k = i + 1; k < n; k++)
			if (c[k].parent == i) {
				hi += c[k].hi;
				lo += c[k].lo;
			}
		if (is_leaf(c, n, i))
			hi = c[i].demand;
		hi = hi < c[i].limit ? hi : c[i].limit;
		lo = lo > c[i].reservation ? lo : c[i].reservation;
		lo = lo < hi ? lo : hi;
		assert_int_equal(c[i].hi, hi);
		assert_int_equal(c[i].lo, lo);
	}
}

static void check_tree(const struct cx_client *c, unsigned n, uint64_t capacity)
{
	uint64_t sum[MANY] = { 0 }, reserved[MANY] = { 0 }, top = 0, wanted = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		assert_true(c[i].entitled <= c[i].hi);
		assert_true(c[i].reserved <= c[i].entitled);
		assert_true(c[i].rate >= c[i].entitled);
		assert_true(c[i].rate <= c[i].top);
		if (c[i].parent == CX_NO_POOL) {
			top += c[i].entitled;
			wanted += c[i].hi;
		} else {
			sum[c[i].parent] += c[i].entitled;
			reserved[c[i].parent] += c[i].reserved;
		}
	}
	assert_true(top == (wanted < capacity ? wanted : capacity));
	for (i = 0; i < n; i++)
		if (!is_leaf(c, n, i)) {
			assert_true(sum[i] == c[i].entitled);
			assert_true(reserved[i] == c[i].reserved);
		}
}

/** Does anybody at the top want more than it gets? */
static bool used_up(const struct cx_client *c, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (c[i].parent == CX_NO_POOL && c[i].entitled < c[i].hi)
			return true;
	return false;
}

static void trees_as_the_reference(void **state)
{
	struct cx_client c[MANY], alone[MANY];
	long double out[MANY];
	uint64_t seed = 11;
	unsigned round, i, n;

	(void)state;
	for (round = 0; round < 3000; round++) {
		uint64_t capacity = rnd(&seed, 1000000 * (1 + rnd(&seed, 12)));

		n = random_tree(&seed, c);
		divide(c, n, capacity);
		check_bounds(c, n);
		check_tree(c, n, capacity);
		tree_reference(c, n, CX_NO_POOL, capacity, out);
		for (i = 0; i < n; i++) {
			unsigned depth = 1, p = c[i].parent;

			for (; p != CX_NO_POOL; p = c[p].parent)
				depth++;
			/* A unit by rounding at each level above. */
			assert_true(fabsl(c[i].entitled - out[i]) <= depth + 1e-3L);
		}
		/* Where all is used up, wanting more brings no more than the rate. */
		i = (unsigned)rnd(&seed, n);
		if (c[i].parent != CX_NO_POOL || !is_leaf(c, n, i) || !used_up(c, n))
			continue;
		memcpy(alone, c, sizeof(c));
		alone[i].demand = CX_AMOUNT_MAX;
		divide(alone, n, capacity);
		assert_true(alone[i].entitled <= alone[i].rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example),
		cmocka_unit_test(all_fit),
		cmocka_unit_test(guarantees_do_not_fit),
		cmocka_unit_test(guarantees_just_fit),
		cmocka_unit_test(fractions_are_handed_on),
		cmocka_unit_test(levels_compare),
		cmocka_unit_test(largest_numbers),
		cmocka_unit_test(as_the_reference),
		cmocka_unit_test(one_pool_changes_nothing),
		cmocka_unit_test(a_pool_is_one_client),
		cmocka_unit_test(pools_have_bounds),
		cmocka_unit_test(a_reservation_is_divided),
		cmocka_unit_test(rates_when_all_fits),
		cmocka_unit_test(who_sleeps_has_the_others_level),
		cmocka_unit_test(bad_trees),
		cmocka_unit_test(a_deep_chain),
		cmocka_unit_test(trees_as_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
