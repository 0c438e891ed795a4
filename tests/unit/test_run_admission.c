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
#define LET_GO ": reserve less, or let some use other pCPUs"
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
	       "domains that may use no others (a 70, b 70): 60 free; 1 missing" LET_GO);
	/* The same the other way round: the wide one was there first. */
	expect(HEAD DOMAIN("c", "cpus: \"0-1\", reservation: 61")
		       DOMAIN("a", "cpus: \"0\", reservation: 70")
			       DOMAIN("b", "cpus: \"1\", reservation: 70"),
	       "s.yaml:5: at 0s: domain b: asks for 70; CPUs \"0-1\" have 200, 131 taken by other "
	       "domains that may use no others (c 61, a 70): 69 free; 1 missing" LET_GO);
	/* CPUs that are not of the run do not count. */
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"5-7\", reservation: 101"),
	       "s.yaml:3: at 0s: domain a: asks for 101, but may use 1 pCPU: at most 100, 1 too "
	       "much; reserve less, or let it use more pCPUs");
	expect(HEAD DOMAIN("a", "cpus: \"5-7\", reservation: 60")
		       DOMAIN("b", "cpus: \"5\", reservation: 41"),
	       "s.yaml:4: at 0s: domain b: asks for 41; CPUs \"5\" have 100, 60 taken by other "
	       "domains that may use no others (a 60): 40 free; 1 missing" LET_GO);
	/* One that only a change makes reserve. */
	expect(HEAD DOMAIN("a", "cpus: \"0\", reservation: 60") DOMAIN(
		       "b", "cpus: \"0\"") "changes:\n  - {at: 1ms, domain: b, reservation: 41}\n",
	       "s.yaml:6: changes[0]: at 1ms: domain b: asks for 41; CPUs \"0\" have 100, 60 taken "
	       "by other domains that may use no others (a 60): 40 free; 1 missing" LET_GO);
}

/* Each fits on its own, not all of them together. */
static void overlapping_affinities(void **state)
{
	(void)state;
	expect(HEAD DOMAIN("A", "vcpus: 2, cpus: \"0-1\", reservation: 200")
		       DOMAIN("B", "vcpus: 2, cpus: \"1-2\", reservation: 200"),
	       "s.yaml:4: at 0s: domain B: asks for 200; CPUs \"0-2\" have 300, 200 taken by other "
	       "domains that may use no others (A 200): 100 free; 100 missing" LET_GO);
	expect(HEAD DOMAIN("A", "vcpus: 2, cpus: \"0-1\", reservation: 200")
		       DOMAIN("B", "vcpus: 2, cpus: \"1-2\", reservation: 100"),
	       "");
	expect(HEAD DOMAIN("A", "vcpus: 2, cpus: \"0-1\", reservation: 150")
		       DOMAIN("B", "vcpus: 2, cpus: \"1-2\", reservation: 150"),
	       "");
	expect(HEAD DOMAIN("A", "vcpus: 2, cpus: \"0-1\", reservation: 151")
		       DOMAIN("B", "vcpus: 2, cpus: \"1-2\", reservation: 150"),
	       "s.yaml:4: at 0s: domain B: asks for 150; CPUs \"0-2\" have 300, 151 taken by other "
	       "domains that may use no others (A 151): 149 free; 1 missing" LET_GO);
	/* Three in a ring, and one who has nothing to do with it. */
	expect(HEAD DOMAIN("d", "cpus: \"5\", reservation: 100")
		       DOMAIN("a", "vcpus: 2, cpus: \"0,1\", reservation: 100")
			       DOMAIN("b", "vcpus: 2, cpus: \"1,2\", reservation: 100")
				       DOMAIN("c", "vcpus: 2, cpus: \"2,0\", reservation: 100"),
	       "");
	expect(HEAD DOMAIN("d", "cpus: \"5\", reservation: 50")
		       DOMAIN("a", "vcpus: 2, cpus: \"0,1\", reservation: 100")
			       DOMAIN("b", "vcpus: 2, cpus: \"1,2\", reservation: 100")
				       DOMAIN("c", "vcpus: 2, cpus: \"2,0\", reservation: 110"),
	       "s.yaml:6: at 0s: domain c: asks for 110; CPUs \"0-2\" have 300, 200 taken by other "
	       "domains that may use no others (a 100, b 100): 100 free; 10 missing" LET_GO);
	/* A change that gives room comes before the one that needs it. */
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"0-1\", reservation: 200") DOMAIN(
		       "b", "vcpus: 2, cpus: \"1-2\", reservation: 100") "changes:\n"
									 "  - {at: 1ms, domain: a, "
									 "reservation: 100}\n"
									 "  - {at: 1ms, domain: b, "
									 "reservation: 200}\n",
	       "");
	/* More names than there is room for. */
	expect(HEAD DOMAIN("a-domain-with-a-name-that-is-as-long-as-a-name-may-possibly-be0",
			   "count: 31, cpus: \"0-1\", reservation: 6")
		       DOMAIN("b", "vcpus: 2, cpus: \"1-2\", reservation: 100")
			       DOMAIN("c", "cpus: \"2\", reservation: 20"),
	       "s.yaml:5: at 0s: domain c: asks for 20; CPUs \"0-2\" have 300, 286 taken by other "
	       "domains that may use no others "
	       "(a-domain-with-a-name-that-is-as-long-as-a-name-may-possibly-be0.0 6 and 31 more): "
	       "14 free; 6 missing" LET_GO);
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
	/* Fits nowhere else, though the host has as much as they reserve. */
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"0-1\", reservation: 100") DOMAIN(
		       "b", "vcpus: 2, cpus: \"1-2\", reservation: 150") "changes:\n"
									 "  - {at: 2ms, pcpu: 0, "
									 "online: no}\n",
	       "s.yaml:6: changes[0]: at 2ms: the host: CPUs \"0-2\" (1 of them offline) are to "
	       "have "
	       "200, 250 taken by domains that may use no others (a 100, b 150): 50 too much; "
	       "reserve less, or leave them more pCPUs");
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"0-1\", reservation: 100") DOMAIN(
		       "b", "vcpus: 2, cpus: \"1-2\", reservation: 100") "changes:\n"
									 "  - {at: 1ms, pcpu: 0, "
									 "online: no}\n"
									 "  - {at: 2ms, pcpu: 0, "
									 "online: yes}\n"
									 "  - {at: 3ms, domain: b, "
									 "reservation: 200}\n",
	       "");
	expect(HEAD DOMAIN("a", "vcpus: 2, cpus: \"0-1\", reservation: 100") DOMAIN(
		       "b", "vcpus: 2, cpus: \"1-2\", reservation: 100") "changes:\n"
									 "  - {at: 1ms, pcpu: 0, "
									 "online: no}\n"
									 "  - {at: 3ms, domain: b, "
									 "reservation: 101}\n",
	       "s.yaml:7: changes[1]: at 3ms: domain b: asks for 101; CPUs \"0-2\" (1 of them "
	       "offline) have 200, 100 taken by other domains that may use no others (a 100): 100 "
	       "free; 1 missing" LET_GO);
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

