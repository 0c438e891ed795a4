/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the payloads compute with, run natively; and the tables of every payload built.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "core/vmm/vmm.h"
#include "workloads/barrier/barrier.h"
#include "workloads/bursty/align.h"
#include "workloads/cachewalk/cycle.h"
#include "workloads/guest/cx_random.h"
#include "workloads/lock/ticket.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 2000u

/* ---- cachewalk ------------------------------------------------------------ */

static void check_one_cycle(uint64_t n, uint64_t seed)
{
	struct cx_line *lines = calloc(n, sizeof(*lines)), *at = lines;
	struct cx_random random;

	assert_non_null(lines);
	cx_random_init(&random, seed);
	cx_cycle_make(lines, n, &random);
	for (uint64_t i = 0; i < n; i++) {
		assert_true(at >= lines && at < lines + n);
		assert_int_equal(at->written, 0); /* not been here before */
		at->written = 1;
		at = at->next;
	}
	assert_ptr_equal(at, lines);
	free(lines);
}

static void test_the_walk_is_one_cycle(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 70; n++)
		for (uint64_t seed = 0; seed < 20; seed++)
			check_one_cycle(n, seed);
	check_one_cycle(4096, 1);
	check_one_cycle(100003, 2);
}

static void test_the_walk_is_random(void **state)
{
	static struct cx_line lines[4096];
	struct cx_random random;
	unsigned near = 0;

	(void)state;
	cx_random_init(&random, 1);
	cx_cycle_make(lines, 4096, &random);
	for (unsigned i = 0; i < 4096; i++) {
		ptrdiff_t step = lines[i].next - &lines[i];

		if (step >= -4 && step <= 4)
			near++;
	}
	/* 8 in 4096 of them are expected to land within 4 lines; a prefetcher needs most. */
	assert_in_range(near, 0, 64);
}

static void test_random_stays_below(void **state)
{
	struct cx_random random;
	unsigned seen[7] = { 0 };

	(void)state;
	cx_random_init(&random, 0);
	for (unsigned i = 0; i < 7000; i++) {
		uint64_t x = cx_random_below(&random, 7);

		assert_in_range(x, 0, 6);
		seen[x]++;
		assert_int_equal(cx_random_below(&random, 1), 0);
		assert_true(cx_random_below(&random, UINT64_MAX) < UINT64_MAX);
	}
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(seen[i], 800, 1200);
}

/* ---- barrier -------------------------------------------------------------- */

struct meeting {
	struct cx_barrier barrier;
	uint64_t slot[THREADS]; /* each written by its owner alone, read between meetings */
};

struct member {
	struct meeting *meeting;
	unsigned id;
	unsigned last;  /* times it was the last to arrive */
	unsigned wrong; /* times it saw a member elsewhere than at its own round */
};

/** Yields, because the machine may have fewer CPUs than members. */
static void meet(struct member *m, uint64_t *sense)
{
	if (cx_barrier_arrive(&m->meeting->barrier, THREADS, sense)) {
		m->last++;
		return;
	}
	while (!cx_barrier_open(&m->meeting->barrier, *sense))
		sched_yield();
}

static void *run_member(void *arg)
{
	struct member *m = arg;
	uint64_t sense = 0;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		m->meeting->slot[m->id] = round;
		meet(m, &sense);
		for (unsigned i = 0; i < THREADS; i++)
			if (m->meeting->slot[i] != round)
				m->wrong++;
		meet(m, &sense);
	}
	return NULL;
}

