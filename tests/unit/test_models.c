/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The models of the workloads on a stand-in for the simulator: what must come out follows
 * from their parameters, as it does for the payloads.  (server: see test_server.c)
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/model_rig.h"

#include "base/error.h"
#include "core/vmm/vmm.h"
#include "workloads/bursty/align.h"
#include "workloads/guest/cx_random.h"
#include "workloads/models.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the rig's rates make of it: the payload reads its clock twice in each of 64 runs. */
#define CALIBRATION_NS UINT64_C(513707)
/* A reading of the clock, 10 iterations; two of them. */
#define CLOCK_NS UINT64_C(14)
#define CLOCKS_NS UINT64_C(27)

static struct rig *new_rig(const struct rig_config *config)
{
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_init(rig, config);
	return rig;
}

static void free_rig(struct rig *rig)
{
	rig_fini(rig);
	free(rig);
}

#define CONFIG(...) (&(struct rig_config){ __VA_ARGS__ })

/* ---- the tables ----------------------------------------------------------- */

static void payload_folder(char *path, size_t len)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	assert_true(snprintf(path, len, "%s/lib/coxswain/payloads", dirname(dirname(self))) <
		    (int)len);
}

static void test_every_table_is_the_payloads(void **state)
{
	char folder[PATH_MAX], path[2 * PATH_MAX];
	unsigned n = 0;

	(void)state;
	payload_folder(folder, sizeof(folder));
	for (; cx_models[n]; n++) {
		const struct cx_workload_info *info = cx_models[n]->info;
		struct cx_payload *payload;
		struct cx_error err = { "" };

		snprintf(path, sizeof(path), "%s/%s.elf", folder, info->name);
		if (cx_payload_open(path, &payload, &err))
			fail_msg("%s", err.text);
		assert_memory_equal(info, cx_payload_info(payload), sizeof(*info));
		cx_payload_close(payload);
		assert_non_null(cx_models[n]->next);
		assert_ptr_equal(rig_model(info->name), cx_models[n]);
	}
	assert_in_range(n, 7, 1000);
}

static void test_every_payload_has_a_model(void **state)
{
	char folder[PATH_MAX], name[NAME_MAX + 1];
	struct dirent *entry;
	DIR *dir;

	(void)state;
	payload_folder(folder, sizeof(folder));
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (n < 5 || strcmp(entry->d_name + n - 4, ".elf"))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - 4), entry->d_name);
		/* gauge measures what the simulator charges; there is nothing to simulate of it. */
		if (!rig_model(name) && strcmp(name, "gauge") != 0)
			fail_msg("%s has no model", name);
	}
	closedir(dir);
}

/* ---- hog ------------------------------------------------------------------ */

static void test_hog_counts_its_run_time(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "hog", .vcpus = 2, .slice_ns = 7 * RIG_MS));

	(void)state;
	rig_run(rig, RIG_SEC);
	assert_int_equal(rig->vcpus[0].ran_ns + rig->vcpus[1].ran_ns, RIG_SEC);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rig->vcpus[i].progress, rig->vcpus[i].ran_ns / RIG_US);
		assert_int_equal(rig->vcpus[i].works, 1); /* one step for ever */
	}
	free_rig(rig);
}

static void test_hog_at_any_rate(void **state)
{
	(void)state;
	for (uint64_t rate = 1; rate < 100000; rate = rate * 3 + 1) {
		for (int64_t unit = 1; unit < 10000; unit *= 7) {
			struct rig *rig = new_rig(CONFIG(.workload = "hog", .work_rate = rate,
							 .params = { { "unit", unit } }));

			rig_run(rig, 123456789);
			assert_int_equal(rig->vcpus[0].progress, (unsigned __int128)123456789 *
									 rate / 1000 /
									 (uint64_t)unit);
			free_rig(rig);
		}
	}
}

