/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/internal.h"

#include <errno.h>
#include <hwloc/distances.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CPU_MAX 63

/* --- CPU lists ------------------------------------------------------------------ */

static void check_list(const struct cx_cpuset *set, const char *list)
{
	char *text = cx_cpuset_format(set);

	assert_non_null(text);
	assert_string_equal(text, list);
	free(text);
}

static void test_lists_are_read(void **state)
{
	static const struct {
		const char *text, *list;
		unsigned count;
	} table
		[] = {
			{ "0", "0", 1 },
			{ "0-3", "0-3", 4 },
			{ "0-3,8,^2", "0-1,3,8", 4 },
			{ "0-3,^1-2", "0,3", 2 },
			{ "^2,0-3", "0-3", 4 }, /* in order: nothing was there to take away */
			{ "0-3,^2,2", "0-3", 4 },
			{ "5,3,4,3", "3-5", 3 },
			{ "63", "63", 1 },
			{ "0-63", "0-63", 64 },
			{ "007", "7", 1 },
			{ "3-3", "3", 1 },
		};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_cpuset *set = cx_cpuset_new();
		struct cx_error err = { "" };

		cx_cpuset_add(set, 40); /* the list replaces what was there */
		assert_int_equal(cx_cpuset_parse(table[i].text, CPU_MAX, set, &err), 0);
		check_list(set, table[i].list);
		assert_int_equal(cx_cpuset_count(set), table[i].count);
		cx_cpuset_free(set);
	}
}

static void test_what_is_no_list_is_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *message;
	} table[] = {
		{ "", -EINVAL, "CPU list \"\": a CPU number is missing at \"\"" },
		{ "a", -EINVAL, "CPU list \"a\": a CPU number is missing at \"a\"" },
		{ "0-", -EINVAL, "CPU list \"0-\": a CPU number is missing at \"\"" },
		{ "-1", -EINVAL, "CPU list \"-1\": a CPU number is missing at \"-1\"" },
		{ "1,", -EINVAL, "CPU list \"1,\": a CPU number is missing at \"\"" },
		{ "1,,2", -EINVAL, "CPU list \"1,,2\": a CPU number is missing at \",2\"" },
		{ "1 2", -EINVAL, "CPU list \"1 2\": cannot read \" 2\"" },
		{ "0-x,8", -EINVAL, "CPU list \"0-x,8\": a CPU number is missing at \"x,8\"" },
		{ "0-3-5", -EINVAL, "CPU list \"0-3-5\": cannot read \"-5\"" },
		{ "^", -EINVAL, "CPU list \"^\": a CPU number is missing at \"\"" },
		{ "^^1", -EINVAL, "CPU list \"^^1\": a CPU number is missing at \"^1\"" },
		{ "3-1", -EINVAL, "CPU list \"3-1\": the range 3-1 runs backwards" },
		{ "1,^1", -EINVAL, "CPU list \"1,^1\": no CPU is left" },
		{ "^1", -EINVAL, "CPU list \"^1\": no CPU is left" },
		{ "64", -ERANGE, "CPU list \"64\": \"64\" is above the highest CPU number, 63" },
		{ "0-64", -ERANGE,
		  "CPU list \"0-64\": \"64\" is above the highest CPU number, 63" },
		{ "99999999999999999999999999", -ERANGE,
		  "CPU list \"99999999999999999999999999\": \"99999999999999999999999999\" is "
		  "above "
		  "the highest CPU number, 63" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_cpuset *set = cx_cpuset_new();
		struct cx_error err = { "" };

		cx_cpuset_add(set, 40);
		assert_int_equal(cx_cpuset_parse(table[i].text, CPU_MAX, set, &err), table[i].rc);
		assert_string_equal(err.text, table[i].message);
		check_list(set, "40");
		assert_int_equal(cx_cpuset_parse(table[i].text, CPU_MAX, set, NULL), table[i].rc);
		cx_cpuset_free(set);
	}
}

static void test_sets(void **state)
{
	struct cx_cpuset *set = cx_cpuset_new(), *copy;

	(void)state;
	assert_int_equal(cx_cpuset_count(set), 0);
	assert_int_equal(cx_cpuset_next(set, -1), -1);
	check_list(set, "");
	cx_cpuset_add(set, 3);
	cx_cpuset_add(set, 1000);
	assert_true(cx_cpuset_has(set, 3));
	assert_true(cx_cpuset_has(set, 1000));
	assert_false(cx_cpuset_has(set, 4));
	assert_false(cx_cpuset_has(set, 100000));
	copy = cx_cpuset_dup(set);
	cx_cpuset_remove(set, 3);
	assert_false(cx_cpuset_has(set, 3));
	assert_int_equal(cx_cpuset_next(set, -1), 1000);
	assert_int_equal(cx_cpuset_next(set, 1000), -1);
	check_list(copy, "3,1000");
	assert_int_equal(cx_cpuset_next(copy, -1), 3);
	assert_int_equal(cx_cpuset_next(copy, 3), 1000);
	cx_cpuset_free(set);
	cx_cpuset_free(copy);
	cx_cpuset_free(NULL);
}