static void test_the_barrier_releases_all_together(void **state)
{
	struct meeting meeting = { 0 };
	struct member members[THREADS];
	pthread_t threads[THREADS];
	unsigned last = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		members[i] = (struct member){ .meeting = &meeting, .id = i };
		assert_int_equal(pthread_create(&threads[i], NULL, run_member, &members[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(members[i].wrong, 0);
		last += members[i].last;
	}
	assert_int_equal(last, 2 * ROUNDS); /* one a meeting */
	assert_int_equal(meeting.barrier.arrived, 0);
}

static void test_a_barrier_of_one_never_waits(void **state)
{
	struct cx_barrier barrier = { 0 };
	uint64_t sense = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_true(cx_barrier_arrive(&barrier, 1, &sense));
}

/* ---- lock ----------------------------------------------------------------- */

struct counter {
	struct cx_ticket_lock lock;
	uint64_t value; /* plain: only the lock protects it */
	uint64_t inside, violations;
};

static void *count_up(void *arg)
{
	struct counter *c = arg;

	for (unsigned i = 0; i < 10 * ROUNDS; i++) {
		uint64_t ticket = cx_ticket_take(&c->lock);

		while (!cx_ticket_served(&c->lock, ticket))
			sched_yield();
		if (c->inside++)
			c->violations++;
		c->value++;
		c->inside--;
		cx_ticket_release(&c->lock);
	}
	return NULL;
}

static void test_the_lock_excludes(void **state)
{
	struct counter counter = { 0 };
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, &counter), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(counter.value, THREADS * 10 * ROUNDS);
	assert_int_equal(counter.violations, 0);
	assert_int_equal(counter.lock.next, counter.lock.serving);
}

static void test_the_lock_serves_in_order(void **state)
{
	struct cx_ticket_lock lock = { 0 };
	uint64_t a = cx_ticket_take(&lock), b = cx_ticket_take(&lock), c = cx_ticket_take(&lock);

	(void)state;
	assert_true(cx_ticket_served(&lock, a));
	assert_false(cx_ticket_served(&lock, b));
	cx_ticket_release(&lock);
	assert_false(cx_ticket_served(&lock, a));
	assert_true(cx_ticket_served(&lock, b));
	assert_false(cx_ticket_served(&lock, c));
	cx_ticket_release(&lock);
	assert_true(cx_ticket_served(&lock, c));
}

/* ---- bursty --------------------------------------------------------------- */

static void test_alignment_finds_the_next_place(void **state)
{
	(void)state;
	for (uint64_t period = 1; period <= 12; period++)
		for (uint64_t offset = 0; offset < 30; offset++)
			for (uint64_t earliest = 0; earliest < 50; earliest++) {
				uint64_t want = earliest;

				while (want % period != offset % period)
					want++;
				assert_int_equal(cx_align_next(earliest, period, offset), want);
			}
}

static void test_alignment_at_the_end_of_time(void **state)
{
	(void)state;
	/* 2^64 = 6 modulo 10, so the last number is 5 behind a multiple. */
	assert_int_equal(cx_align_next(UINT64_MAX, 10, 5), UINT64_MAX);
	assert_int_equal(cx_align_next(UINT64_MAX, 10, 6), UINT64_MAX);
	assert_int_equal(cx_align_next(UINT64_MAX - 3, 10, 3), UINT64_MAX - 2);
	assert_int_equal(cx_align_next(0, UINT64_MAX, UINT64_MAX - 1), UINT64_MAX - 1);
}

static void test_variation_stays_within_its_percentage(void **state)
{
	struct cx_random random;
	uint64_t low = UINT64_MAX, high = 0;

	(void)state;
	cx_random_init(&random, 3);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t x = cx_vary(1000, 30, cx_random_next(&random));

		assert_in_range(x, 700, 1300);
		low = x < low ? x : low;
		high = x > high ? x : high;
		assert_int_equal(cx_vary(1234567, 0, cx_random_next(&random)), 1234567);
		assert_in_range(cx_vary(UINT64_C(1) << 56, 100, cx_random_next(&random)), 0,
				UINT64_C(1) << 57);
	}
	assert_in_range(low, 700, 705);
	assert_in_range(high, 1295, 1300);
}

/* ---- the tables ----------------------------------------------------------- */

