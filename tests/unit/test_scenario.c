/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/scenario_files.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is right ----------------------------------------------------------------------- */

static void test_defaults(void **state)
{
	struct cx_scenario *s = cx_load_good(ONE);
	const struct cx_scenario_domain *d = s->domains;

	(void)state;
	assert_string_equal(s->path, FILE_NAME);
	assert_string_equal(s->text, ONE);
	assert_string_equal(s->name, "s");
	assert_null(s->question);
	assert_int_equal(s->duration_ns, 10 * CX_SEC);
	assert_int_equal(s->seed, 1);
	assert_null(s->pcpus);
	assert_null(s->topology);
	assert_int_equal(s->topology_line, 0);
	assert_null(s->scheduler);
	assert_int_equal(s->n_params, 0);
	assert_int_equal(s->n_domains, 1);
	assert_string_equal(d->name, "a");
	assert_int_equal(d->line, 2);
	assert_int_equal(d->vcpus, 1);
	assert_int_equal(d->memory, 16 << 20);
	assert_int_equal(d->weight, 256);
	assert_false(d->weight_given);
	assert_int_equal(d->reservation, 0);
	assert_int_equal(d->limit, 0);
	assert_null(d->cpus);
	assert_null(d->cpus_soft);
	assert_int_equal(d->start_ns, 0);
	assert_true(d->stop_ns == UINT64_MAX);
	assert_string_equal(d->workload, "hog");
	assert_string_equal(d->workload_path, "p1/hog.elf");
	assert_string_equal(d->workload_text, "hog");
	assert_int_equal(d->n_peers, 0);
	assert_int_equal(d->n_settings, 0);
	cx_scenario_free(s);
}

static void check_cpus(const struct cx_cpuset *set, const char *list)
{
	char *text;

	assert_non_null(set);
	text = cx_cpuset_format(set);
	assert_string_equal(text, list);
	free(text);
}

static void check_setting(const struct cx_setting *setting, const char *name, const char *value,
			  unsigned line)
{
	assert_string_equal(setting->name, name);
	assert_string_equal(setting->value, value);
	assert_int_equal(setting->line, line);
}

static void test_everything_arrives(void **state)
{
	struct cx_scenario *s = cx_load_good(cx_whole_scenario);

	(void)state;
	assert_string_equal(s->text, cx_whole_scenario);
	assert_string_equal(s->name, "all.of-it_1");
	assert_string_equal(s->question, "does all of it arrive?");
	assert_int_equal(s->duration_ns, 90 * CX_SEC);
	assert_true(s->seed == UINT64_MAX);
	check_cpus(s->pcpus, "0-1,3");
	assert_string_equal(s->topology, "pack:1 core:4 pu:2");
	assert_int_equal(s->topology_line, 8);
	assert_string_equal(s->scheduler, "credit");
	assert_int_equal(s->n_params, 2);
	check_setting(&s->params[0], "tslice", "30ms", 12);
	check_setting(&s->params[1], "odd name", "yes", 13);
	assert_int_equal(s->n_domains, 5);
	cx_scenario_free(s);
}

static void test_replicas_are_alike(void **state)
{
	static const char *const names[] = { "web.0", "web.1" };
	struct cx_scenario *s = cx_load_good(cx_whole_scenario);
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct cx_scenario_domain *d = &s->domains[i];

		assert_string_equal(d->name, names[i]);
		assert_int_equal(d->line, 15);
		assert_int_equal(d->vcpus, 2);
		assert_int_equal(d->memory, 4 << 20);
		assert_int_equal(d->weight, 65535);
		assert_true(d->weight_given);
		assert_int_equal(d->reservation, 150);
		assert_int_equal(d->limit, 200);
		check_cpus(d->cpus, "0-1");
		check_cpus(d->cpus_soft, "0");
		assert_int_equal(d->start_ns, 100000);
		assert_int_equal(d->stop_ns, 200000);
		assert_string_equal(d->workload, "lock");
		assert_string_equal(d->workload_path, "p1/lock.elf");
		assert_string_equal(d->workload_text, "lock fair=off rounds=-5 critical=3us");
		assert_int_equal(d->params[0], 3000);
		assert_true(d->params[1] == -5);
		assert_int_equal(d->params[2], 65536);
		assert_int_equal(d->params[3], 0);
		assert_int_equal(d->params[4], 3);
		assert_int_equal(d->n_settings, 2);
		check_setting(&d->settings[0], "boost", "no", 27);
		check_setting(&d->settings[1], "depth", "3", 27);
	}
	cx_scenario_free(s);
}

