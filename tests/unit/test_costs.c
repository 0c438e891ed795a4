/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what things cost in the simulator, and its file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "core/sim/costs_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_NAME "c.yaml"
#define NAMES                                                                                      \
	"decide, switch, resume, slice_late, kick, idle_wake, timer_late, hypercall, tick, "       \
	"jitter, "                                                                                 \
	"move_smt, move_llc, move_node, move_remote, access_l1, access_l2, access_llc, "           \
	"access_node, access_remote, access_memory, work_rate, spin_rate"
#define DURATION_WORDS "a duration from 0s to 1s such as 11us"
#define PS_WORDS "a whole number of picoseconds from 1 to 100000000"
#define RATE_WORDS "a whole number, iterations a microsecond, from 1 to 1000000"
#define MAP_WORDS "a mapping of costs to values, such as \"switch: 11us\" in a line"

static void write_bytes(const char *bytes, size_t len)
{
	FILE *f = fopen(FILE_NAME, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int load_text(const char *text, struct cx_costs *costs, struct cx_error *err)
{
	write_bytes(text, strlen(text));
	return cx_costs_load(FILE_NAME, costs, err);
}

/* Unlike the defaults in all. */
static struct cx_costs odd_costs(void)
{
	struct cx_costs costs;

	for (unsigned i = 0; i < CX_COSTS; i++)
		costs.value[i] = cx_cost_table[i].min + 1 + i * 7;
	return costs;
}

/* --- the table ------------------------------------------------------------------------ */

static void test_the_table_is_whole(void **state)
{
	struct cx_costs costs;

	(void)state;
	cx_costs_default(&costs);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		const struct cx_cost *cost = &cx_cost_table[i];

		assert_non_null(cost->name);
		assert_non_null(cost->doc);
		assert_null(strchr(cost->doc, '\n'));
		assert_true(strlen(cost->doc) > 10);
		for (const char *p = cost->name; *p; p++)
			assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
				    *p == '_');
		assert_true(cost->min <= cost->def && cost->def <= cost->max);
		assert_int_equal(costs.value[i], cost->def);
		assert_int_equal(cx_cost_find(cost->name), i); /* each name once */
		/* A rate or a price of 0 would be divided by. */
		assert_true(cost->type == CX_COST_DURATION || cost->type == CX_COST_PERCENT ||
			    cost->min > 0);
	}
}

static void test_nothing_costs_anything(void **state)
{
	struct cx_costs costs = odd_costs();

	(void)state;
	cx_costs_none(&costs);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		uint64_t expected = cx_cost_table[i].def;

		if (cx_cost_table[i].type == CX_COST_DURATION ||
		    cx_cost_table[i].type == CX_COST_PERCENT)
			expected = 0;
		else if (cx_cost_table[i].type == CX_COST_PICOSECONDS)
			expected = cx_cost_table[CX_COST_ACCESS_L1].def;
		assert_int_equal(costs.value[i], expected);
	}
}

/* --- one at a time --------------------------------------------------------------------- */

static void test_set(void **state)
{
	static const struct {
		const char *name, *value;
		enum cx_cost_index index;
		uint64_t expected;
	} good[] = {
		{ "switch", "11us", CX_COST_SWITCH, 11000 },
		{ "switch", "0", CX_COST_SWITCH, 0 },
		{ "kick", "1.5ms", CX_COST_KICK, 1500000 },
		{ "tick", "1s", CX_COST_TICK, 1000000000 },
		{ "access_llc", "15000", CX_COST_ACCESS_LLC, 15000 },
		{ "access_l1", "1", CX_COST_ACCESS_L1, 1 },
		{ "work_rate", "1000000", CX_COST_WORK_RATE, 1000000 },
	};
	struct cx_costs costs;
	struct cx_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct cx_costs expected = costs = odd_costs();

		expected.value[good[i].index] = good[i].expected;
		assert_int_equal(cx_costs_set(&costs, good[i].name, good[i].value, &err), 0);
		assert_memory_equal(&costs, &expected, sizeof(costs));
	}
}

