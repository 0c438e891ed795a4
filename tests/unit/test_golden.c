/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Worked examples: each tests/golden/POLICY/NAME.yaml is run on the simulator under that policy
 * and what happened, decision by decision and credit by credit, must be NAME.expected.  The
 * comments of a scenario derive its numbers from the policy's definition; the expected text is
 * written from them.  Where that is too much to do by hand there is NAME.totals instead: what each
 * domain received in all, in tenths of a percent of a pCPU.
 *
 * Nothing costs anything, and guests do one turn of their loop in a nanosecond, so that a
 * millisecond of work takes a millisecond.  Times are printed in milliseconds, cut at the
 * microsecond: a guest's reading of the clock takes 10 ns.
 */
#include "core/run/run.h"
#include "tests/unit/host_rig.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define EXAMPLES_MAX 64u
#define TURNS_A_US 1000u /* of a guest's loop */

/* What credit_code and credit_pri of schedulers/credit/credit.h mean; the numbers are what a
 * trace holds. */
static const char *const credit_codes[] = { "", " parked", " unparked", " deactivated" };
static const char *const credit_pris[] = { "idle", "over", "under", "boost" };
#define CREDIT_POOL 4u
#define SHARE_EXHAUSTED 1u

/* --- events as text ------------------------------------------------------------------------ */

struct telling {
	FILE *out;
	const struct cx_scenario *scenario;
};

/* A sink has no argument; each test runs in one thread. */
static __thread struct telling telling;

static const char *name_of(uint32_t vcpu, char buf[40])
{
	uint32_t first = 0;

	for (unsigned i = 0; i < telling.scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &telling.scenario->domains[i];

		if (vcpu >= first && vcpu < first + d->vcpus) {
			if (d->vcpus == 1)
				snprintf(buf, 40, "%.30s", d->name);
			else
				snprintf(buf, 40, "%.30s/%u", d->name, vcpu - first);
			return buf;
		}
		first += d->vcpus;
	}
	return "-";
}

/* What ps_code of schedulers/propshare/propshare.h means: a limit's bucket, y = 1 a pool's. */
static void tell_bucket(const struct cx_event *e)
{
	const struct cx_scenario *s = telling.scenario;
	const char *name = "?";

	if (e->y && e->x < s->n_pools)
		name = s->pools[e->x].name;
	else if (!e->y && e->x < s->n_domains)
		name = s->domains[e->x].name;
	fprintf(telling.out, "account  limit of %s %s", name,
		e->why == SHARE_EXHAUSTED ? "used up" : "refilled");
}

static void tell_account(const struct cx_event *e, const char *name)
{
	if (strcmp(telling.scenario->scheduler, "propshare") == 0)
		tell_bucket(e);
	else if (e->why == CREDIT_POOL)
		fprintf(telling.out, "account  balance %" PRId64 ", weight %" PRIu64, (int64_t)e->x,
			e->y);
	else
		fprintf(telling.out, "account  %s %" PRId64 " %s%s", name, (int64_t)e->x,
			e->y < 4 ? credit_pris[e->y] : "?",
			e->why < CREDIT_POOL ? credit_codes[e->why] : "?");
}

static void tell_what(const struct cx_event *e)
{
	char name[40], prev[40];
	const char *who = name_of(e->vcpu, name);

	switch (e->type) {
	case CX_EV_SWITCH:
		fprintf(telling.out, "switch   pCPU %u: %s -> %s (%s)", e->pcpu,
			name_of(e->prev, prev), who, cx_why_name(e->why));
		break;
	case CX_EV_MIGRATE:
		fprintf(telling.out, "migrate  %s: pCPU %u -> %u (%s)", who, e->prev, e->pcpu,
			cx_distance_name(e->why));
		break;
	case CX_EV_ACCOUNT:
		tell_account(e, who);
		break;
	case CX_EV_WAKE:
		fprintf(telling.out, "wake     %s", who);
		break;
	case CX_EV_PARK:
	case CX_EV_UNPARK:
		fprintf(telling.out, "%-8s %s", e->type == CX_EV_PARK ? "park" : "unpark", who);
		break;
	default:
		fprintf(telling.out, "%-8s %s", cx_event_type_name(e->type), who);
	}
}

/* What a switch tells is not told twice, nor what guests do beside. */
static bool is_told(const struct cx_event *e)
{
	switch (e->type) {
	case CX_EV_BLOCK:
	case CX_EV_END:
	case CX_EV_HYPERCALL:
	case CX_EV_EXIT:
		return false;
	default:
		return true;
	}
}

static void sink_event(const struct cx_event *e)
{
	if (!is_told(e))
		return;
	fprintf(telling.out, "%5" PRIu64 ".%03" PRIu64 "  ", (uint64_t)(e->t_ns / CX_MS),
		(uint64_t)(e->t_ns % CX_MS / CX_US));
	tell_what(e);
	fprintf(telling.out, "\n");
}

static void sink_text(uint64_t t_ns, const char *json)
{
	(void)t_ns, (void)json;
}

static bool sink_recording(void)
{
	return true;
}

static uint64_t sink_count(void)
{
	return 0;
}

static const struct cx_trace_sink sink = { .abi = CX_TRACE_SINK_ABI,
					   .event = sink_event,
					   .run_start = sink_text,
					   .run_end = sink_text,
					   .recording = sink_recording,
					   .count = sink_count };

