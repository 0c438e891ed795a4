/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of a sweep: what is there is whole, and nobody has what another has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/sweep/result.h"
#include "core/sweep/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char text[] = "scenarios: [a.yaml]\nschedulers: [p]\nseeds: 1-20\n";

struct rig {
	char dir[64];
	struct cx_plan *plan;
	struct cx_sweep sweep;
	struct cx_sweep_scenario scenario;
	struct cx_sweep_policy policy;
	bool reached[1];
	uint64_t first[1];
};

static void write_file(const char *dir, const char *name, const char *what)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(what, f);
	fclose(f);
}

static bool is_there(const struct rig *r, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return access(path, F_OK) == 0;
}

/* The files stand beside the folder's own and look like a scenario and a policy. */
static void set_files(struct rig *r)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/mine.yaml", r->dir);
	free(r->scenario.file);
	r->scenario.file = strdup(path);
	snprintf(path, sizeof(path), "%s/mine.so", r->dir);
	free(r->policy.file);
	r->policy.file = strdup(path);
	r->sweep.copied = false;
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct cx_error err;

	if (!r)
		return -1;
	strcpy(r->dir, "/tmp/cx-store-XXXXXX");
	if (!mkdtemp(r->dir) || cx_plan_parse("p.yaml", text, strlen(text), &r->plan, &err) < 0)
		return -1;
	r->scenario.reached = r->policy.reached = r->reached;
	r->sweep = (struct cx_sweep){ .plan = r->plan,
				      .scenarios = &r->scenario,
				      .policies = &r->policy,
				      .first = r->first };
	write_file(r->dir, "mine.yaml", "one\ntwo\nthree\n");
	write_file(r->dir, "mine.so", "binary");
	set_files(r);
	*state = r;
	return cx_grid_count(&r->sweep, &err);
}

static int teardown(void **state)
{
	struct rig *r = *state;
	char command[96];
	int ret;

	snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	ret = system(command);
	free(r->scenario.file);
	free(r->policy.file);
	cx_plan_free(r->plan);
	free(r);
	return ret;
}

static struct cx_store *opened(struct rig *r)
{
	struct cx_error err = { "" };
	struct cx_store *store = NULL;

	if (cx_store_open(r->dir, &r->sweep, &store, &err) != 0)
		fail_msg("%s", err.text);
	return store;
}

static void test_it_begins_with_copies(void **state)
{
	struct rig *r = *state;
	struct cx_store *store;
	char path[PATH_MAX];

	assert_false(cx_store_exists(r->dir));
	store = opened(r);
	assert_true(cx_store_exists(r->dir));
	assert_true(r->sweep.copied);
	assert_true(is_there(r, "plan.yaml") && is_there(r, "grid.csv"));
	snprintf(path, sizeof(path), "%s/scenarios/a.yaml", r->dir);
	assert_string_equal(r->scenario.file, path);
	snprintf(path, sizeof(path), "%s/schedulers/p.so", r->dir);
	assert_string_equal(r->policy.file, path);
	cx_store_close(store);
	set_files(r);
	cx_store_close(opened(r)); /* the same again */
}

static void test_it_goes_on_with_the_same_only(void **state)
{
	struct rig *r = *state;
	struct cx_error err;
	struct cx_store *store = NULL;
	struct cx_plan other;

	cx_store_close(opened(r));
	set_files(r);
	write_file(r->dir, "mine.yaml", "one\nTWO\nthree\n");
	assert_int_equal(cx_store_open(r->dir, &r->sweep, &store, &err), -EEXIST);
	assert_non_null(strstr(err.text, "scenarios/a.yaml: the sweep there began with another "
					 "scenario (line 2 differs)"));
	write_file(r->dir, "mine.yaml", "one\ntwo\nthree\n");
	set_files(r);
	write_file(r->dir, "mine.so", "binarz");
	assert_int_equal(cx_store_open(r->dir, &r->sweep, &store, &err), -EEXIST);
	assert_non_null(
		strstr(err.text, "schedulers/p.so: the sweep there began with another policy;"));
	write_file(r->dir, "mine.so", "binary");
	set_files(r);
	other = *r->plan;
	other.text = (char *)"scenarios: [a.yaml]\nschedulers: [p]\nseeds: 1-21\n";
	r->sweep.plan = &other;
	assert_int_equal(cx_store_open(r->dir, &r->sweep, &store, &err), -EEXIST);
	assert_non_null(
		strstr(err.text, "plan.yaml: the sweep there began with another plan (line 3"));
	r->sweep.copied = true; /* a part of a sweep is asked as well */
	assert_int_equal(cx_store_open(r->dir, &r->sweep, &store, &err), -EEXIST);
	r->sweep.plan = r->plan;
}