static void test_set_nonsense(void **state)
{
	static const struct {
		const char *name, *value, *message;
	} bad[] = {
		{ "swich", "11us",
		  "swich: found an unknown cost, allowed " NAMES " (did you mean \"switch\"?)" },
		{ "SWITCH", "11us", "SWITCH: found an unknown cost, allowed " NAMES },
		{ "", "11us", ": found an unknown cost, allowed " NAMES },
		{ "\n\t", "1", "??: found an unknown cost, allowed " NAMES },
		{ "switch", "", "switch: found \"\", allowed " DURATION_WORDS },
		{ "switch", "11", "switch: found \"11\", allowed " DURATION_WORDS },
		{ "switch", "-1us", "switch: found \"-1us\", allowed " DURATION_WORDS },
		{ "switch", "1e3us", "switch: found \"1e3us\", allowed " DURATION_WORDS },
		{ "switch", "nan", "switch: found \"nan\", allowed " DURATION_WORDS },
		{ "switch", "0.1ns", "switch: found \"0.1ns\", allowed " DURATION_WORDS },
		{ "switch", "1001ms", "switch: found \"1001ms\", allowed " DURATION_WORDS },
		{ "switch", "99999999999999999999s",
		  "switch: found \"99999999999999999999s\", allowed " DURATION_WORDS },
		{ "access_l1", "0", "access_l1: found \"0\", allowed " PS_WORDS },
		{ "access_l1", "1ns", "access_l1: found \"1ns\", allowed " PS_WORDS },
		{ "access_l1", "1.5", "access_l1: found \"1.5\", allowed " PS_WORDS },
		{ "access_l1", "100000001", "access_l1: found \"100000001\", allowed " PS_WORDS },
		{ "spin_rate", "0", "spin_rate: found \"0\", allowed " RATE_WORDS },
		{ "spin_rate", " 25", "spin_rate: found \" 25\", allowed " RATE_WORDS },
		{ "work_rate", "18446744073709551617",
		  "work_rate: found \"18446744073709551617\", allowed " RATE_WORDS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cx_costs costs = odd_costs(), before = costs;
		struct cx_error err = { "" };
		int rc = cx_costs_set(&costs, bad[i].name, bad[i].value, &err);

		if (rc != -EINVAL || strcmp(err.text, bad[i].message) != 0)
			fail_msg("for %s=%s expected %s\ngot %s (%d)", bad[i].name, bad[i].value,
				 bad[i].message, err.text, rc);
		assert_memory_equal(&costs, &before, sizeof(costs));
	}
}

/* What is written is what was there, to the nanosecond. */
static void test_format_is_exact(void **state)
{
	static const uint64_t values[] = { 0,      1,        999,       1000,      1001,
					   11347,  99999,    999999,    1000000,   1000001,
					   50000,  10000000, 123456789, 999999999, 1000000000,
					   100010, 3500,     1,         42,        100000000 };
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		for (unsigned k = 0; k < CX_COSTS; k++) {
			uint64_t value = UINT64_MAX;

			if (values[i] < cx_cost_table[k].min || values[i] > cx_cost_table[k].max)
				continue;
			cx_cost_format(k, values[i], text, sizeof(text));
			assert_int_equal(cx_cost_parse(k, text, &value), 0);
			assert_int_equal(value, values[i]);
		}
	assert_string_equal(cx_cost_format(CX_COST_SWITCH, 11347, text, sizeof(text)), "11.347us");
	assert_string_equal(cx_cost_format(CX_COST_SWITCH, 11000, text, sizeof(text)), "11us");
	assert_string_equal(cx_cost_format(CX_COST_SWITCH, 1000100, text, sizeof(text)),
			    "1.0001ms");
	assert_string_equal(cx_cost_format(CX_COST_ACCESS_L1, 1300, text, sizeof(text)), "1300");
}

/* --- the file --------------------------------------------------------------------------- */

static void test_write_and_load(void **state)
{
	struct cx_costs written, read;
	struct cx_error err = { "" };
	uint64_t x = 1;

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		FILE *f = fopen(FILE_NAME, "w");

		for (unsigned i = 0; i < CX_COSTS; i++) {
			const struct cx_cost *cost = &cx_cost_table[i];

			x = x * 6364136223846793005ull + 1442695040888963407ull;
			written.value[i] = cost->min + (x >> 16) % (cost->max - cost->min + 1);
			if (round == 0)
				written.value[i] = cost->min;
			else if (round == 1)
				written.value[i] = cost->max;
		}
		assert_non_null(f);
		cx_costs_write(f, &written, round % 2 ? "two\n\nlines: of it" : NULL);
		assert_int_equal(fclose(f), 0);
		cx_costs_default(&read);
		if (cx_costs_load(FILE_NAME, &read, &err) != 0)
			fail_msg("%s", err.text);
		assert_memory_equal(&read, &written, sizeof(read));
	}
}