static void test_hog_ends_with_its_last_unit(void **state)
{
	struct rig *rig =
		new_rig(CONFIG(.workload = "hog", .work_rate = 733, .vcpus = 2, .slice_ns = RIG_MS,
			       .params = { { "work", 5000 }, { "unit", 1000 } }));

	(void)state;
	rig_run(rig, RIG_NEVER);
	for (unsigned i = 0; i < 2; i++) {
		const struct cx_model_vcpu *v = &rig->vcpus[i];

		assert_int_equal(v->state, RIG_GONE);
		assert_int_equal(v->status, 0);
		assert_int_equal(v->progress, 5000);
		assert_int_equal(v->ran_ns, UINT64_C(5000000000) / 733 + 1);
		assert_int_equal(rig_result(rig, i, "finished_ns"), v->left_at_ns);
	}
	assert_int_equal(rig->now_ns, 2 * (UINT64_C(5000000000) / 733 + 1));
	free_rig(rig);
}

static void test_hog_yields(void **state)
{
	/* 3 units take 1.5 ns: what that rounds to must not add up. */
	struct rig *rig =
		new_rig(CONFIG(.workload = "hog", .work_rate = 2000,
			       .params = { { "work", 10001 }, { "unit", 1 }, { "yield", 3 } }));

	(void)state;
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].yields, 3333);
	assert_int_equal(rig_result(rig, 0, "yields"), 3333);
	assert_int_equal(rig->vcpus[0].progress, 10001);
	assert_int_equal(rig->now_ns, 5001);
	free_rig(rig);
	/* The yield comes before the end, as in the payload. */
	rig = new_rig(CONFIG(.workload = "hog", .params = { { "work", 6 }, { "yield", 3 } }));
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].yields, 2);
	free_rig(rig);
}

/* ---- sleeper -------------------------------------------------------------- */

static void test_sleeper_wakes_at_its_deadlines(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "sleeper",
					 .params = { { "align", 1 }, { "period", 5 * RIG_MS } }));
	const struct cx_model_vcpu *v = &rig->vcpus[0];

	(void)state;
	rig_run(rig, RIG_SEC - 1);
	assert_int_equal(v->progress, 199);
	assert_int_equal(v->blocks, 200);
	assert_int_equal(v->ran_ns, CALIBRATION_NS + 199 * (100 * RIG_US + CLOCK_NS));
	assert_int_equal(rig_result(rig, 0, "late_sum_ns"), 0);
	assert_int_equal(rig_result(rig, 0, "missed"), 0);
	rig_run(rig, RIG_SEC);
	assert_int_equal(v->progress, 200);
	free_rig(rig);
}

static void test_sleeper_draws_as_its_payload_does(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "sleeper", .seed = 42,
					 .params = { { "period", 5 * RIG_MS },
						     { "jitter", 3 * RIG_MS },
						     { "wakes", 1000 } }));
	struct cx_random random;
	uint64_t deadline, due = 0;

	(void)state;
	rig_run(rig, RIG_NEVER);
	cx_random_init(&random, 42);
	deadline = CALIBRATION_NS + 1 + cx_random_below(&random, 5 * RIG_MS);
	for (unsigned i = 0; i < 1000; i++) {
		due = deadline + cx_random_below(&random, 3 * RIG_MS);
		deadline += 5 * RIG_MS;
	}
	assert_int_equal(rig->vcpus[0].progress, 1000);
	assert_int_equal(rig->vcpus[0].left_at_ns, due + 100 * RIG_US + CLOCK_NS);
	assert_int_equal(rig_result(rig, 0, "late_max_ns"), 0);
	free_rig(rig);
}

static void test_sleeper_is_late_when_another_runs(void **state)
{
	struct rig *rig = new_rig(
		CONFIG(.workload = "sleeper", .vcpus = 2,
		       .params = { { "align", 1 }, { "work", 2 * RIG_MS }, { "wakes", 50 } }));
	uint64_t a, b;

	(void)state;
	rig_run(rig, RIG_NEVER);
	a = rig_result(rig, 0, "late_sum_ns");
	b = rig_result(rig, 1, "late_sum_ns");
	assert_int_equal(a, 0);
	assert_int_equal(b, 50 * (2 * RIG_MS + CLOCK_NS));
	assert_int_equal(rig_result(rig, 1, "late_max_ns"), 2 * RIG_MS + CLOCK_NS);
	assert_int_equal(rig_result(rig, 1, "late_1ms"), 50);
	free_rig(rig);
}

