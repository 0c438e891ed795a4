/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenario files: what changes during the run. */
#include "tests/support/scenario_files.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO                                                                                        \
	"duration: 9s\n"                                                                           \
	"domains:\n"                                                                               \
	"  - name: web\n    count: 2\n    vcpus: 2\n    reservation: 30\n" HOG                     \
	"  - name: db\n    limit: 50\n    stop: 8s\n" HOG /* lines 1 to 11 */
#define CHANGES TWO "changes:\n"
#define ONE_CHANGE(text) CHANGES "  - {" text "}\n" /* in line 13 */

/* --- what is right ----------------------------------------------------------------------- */

static void test_none(void **state)
{
	struct cx_scenario *s = cx_load_good(ONE);

	(void)state;
	assert_int_equal(s->n_changes, 0);
	cx_scenario_free(s);
	s = cx_load_good(TWO "changes: []\n");
	assert_int_equal(s->n_changes, 0);
	cx_scenario_free(s);
}

static const char all_of_it[] =
	"pcpus: \"0-3\"\n" CHANGES
	"  - {at: 5s, domain: web, weight: high, reservation: 100, limit: 150}\n"
	"  - at: 1s\n"
	"    param: {tslice: 5ms, \"odd name\": 'no'}\n"
	"  - {at: 2s, pcpu: 3, online: false}\n"
	"  - {at: 5s, pcpu: 3, online: yes}\n"
	"  - {at: 0s, domain: web.1, shares: 1000}\n"
	"  - {at: 8999999999ns, param: {ratelimit: 0s}, scheduler: credit}\n"
	"  - {at: 7s, domain: db, policy: {depth: 3}, scheduler: ./my.so, limit: 0}\n";

static void check_setting(const struct cx_setting *setting, const char *name, const char *value,
			  unsigned line)
{
	assert_string_equal(setting->name, name);
	assert_string_equal(setting->value, value);
	assert_int_equal(setting->line, line);
}

static void test_everything_arrives(void **state)
{
	struct cx_scenario *s = cx_load_good(all_of_it);
	static const unsigned order[] = { 4, 1, 2, 0, 3, 6, 5 };
	const struct cx_scenario_change *c = s->changes;
	unsigned i;

	(void)state;
	assert_int_equal(s->n_changes, COUNT(order));
	for (i = 0; i < COUNT(order); i++)
		assert_int_equal(c[i].entry, order[i]);

	assert_int_equal(c[0].kind, CX_CHANGE_DOMAIN);
	assert_int_equal(c[0].at_ns, 0);
	assert_int_equal(c[0].first_domain, 1);
	assert_int_equal(c[0].n_domains, 1);
	assert_true(c[0].weight_given);
	assert_int_equal(c[0].weight, 128);
	assert_false(c[0].limit_given || c[0].reservation_given);

	assert_int_equal(c[1].kind, CX_CHANGE_PARAM);
	assert_int_equal(c[1].at_ns, CX_SEC);
	assert_int_equal(c[1].n_settings, 2);
	assert_int_equal(c[1].line, 16);
	check_setting(&c[1].settings[0], "tslice", "5ms", 16);
	check_setting(&c[1].settings[1], "odd name", "no", 16);
	assert_null(c[1].scheduler);

	assert_int_equal(c[2].kind, CX_CHANGE_PCPU);
	assert_int_equal(c[2].cpu, 3);
	assert_false(c[2].online);
	assert_int_equal(c[2].line, 17);
	assert_true(c[4].online);
	cx_scenario_free(s);
}

static void test_the_rest_arrives(void **state)
{
	struct cx_scenario *s = cx_load_good(all_of_it);
	const struct cx_scenario_change *c = s->changes;

	(void)state;
	assert_int_equal(c[3].first_domain, 0);
	assert_int_equal(c[3].n_domains, 2);
	assert_int_equal(c[3].weight, 512);
	assert_int_equal(c[3].reservation, 100);
	assert_int_equal(c[3].limit, 150);
	assert_true(c[3].weight_given && c[3].limit_given && c[3].reservation_given);
	assert_int_equal(c[3].n_settings, 0);

	assert_int_equal(c[5].first_domain, 2);
	assert_false(c[5].weight_given);
	assert_true(c[5].limit_given);
	assert_int_equal(c[5].limit, 0);
	assert_string_equal(c[5].scheduler, "./my.so");
	check_setting(&c[5].settings[0], "depth", "3", 21);

	assert_string_equal(c[6].scheduler, "credit");
	assert_true(c[6].at_ns == 9 * CX_SEC - 1);
	cx_scenario_free(s);
}