static void test_what_a_file_leaves_out_stays(void **state)
{
	struct cx_costs costs = odd_costs(), expected = costs;
	struct cx_error err = { "" };

	(void)state;
	expected.value[CX_COST_KICK] = 5000;
	expected.value[CX_COST_WORK_RATE] = 3;
	assert_int_equal(load_text("# mine\nkick: 5us # fast\n\"work_rate\": '3'\n", &costs, &err),
			 0);
	assert_memory_equal(&costs, &expected, sizeof(costs));
	assert_int_equal(load_text("{}\n", &costs, &err), 0);
	assert_memory_equal(&costs, &expected, sizeof(costs));
}

static void test_none(void **state)
{
	struct cx_costs costs = odd_costs(), expected;
	struct cx_error err = { "" };

	(void)state;
	cx_costs_none(&expected);
	assert_int_equal(cx_costs_load("none", &costs, &err), 0);
	assert_memory_equal(&costs, &expected, sizeof(costs));
}

static void check_bad(const char *text, size_t len, const char *message)
{
	struct cx_costs costs = odd_costs(), before = costs;
	struct cx_error err = { "" };
	char expected[CX_ERROR_MAX];
	int rc;

	write_bytes(text, len);
	rc = cx_costs_load(FILE_NAME, &costs, &err);
	snprintf(expected, sizeof(expected), FILE_NAME ":%s", message);
	if (rc != -EINVAL || strncmp(err.text, expected, strlen(expected)) != 0)
		fail_msg("for\n%s\nexpected %s\ngot      %s (%d)", text, expected, err.text, rc);
	assert_memory_equal(&costs, &before, sizeof(costs)); /* not half of it */
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "1: YAML: found an empty file, allowed " MAP_WORDS },
		{ "# switch: 11us\n\n", "1: YAML: found an empty file, allowed " MAP_WORDS },
		{ "---\n", "2: YAML: found nothing, allowed " MAP_WORDS },
		{ "none\n", "1: YAML: found \"none\", allowed " MAP_WORDS },
		{ "switch 11us\n", "1: YAML: found \"switch 11us\", allowed " MAP_WORDS },
		{ "\n- switch: 11us\n", "2: YAML: found a list, allowed " MAP_WORDS },
		{ "kick: 1us\n\nswich: 11us\n",
		  "3: swich: found an unknown cost, allowed " NAMES " (did you mean \"switch\"?)" },
		{ "kick: 1us\nswitch: fast\n",
		  "2: switch: found \"fast\", allowed " DURATION_WORDS },
		{ "switch:\n", "1: switch: found nothing, allowed " DURATION_WORDS },
		{ "switch: ''\n", "1: switch: found \"\", allowed " DURATION_WORDS },
		{ "switch: ~\n", "1: switch: found \"~\", allowed " DURATION_WORDS },
		{ "switch: 11\n", "1: switch: found \"11\", allowed " DURATION_WORDS },
		{ "switch: 2s\n", "1: switch: found \"2s\", allowed " DURATION_WORDS },
		{ "switch: [11us]\n", "1: switch: found a list, allowed " DURATION_WORDS },
		{ "switch: {us: 11}\n", "1: switch: found a mapping, allowed " DURATION_WORDS },
		{ "access_l1: 1.3ns\n", "1: access_l1: found \"1.3ns\", allowed " PS_WORDS },
		{ "access_l1: 0\n", "1: access_l1: found \"0\", allowed " PS_WORDS },
		{ "work_rate: 0x10\n", "1: work_rate: found \"0x10\", allowed " RATE_WORDS },
		{ "kick: 1us\nswitch: 1us\nkick: 2us\n",
		  "3: kick: found it again (first in line 1), allowed one" },
		{ "? [a, b]\n: 1us\n", "1: ?: found a list, allowed a word as key" },
		{ "switch: &a 1us\nkick: *a\n",
		  "1: YAML: found the anchor \"a\", allowed values written out" },
		{ "switch: 1us\n---\nkick: 1us\n",
		  "2: YAML: found a second document, allowed one document a file" },
		{ "switch: 1us\n\tkick: 1us\n",
		  "2: YAML: found a tab, allowed spaces as indentation" },
		{ "switch: \"1us\n", "2: YAML: found an error (" },
		{ "switch: 1us }\n", "1: switch: found \"1us }\", allowed " DURATION_WORDS },
		{ "{switch: 1us\n", "2: YAML: found an error (" },
		{ "switch: \"1us\\0\"\n", "1: switch: found a NUL character, allowed text" },
		{ "switch: \xff\n", "1: YAML: found byte 0xff (" },
		{ "a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n",
		  "1: YAML: found deeper nesting, allowed 8 levels" },
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		check_bad(bad[i].text, strlen(bad[i].text), bad[i].message);
	check_bad("switch: 1us\n\0kick", 17, "2: YAML: found ");
	/* More keys than there are costs. */
	for (unsigned i = 0, n = 0; i < 70; i++)
		n += (unsigned)snprintf(text + n, sizeof(text) - n, "cost_%u: 1us\n", i);
	check_bad(text, strlen(text), "1: YAML: found too many keys");
}