static void test_sleeper_misses_deadlines_while_it_works(void **state)
{
	struct rig *rig = new_rig(
		CONFIG(.workload = "sleeper",
		       .params = { { "align", 1 }, { "work", 25 * RIG_MS }, { "wakes", 10 } }));

	(void)state;
	rig_run(rig, RIG_NEVER);
	/* It sees every third deadline. */
	assert_int_equal(rig_result(rig, 0, "missed"), 20);
	assert_int_equal(rig_result(rig, 0, "late_sum_ns"), 0);
	assert_int_equal(rig->now_ns, 10 * RIG_MS + 9 * 30 * RIG_MS + 25 * RIG_MS + CLOCK_NS);
	free_rig(rig);
	/* 7490 iterations and 10 of the clock are 10 us: done just when the next one is due,
	 * which has passed then. */
	rig = new_rig(CONFIG(.workload = "sleeper", .params = { { "align", 1 },
								{ "period", 10 * RIG_US },
								{ "work", 9987 },
								{ "wakes", 10 } }));
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig_result(rig, 0, "missed"), 10);
	free_rig(rig);
}

/* ---- bursty --------------------------------------------------------------- */

static void test_bursty_runs_and_blocks(void **state)
{
	struct rig *rig =
		new_rig(CONFIG(.workload = "bursty", .seed = 9, .params = { { "phases", 100 } }));
	const struct cx_model_vcpu *v = &rig->vcpus[0];
	struct cx_random random;

	(void)state;
	rig_run(rig, RIG_NEVER);
	cx_random_init(&random, 9);
	/* One unit more than the 5 ms, as the payload has it. */
	assert_int_equal(v->progress, 100 * 5001);
	assert_int_equal(v->ran_ns, CALIBRATION_NS + 100 * 5001 * RIG_US);
	assert_int_equal(v->works, 101);
	assert_int_equal(rig_result(rig, 0, "phases"), 100);
	assert_int_equal(rig_result(rig, 0, "run_max_ns"), 5001 * RIG_US);
	assert_int_equal(rig_result(rig, 0, "late_sum_ns"), 0);
	assert_int_equal(rig->now_ns,
			 v->ran_ns + cx_random_below(&random, 5 * RIG_MS) + 99 * 5 * RIG_MS);
	free_rig(rig);
}

static void test_bursty_draws_as_its_payload_does(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "bursty", .seed = 3,
					 .params = { { "vary", 50 }, { "phases", 200 } }));
	uint64_t now = CALIBRATION_NS, block, units = 0;
	struct cx_random random;

	(void)state;
	rig_run(rig, RIG_NEVER);
	cx_random_init(&random, 3);
	block = cx_random_below(&random, 5 * RIG_MS);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t run = cx_vary(5 * RIG_MS, 50, cx_random_next(&random));
		/* 750 iterations a microsecond, in whole iterations, in whole units */
		uint64_t n = run * 750 / 1000 / 750 + 1;

		now += block + n * RIG_US;
		units += n;
		block = cx_vary(5 * RIG_MS, 50, cx_random_next(&random));
	}
	assert_int_equal(rig->vcpus[0].progress, units);
	assert_int_equal(rig->now_ns, now);
	free_rig(rig);
}

