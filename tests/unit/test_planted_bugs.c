/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do the property tests find bugs?  Each of tests/property/bugs/ is planted in a copy of a policy;
 * random scenarios must break a rule under it, and a small one of them must do so again when it
 * is run from its file, while the policy as shipped keeps all the rules in it.
 */
#include "tests/property/property.h"
#include "tests/unit/host_rig.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define SCENARIOS_MAX 4000u
#define BUGS_MAX 64u

struct folders {
	char schedulers[PATH_MAX], payloads[PATH_MAX], keep[PATH_MAX];
};

static void find_folders(struct folders *f)
{
	rig_build_path("lib/coxswain/schedulers", f->schedulers, sizeof(f->schedulers));
	rig_build_path("lib/coxswain/payloads", f->payloads, sizeof(f->payloads));
	rig_build_path("test-logs/bugs", f->keep, sizeof(f->keep));
}

static void open_policy(struct prop_policy *policy, const char *path, bool by_path)
{
	struct cx_error err = { "" };

	if (prop_policy_open(policy, path, by_path, &err))
		fail_msg("%s", err.text);
}

/* What an earlier run has left. */
static void remove_kept(const struct folders *f, const char *path)
{
	char pattern[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%.2000s%.200s-*", f->keep, strrchr(path, '/'));
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
}

static void check_kept(const struct prop_campaign *c)
{
	const struct prop_trial trial = { .policy = c->policy,
					  .payloads = c->payloads,
					  .costs = c->failing.costs,
					  .shuffle = c->failing.shuffle,
					  .twice = true };
	struct prop_verdict verdict;

	prop_try_file(&trial, c->kept, &verdict);
	if (verdict.rule != c->verdict.rule)
		fail_msg("%s: run again it breaks \"%s\", not \"%s\"", c->kept,
			 prop_rule_names[verdict.rule], prop_rule_names[c->verdict.rule]);
}

static void check_shipped(const struct prop_campaign *c, const struct folders *folders)
{
	struct prop_policy shipped;
	struct prop_verdict verdict;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.2000s/%s.so", folders->schedulers, c->policy->table->name);
	open_policy(&shipped, path, false);
	prop_try(&shipped, c->payloads, &c->failing, &verdict);
	prop_policy_close(&shipped);
	if (verdict.rule != PROP_HOLDS)
		fail_msg("%s: without the bug it breaks \"%s\" too: %s", c->kept,
			 prop_rule_names[verdict.rule], verdict.text);
}

static void test_bug(void **state)
{
	static struct prop_campaign c; /* large */
	struct prop_policy policy;
	struct folders folders;

	find_folders(&folders);
	remove_kept(&folders, *state);
	open_policy(&policy, *state, true);
	c = (struct prop_campaign){ .policy = &policy,
				    .payloads = folders.payloads,
				    .keep = folders.keep,
				    .first_seed = 1,
				    .count = SCENARIOS_MAX };
	if (prop_campaign_run(&c))
		fail_msg("%s: not found in %u scenarios", (const char *)*state, c.done);
	printf("found after %u scenarios: %s; shrunk to %u vCPUs on %u pCPUs for %llu ms in %u "
	       "runs: %s\n",
	       c.done, prop_rule_names[c.verdict.rule], prop_vcpus(&c.failing),
	       prop_shapes[c.failing.shape].pcpus,
	       (unsigned long long)(c.failing.duration_ns / CX_MS), c.shrink_runs,
	       strrchr(c.kept, '/') + 1);
	check_kept(&c);
	check_shipped(&c, &folders);
	prop_policy_close(&policy);
}

int main(void)
{
	static struct CMUnitTest tests[BUGS_MAX];
	char dir[PATH_MAX], pattern[PATH_MAX + 8];
	glob_t found;
	int failed;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s/*.so",
		 rig_build_path("tests/bugs", dir, sizeof(dir)));
	glob(pattern, 0, NULL, &found);
	for (n = 0; n < found.gl_pathc && n < BUGS_MAX; n++)
		tests[n] = (struct CMUnitTest){ .name = strrchr(found.gl_pathv[n], '/') + 1,
						.test_func = test_bug,
						.initial_state = found.gl_pathv[n] };
	failed = _cmocka_run_group_tests("planted bugs", tests, n, NULL, NULL);
	globfree(&found);
	return n ? failed : 1;
}
