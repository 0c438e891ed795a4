/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole simulated runs, from a scenario file to the summary: many at once in one process, and
 * every one of them the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/run/run.h"
#include "tests/unit/host_rig.h"
#include "trace/report.h"

#include <pthread.h>
#include <string.h>

#define AT_ONCE 4u
#define ROUNDS 2u

static const char scenario_text[] = "name: many\n"
				    "duration: 300ms\n"
				    "topology: \"pack:2 l3:1 core:2 pu:2\"\n"
				    "domains:\n"
				    "  - {name: hog, count: 4, vcpus: 2, workload: {name: hog}}\n"
				    "  - {name: walker, count: 2, workload: {name: cachewalk}}\n"
				    "  - {name: server, workload: {name: server, interval: 2ms}}\n"
				    "  - {name: barrier, vcpus: 3, workload: {name: barrier}}\n"
				    "  - {name: capped, limit: 40, workload: {name: lock}}\n"
				    "changes:\n"
				    "  - {at: 100ms, domain: hog, weight: 512}\n"
				    "  - {at: 120ms, pcpu: 3, online: false}\n"
				    "  - {at: 200ms, pcpu: 3, online: true}\n";

static struct cx_scenario *load(void)
{
	char path[] = "/tmp/coxswain-test.XXXXXX", dir[PATH_MAX];
	const char *dirs[] = { rig_build_path("lib/coxswain/payloads", dir, sizeof(dir)), NULL };
	struct cx_scenario *scenario;
	struct cx_error err = { "" };
	FILE *f = fdopen(mkstemp(path), "w");

	assert_non_null(f);
	fputs(scenario_text, f);
	fclose(f);
	if (cx_scenario_load(path, dirs, &scenario, &err))
		fail_msg("%s", err.text);
	unlink(path);
	return scenario;
}

/* The summary of one run; NULL with a message on standard error. */
static char *summary(const struct cx_scenario *scenario, const char *scheduler, uint64_t seed)
{
	char dir[PATH_MAX];
	const char *dirs[] = { rig_build_path("lib/coxswain/schedulers", dir, sizeof(dir)), NULL };
	struct cx_run_sim sim = { .topology = NULL };
	struct cx_run_options options = { .scheduler = scheduler,
					  .plugin_dirs = dirs,
					  .seed = seed,
					  .seed_given = true,
					  .sim = &sim };
	struct cx_record *record;
	struct cx_metrics *metrics;
	struct cx_error err = { "" };
	char *text = NULL;
	size_t size;
	FILE *out;

	cx_costs_default(&sim.costs);
	if (cx_run(scenario, &options, &record, &err) ||
	    cx_metrics_compute(record, &metrics, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return NULL;
	}
	out = open_memstream(&text, &size);
	if (out) {
		const struct cx_record *records[] = { record };
		const struct cx_metrics *all[] = { metrics };
		const struct cx_report report = { 1, records, all };

		cx_report_json(&report, out, &err);
		fclose(out);
	}
	cx_metrics_free(metrics);
	cx_record_free(record);
	return text;
}

struct job {
	const struct cx_scenario *scenario;
	const char *scheduler;
	char *text[ROUNDS];
};

static void *work(void *arg)
{
	struct job *job = arg;

	for (unsigned i = 0; i < ROUNDS; i++)
		job->text[i] = summary(job->scenario, job->scheduler, 7);
	return NULL;
}

static void all_alike(const char *scheduler)
{
	struct cx_scenario *scenario = load();
	char *alone = summary(scenario, scheduler, 7), *other = summary(scenario, scheduler, 8);
	struct job jobs[AT_ONCE];
	pthread_t threads[AT_ONCE];

	assert_non_null(alone);
	assert_non_null(other);
	assert_string_not_equal(alone, other);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		jobs[i] = (struct job){ .scenario = scenario, .scheduler = scheduler };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < AT_ONCE; i++) {
		pthread_join(threads[i], NULL);
		for (unsigned k = 0; k < ROUNDS; k++) {
			assert_non_null(jobs[i].text[k]);
			assert_string_equal(jobs[i].text[k], alone);
			free(jobs[i].text[k]);
		}
	}
	free(alone);
	free(other);
	cx_scenario_free(scenario);
}

static void test_rr(void **state)
{
	(void)state;
	all_alike("rr");
}

static void test_credit(void **state)
{
	(void)state;
	all_alike("credit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rr),
		cmocka_unit_test(test_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