static void test_bursty_keeps_clear_of_the_tick(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "bursty", .params = { { "run", 8 * RIG_MS },
									   { "block", RIG_MS },
									   { "tick", 10 * RIG_MS },
									   { "offset", RIG_MS } }));
	const struct cx_model_vcpu *v = &rig->vcpus[0];
	uint64_t units;

	(void)state;
	/* A unit takes 1000 ns and a reading of the clock, 1013.3 ns. */
	units = 8 * RIG_MS * 750 / (1000 * 760) + 1;
	/* Between the phases it is blocked, whatever the time. */
	for (unsigned i = 1; i < 50; i++) {
		rig_run(rig, i * 10 * RIG_MS + 999 * RIG_US);
		assert_int_equal(v->state, RIG_BLOCKED);
		assert_int_equal(rig_result(rig, 0, "phases"), i);
		assert_int_equal(v->progress, i * units);
		rig_run(rig, i * 10 * RIG_MS + 5 * RIG_MS);
		assert_int_equal(v->state, RIG_RUNS);
		assert_in_range(v->progress, i * units + 3945, i * units + 3948);
	}
	assert_in_range(rig_result(rig, 0, "run_max_ns"), 8 * RIG_MS, 8 * RIG_MS + 2 * RIG_US);
	assert_int_equal(rig_result(rig, 0, "skipped"), 0);
	free_rig(rig);
}

static void test_bursty_ends_a_phase_by_the_clock(void **state)
{
	/* Two of them want the same 8 ms of one pCPU, in turns of 1 ms. */
	struct rig *rig = new_rig(CONFIG(.workload = "bursty", .vcpus = 2, .slice_ns = RIG_MS,
					 .params = { { "run", 8 * RIG_MS },
						     { "block", RIG_MS },
						     { "tick", 10 * RIG_MS } }));

	(void)state;
	rig_run(rig, RIG_SEC - 1);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t phases = rig_result(rig, i, "phases");

		assert_in_range(phases, 98, 99);
		/* Half of the 8 ms, and what is left of a step when it comes back. */
		assert_in_range(rig->vcpus[i].ran_ns, CALIBRATION_NS + phases * 3 * RIG_MS,
				CALIBRATION_NS + phases * 5 * RIG_MS);
		assert_in_range(rig_result(rig, i, "run_max_ns"), 7 * RIG_MS,
				9 * RIG_MS + 100 * RIG_US);
	}
	assert_in_range(rig->vcpus[0].ran_ns + rig->vcpus[1].ran_ns, 98 * 8 * RIG_MS,
			99 * 8 * RIG_MS + 99 * 100 * RIG_US + 2 * CALIBRATION_NS);
	free_rig(rig);
}

static void test_bursty_skips_a_phase_that_is_over(void **state)
{
	/* The other one's turn takes 10 ms: a phase of 2 ms has passed by then. */
	struct rig *rig = new_rig(CONFIG(.workload = "bursty", .vcpus = 3,
					 .params = { { "run", 2 * RIG_MS },
						     { "block", 5 * RIG_MS },
						     { "tick", 10 * RIG_MS } }));

	(void)state;
	rig_run(rig, RIG_SEC - 1);
	assert_in_range(rig_result(rig, 0, "phases"), 98, 99);
	assert_int_equal(rig_result(rig, 0, "skipped"), 0);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(rig_result(rig, i, "phases"), 0);
		assert_in_range(rig_result(rig, i, "skipped"), 98, 99);
	}
	free_rig(rig);
}

/* ---- barrier -------------------------------------------------------------- */

static void test_barrier_waits_for_the_slowest(void **state)
{
	enum { N = 3, ROUNDS = 500 };
	struct rig *rig =
		new_rig(CONFIG(.workload = "barrier", .vcpus = N, .pcpus = N, .seed = 5,
			       .params = { { "spread", 200 * RIG_US }, { "rounds", ROUNDS } }));
	uint64_t now = CALIBRATION_NS, waited[N] = { 0 }, longest[N] = { 0 };
	struct cx_random random[N];

	(void)state;
	rig_run(rig, RIG_NEVER);
	for (unsigned i = 0; i < N; i++)
		cx_random_init(&random[i], 5 + i);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t work[N], most = 0;

		for (unsigned i = 0; i < N; i++) {
			uint64_t iterations = 75000 + 20 + cx_random_below(&random[i], 150000);

			work[i] = (iterations * 1000 + 749) / 750;
			most = work[i] > most ? work[i] : most;
		}
		for (unsigned i = 0; i < N; i++) {
			waited[i] += most - work[i];
			longest[i] = most - work[i] > longest[i] ? most - work[i] : longest[i];
		}
		now += most;
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(rig->vcpus[i].left_at_ns, now);
		assert_int_equal(rig->vcpus[i].progress, ROUNDS);
		assert_int_equal(rig_result(rig, i, "rounds"), ROUNDS);
		assert_int_equal(rig_result(rig, i, "wait_sum_ns"), waited[i]);
		assert_int_equal(rig_result(rig, i, "wait_max_ns"), longest[i]);
		assert_int_equal(rig_result(rig, i, "yields"), 0);
	}
	/* Who comes last lets both others go. */
	assert_int_equal(rig->vcpus[0].releases + rig->vcpus[1].releases + rig->vcpus[2].releases,
			 2 * ROUNDS);
	free_rig(rig);
}