/* --- described hosts --------------------------------------------------------------- */

enum { SELF, SMT, LLC, NODE, REMOTE };

static struct cx_topology *described(const char *description)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };

	if (cx_topology_synthetic(description, &topo, &err) != 0)
		fail_msg("%s", err.text);
	return topo;
}

static void check_distance(const struct cx_topology *topo, unsigned a, unsigned b, unsigned far)
{
	assert_int_equal(cx_topology_distance(topo, a, b), far);
	assert_int_equal(cx_topology_distance(topo, b, a), far);
}

static void test_every_distance(void **state)
{
	/* CPUs 0-1 a core, 0-3 a cache, 0-7 a node. */
	struct cx_topology *topo = described("node:2 pack:1 l3:2 l2:2 core:1 pu:2");
	unsigned cpu;

	(void)state;
	assert_int_equal(cx_topology_cpus(topo), 16);
	check_list(cx_topology_allowed(topo), "0-15");
	check_distance(topo, 5, 5, SELF);
	check_distance(topo, 0, 1, SMT);
	check_distance(topo, 0, 2, LLC);
	check_distance(topo, 1, 3, LLC);
	check_distance(topo, 3, 4, NODE);
	check_distance(topo, 0, 7, NODE);
	check_distance(topo, 7, 8, REMOTE);
	check_distance(topo, 0, 15, REMOTE);
	check_distance(topo, 14, 15, SMT);
	for (cpu = 0; cpu < 16; cpu++) {
		assert_int_equal(cx_topology_llc(topo, cpu), cpu / 4 * 4);
		assert_int_equal(cx_topology_node(topo, cpu), cpu / 8);
		assert_true(cx_topology_llc_size(topo, cpu) > 0);
	}
	cx_topology_free(topo);
}

static void test_numbers_out_of_order(void **state)
{
	struct cx_topology *topo =
		described("pack:1 l3:1(size=8388608) core:2 pu:2(indexes=4,0,6,2)");

	(void)state;
	assert_int_equal(cx_topology_cpus(topo), 7);
	check_list(cx_topology_allowed(topo), "0,2,4,6");
	check_distance(topo, 4, 0, SMT);
	check_distance(topo, 6, 2, SMT);
	check_distance(topo, 0, 2, LLC);
	assert_int_equal(cx_topology_llc(topo, 6), 0);
	assert_true(cx_topology_llc_size(topo, 6) == 8388608);
	/* Where no CPU is, and past the last. */
	check_distance(topo, 0, 1, REMOTE);
	check_distance(topo, 1, 3, REMOTE);
	check_distance(topo, 0, 7, REMOTE);
	check_distance(topo, 100, 200, REMOTE);
	check_distance(topo, 1, 1, SELF);
	assert_int_equal(cx_topology_llc(topo, 1), 1);
	assert_int_equal(cx_topology_llc(topo, 100), 100);
	assert_int_equal(cx_topology_llc_size(topo, 1), 0);
	assert_int_equal(cx_topology_llc_size(topo, 100), 0);
	assert_int_equal(cx_topology_node(topo, 100), 0);
	cx_topology_free(topo);
}