static void test_peers_become_indices(void **state)
{
	struct cx_scenario *s = cx_load_good(cx_whole_scenario);
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(s->domains[i].n_peers, 2);
		assert_int_equal(s->domains[i].peers[0], 2 + i); /* db.i */
		assert_int_equal(s->domains[i].peers[1], 4);
		assert_int_equal(s->domains[2 + i].n_peers, 1);
		assert_int_equal(s->domains[2 + i].peers[0], i); /* web.i */
	}
	assert_int_equal(s->domains[4].n_peers, 2);
	assert_int_equal(s->domains[4].peers[0], 1);
	assert_int_equal(s->domains[4].peers[1], 2);
	assert_string_equal(s->domains[4].name, "web.0x");
	assert_string_equal(s->domains[4].workload, "p2/hog.elf");
	assert_string_equal(s->domains[4].workload_path, "p2/hog.elf");
	assert_string_equal(s->domains[4].workload_text, "hog");
	assert_string_equal(s->domains[3].workload_path, "p2/sleeper.elf");
	cx_scenario_free(s);
}

static void test_spellings_of_weight(void **state)
{
	static const struct {
		const char *text;
		unsigned weight;
	} table[] = {
		{ WITH("weight: low"), 128 },
		{ WITH("weight: normal"), 256 },
		{ WITH("weight: high"), 512 },
		{ WITH("weight: 1"), 1 },
		{ WITH("shares: 1000"), 256 },
		{ WITH("shares: 2000\n    vcpus: 2"), 256 },
		{ WITH("shares: 1000\n    vcpus: 2"), 128 },
		{ WITH("shares: 1"), 1 },
		/* The nearest weight: 25.6, and 51.2. */
		{ WITH("shares: 100"), 26 },
		{ WITH("shares: 200"), 51 },
		{ WITH("shares: 255999"), 65535 },
		{ WITH("shares: 511999\n    vcpus: 2"), 65535 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_scenario *s = cx_load_good(table[i].text);

		assert_int_equal(s->domains[0].weight, table[i].weight);
		assert_true(s->domains[0].weight_given);
		cx_scenario_free(s);
	}
}

static void test_questions(void **state)
{
	static const struct {
		const char *text;
		const char *question;
	} table[] = {
		{ "# Question: who?\n" ONE, "who?" },
		{ "\n#question:   who?  \r\n" ONE, "who?" },
		{ "# Plain words\n# more\n" ONE, "Plain words" },
		{ "# Plain words\n# Question: who?\n" ONE, "who?" },
		{ "# SPDX-License-Identifier: X\n#\n## who?\n" ONE, "who?" },
		{ "#\n# \n" ONE, NULL },
		{ "# Question:\n" ONE, "Question:" },
		{ ONE "# Question: too late\n", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_scenario *s = cx_load_good(table[i].text);

		if (table[i].question)
			assert_string_equal(s->question, table[i].question);
		else
			assert_null(s->question);
		cx_scenario_free(s);
	}
}

static void test_what_else_is_allowed(void **state)
{
	static const char *const texts[] = {
		"\357\273\277" ONE, /* byte order mark */
		"name: a\r\ndomains:\r\n  - name: a\r\n    workload: {name: hog}\r\n",
		"{name: a, domains: [{name: a, workload: {name: hog}}]}",
		"---\n" ONE "...\n",
		WITH("limit: 0\n    reservation: 100"),
		WITH("peers: []\n    policy: {}"),
		WITH("stop: 1000s"),
		"scheduler: {name: ./my.so, params: {}}\n" ONE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		cx_scenario_free(cx_load_good(texts[i]));
	cx_scenario_free(NULL);
}

static void test_many_replicas(void **state)
{
	struct cx_scenario *s =
		cx_load_good("domains:\n  - name: a\n    count: 2048\n    peers: [b]\n" HOG
			     "  - name: b\n    count: 2048\n    peers: [a]\n" HOG);
	unsigned i;

	(void)state;
	assert_int_equal(s->n_domains, CX_SCENARIO_DOMAINS_MAX);
	assert_string_equal(s->domains[4095].name, "b.2047");
	for (i = 0; i < 2048; i++) {
		assert_int_equal(s->domains[i].peers[0], 2048 + i);
		assert_int_equal(s->domains[2048 + i].peers[0], i);
	}
	cx_scenario_free(s);
}

static void test_suggestions(void **state)
{
	static const char *const names[] = { "weight", "limit", "cpus", "cpus_soft", "ab" };
	char *list;

	(void)state;
	assert_string_equal(cx_suggest("wieght", names, COUNT(names)), "weight");
	assert_string_equal(cx_suggest("cpu", names, COUNT(names)), "cpus");
	assert_string_equal(cx_suggest("cpu_soft", names, COUNT(names)), "cpus_soft");
	assert_null(cx_suggest("reservation", names, COUNT(names)));
	assert_null(cx_suggest("xy", names, COUNT(names)));
	assert_null(cx_suggest("", names, COUNT(names)));
	assert_null(cx_suggest("weight", names, 0));
	list = cx_suggest_list("limti", names, 2);
	assert_string_equal(list, "weight, limit (did you mean \"limit\"?)");
	free(list);
	list = cx_suggest_list("x", names, 0);
	assert_string_equal(list, "none");
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_replicas_are_alike),
		cmocka_unit_test(test_peers_become_indices),
		cmocka_unit_test(test_spellings_of_weight),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_what_else_is_allowed),
		cmocka_unit_test(test_many_replicas),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