static void test_barrier_loses_when_its_vcpus_run_apart(void **state)
{
	/* Two vCPUs in turns on one pCPU: in each slice one meeting, and then spinning. */
	struct rig *rig =
		new_rig(CONFIG(.workload = "barrier", .vcpus = 2, .slice_ns = 10 * RIG_MS));

	(void)state;
	rig_run(rig, RIG_SEC);
	for (unsigned i = 0; i < 2; i++) {
		assert_in_range(rig->vcpus[i].progress, 95, 105);
		assert_in_range(rig_result(rig, i, "wait_max_ns"), 9 * RIG_MS, 21 * RIG_MS);
	}
	assert_in_range(rig->vcpus[0].ran_ns, 490 * RIG_MS, 510 * RIG_MS);
	free_rig(rig);
}

static void test_barrier_yields_after_so_many_spins(void **state)
{
	/* 100 spins are 1 us; without an end to slices it would else spin for ever. */
	struct rig *rig = new_rig(CONFIG(.workload = "barrier", .vcpus = 2,
					 .params = { { "yield_spins", 5000 }, { "rounds", 100 } }));
	uint64_t work = 100 * RIG_US + CLOCKS_NS, spin = 50 * RIG_US;

	(void)state;
	rig_run(rig, RIG_NEVER);
	/* One arrives and spins, the other arrives, goes on, arrives and spins ... */
	assert_int_equal(rig->now_ns, 2 * CALIBRATION_NS + 100 * (2 * work + spin));
	assert_int_equal(rig->vcpus[0].yields + rig->vcpus[1].yields, 100);
	assert_int_equal(rig_result(rig, 0, "yields") + rig_result(rig, 1, "yields"), 100);
	free_rig(rig);
	/* Let go while it was off the pCPU because it yielded, it does not spin again. */
	rig = new_rig(CONFIG(.workload = "barrier", .vcpus = 2,
			     .params = { { "yield_spins", 1 }, { "rounds", 3 } }));
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].spins + rig->vcpus[1].spins,
			 rig->vcpus[0].yields + rig->vcpus[1].yields);
	free_rig(rig);
}

static void test_barrier_of_one_never_waits(void **state)
{
	struct rig *rig = new_rig(
		CONFIG(.workload = "barrier", .params = { { "work", 0 }, { "rounds", 1000 } }));

	(void)state;
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->now_ns, CALIBRATION_NS + 1000 * CLOCKS_NS);
	assert_int_equal(rig->vcpus[0].spins, 0);
	free_rig(rig);
}

/* ---- lock ----------------------------------------------------------------- */