static void test_what_a_core_has_for_itself(void **state)
{
	static const struct {
		const char *text;
		unsigned core_of_3;
		uint64_t size;
	} table[] = {
		{ "pack:1 l3:1 l2:2(size=1MiB) l1:1(size=32KiB) core:1 pu:2", 2, 1 << 20 },
		{ "pack:1 l3:1 l2:1(size=4MiB) l1:2(size=48KiB) core:1 pu:2", 2, 48 << 10 },
		{ "pack:1 l3:1(size=8MiB) core:2 pu:2", 2, 0 },
		{ "pack:1 l3:4(size=8MiB) core:1 pu:1", 3, 0 }, /* nothing below the last level */
		{ "pack:1 l3:1 l2:4(size=2MiB) pu:1", 3, 2 << 20 }, /* no cores: each CPU is one */
		{ "pack:1 l3:1 core:1 l2:2(size=2MiB) pu:2", 0, 2 << 20 },
		{ "pack:1 core:2 pu:2", 2, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_topology *topo = described(table[i].text);

		assert_int_equal(cx_topology_core(topo, 3), table[i].core_of_3);
		assert_true(cx_topology_l2_size(topo, 3) == table[i].size);
		assert_int_equal(cx_topology_core(topo, 4), 4);
		assert_int_equal(cx_topology_l2_size(topo, 4), 0);
		cx_topology_free(topo);
	}
}

/* The largest host that may be: made and asked at once, and little is kept of a CPU. */
static void test_large_hosts(void **state)
{
	static const char *const texts[] = { "pack:8 [numa] l3:4 core:16 pu:2", "pu:65534",
					     "pack:2 [numa] l3:3 l2:67 l1:163 core:1 pu:1" };
	static const unsigned cpus[] = { 1024, 65534, 65526 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		struct cx_topology *topo = described(texts[i]);
		unsigned last = cpus[i] - 1, cpu;

		assert_int_equal(cx_topology_cpus(topo), cpus[i]);
		assert_true(sizeof(*topo->cpus) <= 64);
		for (cpu = 0; cpu < last; cpu++)
			assert_true(cx_topology_distance(topo, cpu, last) ==
				    cx_topology_distance(topo, last, cpu));
		cx_topology_free(topo);
	}
}

static void test_the_last_level_is_the_highest(void **state)
{
	struct cx_topology *topo = described("pack:1 l2:2 l1:2 l1i:1 core:1 pu:1");

	(void)state;
	check_distance(topo, 0, 1, LLC);
	check_distance(topo, 1, 2, NODE);
	assert_true(cx_topology_llc_size(topo, 0) >= 1 << 20); /* the L2's, not the L1's */
	cx_topology_free(topo);
	topo = described("pack:1 l1:4 core:1 pu:2");
	check_distance(topo, 0, 1, SMT);
	check_distance(topo, 1, 2, NODE);
	cx_topology_free(topo);
}

static void test_hosts_without_caches(void **state)
{
	static const char *const texts[] = { "node:2 pack:1 core:2 pu:2", "node:2 core:2 pu:2",
					     "node:2 l1i:2 core:1 pu:2",
					     "pack:2 node:1 core:2 pu:2",
					     "pack:1 node:2 core:2 pu:2" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		struct cx_topology *topo = described(texts[i]);

		check_distance(topo, 0, 1, SMT);
		check_distance(topo, 1, 2, LLC);
		check_distance(topo, 3, 4, REMOTE);
		assert_int_equal(cx_topology_llc(topo, 3), 0);
		assert_int_equal(cx_topology_llc(topo, 4), 4);
		assert_int_equal(cx_topology_llc_size(topo, 0), 0);
		cx_topology_free(topo);
	}
}

static void test_the_smallest_host(void **state)
{
	struct cx_topology *topo = described("pu:1");
	char *line;

	(void)state;
	assert_int_equal(cx_topology_cpus(topo), 1);
	check_distance(topo, 0, 0, SELF);
	assert_int_equal(cx_topology_llc(topo, 0), 0);
	line = cx_topology_describe(topo);
	assert_string_equal(line, "synthetic, 1 CPU, 0 packages, 1 NUMA node");
	free(line);
	cx_topology_free(topo);
	cx_topology_free(NULL);
}

static void test_node_distances(void **state)
{
	hwloc_uint64_t values[] = { 10, 21, 31, 10 };
	hwloc_distances_add_handle_t handle;
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	hwloc_topology_t hw;
	hwloc_obj_t nodes[2];

	(void)state;
	assert_int_equal(hwloc_topology_init(&hw), 0);
	assert_int_equal(hwloc_topology_set_synthetic(hw, "node:2 core:1 pu:1"), 0);
	assert_int_equal(hwloc_topology_load(hw), 0);
	nodes[0] = hwloc_get_obj_by_type(hw, HWLOC_OBJ_NUMANODE, 0);
	nodes[1] = hwloc_get_obj_by_type(hw, HWLOC_OBJ_NUMANODE, 1);
	handle = hwloc_distances_add_create(
		hw, "test", HWLOC_DISTANCES_KIND_FROM_USER | HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0);
	assert_non_null(handle);
	assert_int_equal(hwloc_distances_add_values(hw, handle, 2, nodes, values, 0), 0);
	assert_int_equal(hwloc_distances_add_commit(hw, handle, 0), 0);
	assert_int_equal(cx_topology_from_hwloc(hw, false, "test", &topo, &err), 0);
	assert_int_equal(cx_topology_node_distance(topo, 0, 0), 10);
	assert_int_equal(cx_topology_node_distance(topo, 0, 1), 21);
	assert_int_equal(cx_topology_node_distance(topo, 1, 0), 31);
	assert_int_equal(cx_topology_node_distance(topo, 1, 2), 0);
	assert_int_equal(cx_topology_node_distance(topo, 7, 0), 0);
	cx_topology_free(topo);
	topo = described("node:2 core:1 pu:1"); /* which tells none */
	assert_int_equal(cx_topology_node_distance(topo, 0, 0), 0);
	cx_topology_free(topo);
}

static void check_print(const char *description, const char *expected)
{
	struct cx_topology *topo = described(description);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	cx_topology_print(topo, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
	cx_topology_free(topo);
}

static void test_printing(void **state)
{
	(void)state;
	check_print("pack:1 node:2(memory=1073741824) l3:1(size=4194304) core:1 pu:2",
		    "synthetic, 4 CPUs, 1 package, 2 NUMA nodes\n"
		    "Usable CPUs: 0-3\n"
		    "Package 0\n"
		    "    L3 cache 4MiB, node 0: CPUs 0+1\n"
		    "    L3 cache 4MiB, node 1: CPUs 2+3\n"
		    "NUMA nodes\n"
		    "    node 0: memory 1GiB, CPUs 0-1\n"
		    "    node 1: memory 1GiB, CPUs 2-3\n"
		    "Distances, as a policy sees them\n"
		    "     CPU      0      1      2      3\n"
		    "       0   self    SMT remote remote\n"
		    "       1    SMT   self remote remote\n"
		    "       2 remote remote   self    SMT\n"
		    "       3 remote remote    SMT   self\n");
	check_print(
		"node:1(memory=1073741824) core:17 pu:1",
		"synthetic, 17 CPUs, 0 packages, 1 NUMA node\n"
		"Usable CPUs: 0-16\n"
		"Packages not reported\n"
		"    caches not reported, node 0: CPUs 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		"NUMA nodes\n"
		"    node 0: memory 1GiB, CPUs 0-16\n");
}

/* --- this host ------------------------------------------------------------------------ */

static void test_this_host(void **state)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	int a, b;

	(void)state;
	if (cx_topology_host(&topo, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(cx_cpuset_count(cx_topology_allowed(topo)) >= 1);
	for (a = -1; (a = cx_cpuset_next(cx_topology_allowed(topo), a)) >= 0;) {
		unsigned cpu = (unsigned)a;

		assert_true(cpu < cx_topology_cpus(topo));
		assert_true(cx_topology_llc(topo, cpu) < cx_topology_cpus(topo));
		check_distance(topo, cpu, cpu, SELF);
		for (b = a; (b = cx_cpuset_next(cx_topology_allowed(topo), b)) >= 0;) {
			unsigned far = cx_topology_distance(topo, cpu, (unsigned)b);

			check_distance(topo, cpu, (unsigned)b, far);
			assert_in_range(far, SMT, REMOTE);
			/* An SMT sibling may say nothing of the cache; farther than LLC does. */
			if (cx_topology_llc(topo, cpu) == cx_topology_llc(topo, (unsigned)b))
				assert_in_range(far, SMT, LLC);
			else
				assert_int_not_equal(far, LLC);
		}
	}
	cx_topology_free(topo);
}

static void test_affinity_is_heeded(void **state)
{
	struct cx_topology *topo = NULL;
	cpu_set_t before, one;
	char expected[16];
	int cpu;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (cpu = CPU_SETSIZE - 1; cpu > 0 && !CPU_ISSET(cpu, &before);)
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(cx_topology_host(&topo, NULL), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	snprintf(expected, sizeof(expected), "%d", cpu);
	check_list(cx_topology_allowed(topo), expected);
	assert_true(cx_topology_cpus(topo) > (unsigned)cpu);
	cx_topology_free(topo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_are_read),
		cmocka_unit_test(test_what_is_no_list_is_refused),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_every_distance),
		cmocka_unit_test(test_numbers_out_of_order),
		cmocka_unit_test(test_the_last_level_is_the_highest),
		cmocka_unit_test(test_what_a_core_has_for_itself),
		cmocka_unit_test(test_large_hosts),
		cmocka_unit_test(test_hosts_without_caches),
		cmocka_unit_test(test_the_smallest_host),
		cmocka_unit_test(test_node_distances),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_this_host),
		cmocka_unit_test(test_affinity_is_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
