/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan: what is measured in which order, and what is made of it.
 */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/machine/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Everything is measured several times, so that what disturbs the host for a while is in some
 * of each cost's samples and not in all of one's. */
#define ROUNDS 3u
#define ROUNDS_SHORT 1u
#define SHORT_NS (8 * CX_SEC)
/* What starting and ending a run takes beside; and the least time that is of use. */
#define OVERHEAD_NS (100 * CX_MS)
#define LEAST_NS (60 * CX_MS)
#define FIRST (-20) /* of nice values */

static const struct part {
	const char *what;
	int (*measure)(struct cal *c, uint64_t ns);
	unsigned weight; /* of the time */
	unsigned runs;   /* that it makes */
} parts[] = {
	{ "hypercalls", cal_calling, 4, 1 },
	{ "switches", cal_switching, 26, 1 },
	{ "resuming", cal_resuming, 8, 1 },
	{ "waking on a busy pCPU", cal_waking_busy, 22, 2 },
	{ "waking on an idle pCPU", cal_waking_idle, 14, 2 },
	{ "ticks", cal_ticking, 8, 2 },
	{ "moves", cal_moving, 6, 1 },
	{ "work", cal_working, 3, 1 },
	{ "spinning", cal_spinning, 3, 1 },
	{ "caches", cal_walking, 5, 4 },
	{ "lines of other caches", cal_fetching, 1, 0 },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

bool cal_stopped(const struct cal *c)
{
	return c->options->stop && atomic_load(c->options->stop);
}

int cal_check_stop(const struct cal *c)
{
	return cal_stopped(c) ? cx_fail(c->err, EINTR, "interrupted") : 0;
}

void cal_show_progress(const struct cal *c)
{
	if (c->options->progress)
		c->options->progress(c->options->arg, cx_monotonic_ns() - c->start_ns,
				     c->duration_ns);
}

void cal_not_measured(struct cal *c, enum cx_cost_index cost, const char *fmt, ...)
{
	char *why = c->out->cost[cost].why_not;
	va_list ap;

	if (*why)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(c->out->cost[cost].why_not), fmt, ap);
	va_end(ap);
}

/* --- what is made of it ------------------------------------------------------------- */

static enum cx_calibrate_value value_of(enum cx_cost_index cost)
{
	switch (cost) {
	case CX_COST_SWITCH:
	case CX_COST_RESUME:
	case CX_COST_SLICE_LATE:
	case CX_COST_HYPERCALL:
	case CX_COST_TICK:
		return CX_CALIBRATE_MIDMEAN;
	default:
		return CX_CALIBRATE_MEDIAN;
	}
}

