/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a vCPU ever is from what it is entitled to, at every moment of many runs: hogs of all
 * weights under each policy that states a bound (tests/property/bounds.c), small mixes and large
 * ones.  The largest that was found is printed, as a part of the bound.  And who received how much in
 * all where some are bound to pCPUs.
 *
 * First the yardstick itself, on runs whose lags are known by hand.
 */
#include "tests/property/property.h"
#include "tests/unit/host_rig.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define SMALL 300u
#define LARGE 4u
#define PINNED 100u
#else
#define SMALL 3000u
#define LARGE 40u
#define PINNED 800u
#endif
#define POLICIES_MAX 32u
#define SLICE (10 * CX_MS)

struct folders {
	char schedulers[PATH_MAX], payloads[PATH_MAX], keep[PATH_MAX];
};

static void find_folders(struct folders *f)
{
	rig_build_path("lib/coxswain/schedulers", f->schedulers, sizeof(f->schedulers));
	rig_build_path("lib/coxswain/payloads", f->payloads, sizeof(f->payloads));
	rig_build_path("test-logs/lag", f->keep, sizeof(f->keep));
}

static void open_policy(struct prop_policy *policy, const char *path)
{
	struct cx_error err = { "" };

	if (prop_policy_open(policy, path, false, &err))
		fail_msg("%s", err.text);
}

/* --- lags that are known ------------------------------------------------------------------- */

static uint64_t lag_bound;

static uint64_t stated_lag(const struct prop_case *c)
{
	(void)c;
	return lag_bound;
}

/* Hogs of these weights on one pCPU under `rr`, turns of 10 ms, nothing costs anything. */
static struct prop_verdict known(const unsigned *weights, unsigned n, uint64_t duration,
				 uint64_t bound)
{
	static const struct prop_bounds bounds = { .lag = stated_lag };
	static struct prop_scenario s; /* large */
	struct prop_verdict verdict;
	struct prop_policy policy;
	struct folders folders;
	char path[PATH_MAX];

	find_folders(&folders);
	snprintf(path, sizeof(path), "%.2000s/rr.so", folders.schedulers);
	open_policy(&policy, path);
	policy.bounds = &bounds;
	lag_bound = bound;
	memset(&s, 0, sizeof(s));
	s = (struct prop_scenario){ .seed = 1, .duration_ns = duration, .n_domains = n };
	for (unsigned i = 0; i < n; i++)
		s.domains[i] = (struct prop_domain){ .vcpus = 1,
						     .weight = weights[i],
						     .pool = PROP_NO_POOL,
						     .cpus = PROP_ALL,
						     .soft = PROP_ALL,
						     .stop_ns = PROP_FOREVER };
	cx_costs_none(&s.costs);
	prop_try(&policy, folders.payloads, &s, &verdict);
	prop_policy_close(&policy);
	return verdict;
}

/*
 * Four equal ones in turn: the first has had 10 ms when it was entitled to a quarter of that, the
 * last waits for 30 ms of which a quarter is its own.
 */
static void test_equal_weights(void **state)
{
	const unsigned weights[] = { 256, 256, 256, 256 };
	struct prop_verdict v = known(weights, 4, 400 * CX_MS, 3 * SLICE / 4);

	(void)state;
	assert_string_equal(v.text, "");
	assert_int_equal(v.lead_ns, 3 * SLICE / 4);
	assert_int_equal(v.lag_ns, 3 * SLICE / 4);
	v = known(weights, 4, 400 * CX_MS, 3 * SLICE / 4 - 10);
	assert_int_equal(v.rule, PROP_LAG);
	assert_int_equal(v.t_ns, SLICE); /* when the first one leaves */
}

/*
 * 1 : 3 in turn for 100 ms: at 90 ms the light one leaves with 50, entitled to 22.5; the heavy one
 * has had 40 then, entitled to 67.5.
 */
static void test_unequal_weights(void **state)
{
	const unsigned weights[] = { 100, 300 };
	struct prop_verdict v = known(weights, 2, 100 * CX_MS, CX_SEC);

	(void)state;
	assert_int_equal(v.rule, PROP_HOLDS);
	assert_int_equal(v.lead_ns, 27500 * CX_US);
	assert_int_equal(v.lag_ns, 27500 * CX_US);
}

/* --- what policies state ------------------------------------------------------------------- */

static void mixes(const char *path, prop_generator generate, unsigned count, enum prop_rule rule)
{
	static struct prop_campaign c; /* large */
	struct prop_policy policy;
	struct folders folders;
	bool held;

	find_folders(&folders);
	open_policy(&policy, path);
	c = (struct prop_campaign){ .policy = &policy,
				    .payloads = folders.payloads,
				    .keep = folders.keep,
				    .generate = generate,
				    .first_seed = 1,
				    .count = count };
	held = prop_campaign_run(&c);
	prop_campaign_tell(&c, stdout);
	prop_policy_close(&policy);
	if (!held)
		fail_msg("seed %llu: %s: %s; see %s", (unsigned long long)c.failing_seed,
			 prop_rule_names[c.verdict.rule], c.verdict.text, c.kept);
	assert_true(c.checked[rule] >= c.done / 4 * 3);
}

static void test_small(void **state)
{
	mixes(*state, prop_generate_mix, SMALL, PROP_LAG);
}

static void test_large(void **state)
{
	mixes(*state, prop_generate_large_mix, LARGE, PROP_LAG);
}

/* What each has had in the end, where who may run where differs. */
static void test_pinned(void **state)
{
	mixes(*state, prop_generate_pinned, PINNED, PROP_SHARE);
}

static bool states_lag(const char *path)
{
	struct prop_policy policy;
	bool states;

	open_policy(&policy, path);
	states = policy.bounds->lag != NULL;
	prop_policy_close(&policy);
	return states;
}

int main(void)
{
	static struct CMUnitTest tests[2 + 3 * POLICIES_MAX] = {
		cmocka_unit_test(test_equal_weights),
		cmocka_unit_test(test_unequal_weights),
	};
	char pattern[PATH_MAX + 8];
	struct folders folders;
	unsigned n = 2;
	glob_t found;
	int failed;

	find_folders(&folders);
	snprintf(pattern, sizeof(pattern), "%s/*.so", folders.schedulers);
	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && i < POLICIES_MAX; i++) {
		if (!states_lag(found.gl_pathv[i]))
			continue;
		tests[n++] = (struct CMUnitTest){ .name = "small mixes",
						  .test_func = test_small,
						  .initial_state = found.gl_pathv[i] };
		tests[n++] = (struct CMUnitTest){ .name = "large mixes",
						  .test_func = test_large,
						  .initial_state = found.gl_pathv[i] };
		tests[n++] = (struct CMUnitTest){ .name = "bound to pCPUs",
						  .test_func = test_pinned,
						  .initial_state = found.gl_pathv[i] };
	}
	failed = _cmocka_run_group_tests("lags", tests, n, NULL, NULL);
	globfree(&found);
	return failed;
}
