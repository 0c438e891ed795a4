/* SPDX-License-Identifier: BSD-2-Clause */
/* Can all be guaranteed that a scenario reserves?  Its plan, on hosts of some pCPUs. */
#include "tests/support/scenario_files.h"

#include "base/units.h"
#include "core/run/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned cpus[] = { 0, 1, 2, 5 };

#define HEAD "duration: 1s\ndomains:\n" /* lines 1 and 2 */
#define DOMAIN(name, more) "  - {name: " name ", workload: {name: hog}, " more "}\n"

static void expect_on(unsigned n_pcpus, uint64_t duration_ns, const char *text, const char *message)
{
	struct cx_scenario *s = cx_load_good(text);
	struct cx_changing run = { .scenario = s, .n_pcpus = n_pcpus, .pcpus = cpus };
	struct cx_error err = { "" };
	int rc = cx_check_changes(&run, &err);

	assert_int_equal(rc, 0);
	rc = cx_check_admission(&run, duration_ns, &err);
	if (rc != (*message ? -EINVAL : 0) || strcmp(err.text, message) != 0)
		fail_msg("for\n%sexpected %s\ngot      %s (%d)", text, message, err.text, rc);
	cx_scenario_free(s);
}

static void expect(const char *text, const char *message)
{
	expect_on(4, CX_SEC, text, message);
}

static void nothing_is_asked(void **state)
{
	(void)state;
	expect(ONE, "");
	expect("pools: [{name: p, limit: 5}, {name: q, parent: p}]\n" ONE, "");
	expect_on(1, CX_SEC, HEAD DOMAIN("a", "vcpus: 64, limit: 6400"), "");
}

static void lives_that_meet(void **state)
{
	(void)state;
	expect_on(1, CX_SEC,
		  HEAD DOMAIN("a", "reservation: 100, stop: 500ms")
			  DOMAIN("b", "reservation: 100, start: 500ms, stop: 2s"),
		  "");
	expect_on(1, CX_SEC,
		  HEAD DOMAIN("a", "reservation: 100, stop: 500001us")
			  DOMAIN("b", "reservation: 100, start: 500ms"),
		  "s.yaml:4: at 500ms: domain b: asks for 100; the host has 100, 100 taken: 0 "
		  "free; 100 missing: reserve less, or use more pCPUs");
	/* A shorter run never gets there. */
	expect_on(1, 500 * CX_MS,
		  HEAD DOMAIN("a", "reservation: 100, stop: 500001us")
			  DOMAIN("b", "reservation: 100, start: 500ms"),
		  "");
	expect_on(2, CX_SEC, HEAD DOMAIN("a", "reservation: 50, count: 4"), "");
	expect_on(2, CX_SEC, HEAD DOMAIN("a", "reservation: 51, count: 4"),
		  "s.yaml:3: at 0s: domain a.3: asks for 51; the host has 200, 153 taken: 47 free; "
		  "4 missing: reserve less, or use more pCPUs");
}

/* Replicas change one after the other; who does not live yet or any more holds nothing. */
static void changes_of_domains(void **state)
{
	(void)state;
	expect_on(
		1, CX_SEC,
		HEAD DOMAIN(
			"a",
			"count: 2, reservation: 50") "changes:\n"
						     "  - {at: 1ms, domain: a.0, reservation: 40}\n"
						     "  - {at: 2ms, domain: a.1, reservation: 60}\n"
						     "  - {at: 2ms, domain: a.1, weight: 5}\n",
		"");
	expect_on(
		1, CX_SEC,
		HEAD DOMAIN(
			"a",
			"count: 2, reservation: 40") "changes:\n"
						     "  - {at: 1ms, domain: a, reservation: 51}\n",
		"s.yaml:5: changes[0]: at 1ms: domain a.1: asks for 51, 11 more than it has; the "
		"host has 100, 91 taken: 9 free; 2 missing: reserve less, or use more pCPUs");
	expect_on(
		1, CX_SEC,
		HEAD DOMAIN("a", "reservation: 100, stop: 500ms") DOMAIN(
			"b",
			"start: 500ms") "changes:\n  - {at: 100ms, domain: b, reservation: 100}\n",
		"");
}

static void pinned_domains(void **state)
{
	(void)state;
	/* 0 and 1 hold a, b and c; the host has 400. */
	expect(HEAD DOMAIN("a", "cpus: \"0\", reservation: 70")
		       DOMAIN("b", "cpus: \"1\", reservation: 70")
			       DOMAIN("c", "cpus: \"0-1\", reservation: 60"),
	       "");
	expect(HEAD DOMAIN("a", "cpus: \"0\", reservation: 70")
		       DOMAIN("b", "cpus: \"1\", reservation: 70")
			       DOMAIN("c", "cpus: \"0-1\", reservation: 61"),
	       "s.yaml:5: at 0s: domain c: asks for 61; CPUs \"0-1\" have 200, 140 taken by other "
	       "domains that may use no others: 60 free; 1 missing: reserve less, or let some use "
	       "other pCPUs");
	/* The same the other way round: the wide one was there first. */
	expect(HEAD DOMAIN("c", "cpus: \"0-1\", reservation: 61")
		       DOMAIN("a", "cpus: \"0\", reservation: 70")
			       DOMAIN("b", "cpus: \"1\", reservation: 70"),
	       "s.yaml:5: at 0s: domain b: asks for 70; CPUs \"0-1\" have 200, 131 taken by other "
	       "domains that may use no others: 69 free; 1 missing: reserve less, or let some use "
	       "other pCPUs");
	/* CPUs that are not of the run do not count. */
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"5-7\", reservation: 101"),
	       "s.yaml:3: at 0s: domain a: asks for 101, but may use 1 pCPU: at most 100, 1 too "
	       "much; reserve less, or let it use more pCPUs");
	expect(HEAD DOMAIN("a", "cpus: \"5-7\", reservation: 60")
		       DOMAIN("b", "cpus: \"5\", reservation: 41"),
	       "s.yaml:4: at 0s: domain b: asks for 41; CPUs \"5\" have 100, 60 taken by other "
	       "domains that may use no others: 40 free; 1 missing: reserve less, or let some use "
	       "other pCPUs");
	/* One that only a change makes reserve. */
	expect(HEAD DOMAIN("a", "cpus: \"0\", reservation: 60") DOMAIN(
		       "b", "cpus: \"0\"") "changes:\n  - {at: 1ms, domain: b, reservation: 41}\n",
	       "s.yaml:6: changes[0]: at 1ms: domain b: asks for 41; CPUs \"0\" have 100, 60 taken "
	       "by other domains that may use no others: 40 free; 1 missing: reserve less, or let "
	       "some use other pCPUs");
}