static void settle_decide(struct cal *c)
{
	struct cx_measured *m = &c->out->cost[CX_COST_DECIDE];
	const struct cx_hist *h = &c->decide;

	m->is = CX_CALIBRATE_MEDIAN;
	if (!h->count)
		return;
	m->measured = true;
	m->samples = h->count;
	m->p10 = cx_hist_percentile(h, 10);
	m->p50 = m->value = cx_hist_percentile(h, 50);
	m->p90 = cx_hist_percentile(h, 90);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Its samples are differences, and may be below 0; what a tick takes is not. */
static void settle_tick(struct cx_measured *m)
{
	m->value = less(m->value, CAL_ZERO);
	m->p10 = less(m->p10, CAL_ZERO);
	m->p50 = less(m->p50, CAL_ZERO);
	m->p90 = less(m->p90, CAL_ZERO);
}

/*
 * A walk through more than a cache holds finds there what it holds, and the rest a level
 * further: the walk's price is (1 - @far) times @near_ps, and @far times that of the further
 * level, which goes into @samples.  @far in 1/65536.
 */
static void further(struct cal *c, const struct cal_samples *walk, uint64_t near_ps, uint64_t far,
		    enum cx_cost_index cost)
{
	for (size_t i = 0; far && i < walk->n; i++) {
		uint64_t near = near_ps * (65536 - far), all = walk->at[i] * 65536;

		cal_add(&c->cost[cost], all > near ? (all - near) / far : near_ps);
	}
	c->cost[cost].lost |= walk->lost;
}

static void settle_walks(struct cal *c)
{
	struct cal_walks w;
	uint64_t l2, llc, in_caches, beside;

	cal_walk_sizes(c, &w);
	further(c, &c->walk[0], 0, 65536, CX_COST_ACCESS_L1);
	further(c, &c->walk[1], 0, 65536, CX_COST_ACCESS_L2);
	l2 = cal_median(&c->walk[1]);
	if (!l2)
		l2 = cal_median(&c->walk[0]);
	if (w.llc_size > w.near_bytes)
		further(c, &c->walk[2], l2, 65536 - w.near_bytes * 65536 / w.llc_size,
			CX_COST_ACCESS_LLC);
	if (!w.memory_size)
		return;
	llc = cal_median(&c->cost[CX_COST_ACCESS_LLC]);
	if (!llc)
		llc = l2;
	in_caches = w.llc_bytes + w.near_bytes;
	beside = (l2 * w.near_bytes + llc * w.llc_bytes) / in_caches;
	further(c, &c->walk[3], beside, 65536 - in_caches * 65536 / w.memory_size,
		CX_COST_ACCESS_MEMORY);
}

static uint64_t clamp(uint64_t value, enum cx_cost_index cost)
{
	if (value < cx_cost_table[cost].min)
		return cx_cost_table[cost].min;
	return value > cx_cost_table[cost].max ? cx_cost_table[cost].max : value;
}

/*
 * The simulator varies each duration evenly by so much to either side: of such numbers the
 * 10th and the 90th percentile are 1.6 times that apart.  One figure for all of them: the median
 * of what the measured ones say.
 */
static void settle_jitter(struct cal *c)
{
	static const enum cx_cost_index of[] = { CX_COST_SWITCH,     CX_COST_RESUME,
						 CX_COST_SLICE_LATE, CX_COST_KICK,
						 CX_COST_IDLE_WAKE,  CX_COST_TIMER_LATE,
						 CX_COST_HYPERCALL };
	struct cal_samples *spreads = &c->cost[CX_COST_JITTER];

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		const struct cx_measured *m = &c->out->cost[of[i]];

		if (m->measured && m->p50)
			cal_add(spreads, (m->p90 - m->p10) * 1000 / (16 * m->p50));
	}
	cal_settle(spreads, CX_CALIBRATE_MEDIAN, &c->out->cost[CX_COST_JITTER]);
}

int cal_settle_all(struct cal *c)
{
	uint64_t decide;

	settle_decide(c);
	settle_walks(c);
	/* The simulator charges both, one after the other. */
	decide = c->out->cost[CX_COST_DECIDE].value;
	cal_less(&c->cost[CX_COST_SWITCH], decide);
	cal_less(&c->cost[CX_COST_RESUME], decide);
	cal_less(&c->cost[CX_COST_IDLE_WAKE], decide);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		struct cx_measured *m = &c->out->cost[i];

		if (c->cost[i].lost)
			return cx_fail(c->err, ENOMEM, "out of memory");
		if (i == CX_COST_JITTER)
			continue;
		if (i != CX_COST_DECIDE)
			cal_settle(&c->cost[i], value_of(i), m);
		if (i == CX_COST_TICK && m->measured)
			settle_tick(m);
		m->value = m->measured ? clamp(m->value, i) : cx_cost_table[i].def;
		if (!m->measured)
			cal_not_measured(c, i, "it did not happen in that time; give it more");
	}
	settle_jitter(c);
	c->out->cost[CX_COST_JITTER].value =
		clamp(c->out->cost[CX_COST_JITTER].value, CX_COST_JITTER);
	if (!c->out->cost[CX_COST_JITTER].measured)
		c->out->cost[CX_COST_JITTER].value = cx_cost_table[CX_COST_JITTER].def;
	return c->cost[CX_COST_JITTER].lost ? cx_fail(c->err, ENOMEM, "out of memory") : 0;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int measure(struct cal *c)
{
	unsigned rounds = c->duration_ns < SHORT_NS ? ROUNDS_SHORT : ROUNDS, weights = 0, runs = 0;
	uint64_t ns, all;
	int rc = 0;

	for (size_t i = 0; i < PARTS; i++) {
		weights += parts[i].weight;
		runs += parts[i].runs;
	}
	all = less(c->duration_ns / rounds, runs * OVERHEAD_NS);
	for (unsigned k = 0; k < rounds * PARTS && rc == 0; k++) {
		const struct part *part = &parts[k % PARTS];

		if (c->options->begin)
			c->options->begin(c->options->arg, part->what, k + 1,
					  rounds * (unsigned)PARTS);
		cal_show_progress(c);
		ns = all * part->weight / weights;
		if (ns < part->runs * LEAST_NS)
			ns = part->runs * LEAST_NS;
		rc = cal_check_stop(c);
		if (rc == 0)
			rc = part->measure(c, ns);
	}
	return rc;
}