static void check_param(const struct cx_workload_info *info, unsigned i)
{
	const struct cx_workload_param *p = &info->params[i];

	assert_true(p->name[0] && memchr(p->name, 0, sizeof(p->name)));
	assert_non_null(memchr(p->unit, 0, sizeof(p->unit)));
	assert_true(p->doc[0] && memchr(p->doc, 0, sizeof(p->doc)));
	assert_in_range(p->type, CX_WORKLOAD_INT, CX_WORKLOAD_BOOL);
	assert_true(p->min <= p->def && p->def <= p->max);
	if (p->type != CX_WORKLOAD_INT)
		assert_true(p->min >= 0);
	if (p->type == CX_WORKLOAD_BOOL)
		assert_int_equal(p->max, 1);
	for (unsigned j = 0; j < i; j++)
		assert_string_not_equal(p->name, info->params[j].name);
}

static void check_table(const struct cx_workload_info *info, const char *name)
{
	assert_string_equal(info->name, name);
	assert_true(info->summary[0] && memchr(info->summary, 0, sizeof(info->summary)));
	assert_true(info->progress_unit[0]);
	assert_in_range(info->n_params, 0, CX_GUEST_PARAMS);
	assert_in_range(info->n_results, 0, CX_GUEST_RESULTS);
	for (unsigned i = 0; i < info->n_params; i++)
		check_param(info, i);
	/* A parameter left out of the count could not be set. */
	for (unsigned i = info->n_params; i < CX_GUEST_PARAMS; i++)
		assert_string_equal(info->params[i].name, "");
	for (unsigned i = 0; i < info->n_results; i++) {
		assert_true(info->results[i][0]);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(info->results[i], info->results[j]);
	}
}

/** Checks every payload in @sub of the build folder, returns how many there were. */
static unsigned check_folder(const char *sub)
{
	char build[PATH_MAX], path[2 * PATH_MAX], name[NAME_MAX + 1];
	ssize_t len = readlink("/proc/self/exe", build, sizeof(build) - 1);
	struct dirent *entry;
	unsigned found = 0;
	DIR *dir;

	assert_true(len > 0);
	build[len] = 0;
	dirname(dirname(build));
	snprintf(path, sizeof(path), "%s/%s", build, sub);
	dir = opendir(path);
	if (!dir) {
		fail_msg("no folder %s: build the payloads first", path);
		return 0;
	}
	while ((entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);
		struct cx_payload *payload;
		struct cx_error err = { "" };

		if (n < 5 || strcmp(entry->d_name + n - 4, ".elf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", build, sub, entry->d_name);
		snprintf(name, sizeof(name), "%.*s", (int)(n - 4), entry->d_name);
		if (cx_payload_open(path, &payload, &err))
			fail_msg("%s: %s", path, err.text);
		check_table(cx_payload_info(payload), name);
		cx_payload_close(payload);
		found++;
	}
	closedir(dir);
	return found;
}

static void test_every_workload_table_is_sound(void **state)
{
	(void)state;
	assert_in_range(check_folder("lib/coxswain/payloads"), 6, 1000);
}

static void test_every_test_guest_table_is_sound(void **state)
{
	(void)state;
	assert_in_range(check_folder("tests/guests"), 10, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_walk_is_one_cycle),
		cmocka_unit_test(test_the_walk_is_random),
		cmocka_unit_test(test_random_stays_below),
		cmocka_unit_test(test_the_barrier_releases_all_together),
		cmocka_unit_test(test_a_barrier_of_one_never_waits),
		cmocka_unit_test(test_the_lock_excludes),
		cmocka_unit_test(test_the_lock_serves_in_order),
		cmocka_unit_test(test_alignment_finds_the_next_place),
		cmocka_unit_test(test_alignment_at_the_end_of_time),
		cmocka_unit_test(test_variation_stays_within_its_percentage),
		cmocka_unit_test(test_every_workload_table_is_sound),
		cmocka_unit_test(test_every_test_guest_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