static void pcpus_that_go(void **state)
{
	(void)state;
	expect(HEAD DOMAIN("a",
			   "vcpus: 4, reservation: 300") "changes:\n"
							 "  - {at: 1ms, pcpu: 5, online: no}\n"
							 "  - {at: 2ms, pcpu: 5, online: yes}\n"
							 "  - {at: 3ms, pcpu: 0, online: no}\n",
	       "");
	expect(HEAD DOMAIN("a",
			   "vcpus: 4, reservation: 300") "changes:\n"
							 "  - {at: 1ms, pcpu: 5, online: no}\n"
							 "  - {at: 3ms, pcpu: 0, online: no}\n",
	       "s.yaml:6: changes[1]: at 3ms: domain a: asks for 300, but may use 2 pCPUs: at most "
	       "200, 100 too much; reserve less, or let it use more pCPUs");
	/* It starts on what is left. */
	expect(HEAD DOMAIN(
		       "a",
		       "vcpus: 2, cpus: \"0-1\", reservation: 101, start: 2ms") "changes:\n  - "
										"{at: 1ms, pcpu: "
										"1, online: no}\n",
	       "s.yaml:3: at 2ms: domain a: asks for 101, but may use 1 pCPU: at most 100, 1 too "
	       "much; reserve less, or let it use more pCPUs");
	expect("pools: [{name: p, reservation: 301}]\n" ONE
	       "changes:\n  - {at: 1ms, pcpu: 1, online: no}\n",
	       "s.yaml:6: changes[0]: at 1ms: the host: is to have 300, 301 taken (301 by pools, 0 "
	       "by "
	       "domains in no pool): 1 too much; reserve less, or leave it more pCPUs");
}

static void pools_that_change(void **state)
{
	(void)state;
	expect("pools:\n  - {name: p, reservation: 100}\n  - {name: q, parent: p, reservation: "
	       "100}\n"
	       "  - {name: r, parent: p, reservation: 301}\n" ONE,
	       "s.yaml:4: at 0s: pool r: asks for 301; its parent p reserves 100, 100 taken: 0 "
	       "free; "
	       "p is expandable, 301 to borrow: the host has 400, 100 taken: 300 free; 1 missing: "
	       "reserve less, or use more pCPUs");
	/* A limit that is there already holds for what comes later. */
	expect("pools:\n  - {name: p, reservation: 10}\n" HEAD DOMAIN(
		       "a", "pool: p, reservation: 60, start: 2ms") "changes:\n  - {at: 1ms, pool: "
								    "p, limit: 50}\n",
	       "s.yaml:5: at 2ms: domain a: asks for 60; its pool p reserves 10, 0 taken: 10 free; "
	       "p "
	       "is expandable, but its limit 50 leaves 40 (above it: the host has 400, 10 taken: "
	       "390 "
	       "free); 10 missing: reserve less, or raise the limit of p");
	expect("pools:\n  - {name: p, reservation: 50, expandable: no}\n" HEAD DOMAIN(
		       "a", "pool: p, reservation: 50") "changes:\n  - {at: 1ms, pool: p, weight: "
							"low, reservation: 49}\n",
	       "s.yaml:7: changes[0]: at 1ms: pool p: is to reserve 49, 50 taken: 1 too much, and "
	       "it "
	       "is not expandable; let it reserve more or be expandable, or reserve less in it");
}

/* As many as there may be of everything, within the test's time. */
static void very_many(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned i;

	(void)state;
	assert_non_null(out);
	fputs("pools:\n", out);
	for (i = 0; i < CX_SCENARIO_POOLS_MAX; i++)
		fprintf(out, i ? "  - {name: p%u, parent: p%u}\n" : "  - {name: p%u}\n", i, i - 1);
	fputs(HEAD, out);
	fprintf(out, "  - {name: a, count: 2000, pool: p%u, workload: {name: hog}}\n",
		CX_SCENARIO_POOLS_MAX - 1);
	fputs("  - {name: b, count: 2096, cpus: \"0-1\", workload: {name: hog}}\nchanges:\n", out);
	for (i = 0; i < CX_SCENARIO_CHANGES_MAX / 2; i++)
		fprintf(out,
			"  - {at: %uus, domain: a.%u, reservation: %u}\n"
			"  - {at: %uus, domain: b.%u, reservation: %u}\n",
			i, i % 200, i / 200 % 2, i, i % 100, i / 200 % 3);
	fclose(out);
	expect(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked),   cmocka_unit_test(lives_that_meet),
		cmocka_unit_test(changes_of_domains), cmocka_unit_test(pinned_domains),
		cmocka_unit_test(pcpus_that_go),      cmocka_unit_test(pools_that_change),
		cmocka_unit_test(very_many),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
