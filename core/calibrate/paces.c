/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast a guest is: one gauge alone on a pCPU that does the same over and over.  In a guest,
 * not in this process: what guests pay for their tables of pages and for exits is theirs alone.
 */
#include "core/calibrate/internal.h"

#include "base/units.h"

#include <errno.h>
#include <unistd.h>

/* About a millisecond each: long beside reading the clock, short beside a host's hiccups. */
#define WORK_PIECE 1000000u
#define SPIN_PIECE 25000u
#define WALK_PIECE 20000u
#define PS_PER_NS 1000u

#define LINE 64u
#define L1_BYTES (32u << 10) /* of every x86-64 processor of the last decade, or more */
#define LARGEST_WALK (1ull << 30)
#define NEAR_DEFAULT (512ull << 10) /* where the host does not say */
#define LLC_DEFAULT (8ull << 20)

static int run_alone(struct cal *c, const struct cal_gauge *gauge, uint64_t ns, struct cal_run *run)
{
	const struct cal_plan plan = {
		.scheduler = "rr",
		.params = { { "slice", "1s" } },
		.n_cpus = 1,
		.n_gauges = 1,
		.gauges = gauge,
		.until_ns = ns,
	};

	return cal_run(c, &plan, run);
}

/* What reading the clock takes where guests have to ask for the time: a hypercall. */
static uint64_t cost_of_asking(struct cal *c)
{
	return c->clock ? 0 : cal_median(&c->cost[CX_COST_HYPERCALL]);
}

static uint64_t length(const struct cal *c, const struct cal_span *span, uint64_t asking)
{
	uint64_t ns = span->end_ns - span->begin_ns;

	(void)c;
	return ns > asking ? ns - asking : 0;
}

int cal_calling(struct cal *c, uint64_t ns)
{
	const struct cal_gauge gauge = { .what = CAL_CALL };
	struct cal_run run;
	int rc = run_alone(c, &gauge, ns, &run);

	if (rc)
		return rc;
	/* A span is then two of them: the one that is measured, and the one that tells the time. */
	for (size_t i = 0; i < run.gauge[0].n; i++)
		cal_add(&c->cost[CX_COST_HYPERCALL],
			length(c, &run.gauge[0].at[i], 0) / (c->clock ? 1 : 2));
	cal_run_free(&run);
	return 0;
}

static int measure_rate(struct cal *c, const struct cal_gauge *gauge, uint64_t ns,
			enum cx_cost_index cost)
{
	uint64_t asking = cost_of_asking(c), took;
	struct cal_run run;
	int rc = run_alone(c, gauge, ns, &run);

	if (rc)
		return rc;
	for (size_t i = 0; i < run.gauge[0].n; i++) {
		took = length(c, &run.gauge[0].at[i], asking);
		if (took)
			cal_add(&c->cost[cost], (gauge->piece * CX_US + took / 2) / took);
	}
	cal_run_free(&run);
	return 0;
}

int cal_working(struct cal *c, uint64_t ns)
{
	const struct cal_gauge gauge = { .what = CAL_WORK, .piece = WORK_PIECE };

	return measure_rate(c, &gauge, ns, CX_COST_WORK_RATE);
}

int cal_spinning(struct cal *c, uint64_t ns)
{
	const struct cal_gauge gauge = { .what = CAL_SPIN, .piece = SPIN_PIECE };

	return measure_rate(c, &gauge, ns, CX_COST_SPIN_RATE);
}

/* --- walks ------------------------------------------------------------------------------ */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t free_memory(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

void cal_walk_sizes(struct cal *c, struct cal_walks *w)
{
	uint64_t near = cx_topology_l2_size(c->topology, c->cpus[0]);
	uint64_t llc = cx_topology_llc_size(c->topology, c->cpus[0]);

	*w = (struct cal_walks){
		.near_bytes = near ? near : NEAR_DEFAULT,
		.llc_bytes = llc ? llc : LLC_DEFAULT,
		.l1_size = L1_BYTES / 2,
	};
	w->l2_size = w->near_bytes / 2;
	if (w->l2_size <= L1_BYTES)
		cal_not_measured(c, CX_COST_ACCESS_L2,
				 "this host shows no cache between the L1 and the last level");
	w->llc_size = least(8 * w->near_bytes, w->llc_bytes / 2);
	if (w->llc_size <= w->near_bytes)
		cal_not_measured(c, CX_COST_ACCESS_LLC,
				 "this host shows no last-level cache beside its cores' own");
	w->memory_size = least(4 * w->llc_bytes, LARGEST_WALK);
	if (w->memory_size < 2 * w->llc_bytes) {
		cal_not_measured(
			c, CX_COST_ACCESS_MEMORY,
			"the last-level cache has %llu MiB, more than half of what is walked",
			(unsigned long long)w->llc_bytes >> 20);
		w->memory_size = 0;
	} else if (w->memory_size > free_memory() / 2) {
		cal_not_measured(c, CX_COST_ACCESS_MEMORY,
				 "walking %llu MiB takes twice that in free memory",
				 (unsigned long long)w->memory_size >> 20);
		w->memory_size = 0;
	}
}

static int walk(struct cal *c, uint64_t size, uint64_t ns, struct cal_samples *samples)
{
	struct cal_gauge gauge = { .what = CAL_WALK, .piece = WALK_PIECE, .size = size };
	uint64_t asking = cost_of_asking(c);
	struct cal_run run;
	int rc;

	/* Beside what a domain has anyway. */
	gauge.memory = size + (16ull << 20);
	rc = run_alone(c, &gauge, ns, &run);
	if (rc)
		return rc;
	for (size_t i = 0; i < run.gauge[0].n; i++)
		cal_add(samples, length(c, &run.gauge[0].at[i], asking) * PS_PER_NS / WALK_PIECE);
	cal_run_free(&run);
	return 0;
}

int cal_walking(struct cal *c, uint64_t ns)
{
	struct cal_walks w;
	int rc;

	cal_walk_sizes(c, &w);
	rc = walk(c, w.l1_size, ns / 8, &c->walk[0]);
	if (rc == 0 && w.l2_size > L1_BYTES)
		rc = walk(c, w.l2_size, ns / 8, &c->walk[1]);
	if (rc == 0 && w.llc_size > w.near_bytes)
		rc = walk(c, w.llc_size, ns / 4, &c->walk[2]);
	if (rc == 0 && w.memory_size)
		rc = walk(c, w.memory_size, ns / 2, &c->walk[3]);
	return rc;
}
