/* SPDX-License-Identifier: BSD-2-Clause */
/* Synthetic descriptions: as hwloc reads them, and what is wrong with them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/internal.h"
#include "topology/synthetic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROUNDS 3000
#define TEXT_BYTES 2000

/* --- as hwloc reads them ---------------------------------------------------------------- */

static struct cx_topology *as_hwloc(const char *description)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	hwloc_topology_t hw;

	assert_int_equal(hwloc_topology_init(&hw), 0);
	if (hwloc_topology_set_synthetic(hw, description) < 0)
		fail_msg("hwloc refuses %s", description);
	assert_int_equal(hwloc_topology_load(hw), 0);
	if (cx_topology_from_hwloc(hw, false, NULL, &topo, &err) != 0)
		fail_msg("%s: %s", description, err.text);
	return topo;
}

static void check_set(const char *description, const struct cx_cpuset *a, const struct cx_cpuset *b)
{
	if (!hwloc_bitmap_isequal(a->bits, b->bits))
		fail_msg("%s: %s, hwloc %s", description, cx_cpuset_format(a), cx_cpuset_format(b));
}

#define SAME(field)                                                                                \
	if (a->field != b->field)                                                                  \
	fail_msg("%s: CPU %u: " #field " %lld, hwloc %lld", description, i, (long long)a->field,   \
		 (long long)b->field)

static void check_cpus(const char *description, const struct cx_topology *ours,
		       const struct cx_topology *hwlocs)
{
	unsigned i;

	assert_int_equal(ours->n_cpus, hwlocs->n_cpus);
	for (i = 0; i < ours->n_cpus; i++) {
		const struct cx_topology_cpu *a = &ours->cpus[i], *b = &hwlocs->cpus[i];

		SAME(present);
		SAME(core);
		SAME(llc);
		SAME(package);
		SAME(node);
		SAME(package_number);
		SAME(llc_level);
		SAME(llc_size);
		SAME(l2_size);
	}
}

static void check_nodes(const char *description, const struct cx_topology *ours,
			const struct cx_topology *hwlocs)
{
	unsigned i;

	if (ours->n_nodes != hwlocs->n_nodes)
		fail_msg("%s: %u nodes, hwloc %u", description, ours->n_nodes, hwlocs->n_nodes);
	for (i = 0; i < ours->n_nodes; i++) {
		const struct cx_topology_node *a = &ours->nodes[i], *b = &hwlocs->nodes[i];

		SAME(present);
		SAME(memory);
		check_set(description, a->cpus, b->cpus);
	}
}