/* What one may be depends on those before it in time, not in the file. */
static void test_in_the_order_of_time(void **state)
{
	static const char *const good[] = {
		CHANGES "  - {at: 2s, domain: web, limit: 20}\n"
			"  - {at: 1s, domain: web, reservation: 10}\n",
		CHANGES "  - {at: 1s, domain: db, limit: 0}\n"
			"  - {at: 2s, domain: db, reservation: 100}\n",
		CHANGES "  - {at: 1s, pcpu: 0, online: no}\n"
			"  - {at: 1s, pcpu: 0, online: on}\n"
			"  - {at: 1s, pcpu: 0, online: off}\n"
			"  - {at: 1s, pcpu: 65534, online: 0}\n",
		/* One replica alone. */
		CHANGES "  - {at: 1s, domain: web.0, reservation: 0}\n"
			"  - {at: 2s, domain: web.0, limit: 10}\n",
		CHANGES "  - {at: 7.9s, domain: db, weight: 1}\n",
		/* The same again is no error: it may come from a sweep. */
		CHANGES "  - {at: 1s, domain: db, limit: 50}\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		cx_scenario_free(cx_load_good(good[i]));
}

static void test_very_many(void **state)
{
	char *text = NULL, line[80];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct cx_scenario *s;
	unsigned i;

	(void)state;
	assert_non_null(out);
	fputs(CHANGES, out);
	for (i = 0; i < CX_SCENARIO_CHANGES_MAX; i++) {
		snprintf(line, sizeof(line), "  - {at: %ums, domain: web, weight: %u}\n",
			 (i * 7919) % 8000, 1 + i);
		fputs(line, out);
	}
	fclose(out);
	s = cx_load_good(text);
	assert_int_equal(s->n_changes, CX_SCENARIO_CHANGES_MAX);
	for (i = 1; i < s->n_changes; i++)
		assert_true(s->changes[i - 1].at_ns <= s->changes[i].at_ns);
	cx_scenario_free(s);
	free(text);
}

/* --- what is wrong, and what is said ------------------------------------------------------- */

struct bad {
	const char *text;
	const char *message; /* after "s.yaml:" */
};

#define CHANGE_KEYS                                                                                \
	"at, domain, pool, weight, shares, reservation, limit, policy, param, scheduler, pcpu, "   \
	"online"
#define AT_WORDS "a duration, under that of the scenario, such as 5s"
#define MOMENT_WORDS "a time from 0s, under the scenario's duration, 9s"
#define WHO_WORDS "the name of a domain, or of all its replicas"
#define ONE_OF "one of domain, pool, param and pcpu"
#define PAIRS_WORDS "a mapping of names to values such as {NAME: VALUE}"
#define CHANGE_WORDS "a mapping such as {at: 5s, domain: web, weight: 512}"

static void check_bad(const struct bad *table, size_t n)
{
	struct cx_scenario *scenario = NULL;
	char expected[CX_ERROR_MAX];
	struct cx_error err;
	size_t i;

	for (i = 0; i < n; i++) {
		int rc = cx_load_bytes(table[i].text, strlen(table[i].text), &scenario, &err);

		snprintf(expected, sizeof(expected), "%s:%s", FILE_NAME, table[i].message);
		if (rc != -EINVAL || strcmp(err.text, expected) != 0)
			fail_msg("for\n%sexpected %s\ngot      %s (%d)", table[i].text, expected,
				 err.text, rc);
		assert_null(scenario);
	}
}

static void test_shapes(void **state)
{
	static const struct bad table[] = {
		{ TWO "changes:\n",
		  "12: changes: found nothing, allowed a list of at most 4096 changes" },
		{ TWO "changes: {at: 1s}\n",
		  "12: changes: found a mapping, allowed a list of at most 4096 changes" },
		{ CHANGES "  - 5s\n", "13: changes[0]: found \"5s\", allowed " CHANGE_WORDS },
		{ ONE_CHANGE("domain: web, weight: 1"),
		  "13: changes[0].at: found nothing, allowed " AT_WORDS },
		{ ONE_CHANGE("at: 1s, domian: web"),
		  "13: changes[0].domian: found an unknown key, allowed " CHANGE_KEYS
		  " (did you mean \"domain\"?)" },
		{ ONE_CHANGE("at: 1s, domain: [web], weight: 1"),
		  "13: changes[0].domain: found a list, allowed " WHO_WORDS },
		{ ONE_CHANGE("at: 1s, param: tslice"),
		  "13: changes[0].param: found \"tslice\", allowed " PAIRS_WORDS },
		{ ONE_CHANGE("at: 1s, param: {}"),
		  "13: changes[0].param: found an empty mapping, allowed " PAIRS_WORDS },
		{ ONE_CHANGE("at: 1s, param: {tslice: }"),
		  "13: changes[0].param.tslice: found nothing, allowed a value such as 30ms" },
		{ ONE_CHANGE("at: 1s, domain: web, policy: {a: [1]}"),
		  "13: changes[0].policy.a: found a list, allowed a value such as 30ms" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_company(void **state)
{
	static const struct bad table[] = {
		{ ONE_CHANGE("at: 1s"), "13: changes[0]: found none of them, allowed " ONE_OF },
		{ ONE_CHANGE("at: 1s, weight: 3"),
		  "13: changes[0]: found none of them, allowed " ONE_OF },
		{ ONE_CHANGE("at: 1s, domain: web, weight: 1, pcpu: 1"),
		  "13: changes[0].pcpu: found it beside domain, allowed " ONE_OF },
		{ ONE_CHANGE("at: 1s, pcpu: 1, online: no, param: {a: b}"),
		  "13: changes[0].pcpu: found it beside param, allowed " ONE_OF },
		{ CHANGES "  - at: 1s\n    param: {a: b}\n    weight: 3\n",
		  "15: changes[0].weight: found it beside param, allowed it beside domain "
		  "or pool" },
		{ ONE_CHANGE("at: 1s, domain: web, weight: 3, online: yes"),
		  "13: changes[0].online: found it beside domain, allowed it beside pcpu" },
		{ ONE_CHANGE("at: 1s, pcpu: 1, online: no, limit: 3"),
		  "13: changes[0].limit: found it beside pcpu, allowed it beside domain or "
		  "pool" },
		{ ONE_CHANGE("at: 1s, pcpu: 1, online: no, scheduler: rr"),
		  "13: changes[0].scheduler: found it beside pcpu, allowed it beside param or "
		  "policy" },
		{ ONE_CHANGE("at: 1s, domain: web, weight: 1, scheduler: rr"),
		  "13: changes[0].scheduler: found it without policy, allowed it beside param or "
		  "policy" },
		{ ONE_CHANGE("at: 1s, domain: web"),
		  "13: changes[0]: found nothing that changes, allowed weight, shares, "
		  "reservation, limit or policy beside domain" },
		{ ONE_CHANGE("at: 1s, pcpu: 1"),
		  "13: changes[0].online: found nothing, allowed yes or no" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_values(void **state)
{
	static const struct bad table[] = {
		{ ONE_CHANGE("at: 9s, domain: web, weight: 1"),
		  "13: changes[0].at: found \"9s\", allowed " MOMENT_WORDS },
		{ ONE_CHANGE("at: -1s, domain: web, weight: 1"),
		  "13: changes[0].at: found \"-1s\", allowed " MOMENT_WORDS },
		{ ONE_CHANGE("at: 5, domain: web, weight: 1"),
		  "13: changes[0].at: found \"5\", allowed " MOMENT_WORDS },
		{ ONE_CHANGE("at: 1s, domain: wbe, weight: 1"),
		  "13: changes[0].domain: found \"wbe\", allowed " WHO_WORDS
		  " (did you mean \"web\"?)" },
		{ ONE_CHANGE("at: 1s, domain: web.2, weight: 1"),
		  "13: changes[0].domain: found \"web.2\", allowed " WHO_WORDS
		  " (did you mean \"web\"?)" },
		{ ONE_CHANGE("at: 1s, domain: web, weight: 0"),
		  "13: changes[0].weight: found \"0\", allowed a whole number from 1 to 65535, "
		  "low, normal or high" },
		{ ONE_CHANGE("at: 1s, domain: web, weight: 1, shares: 1"),
		  "13: changes[0].shares: found \"1\", allowed either weight or shares" },
		{ ONE_CHANGE("at: 1s, domain: web, shares: 512000"),
		  "13: changes[0].shares: found \"512000\", allowed a whole number from 1 to "
		  "511999" },
		{ ONE_CHANGE("at: 1s, domain: web, limit: 201"),
		  "13: changes[0].limit: found \"201\", allowed a whole number from 0 to 200, 100 "
		  "for each of its vCPUs" },
		{ ONE_CHANGE("at: 1s, domain: web, reservation: 50%"),
		  "13: changes[0].reservation: found \"50%\", allowed a whole number from 0 to "
		  "200, 100 for each of its vCPUs" },
		{ ONE_CHANGE("at: 1s, pcpu: 0-1, online: no"),
		  "13: changes[0].pcpu: found \"0-1\", allowed the number of one CPU" },
		{ ONE_CHANGE("at: 1s, pcpu: 65535, online: no"),
		  "13: changes[0].pcpu: found \"65535\", allowed the number of one CPU" },
		{ "pcpus: \"0-2\"\n" ONE_CHANGE("at: 1s, pcpu: 3, online: no"),
		  "14: changes[0].pcpu: found \"3\", allowed a CPU of pcpus, \"0-2\"" },
		{ ONE_CHANGE("at: 1s, pcpu: 1, online: maybe"),
		  "13: changes[0].online: found \"maybe\", allowed yes or no" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_one_after_the_other(void **state)
{
	static const struct bad table[] = {
		{ ONE_CHANGE("at: 1s, domain: web, limit: 29"),
		  "13: changes[0].limit: found \"29\", allowed 0 for none, or at least 30, the "
		  "reservation of web.0 then" },
		{ ONE_CHANGE("at: 1s, domain: db, reservation: 51"),
		  "13: changes[0].reservation: found \"51\", allowed a whole number from 0 to 50, "
		  "the limit of db then" },
		{ ONE_CHANGE("at: 1s, domain: web, limit: 40, reservation: 50"),
		  "13: changes[0].reservation: found \"50\", allowed a whole number from 0 to 40, "
		  "the limit of web.0 then" },
		/* The later one in time is wrong, wherever it stands. */
		{ CHANGES "  - {at: 2s, domain: web, limit: 20}\n"
			  "  - {at: 3s, domain: web.1, reservation: 10}\n"
			  "  - {at: 1s, domain: web.0, reservation: 10}\n",
		  "13: changes[0].limit: found \"20\", allowed 0 for none, or at least 30, the "
		  "reservation of web.1 then" },
		{ ONE_CHANGE("at: 8s, domain: db, weight: 1"),
		  "13: changes[0].at: found \"8s\", allowed a time before db stops, 8s" },
		{ ONE_CHANGE("at: 1s, pcpu: 1, online: yes"),
		  "13: changes[0].online: found \"yes\", which CPU 1 is already, allowed a "
		  "change" },
		{ CHANGES "  - {at: 2s, pcpu: 1, online: off}\n"
			  "  - {at: 1s, pcpu: 1, online: false}\n",
		  "13: changes[0].online: found \"off\", which CPU 1 is already, allowed a "
		  "change" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_the_rest_arrives),
		cmocka_unit_test(test_in_the_order_of_time),
		cmocka_unit_test(test_very_many),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_company),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