static void test_lock_serves_in_order(void **state)
{
	enum { N = 4 };
	/* All want it all the time: each waits for the three before it. */
	struct rig *rig = new_rig(CONFIG(.workload = "lock", .vcpus = N, .pcpus = N,
					 .params = { { "critical", 10 * RIG_US },
						     { "think", 1 * RIG_US },
						     { "acquisitions", 1000 } }));
	uint64_t hold = 10 * RIG_US + CLOCK_NS, think = RIG_US + CLOCK_NS, all = 0;

	(void)state;
	rig_run(rig, RIG_NEVER);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(rig->vcpus[i].progress, 1000);
		assert_int_equal(rig_result(rig, i, "acquisitions"), 1000);
		assert_int_equal(rig_result(rig, i, "violations"), 0);
		assert_int_equal(rig_result(rig, i, "preempted_holds"), 0);
		assert_int_equal(rig_result(rig, i, "hold_max_ns"), hold);
		assert_int_equal(rig_result(rig, i, "hold_sum_ns"), 1000 * hold);
		/* First come, first served: never behind more than the three others. */
		assert_int_equal(rig_result(rig, i, "wait_max_ns"),
				 i == N - 1 ? 3 * hold : 3 * hold - think);
		/* The first round finds fewer before it; one's think goes on beside the others'. */
		all = i * hold + 999 * (3 * hold - think);
		assert_int_equal(rig_result(rig, i, "wait_sum_ns"), all);
		/* The last thinking of the last one is not in anybody's way. */
		assert_int_equal(rig->vcpus[i].left_at_ns,
				 CALIBRATION_NS + (3996 + i + 1) * hold + think);
	}
	free_rig(rig);
}

static void test_lock_hands_over_to_one_that_does_not_run(void **state)
{
	/* One pCPU: whoever is let go has to wait for its turn. */
	struct rig *rig = new_rig(
		CONFIG(.workload = "lock", .vcpus = 3, .slice_ns = RIG_MS,
		       .params = { { "critical", 300 * RIG_US }, { "think", 100 * RIG_US } }));
	uint64_t acquired[3], preempted = 0;

	(void)state;
	rig_run(rig, RIG_SEC);
	for (unsigned i = 0; i < 3; i++) {
		acquired[i] = rig->vcpus[i].progress;
		assert_int_equal(rig_result(rig, i, "violations"), 0);
		preempted += rig_result(rig, i, "preempted_holds");
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(acquired[i] + 2 >= acquired[0] && acquired[i] <= acquired[0] + 2);
	assert_in_range(acquired[0] + acquired[1] + acquired[2], 100, 2000);
	assert_in_range(preempted, 1, 2000);
	free_rig(rig);
}

static void test_lock_without_work_takes_time(void **state)
{
	struct rig *rig = new_rig(
		CONFIG(.workload = "lock",
		       .params = { { "critical", 0 }, { "think", 0 }, { "acquisitions", 1000 } }));

	(void)state;
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->now_ns, CALIBRATION_NS + 2000 * CLOCK_NS);
	free_rig(rig);
}

/* ---- cachewalk ------------------------------------------------------------ */

static void test_cachewalk_alone_is_warm(void **state)
{
	/* 256 accesses of 2 ns and two readings of the clock are 540 ns. */
	struct rig *rig = new_rig(CONFIG(.workload = "cachewalk"));
	uint64_t walked, made = (4096 * 4 * UINT64_C(1000) + 749) / 750 + 4096 * 2000 / 4 / 1000;

	(void)state;
	rig_run(rig, RIG_SEC);
	walked = RIG_SEC - made;
	assert_in_range(rig->vcpus[0].progress, walked * 256 / 540 - 256, walked * 256 / 540);
	assert_int_equal(rig->vcpus[0].progress % 256, 0);
	/* The payload sees one reading in each piece: 14 ns in 256 accesses. */
	assert_in_range(rig_result(rig, 0, "warm_ps_per_access"), 2052, 2054);
	assert_int_equal(rig_result(rig, 0, "cold_ps_per_access"), 0);
	assert_int_equal(rig_result(rig, 0, "returns"), 0);
	assert_int_equal(rig_result(rig, 0, "cold_accesses"), 0);
	/* All but the first round count as warm. */
	assert_in_range(rig->vcpus[0].progress - rig_result(rig, 0, "warm_accesses"), 4096 - 256,
			4096 + 256);
	/* Few steps: one a millisecond. */
	assert_in_range(rig->vcpus[0].works, 990, 1010);
	free_rig(rig);
}