/* Every domain overlaps the next, and the last but one must push all others on. */
static void very_many_places(void **state)
{
	enum { N = 1500, WIDE = 40 };
	static unsigned many[N + WIDE];
	struct cx_changing run = { .n_pcpus = N + WIDE, .pcpus = many };
	struct cx_error err = { "" };
	struct cx_scenario *s;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned i;

	(void)state;
	assert_non_null(out);
	fputs(HEAD, out);
	for (i = 0; i < N + WIDE; i++)
		many[i] = i;
	for (i = 0; i < N; i++)
		fprintf(out,
			"  - {name: d%u, workload: {name: hog}, reservation: 100, cpus: "
			"\"%u-%u\"}\n",
			i, i, i + WIDE - 1);
	fprintf(out,
		"  - {name: e, vcpus: %u, workload: {name: hog}, reservation: %u, cpus: \"0-%u\"}\n"
		"  - {name: f, workload: {name: hog}, reservation: 1, cpus: \"7\"}\n",
		WIDE - 1, 100 * (WIDE - 1), N + WIDE - 2);
	fclose(out);
	run.scenario = s = cx_load_good(text);
	assert_int_equal(cx_check_admission(&run, CX_SEC, &err), -EINVAL);
	assert_string_equal(
		err.text,
		"s.yaml:1504: at 0s: domain f: asks for 1; CPUs \"0-1538\" have 153900, "
		"153900 taken by other domains that may use no others (d0 100, d1 100, d2 "
		"100, d3 100, d4 100, d5 100, d6 100, d7 100, d8 100, d9 100, d10 100, d11 "
		"100, d12 100, d13 100, d14 100 and 1486 more): 0 free; 1 missing" LET_GO);
	cx_scenario_free(s);
	free(text);
}

/* --- against all subsets ------------------------------------------------------------------ */

#define N_PCPUS 4u
#define N_DOMAINS_MAX 5u

