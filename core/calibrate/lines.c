/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines that lie in another cache: a thread on one CPU writes a buffer, so that its caches hold
 * the only copy; a thread on another CPU walks through it, and hands it over for the next round.
 * In this process, as only the hardware counts here.
 */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/dispatch/dispatch.h"
#include "core/machine/host.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE 64u
#define LARGE_PAGE (2ull << 20)
#define LINES 2048u /* 128 KiB: more than an L1, less than what a core has for itself */
#define ROUNDS_MIN 8u
#define PS_PER_NS 1000u

struct line {
	struct line *next;
	uint64_t written;
	uint64_t rest[LINE / 8 - 2];
};

struct fetch {
	struct cal *c;
	struct line *lines;
	unsigned cpu[2]; /* who writes, who reads */
	uint64_t until_ns;
	pthread_barrier_t turn;
	atomic_bool done;
	struct cal_samples *samples;
};

/* One cycle through all lines in an order that no prefetcher guesses: Sattolo's. */
static void make_cycle(struct line *lines)
{
	unsigned order[LINES];
	uint64_t x = 1;

	for (unsigned i = 0; i < LINES; i++)
		order[i] = i;
	for (unsigned i = LINES - 1; i > 0; i--) {
		unsigned k, t = order[i];

		x = x * 6364136223846793005ull + 1442695040888963407ull; /* Knuth's MMIX */
		k = (unsigned)((x >> 33) % i);
		order[i] = order[k];
		order[k] = t;
	}
	for (unsigned i = 0; i < LINES; i++)
		lines[i].next = &lines[order[i]];
}

static void *writer(void *arg)
{
	struct fetch *f = arg;

	for (;;) {
		for (unsigned i = 0; i < LINES; i++)
			f->lines[i].written++;
		pthread_barrier_wait(&f->turn); /* written */
		pthread_barrier_wait(&f->turn); /* read */
		if (atomic_load(&f->done))
			return NULL;
	}
}

static void read_all(struct fetch *f)
{
	const struct line *at = f->lines;
	uint64_t begin = cx_monotonic_ns(), took;

	for (unsigned i = 0; i < LINES; i++)
		at = at->next;
	/* Kept, so that the compiler walks it. */
	__asm__ volatile("" : "+r"(at));
	took = cx_monotonic_ns() - begin;
	cal_add(f->samples, took * PS_PER_NS / LINES);
}

static void *reader(void *arg)
{
	struct fetch *f = arg;

	for (unsigned i = 0;; i++) {
		pthread_barrier_wait(&f->turn);
		read_all(f);
		if ((i >= ROUNDS_MIN && cx_monotonic_ns() > f->until_ns) || cal_stopped(f->c))
			atomic_store(&f->done, true);
		pthread_barrier_wait(&f->turn);
		if (atomic_load(&f->done))
			return NULL;
	}
}

static int play(struct fetch *f)
{
	pthread_t threads[2];
	int rc = cal_start_on(f->c, &threads[0], writer, f, f->cpu[0], f->c->err);

	if (rc)
		return rc;
	rc = cal_start_on(f->c, &threads[1], reader, f, f->cpu[1], f->c->err);
	if (rc) {
		atomic_store(&f->done, true); /* the writer waits twice for somebody */
		pthread_barrier_wait(&f->turn);
		pthread_barrier_wait(&f->turn);
	} else {
		pthread_join(threads[1], NULL);
	}
	pthread_join(threads[0], NULL);
	return rc;
}

int cal_fetch_lines(struct cal *c, unsigned from, unsigned to, uint64_t ns,
		    struct cal_samples *samples)
{
	struct fetch f = {
		.c = c,
		.cpu = { from, to },
		.until_ns = cx_monotonic_ns() + ns,
		.samples = samples,
	};
	int rc;

	/* On one page if there are such: not the tables of pages are measured. */
	f.lines = aligned_alloc(LARGE_PAGE, LARGE_PAGE);
	if (!f.lines)
		return cx_fail(c->err, ENOMEM, "out of memory");
	madvise(f.lines, LARGE_PAGE, MADV_HUGEPAGE);
	memset(f.lines, 0, LINES * LINE);
	make_cycle(f.lines);
	pthread_barrier_init(&f.turn, NULL, 2);
	rc = play(&f);
	pthread_barrier_destroy(&f.turn);
	free(f.lines);
	return rc ? rc : cal_check_stop(c);
}

int cal_fetching(struct cal *c, uint64_t ns)
{
	static const struct {
		enum cx_cost_index cost;
		unsigned distance;
		const char *wanted;
	} places[] = {
		{ CX_COST_ACCESS_NODE, CX_DIST_NODE, "two last-level caches of one NUMA node" },
		{ CX_COST_ACCESS_REMOTE, CX_DIST_REMOTE, "two NUMA nodes" },
	};
	unsigned a, b;
	int rc = 0;

	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		if (cal_pair(c, places[i].distance, &a, &b))
			rc = cal_fetch_lines(c, a, b, ns / 2, &c->cost[places[i].cost]);
		else
			cal_not_measured(c, places[i].cost, CAL_NO_PAIR, places[i].wanted);
	}
	return rc;
}