/* Ticks of all CPUs since the host started: all, and those that its hypervisor took. */
static void read_ticks(uint64_t *all, uint64_t *stolen)
{
	FILE *f = fopen("/proc/stat", "re");
	uint64_t v[8] = { 0 };

	*all = *stolen = 0;
	if (!f)
		return;
	if (fscanf(f,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 8) {
		for (unsigned i = 0; i < 8; i++)
			*all += v[i];
		*stolen = v[7];
	}
	fclose(f);
}

static double percent(uint64_t part, uint64_t of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

/* Where that is permitted: what others do on this host is not to be measured. */
static void go_before_others(int *nice)
{
	errno = 0;
	*nice = getpriority(PRIO_PROCESS, 0);
	if (errno || setpriority(PRIO_PROCESS, 0, FIRST) < 0)
		*nice = FIRST;
}

static int run(struct cal *c)
{
	uint64_t all, stolen, all_after, stolen_after;
	struct cx_tsc_clock clock;
	int rc, nice;

	cx_tsc_clock(cx_monotonic_ns(), &clock);
	c->clock = clock.mult != 0;
	read_ticks(&all, &stolen);
	go_before_others(&nice); /* and with us the threads that we start */
	rc = measure(c);
	setpriority(PRIO_PROCESS, 0, nice);
	read_ticks(&all_after, &stolen_after);
	if (rc == 0)
		rc = cal_settle_all(c);
	c->out->steal = percent(c->steal_ns, c->busy_ns);
	c->out->stolen = percent(less(stolen_after, stolen), less(all_after, all));
	c->out->duration_ns = cx_monotonic_ns() - c->start_ns;
	return rc;
}

static int prepare(struct cal *c)
{
	const struct cx_cpuset *allowed;
	int rc = cx_kvm_open(&c->kvm, c->err), cpu;

	if (rc == 0)
		rc = cx_topology_host(&c->topology, c->err);
	if (rc)
		return rc;
	snprintf(c->out->backend, sizeof(c->out->backend), "%s", cx_kvm_backend(c->kvm));
	c->out->host = cx_topology_describe(c->topology);
	allowed = cx_topology_allowed(c->topology);
	c->cpus = calloc(cx_cpuset_count(allowed) + 1, sizeof(*c->cpus));
	if (!c->out->host || !c->cpus)
		return cx_fail(c->err, ENOMEM, "out of memory");
	for (cpu = cx_cpuset_next(allowed, -1); cpu >= 0; cpu = cx_cpuset_next(allowed, cpu))
		c->cpus[c->n_cpus++] = (unsigned)cpu;
	return 0;
}

int cx_calibrate(const struct cx_calibrate_options *options, struct cx_calibration *out,
		 struct cx_error *err)
{
	struct cal c = {
		.options = options,
		.err = err,
		.start_ns = cx_monotonic_ns(),
		.duration_ns =
			options->duration_ns ? options->duration_ns : CX_CALIBRATE_DEFAULT_NS,
		.out = out,
	};
	int rc;

	*out = (struct cx_calibration){ 0 };
	rc = prepare(&c);
	if (rc == 0)
		rc = run(&c);
	for (unsigned i = 0; i < CX_COSTS; i++)
		cal_samples_free(&c.cost[i]);
	for (unsigned i = 0; i < 4; i++)
		cal_samples_free(&c.walk[i]);
	cx_kvm_close(c.kvm);
	cx_topology_free(c.topology);
	free(c.cpus);
	if (rc)
		cx_calibration_free(out);
	return rc;
}

void cx_calibration_free(struct cx_calibration *calibration)
{
	free(calibration->host);
	calibration->host = NULL;
}