static void check_cold(uint64_t slice_ns, int64_t size, uint64_t cold_ns)
{
	struct rig *rig = new_rig(CONFIG(.workload = "cachewalk", .vcpus = 2, .slice_ns = slice_ns,
					 .cold_ns = cold_ns, .params = { { "size", size } }));
	uint64_t lines = (uint64_t)size / 64;

	rig_run(rig, 2 * RIG_SEC);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t warm = rig_result(rig, i, "warm_ps_per_access");
		uint64_t returns = rig_result(rig, i, "returns");
		uint64_t refill = rig_result(rig, i, "refill_ns");

		assert_in_range(returns, RIG_SEC / slice_ns - 2, RIG_SEC / slice_ns);
		assert_in_range(warm, 2052, 2054);
		/* Half of the piece into which an absence falls is not seen. */
		assert_in_range(refill, cold_ns * (lines - 160) / lines, cold_ns);
		assert_in_range(rig_result(rig, i, "cold_accesses"), (returns - 1) * lines,
				returns * lines);
	}
	free_rig(rig);
}

static void test_cachewalk_sees_what_being_cold_costs(void **state)
{
	(void)state;
	/* All that is lost is lost in the first round, here at half speed. */
	check_cold(10 * RIG_MS, 256 * 1024, 8 * RIG_US);
	check_cold(10 * RIG_MS, 1024 * 1024, 32 * RIG_US);
	check_cold(3 * RIG_MS + 1, 256 * 1024, 5 * RIG_US);
	/* A round of 2.2 ms goes over several steps. */
	check_cold(20 * RIG_MS, 64 * 1024 * 1024 / 4, 500 * RIG_US);
}

static void test_cachewalk_does_not_notice_short_absences(void **state)
{
	struct rig *rig =
		new_rig(CONFIG(.workload = "cachewalk", .vcpus = 2, .slice_ns = 50 * RIG_US));

	(void)state;
	rig_run(rig, 100 * RIG_MS);
	assert_int_equal(rig_result(rig, 0, "returns"), 0);
	/* They are in what an access takes, as the payload sees it. */
	assert_in_range(rig_result(rig, 0, "warm_ps_per_access"), 4000, 4200);
	free_rig(rig);
}

static void test_cachewalk_that_does_not_fit(void **state)
{
	struct rig *rig = new_rig(CONFIG(.workload = "cachewalk", .vcpus = 2, .heap = 262143));

	(void)state;
	rig_run(rig, RIG_NEVER);
	assert_int_equal(rig->vcpus[0].status, 2);
	assert_int_equal(rig->vcpus[1].status, 2);
	assert_int_equal(rig->n_log, 2);
	assert_non_null(strstr(rig->log, "do not fit"));
	assert_int_equal(rig->vcpus[0].progress, 0);
	free_rig(rig);
	rig = new_rig(CONFIG(.workload = "cachewalk", .heap = 262144));
	rig_run(rig, RIG_MS);
	assert_int_equal(rig->vcpus[0].state, RIG_RUNS);
	free_rig(rig);
}

/* ---- all of them ---------------------------------------------------------- */

static int64_t any_value(const struct cx_workload_param *p, struct cx_random *random)
{
	uint64_t span = (uint64_t)(p->max - p->min), x;

	switch (cx_random_below(random, 4)) {
	case 0:
		return p->min;
	case 1:
		return p->def;
	default: /* of any magnitude */
		x = cx_random_next(random) >> cx_random_below(random, 64);
		return p->min + (int64_t)(span < UINT64_MAX ? x % (span + 1) : x);
	}
}

static void run_any(const struct cx_model *model, uint64_t seed, struct rig *rig)
{
	static const uint64_t rates[] = { 750, 1, 999983, 333 };
	struct rig_config config = { .workload = model->info->name };
	struct cx_random random;

	cx_random_init(&random, seed);
	config.vcpus = 1 + (unsigned)cx_random_below(&random, RIG_VCPUS);
	config.pcpus = 1 + (unsigned)cx_random_below(&random, 4);
	config.slice_ns = 1 + cx_random_below(&random, 3 * RIG_MS);
	config.seed = seed;
	config.work_rate = rates[cx_random_below(&random, 4)];
	config.spin_rate = rates[cx_random_below(&random, 4)];
	config.cold_ns = cx_random_below(&random, 100 * RIG_US);
	config.access_ps = 1 + cx_random_below(&random, 100000);
	for (unsigned i = 0; i < model->info->n_params && i < RIG_PARAMS; i++) {
		config.params[i].name = model->info->params[i].name;
		config.params[i].value = any_value(&model->info->params[i], &random);
	}
	rig_init(rig, &config);
	/* Enough steps are too many: no end within this time is fine. */
	rig_run(rig, 20 * RIG_MS);
}