/* Killed while it set up: what is missing is put there. */
static void test_it_is_completed(void **state)
{
	struct rig *r = *state;
	char path[PATH_MAX];

	cx_store_close(opened(r));
	snprintf(path, sizeof(path), "%s/schedulers/p.so", r->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/grid.csv", r->dir);
	unlink(path);
	set_files(r);
	cx_store_close(opened(r));
	assert_true(is_there(r, "schedulers/p.so") && is_there(r, "grid.csv"));
}

static void test_results(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };
	struct cx_numbers missing;
	char *path;

	assert_int_equal(cx_numbers_init(&missing, 20, &err), 0);
	assert_int_equal(cx_store_missing(store, &missing, &err), 0);
	assert_int_equal(missing.count, 20);
	assert_false(cx_store_has(store, 7));
	assert_int_equal(cx_store_put(store, 7, "{}", 2, &err), 0);
	assert_true(cx_store_has(store, 7));
	write_file(r->dir, "points/.new-host-1-000008.json", "half");
	write_file(r->dir, "points/9.json", "not so called");
	write_file(r->dir, "points/000021.json", "beyond");
	assert_int_equal(cx_store_missing(store, &missing, &err), 0);
	assert_int_equal(missing.count, 19);
	assert_false(cx_numbers_has(&missing, 7));
	path = cx_store_path(store, 7);
	assert_non_null(strstr(path, "/points/000007.json"));
	free(path);
	cx_store_tidy(store);
	assert_false(is_there(r, "points/.new-host-1-000008.json"));
	assert_int_equal(cx_store_drop(store, 7, &err), 0);
	assert_false(cx_store_has(store, 7));
	assert_int_equal(cx_store_drop(store, 7, &err), 0);
	cx_numbers_free(&missing);
	cx_store_close(store);
}

/* What processes left that were killed: gone, however deep; what only looks like it stays. */
static void test_leftovers(void **state)
{
	static const char *const left[] = { ".new-h-1-tasks", ".new-points.csv",
					    "scenarios/.new-h-1-a.yaml",
					    "schedulers/.new-h-1-p.so" };
	static const char *const stays[] = { ".newer", "new-tasks", "scenarios/a.yaml",
					     ".scratch" };
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };
	char path[PATH_MAX], *scratch = NULL;
	size_t i;

	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		write_file(r->dir, left[i], "half");
	for (i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		write_file(r->dir, stays[i], "whole");
	assert_int_equal(cx_scratch_make(store, r->dir, &scratch, &err), 0);
	snprintf(path, sizeof(path), "%s/parallel", scratch);
	write_file(path, "linelen1", "");
	write_file(scratch, "parXXXXX.par", "");
	snprintf(path, sizeof(path), "%s/%s", scratch, "away");
	assert_int_equal(symlink(r->dir, path), 0); /* not to be followed */
	cx_store_tidy(store);
	assert_int_equal(access(scratch, F_OK), -1);
	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		assert_false(is_there(r, left[i]));
	for (i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		assert_true(is_there(r, stays[i]));
	free(scratch);
	write_file(r->dir, "file", "");
	snprintf(path, sizeof(path), "%s/file", r->dir);
	assert_int_equal(cx_scratch_make(store, path, &scratch, &err), -ENOTDIR);
	assert_null(scratch);
	assert_non_null(strstr(err.text, "cannot make the folder: Not a directory"));
	cx_store_close(store);
}

static void test_reading_results_back(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };
	struct cx_result result;
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"3",
		"null",
		"{\"point\": 3, \"key\": \"a p seed=4\", \"outcome\": \"done\"}",
		"{\"key\": \"a p seed=3\", \"outcome\": \"wonderful\"}",
		"{\"key\": \"a p seed=3\", \"outcome\": \"done\", \"summary\": null}",
		"{\"key\": \"a p seed=3\", \"outcome\": \"done\", \"summary\": {\"runs\": []}}",
		"{\"key\": 3, \"outcome\": \"done\"}",
	};
	size_t i;

	assert_int_equal(cx_result_read(&r->sweep, store, 3, &result, &err), -ENOENT);
	assert_int_equal(cx_result_fail(&r->sweep, store, 3, "it\nbroke\x80", &err), 0);
	assert_int_equal(cx_result_read(&r->sweep, store, 3, &result, &err), 0);
	assert_int_equal(result.outcome, CX_OUTCOME_FAILED);
	assert_string_equal(result.reason, "it?broke?");
	assert_null(result.run);
	cx_result_free(&result);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cx_store_put(store, 3, bad[i], strlen(bad[i]), &err), 0);
		if (cx_result_read(&r->sweep, store, 3, &result, &err) != -EBADMSG ||
		    !strstr(err.text, "000003.json") || !strstr(err.text, "remove that file"))
			fail_msg("%s: %s", bad[i], err.text);
	}
	cx_store_close(store);
}