/* --- running and comparing ------------------------------------------------------------------- */

static void tell_totals(const struct cx_record *r, FILE *out)
{
	uint64_t tenth = r->duration_ns / 1000;

	for (unsigned i = 0; i < r->n_domains; i++) {
		const struct cx_record_domain *d = &r->domains[i];
		uint64_t ns = 0;

		for (unsigned k = 0; k < d->n_vcpus; k++)
			ns += r->vcpus[d->first_vcpu + k].time_ns[CX_RUNNING];
		ns = (ns + tenth / 2) / tenth;
		fprintf(out, "%-8s %3" PRIu64 ".%" PRIu64 "\n", d->name, ns / 10, ns % 10);
	}
}

/* What happened, or with @totals what came of it. */
static char *run(const char *path, bool totals)
{
	char payloads[PATH_MAX], schedulers[PATH_MAX];
	const char *payload_dirs[] = {
		rig_build_path("lib/coxswain/payloads", payloads, sizeof(payloads)), NULL
	};
	const char *plugin_dirs[] = {
		rig_build_path("lib/coxswain/schedulers", schedulers, sizeof(schedulers)), NULL
	};
	struct cx_run_sim sim = { .shuffle = false };
	struct cx_run_options options = { .plugin_dirs = plugin_dirs, .sim = &sim, .sink = &sink };
	struct cx_record *record = NULL;
	struct cx_scenario *scenario;
	struct cx_error err = { "" };
	char *text = NULL;
	size_t size = 0;

	cx_costs_none(&sim.costs);
	sim.costs.value[CX_COST_WORK_RATE] = TURNS_A_US;
	if (cx_scenario_load(path, payload_dirs, &scenario, &err))
		fail_msg("%s", err.text);
	assert_non_null(scenario->scheduler);
	options.scheduler = scenario->scheduler;
	telling = (struct telling){ .out = open_memstream(&text, &size), .scenario = scenario };
	assert_non_null(telling.out);
	if (cx_run(scenario, &options, &record, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fclose(telling.out), 0);
	if (totals) {
		free(text);
		telling.out = open_memstream(&text, &size);
		assert_non_null(telling.out);
		tell_totals(record, telling.out);
		assert_int_equal(fclose(telling.out), 0);
	}
	assert_false(record->degraded);
	for (unsigned i = 0; i < CX_FAULTS; i++)
		assert_int_equal(record->faults[i], 0);
	cx_record_free(record);
	cx_scenario_free(scenario);
	return text;
}

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r"), *out;
	int c;

	if (!in)
		fail_msg("%s: %s; what came out lies beside the logs", path, strerror(errno));
	out = open_memstream(&text, &size);
	assert_non_null(out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* For a person to compare. */
static const char *keep(const char *path, const char *text, char *kept, size_t len)
{
	const char *base = strrchr(path, '/') + 1;
	char dir[PATH_MAX];
	FILE *out;

	rig_build_path("test-logs", dir, sizeof(dir));
	mkdir(dir, 0777);
	rig_build_path("test-logs/golden", dir, sizeof(dir));
	mkdir(dir, 0777);
	snprintf(kept, len, "%.2000s/%.*s.actual", dir, (int)strcspn(base, "."), base);
	out = fopen(kept, "w");
	if (out) {
		fputs(text, out);
		fclose(out);
	}
	return kept;
}

static void compare(const char *path, const char *expected, const char *actual)
{
	char kept[PATH_MAX];
	unsigned line = 1;

	keep(path, actual, kept, sizeof(kept));
	for (;; line++) {
		size_t e = strcspn(expected, "\n"), a = strcspn(actual, "\n");

		if (e != a || strncmp(expected, actual, e) != 0)
			fail_msg("%s, line %u: expected \"%.*s\", found \"%.*s\"; all of it is in "
				 "%s",
				 path, line, (int)e, expected, (int)a, actual, kept);
		if (!expected[e] || !actual[a])
			break;
		expected += e + 1;
		actual += a + 1;
	}
}

static void test_example(void **state)
{
	const char *path = *state;
	int stem = (int)(strlen(path) - strlen(".yaml"));
	char expected_path[PATH_MAX], kept[PATH_MAX], *actual, *expected;
	bool totals;

	snprintf(expected_path, sizeof(expected_path), "%.*s.totals", stem, path);
	totals = access(expected_path, R_OK) == 0;
	if (!totals)
		snprintf(expected_path, sizeof(expected_path), "%.*s.expected", stem, path);
	actual = run(path, totals);
	keep(path, actual, kept, sizeof(kept));
	expected = read_file(expected_path);
	compare(path, expected, actual);
	free(expected);
	free(actual);
}

int main(void)
{
	static struct CMUnitTest tests[EXAMPLES_MAX];
	glob_t found;
	size_t n;
	int failed;

	/* The tests are run from the root of the tree. */
	glob("tests/golden/*/*.yaml", 0, NULL, &found);
	for (n = 0; n < found.gl_pathc && n < EXAMPLES_MAX; n++)
		tests[n] = (struct CMUnitTest){ .name = found.gl_pathv[n],
						.test_func = test_example,
						.initial_state = found.gl_pathv[n] };
	failed = _cmocka_run_group_tests("golden", tests, n, NULL, NULL);
	globfree(&found);
	return n ? failed : 1;
}