static void test_files_that_are_none(void **state)
{
	struct cx_costs costs = odd_costs(), before = costs;
	struct cx_error err = { "" };
	char *large = malloc((1u << 20) + 2);

	(void)state;
	assert_int_equal(cx_costs_load("absent.yaml", &costs, &err), -ENOENT);
	assert_non_null(strstr(err.text, "absent.yaml: cannot open it: No such file"));
	assert_int_equal(cx_costs_load("", &costs, &err), -ENOENT);
	assert_int_equal(cx_costs_load(".", &costs, &err), -EISDIR);
	assert_string_equal(err.text, ".: is a directory; name a file of costs");
	assert_non_null(large);
	memset(large, '#', (1u << 20) + 1);
	write_bytes(large, (1u << 20) + 1);
	free(large);
	assert_int_equal(cx_costs_load(FILE_NAME, &costs, &err), -EFBIG);
	assert_string_equal(err.text, FILE_NAME ": is larger than 1MiB; name a file of costs");
	/* Nobody writes to it: it must not wait for ever. */
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(cx_costs_load("fifo", &costs, &err), -EINVAL);
	assert_memory_equal(&costs, &before, sizeof(costs));
}

/* Whatever the bytes, it loads or says where it does not. */
static void test_damaged_files(void **state)
{
	char text[2048];
	FILE *f = fmemopen(text, sizeof(text), "w");
	struct cx_costs costs;
	struct cx_error err;
	uint64_t x = 1;
	size_t len;

	(void)state;
	assert_non_null(f);
	cx_costs_default(&costs);
	for (unsigned i = 0; i < CX_COSTS; i++)
		cx_cost_write(f, i, costs.value[i]);
	fclose(f);
	len = strlen(text);
	for (unsigned round = 0; round < 2000; round++) {
		char damaged[sizeof(text)];
		int rc;

		memcpy(damaged, text, len);
		for (unsigned k = 0; k < 1 + round % 4; k++) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			damaged[(x >> 20) % len] = (char)(x >> 56);
		}
		write_bytes(damaged, round % 3 ? len : (x >> 33) % len);
		err.text[0] = '\0';
		rc = cx_costs_load(FILE_NAME, &costs, &err);
		assert_true(rc == 0 || rc == -EINVAL);
		if (rc)
			assert_int_equal(strncmp(err.text, FILE_NAME ":", strlen(FILE_NAME) + 1),
					 0);
		for (unsigned i = 0; i < CX_COSTS; i++)
			assert_in_range(costs.value[i], cx_cost_table[i].min, cx_cost_table[i].max);
	}
}

/* --- the documentation -------------------------------------------------------------------- */

struct place {
	char top[512], folder[64];
};

/* docs/costs.md has a row for each cost: | `NAME` | DEFAULT | what it is |. */
static void test_the_documentation_has_every_cost(void **state)
{
	const struct place *place = *state;
	char path[600], *text = calloc(1, 1 << 16), value[32], row[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/docs/costs.md", place->top);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		snprintf(row, sizeof(row), "\n| `%s` | %s | %s |\n", cx_cost_table[i].name,
			 cx_cost_format(i, cx_cost_table[i].def, value, sizeof(value)),
			 cx_cost_table[i].doc);
		if (!strstr(text, row))
			fail_msg("docs/costs.md: there is no row%s", row);
	}
	free(text);
}

static int go_to_a_folder(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place || !getcwd(place->top, sizeof(place->top)))
		return -1;
	strcpy(place->folder, "/tmp/coxswain-costs.XXXXXX");
	*state = place;
	return mkdtemp(place->folder) ? chdir(place->folder) : -1;
}

static int go_back(void **state)
{
	struct place *place = *state;
	int rc = 0;

	unlink(FILE_NAME);
	unlink("fifo");
	rc |= chdir(place->top);
	rc |= rmdir(place->folder);
	free(place);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_whole),
		cmocka_unit_test(test_nothing_costs_anything),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_nonsense),
		cmocka_unit_test(test_format_is_exact),
		cmocka_unit_test(test_write_and_load),
		cmocka_unit_test(test_what_a_file_leaves_out_stays),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_the_documentation_has_every_cost),
	};

	return cmocka_run_group_tests(tests, go_to_a_folder, go_back);
}