/* --- several processes ---------------------------------------------------------------- */

static bool lead(struct cx_store *store)
{
	return cx_store_lead(store, NULL) == 0;
}

static bool claim_5(struct cx_store *store)
{
	return cx_store_claim(store, 5, NULL) == 0;
}

/* What another process with the folder open finds. */
static bool elsewhere(struct rig *r, bool (*get)(struct cx_store *store))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct cx_store *store = NULL;
		struct cx_error err;

		r->sweep.copied = true;
		if (cx_store_open(r->dir, &r->sweep, &store, &err) < 0)
			_exit(2);
		_exit(get(store));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

static void test_one_leads(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };
	int status;
	pid_t pid;

	assert_true(elsewhere(r, lead)); /* and is gone */
	assert_int_equal(cx_store_lead(store, &err), 0);
	assert_false(elsewhere(r, lead));
	pid = fork(); /* a child has none of its parent's locks, and is told whose they are */
	if (pid == 0) {
		char who[32];

		snprintf(who, sizeof(who), "process %d", (int)getppid());
		_exit(cx_store_lead(store, &err) == -EAGAIN && strstr(err.text, who) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(elsewhere(r, lead)); /* nor did it take them along */
	cx_store_close(store);
	assert_true(elsewhere(r, lead));
}

static void test_claims(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };

	assert_int_equal(cx_store_claim(store, 5, &err), 0);
	assert_int_equal(cx_store_claim(store, 6, &err), 0);
	assert_false(cx_store_claimed(store, 5)); /* by another, that is */
	assert_false(elsewhere(r, claim_5));
	cx_store_release(store, 5);
	assert_true(elsewhere(r, claim_5));
	cx_store_close(store);
}

/* However it ends, what it had is free. */
static void test_a_killed_process_has_nothing(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	int ready[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		cx_store_claim(store, 5, NULL);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(cx_store_claimed(store, 5));
	assert_int_equal(cx_store_claim(store, 5, NULL), -EAGAIN);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(cx_store_claimed(store, 5));
	assert_int_equal(cx_store_claim(store, 5, NULL), 0);
	close(ready[0]);
	close(ready[1]);
	cx_store_close(store);
}

static void test_the_log(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = opened(r);
	struct cx_error err = { "" };
	char command[256];

	assert_int_equal(cx_store_note(store, 12, "start", &err), 0);
	assert_int_equal(cx_store_note(store, 12, "end", &err), 0);
	snprintf(command, sizeof(command),
		 "[ \"$(cat %s/log/*.log | grep -cE '^12 (start|end) %d 20[0-9T:-]+Z$')\" = 2 ]",
		 r->dir, (int)getpid());
	assert_int_equal(system(command), 0);
	cx_store_close(store);
}

static void test_folders_that_are_none(void **state)
{
	struct rig *r = *state;
	struct cx_store *store = NULL;
	struct cx_error err = { "" };

	assert_int_equal(cx_store_open("/tmp/there/is/none", &r->sweep, &store, &err), -ENOENT);
	assert_int_equal(cx_store_open("/dev/null", &r->sweep, &store, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "/dev/null/lock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_begins_with_copies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_goes_on_with_the_same_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_it_is_completed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_results, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftovers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reading_results_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_leads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_killed_process_has_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders_that_are_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