static void test_any_parameters_twice_alike(void **state)
{
	static struct rig a, b;

	(void)state;
	for (unsigned i = 0; cx_models[i]; i++) {
		for (uint64_t seed = 1; seed <= 40; seed++) {
			run_any(cx_models[i], seed, &a);
			run_any(cx_models[i], seed, &b);
			assert_int_equal(a.now_ns, b.now_ns);
			for (unsigned j = 0; j < a.config.vcpus; j++) {
				assert_int_equal(a.vcpus[j].progress, b.vcpus[j].progress);
				assert_int_equal(a.vcpus[j].ran_ns, b.vcpus[j].ran_ns);
				assert_memory_equal(a.vcpus[j].results, b.vcpus[j].results,
						    sizeof(a.vcpus[j].results));
			}
			rig_fini(&a);
			rig_fini(&b);
		}
	}
}

/* Publishing in the middle changes nothing that comes after. */
static void test_publishing_is_harmless(void **state)
{
	(void)state;
	for (unsigned i = 0; cx_models[i]; i++) {
		struct rig_config config = { .workload = cx_models[i]->info->name,
					     .vcpus = 3,
					     .pcpus = 2,
					     .slice_ns = RIG_MS,
					     .cold_ns = 10 * RIG_US };
		struct rig *a = new_rig(&config), *b = new_rig(&config);

		rig_run(a, 100 * RIG_MS);
		for (unsigned ms = 1; ms <= 100; ms++)
			rig_run(b, ms * RIG_MS);
		for (unsigned j = 0; j < 3; j++)
			assert_int_equal(a->vcpus[j].progress, b->vcpus[j].progress);
		free_rig(a);
		free_rig(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_is_the_payloads),
		cmocka_unit_test(test_every_payload_has_a_model),
		cmocka_unit_test(test_hog_counts_its_run_time),
		cmocka_unit_test(test_hog_at_any_rate),
		cmocka_unit_test(test_hog_ends_with_its_last_unit),
		cmocka_unit_test(test_hog_yields),
		cmocka_unit_test(test_sleeper_wakes_at_its_deadlines),
		cmocka_unit_test(test_sleeper_draws_as_its_payload_does),
		cmocka_unit_test(test_sleeper_is_late_when_another_runs),
		cmocka_unit_test(test_sleeper_misses_deadlines_while_it_works),
		cmocka_unit_test(test_bursty_runs_and_blocks),
		cmocka_unit_test(test_bursty_draws_as_its_payload_does),
		cmocka_unit_test(test_bursty_keeps_clear_of_the_tick),
		cmocka_unit_test(test_bursty_ends_a_phase_by_the_clock),
		cmocka_unit_test(test_bursty_skips_a_phase_that_is_over),
		cmocka_unit_test(test_barrier_waits_for_the_slowest),
		cmocka_unit_test(test_barrier_loses_when_its_vcpus_run_apart),
		cmocka_unit_test(test_barrier_yields_after_so_many_spins),
		cmocka_unit_test(test_barrier_of_one_never_waits),
		cmocka_unit_test(test_lock_serves_in_order),
		cmocka_unit_test(test_lock_hands_over_to_one_that_does_not_run),
		cmocka_unit_test(test_lock_without_work_takes_time),
		cmocka_unit_test(test_cachewalk_alone_is_warm),
		cmocka_unit_test(test_cachewalk_sees_what_being_cold_costs),
		cmocka_unit_test(test_cachewalk_does_not_notice_short_absences),
		cmocka_unit_test(test_cachewalk_that_does_not_fit),
		cmocka_unit_test(test_any_parameters_twice_alike),
		cmocka_unit_test(test_publishing_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