/* What a random scenario comes to, step by step. */
struct small {
	uint64_t random;
	unsigned n, mask[N_DOMAINS_MAX], reserved[N_DOMAINS_MAX], online;
	int missing; /* at the first step that does not fit */
};

static unsigned below(struct small *s, unsigned n)
{
	s->random = s->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(s->random >> 33) % n;
}

/* Hall's condition, as it is written. */
static void check_subsets(struct small *s)
{
	unsigned subset, i;
	int most = 0;

	for (subset = 1; subset < 1u << s->n; subset++) {
		unsigned all = 0;
		int over = 0;

		for (i = 0; i < s->n; i++) {
			if (!(subset >> i & 1))
				continue;
			all |= s->mask[i];
			over += (int)s->reserved[i];
		}
		over -= 100 * __builtin_popcount(all & s->online);
		most = over > most ? over : most;
	}
	if (!s->missing)
		s->missing = most;
}

static void random_domains(struct small *s, FILE *out)
{
	unsigned i, k, now[N_DOMAINS_MAX];

	s->n = 1 + below(s, N_DOMAINS_MAX);
	fputs(HEAD, out);
	for (i = 0; i < s->n; i++) {
		s->mask[i] = 1 + below(s, (1u << N_PCPUS) - 1);
		now[i] = below(s, 4) ? 5 * below(s, 31) : 0;
		fprintf(out, "  - {name: d%u, vcpus: 4, workload: {name: hog}, reservation: %u", i,
			now[i]);
		/* No list at all: all that there are. */
		for (k = 0; k < N_PCPUS && s->mask[i] != (1u << N_PCPUS) - 1; k++)
			if (s->mask[i] >> k & 1)
				fprintf(out, s->mask[i] & ((1u << k) - 1) ? ",%u" : ", cpus: \"%u",
					cpus[k]);
		fputs(s->mask[i] != (1u << N_PCPUS) - 1 ? "\"}\n" : "}\n", out);
	}
	for (i = 0; i < s->n; i++) {
		s->reserved[i] = now[i];
		check_subsets(s);
	}
}

static void random_changes(struct small *s, FILE *out)
{
	unsigned n = below(s, 6), i, who;

	if (n)
		fputs("changes:\n", out);
	for (i = 0; i < n; i++) {
		fprintf(out, "  - {at: %ums, ", i + 1);
		who = below(s, N_PCPUS);
		if (below(s, 2) && s->online != 1u << who) {
			s->online ^= 1u << who;
			fprintf(out, "pcpu: %u, online: %s}\n", cpus[who],
				s->online >> who & 1 ? "yes" : "no");
		} else {
			who = below(s, s->n);
			s->reserved[who] = 5 * below(s, 41);
			fprintf(out, "domain: d%u, reservation: %u}\n", who, s->reserved[who]);
		}
		check_subsets(s);
	}
}

/* The number before @word in a message of ours; -1: it is not one about certain CPUs. */
static int number_before(const char *text, const char *word)
{
	const char *at = strstr(text, "may use no others") ? strstr(text, word) : NULL;

	if (!at)
		return -1;
	while (at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return atoi(at);
}

static void all_subsets(void **state)
{
	unsigned round, n_fit = 0, n_refused = 0, n_by_cut = 0;

	(void)state;
	for (round = 0; round < 1500; round++) {
		struct small small = { .random = round, .online = (1u << N_PCPUS) - 1 };
		struct cx_changing run = { .n_pcpus = N_PCPUS, .pcpus = cpus };
		struct cx_error err = { "" };
		struct cx_scenario *s;
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		int rc, number;

		assert_non_null(out);
		random_domains(&small, out);
		random_changes(&small, out);
		fclose(out);
		run.scenario = s = cx_load_good(text);
		if (cx_check_changes(&run, &err) == 0) {
			rc = cx_check_admission(&run, CX_SEC, &err);
			number = number_before(err.text, " missing");
			if (number < 0)
				number = number_before(err.text, " too much");
			if (rc != (small.missing ? -EINVAL : 0) ||
			    (number >= 0 && number != small.missing))
				fail_msg("round %u: for\n%s%d missing, got %d: %s", round, text,
					 small.missing, rc, err.text);
			n_fit += !rc;
			n_refused += rc != 0;
			n_by_cut += number >= 0;
		}
		cx_scenario_free(s);
		free(text);
	}
	/* That it asks what it is meant to ask. */
	assert_true(n_fit > 200 && n_refused > 200 && n_by_cut > 100);
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
		cmocka_unit_test(very_many),          cmocka_unit_test(overlapping_affinities),
		cmocka_unit_test(very_many_places),   cmocka_unit_test(all_subsets),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