static void check_same(const char *description)
{
	struct cx_topology *ours = NULL, *hwlocs = as_hwloc(description);
	struct cx_error err = { "" };

	if (cx_topology_synthetic(description, &ours, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(cx_topology_check(ours, &err), 0);
	check_set(description, ours->allowed, hwlocs->allowed);
	check_cpus(description, ours, hwlocs);
	check_nodes(description, ours, hwlocs);
	cx_topology_free(ours);
	cx_topology_free(hwlocs);
}

static void test_as_hwloc_reads_them(void **state)
{
	static const char *const table[] = {
		"pu:1",
		"pack:2 l3:1 core:4 pu:2",
		"Package:2 L3Cache:1(size=32MiB) L2Cache:4(size=512KiB) L1dCache:1(size=32768) "
		"L1iCache:1 Core:1 PU:2",
		"node:2 pack:1 l3:2 core:2 pu:2",
		"pack:8 [numa] l3:1 core:64 pu:2",
		"pack:2 [numa(memory=16GB)] [numa(memory=1TB)] core:2 pu:1",
		"[numa(memory=2GiB)] pack:2 die:2 [NUMANode] core:2 pu:1",
		"(memory=1GB) [numa] pack:2 pu:2",
		"pack:2 [numa(memory=1GB indexes=1,0)] core:2 pu:2",
		"numa:2(memory=3MB indexes=4,2) pu:2",
		"pack:2(indexes=7,3) core:2 pu:2",
		"group:2 group:2 pack:1 group:2 pu:2",
		"socket:2 numanode:2 co:2 pu:2",
		"core:4 l2:1 l1:1 pu:2",
		"l3:2 pack:2 numa:2 core:2 pu:1",
		"pu:8(indexes=0,2,4,6,1,3,5,7)",
		"pack:2 core:4 pu:2(indexes=2*8:1*2)",
		"pack:2 core:4 pu:2(indexes=8*2:2*4:1*2)",
		"pack:2 core:4 pu:2(indexes=core:pack)",
		"pack:2 core:4 pu:2(indexes=pack:core)",
		"pack:2 numa:2 core:4 pu:2(indexes=core:numa:pack)",
		"pack:2 numa:2 core:4(indexes=numa) pu:2(indexes=2*16)",
		"4",
		"2 4",
		"2 2 2",
		"2 2 2 2",
		"2 2 2 2 2",
		"2 2 2 2 1 2",
		"2 2 2 2 1 1 2",
		"2 2 2 2 1 1 1 2",
		"2 2 1 2 2 1 1 1 2",
		"2 [numa] 2 2",
		"pack:2 core:2 2",
		"pack:2 [numa]\n core:2 pu:2\n",
		"l5:1 l4:2 l3:2 pu:2",
		"l2:2(size=1234567) l1:2(size=10kB) pu:2",
		"l1i:2 core:2 pu:1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		check_same(table[i]);
}

/* Random ones.  A small generator of our own: the same descriptions on every host. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static unsigned below(uint64_t *seed, unsigned n)
{
	return (unsigned)(next_random(seed) % n);
}

struct words {
	char text[TEXT_BYTES];
	size_t len;
};

static void say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->text + w->len, sizeof(w->text) - w->len, fmt, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(w->text) - w->len - 1);
	w->len += (size_t)n;
}

/** " (memory=N indexes=...)", the numbers of @n objects shuffled and spread. */
static void say_attributes(struct words *w, uint64_t *seed, const char *size, unsigned n,
			   bool ordered)
{
	unsigned numbers[256], i, spread = 1 + below(seed, 3);

	if (!below(seed, 2))
		return;
	say(w, "(%s=%u%s", size, 1 + below(seed, 1000),
	    (const char *const[]){ "", "KiB", "kB", "MiB", "GB" }[below(seed, 5)]);
	if (ordered && n <= COUNT(numbers) && below(seed, 2)) {
		for (i = 0; i < n; i++) {
			unsigned other = below(seed, i + 1);

			numbers[i] = numbers[other];
			numbers[other] = i;
		}
		say(w, " indexes=");
		for (i = 0; i < n; i++)
			say(w, "%s%u", i ? "," : "", numbers[i] * spread);
	}
	say(w, ")");
}

static void describe_at_random(struct words *w, uint64_t *seed)
{
	static const char *const types[] = { "group", "pack", "numa", "die",  "l4", "l3",
					     "l2",    "l1",   "l1i",  "core", "pu" };
	bool node = false, brackets = false, unnamed = !below(seed, 8);
	unsigned width = 1, nodes = 0, n, i;

	*w = (struct words){ .len = 0 };
	for (i = 0; i < COUNT(types); i++) {
		bool pu = i + 1 == COUNT(types), is_node = i == 2;

		if (!pu && below(seed, 2))
			continue;
		if (is_node && brackets)
			continue;
		n = 1 + below(seed, 3);
		if (width * n > 200)
			n = 1;
		width *= n;
		node |= is_node && !unnamed;
		say(w, "%s%s%s%u", w->len ? " " : "", unnamed ? "" : types[i], unnamed ? "" : ":",
		    n);
		if (!unnamed)
			say_attributes(w, seed, i >= 4 && i <= 8 ? "size" : "memory", width,
				       pu || is_node || i == 1);
		if (node || width > 60 || below(seed, 4))
			continue;
		for (n = 1 + below(seed, 2); n > 0; n--) {
			say(w, " [numa");
			nodes += width;
			brackets = true;
			say_attributes(w, seed, "memory", 0, false);
			say(w, "]");
		}
	}
}

static void test_random_ones_as_hwloc_reads_them(void **state)
{
	uint64_t seed = 20261125;
	struct words w;
	unsigned i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		describe_at_random(&w, &seed);
		check_same(w.text);
	}
}

/* --- what is wrong with them --------------------------------------------------------------- */

#define TYPES                                                                                      \
	"pack, numa, die, group, l1 to l5, l1i to l3i, core or pu, a colon and a count, such as "  \
	"\"pack:1 l3:1 core:4 pu:2\""
#define PU_LAST "pu:N as the last level, such as \"pack:1 l3:1 core:4 pu:2\""
#define COUNTS "a count from 1 to 65534"
#define MANY "a count that makes at most 65534 in all (an event names its pCPU in 16 bits)"

static void test_bad_descriptions(void **state)
{
	static const struct {
		const char *text;
		int rc;
		unsigned at;
		const char *found, *allowed;
	} table[] = {
		{ "", -EINVAL, 1, "its end", PU_LAST },
		{ "  \n", -EINVAL, 4, "its end", PU_LAST },
		{ "many cores", -EINVAL, 1, "\"many\"", TYPES },
		{ "wheel:4 pu:1", -EINVAL, 1, "\"wheel\"", TYPES },
		{ "machine:1 pu:1", -EINVAL, 1, "\"machine\"", TYPES },
		{ "pack:2 osdev:1 pu:1", -EINVAL, 8, "\"osdev\"", TYPES },
		{ "l6:2 pu:1", -EINVAL, 1, "\"l6\"", TYPES },
		{ "l4i:2 pu:1", -EINVAL, 1, "\"l4i\"", TYPES },
		{ ":2 pu:1", -EINVAL, 1, "\":\"", TYPES },
		{ "pack:2,core:2", -EINVAL, 7, "\",\"", "\" \", \"[\" or the end" },
		{ "pack", -EINVAL, 5, "its end",
		  "a colon and a count, such as \"pack:1 l3:1 core:4 pu:2\"" },
		{ "pack 2", -EINVAL, 5, "\" \"",
		  "a colon and a count, such as \"pack:1 l3:1 core:4 pu:2\"" },
		{ "pack:", -EINVAL, 6, "its end", COUNTS },
		{ "pack:0 pu:1", -EINVAL, 6, "\"0\"", COUNTS },
		{ "pu:0", -EINVAL, 4, "\"0\"", COUNTS },
		{ "0", -EINVAL, 1, "\"0\"", COUNTS },
		{ "pu:-4", -EINVAL, 4, "\"-4\"", COUNTS },
		{ "pu:+4", -EINVAL, 4, "\"+4\"", COUNTS },
		{ "pu:4x", -EINVAL, 5, "\"x\"", "\" \", \"[\" or the end" },
		{ "pu:0x10", -EINVAL, 4, "\"0x10\"", COUNTS },
		{ "pu:10000000", -ERANGE, 4, "\"10000000\"", MANY },
		{ "10000000", -ERANGE, 1, "\"10000000\"", MANY },
		{ "pu:65535", -ERANGE, 4, "\"65535\"", MANY },
		{ "pu:18446744073709551617", -ERANGE, 4, "\"18446744073709551617\"", MANY },
		{ "pack:4 core:40000 pu:2", -ERANGE, 13, "\"40000\"", MANY },
		{ "numa:1025 pu:1", -ERANGE, 6, "\"1025\"",
		  "a count that makes at most 1024 in all NUMA nodes" },
		{ "2 1025 2 2", -ERANGE, 3, "\"1025\"", "at most 1024 NUMA nodes in all" },
		{ "pack:2000 [numa] pu:1", -ERANGE, 12, "\"numa\"",
		  "at most 1024 NUMA nodes in all" },
		{ "core:4", -EINVAL, 7, "its end", PU_LAST },
		{ "pu:2 core:4", -EINVAL, 6, "\"core\"",
		  "nothing after pu, which is the last level" },
		{ "pu:2 4", -EINVAL, 6, "\"4\"", "nothing after pu, which is the last level" },
		{ "pack:2 pack:2 pu:1", -EINVAL, 8, "\"pack\"", "each kind of level once" },
		{ "l2:2 l2:2 pu:1", -EINVAL, 6, "\"l2\"", "each kind of level once" },
		{ "l2:2 l3:2 pu:1", -EINVAL, 6, "\"l3\"",
		  "the caches from the last level to the first" },
		{ "pack:2 2 pu:1", -EINVAL, 8, "\"2\"",
		  "types for all levels or for none: pack, numa, die, group, l1 to l5, l1i to l3i, "
		  "core or pu" },
		{ "numa:2 [numa] pu:1", -EINVAL, 9, "\"numa\"",
		  "numa either as a level or in brackets" },
		{ "[numa] numa:2 pu:1", -EINVAL, 8, "\"numa\"",
		  "numa either as a level or in brackets" },
		{ "[core] pu:1", -EINVAL, 2, "\"core\"",
		  "numa in the brackets, such as \"[numa]\"" },
		{ "[] pu:1", -EINVAL, 2, "\"]\"", "numa in the brackets, such as \"[numa]\"" },
		{ "[numa pu:1", -EINVAL, 6, "\" \"", "\"]\"" },
		{ "[numa", -EINVAL, 6, "its end", "\"]\"" },
		{ "pack:2(", -EINVAL, 8, "its end", "memory=SIZE, indexes=..., \" \" or \")\"" },
		{ "pack:2(size=1) pu:1", -EINVAL, 8, "\"size\"",
		  "memory=SIZE, indexes=..., \" \" or \")\"" },
		{ "l3:2(memory=1) pu:1", -EINVAL, 6, "\"memory\"",
		  "size=SIZE, indexes=..., \" \" or \")\"" },
		{ "l3:2(size=) pu:1", -EINVAL, 11, "\")\"",
		  "a size in bytes, or in kB, KiB, MB, MiB, ..." },
		{ "l3:2(size=-1) pu:1", -EINVAL, 11, "\"-1\"",
		  "a size in bytes, or in kB, KiB, MB, MiB, ..." },
		{ "l3:2(size=1XB) pu:1", -EINVAL, 12, "\"XB\"", "\" \" or \")\"" },
		{ "l3:2(size=99999999999999999999) pu:1", -ERANGE, 11, "\"99999999999999999999\"",
		  "a size up to 1024TiB" },
		{ "l3:2(size=18446744073709551615TiB) pu:1", -ERANGE, 11,
		  "\"18446744073709551615TiB\"", "a size up to 1024TiB" },
		{ "pu:4(indexes=) ", -EINVAL, 14, "\")\"", "a number from 0 to 65533" },
		{ "pu:4(indexes=0,1,2)", -EINVAL, 19, "\")\"", "a comma: 4 numbers" },
		{ "pu:2(indexes=0,1,2)", -EINVAL, 17, "\",\"", "2 numbers, one for each object" },
		{ "pu:2(indexes=0,,2)", -EINVAL, 16, "\",\"", "a number from 0 to 65533" },
		{ "pu:2(indexes=0,65534)", -ERANGE, 16, "\"65534\"", "a number from 0 to 65533" },
		{ "pu:2(indexes=0,4294967296)", -ERANGE, 16, "\"4294967296\"",
		  "a number from 0 to 65533" },
		{ "pu:2(indexes=7,7)", -EINVAL, 14, "\"7\"",
		  "each number once; this makes 7 twice" },
		{ "numa:2(indexes=0,1024) pu:2", -ERANGE, 18, "\"1024\"",
		  "a number from 0 to 1023" },
		{ "[numa(indexes=0,1)] pu:2", -EINVAL, 16, "\",\"",
		  "1 numbers, one for each object" },
		{ "core:4 pu:2(indexes=3*2:1*2)", -EINVAL, 21, "\"3*2\"",
		  "loops over all 8 objects" },
		{ "core:4 pu:2(indexes=3*4:1*2)", -EINVAL, 21, "\"3*4\"",
		  "each number once; this makes 0 twice" },
		{ "core:4 pu:2(indexes=2*8:2*8)", -EINVAL, 21, "\"2*8\"",
		  "loops over all 8 objects" },
		{ "core:4 pu:2(indexes=0*8)", -ERANGE, 21, "\"0*8\"", "a number from 1 to 8" },
		{ "core:4 pu:2(indexes=2*)", -EINVAL, 23, "\")\"", "a number from 1 to 8" },
		{ "core:4 pu:2(indexes=2:4)", -EINVAL, 22, "\":\"", "\"*\" and a count" },
		{ "core:4 pu:2(indexes=2*4:)", -EINVAL, 25, "\")\"", "a number from 1 to 8" },
		{ "core:4 pu:2(indexes=2*4;1*2)", -EINVAL, 24, "\";1*2\"",
		  "\":\" and another loop, or the end" },
		{ "core:4 pu:2(indexes=pack)", -EINVAL, 21, "\"pack\"",
		  "the type of this level or of one above" },
		{ "core:4 pu:2(indexes=core:core)", -EINVAL, 21, "\"core\"", "each type once" },
		{ "pack:2(indexes=pu) core:4 pu:2", -EINVAL, 16, "\"pu\"",
		  "the type of this level or of one above" },
		{ "core:4(indexes=9,9,9,9) pu:2", -EINVAL, 16, "\"9\"",
		  "each number once; this makes 9 twice" },
		{ "pack:2 \x01\x7f", -EINVAL, 8, "\"??\"", TYPES },
	};
	struct cx_topology *topo = NULL;
	char message[CX_ERROR_MAX];
	struct cx_error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		char text[80], *p;

		strcpy(text, table[i].text);
		for (p = text; *p; p++)
			if (*p < ' ' || *p == 0x7f)
				*p = '?';
		snprintf(message, sizeof(message),
			 "topology \"%s\": character %u: found %s, allowed %s", text, table[i].at,
			 table[i].found, table[i].allowed);
		err.text[0] = '\0';
		assert_int_equal(cx_topology_synthetic(table[i].text, &topo, &err), table[i].rc);
		assert_string_equal(err.text, message);
		assert_int_equal(cx_topology_synthetic(table[i].text, &topo, NULL), table[i].rc);
		assert_null(topo);
	}
}

/** @text so often, then @end. */
static char *repeated(const char *text, size_t n, const char *end)
{
	char *all = malloc(strlen(text) * n + strlen(end) + 1), *p = all;

	assert_non_null(all);
	while (n-- > 0)
		p = stpcpy(p, text);
	strcpy(p, end);
	return all;
}

static void test_absurd_descriptions(void **state)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	char *text, *loops;

	(void)state;
	text = repeated("group:1 ", 30, "pu:2");
	assert_int_equal(cx_topology_synthetic(text, &topo, &err), 0);
	cx_topology_free(topo);
	free(text);
	topo = NULL;
	text = repeated("group:1 ", 31, "pu:2");
	assert_int_equal(cx_topology_synthetic(text, &topo, &err), -EINVAL);
	assert_string_equal(err.text,
			    "topology \"group:1 group:1 group:1 group:1 group:1 group:1 group:1 "
			    "grou...\": character 249: found \"pu\", allowed up to 31 levels");
	free(text);
	text = repeated("[numa]", 9, "pu:2");
	assert_int_equal(cx_topology_synthetic(text, &topo, &err), -EINVAL);
	assert_non_null(strstr(err.text, "character 50: found \"numa\", allowed up to 8 of them"));
	free(text);
	text = repeated("pu:1 ", 100000, "");
	assert_int_equal(cx_topology_synthetic(text, &topo, &err), -EINVAL);
	assert_string_equal(err.text,
			    "topology: a description is longer than 65536 bytes, the most "
			    "allowed; put it into a file with `lstopo --of xml`");
	free(text);
	loops = repeated("1*1:", 16, "1*1)");
	assert_true(asprintf(&text, "pu:1(indexes=%s", loops) > 0);
	assert_int_equal(cx_topology_synthetic(text, &topo, &err), -EINVAL);
	assert_non_null(strstr(err.text, "character 78: found \"1*1\", allowed up to 16 loops"));
	free(loops);
	free(text);
	assert_null(topo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_descriptions),
		cmocka_unit_test(test_absurd_descriptions),
		cmocka_unit_test(test_as_hwloc_reads_them),
		cmocka_unit_test(test_random_ones_as_hwloc_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
