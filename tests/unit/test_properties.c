/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every shipped policy on random scenarios: what must hold of each run (tests/property).
 *
 *   test_properties            so many scenarios for each policy, from the first seed on:
 *                              CX_PROPERTY_COUNT, CX_PROPERTY_SEED
 *   test_properties FILE [--scheduler PATH.so] [--costs FILE|none] [--shuffle-ties SEED]
 *                              what is broken in the run of this scenario file, and the
 *                              events that led to it
 */
#include "tests/property/property.h"
#include "tests/unit/host_rig.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define COUNT_DEFAULT 4000u
#define COUNT_SANITIZED 1000u
#define POLICIES_MAX 32u

struct folders {
	char schedulers[PATH_MAX], payloads[PATH_MAX], keep[PATH_MAX];
};

static void find_folders(struct folders *f)
{
	rig_build_path("lib/coxswain/schedulers", f->schedulers, sizeof(f->schedulers));
	rig_build_path("lib/coxswain/payloads", f->payloads, sizeof(f->payloads));
	rig_build_path("test-logs/property", f->keep, sizeof(f->keep));
}

/* --- many ------------------------------------------------------------------------------- */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	char *end;
	uint64_t value;

	if (!text || !*text)
		return otherwise;
	value = strtoull(text, &end, 0);
	if (*end)
		fail_msg("%s: found '%s', allowed: a whole number", name, text);
	return value;
}

static unsigned how_many(void)
{
#ifdef __SANITIZE_ADDRESS__
	return COUNT_SANITIZED;
#else
	return COUNT_DEFAULT;
#endif
}

static void test_policy(void **state)
{
	static struct prop_campaign c; /* large */
	struct prop_policy policy;
	struct folders folders;
	struct cx_error err = { "" };
	bool held;

	find_folders(&folders);
	if (prop_policy_open(&policy, *state, false, &err))
		fail_msg("%s", err.text);
	c = (struct prop_campaign){ .policy = &policy,
				    .payloads = folders.payloads,
				    .keep = folders.keep,
				    .first_seed = from_environment("CX_PROPERTY_SEED", 1),
				    .count = (unsigned)from_environment("CX_PROPERTY_COUNT",
									how_many()) };
	held = prop_campaign_run(&c);
	prop_campaign_tell(&c, stdout);
	prop_policy_close(&policy);
	if (!held)
		fail_msg("seed %llu: %s: %s; see %s", (unsigned long long)c.failing_seed,
			 prop_rule_names[c.verdict.rule], c.verdict.text, c.kept);
}

static int run_all(void)
{
	static struct CMUnitTest tests[POLICIES_MAX];
	struct folders folders;
	char pattern[PATH_MAX + 8];
	glob_t found;
	size_t n;
	int failed;

	find_folders(&folders);
	snprintf(pattern, sizeof(pattern), "%s/*.so", folders.schedulers);
	glob(pattern, 0, NULL, &found);
	for (n = 0; n < found.gl_pathc && n < POLICIES_MAX; n++)
		tests[n] = (struct CMUnitTest){ .name = strrchr(found.gl_pathv[n], '/') + 1,
						.test_func = test_policy,
						.initial_state = found.gl_pathv[n] };
	failed = _cmocka_run_group_tests("properties", tests, n, NULL, NULL);
	globfree(&found);
	return n ? failed : 1;
}

/* --- one -------------------------------------------------------------------------------- */

static int complain(const char *text)
{
	fprintf(stderr, "test_properties: %s\n", text);
	return 2;
}

/* The scheduler's file: as given, or the installed one that the scenario names. */
static int find_scheduler(const char *file, const struct folders *folders, char *path, size_t len,
			  struct cx_error *err)
{
	const char *dirs[] = { folders->payloads, NULL }, *name;
	struct cx_scenario *s;
	int rc = cx_scenario_load(file, dirs, &s, err);

	if (rc)
		return rc;
	name = s->scheduler ? s->scheduler : "credit";
	if (strchr(name, '/'))
		snprintf(path, len, "%s", name);
	else
		snprintf(path, len, "%.2000s/%s.so", folders->schedulers, name);
	cx_scenario_free(s);
	return 0;
}

static int read_options(int argc, char **argv, struct prop_trial *trial, char *scheduler,
			size_t len, struct cx_error *err)
{
	static const struct option options[] = { { "scheduler", required_argument, NULL, 's' },
						 { "costs", required_argument, NULL, 'c' },
						 { "shuffle-ties", required_argument, NULL, 't' },
						 { 0 } };
	int option, rc = 0;

	cx_costs_default(&trial->costs);
	while (!rc && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 's':
			snprintf(scheduler, len, "%s", optarg);
			break;
		case 'c':
			rc = cx_costs_load(optarg, &trial->costs, err);
			break;
		case 't':
			trial->shuffle = strtoull(optarg, NULL, 0);
			break;
		default:
			rc = cx_fail(err, EINVAL, "see the head of test_properties.c");
		}
	if (!rc && optind + 1 != argc)
		rc = cx_fail(err, EINVAL, "one scenario file, please");
	return rc;
}

static int run_one(int argc, char **argv)
{
	struct prop_trial trial = { .twice = true, .tell = stdout };
	char scheduler[PATH_MAX] = "";
	struct cx_error err = { "" };
	struct prop_verdict verdict;
	struct prop_policy policy;
	struct folders folders;

	find_folders(&folders);
	trial.payloads = folders.payloads;
	trial.policy = &policy;
	if (read_options(argc, argv, &trial, scheduler, sizeof(scheduler), &err))
		return complain(err.text);
	if (!scheduler[0] &&
	    find_scheduler(argv[optind], &folders, scheduler, sizeof(scheduler), &err))
		return complain(err.text);
	if (prop_policy_open(&policy, scheduler, false, &err))
		return complain(err.text);
	prop_try_file(&trial, argv[optind], &verdict);
	prop_policy_close(&policy);
	printf("%s%s%s\n", prop_rule_names[verdict.rule], verdict.text[0] ? ": " : "",
	       verdict.text);
	return verdict.rule != PROP_HOLDS;
}

int main(int argc, char **argv)
{
	return argc > 1 ? run_one(argc, argv) : run_all();
}
