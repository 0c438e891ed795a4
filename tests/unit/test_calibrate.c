/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a calibration makes costs of what gauges and the dispatcher saw; made up here, so no guest
 * is needed.  What it measures on real ones is tests/cli/calibrate.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "core/calibrate/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(cost) (1u << (cost))
#define MACHINE "pack:1 numa:1 l3:1(size=33554432) l2:2(size=524288) core:1 pu:1"

/* --- samples -------------------------------------------------------------------------- */

static struct cx_measured settle(const uint64_t *values, size_t n, enum cx_calibrate_value is)
{
	struct cal_samples s = { 0 };
	struct cx_measured m = { 0 };

	for (size_t i = 0; i < n; i++)
		cal_add(&s, values[i]);
	assert_false(s.lost);
	cal_settle(&s, is, &m);
	cal_samples_free(&s);
	return m;
}

static void test_samples(void **state)
{
	static const uint64_t eight[] = { 9000, 10, 30, 20, 1, 50, 40, 0 };
	struct cx_measured m;
	uint64_t many[10000];

	(void)state;
	/* In order: 0 1 [10 20 30 40] 50 9000; the hiccup and the luck are left out. */
	m = settle(eight, COUNT(eight), CX_CALIBRATE_MIDMEAN);
	assert_true(m.measured);
	assert_int_equal(m.samples, 8);
	assert_int_equal(m.value, 25);
	assert_int_equal(m.p10, 0);
	assert_int_equal(m.p50, 30);
	assert_int_equal(m.p90, 9000);
	m = settle(eight, COUNT(eight), CX_CALIBRATE_MEDIAN);
	assert_int_equal(m.value, 30);
	m = settle(eight, 1, CX_CALIBRATE_MIDMEAN);
	assert_int_equal(m.value, 9000);
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (i * 7919) % COUNT(many);
	m = settle(many, COUNT(many), CX_CALIBRATE_MIDMEAN);
	assert_int_equal(m.samples, COUNT(many));
	assert_int_equal(m.value, 5000); /* 4999.5, rounded */
	assert_int_equal(m.p10, 1000);
	assert_int_equal(m.p50, 5000);
	assert_int_equal(m.p90, 8999);
	m = settle(many, 0, CX_CALIBRATE_MEDIAN);
	assert_false(m.measured);
	assert_int_equal(m.value, 0);
}

static void test_less_stops_at_0(void **state)
{
	struct cal_samples s = { 0 };

	(void)state;
	cal_add(&s, 5);
	cal_add(&s, 3);
	cal_add(&s, 4);
	cal_less(&s, 4);
	assert_int_equal(cal_median(&s), 0);
	assert_int_equal(s.at[2], 1);
	cal_samples_free(&s);
	assert_int_equal(cal_median(&s), 0);
}

/* --- what gauges log -------------------------------------------------------------------- */

static struct cal_run two_gauges(void)
{
	struct cal_run run = { .n = 2, .until_ns = CX_SEC };

	run.gauge = calloc(2, sizeof(*run.gauge));
	assert_non_null(run.gauge);
	return run;
}

static void test_lines(void **state)
{
	struct cal_run run = two_gauges();

	(void)state;
	assert_true(cal_parse_line("g1/0: gauge ff 1 10 2", &run));
	assert_true(cal_parse_line("g1/0: gauge 200 ffffffffffff", &run));
	assert_int_equal(run.gauge[0].n, 0);
	assert_int_equal(run.gauge[1].n, 3);
	assert_int_equal(run.gauge[1].at[0].begin_ns, 0xff);
	assert_int_equal(run.gauge[1].at[0].end_ns, 0x100);
	assert_int_equal(run.gauge[1].at[1].begin_ns, 0x110);
	assert_int_equal(run.gauge[1].at[1].end_ns, 0x112);
	assert_int_equal(run.gauge[1].at[2].end_ns, 0x200 + 0xffffffffffff);
	cal_run_free(&run);
}

static void test_lines_that_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		"g",
		"g0/0:",
		"g0/0: gauge",
		"g0/0: gauge ",
		"g0/0: gauge 12",
		"g0/0: gauge 12 ",
		"g0/0: gauge x 1",
		"g0/0: gauge 12 1 5",
		"g0/0: gauge 12 1 5 y",
		"g0/0: gauge 12 1 5 6 7",
		"g2/0: gauge 12 1", /* there are two */
		"g0/1: gauge 12 1",
		"other/0: gauge 12 1",
		"g0/0: its walk does not fit",
		"g99999999999999999999/0: gauge 1 1",
		"g0/0: gauge 11111111111111111111 1",
	};
	struct cal_run run = two_gauges();

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (cal_parse_line(bad[i], &run))
			fail_msg("taken for samples: %s", bad[i]);
	cal_run_free(&run);
}

/* Where guests have to ask for the time each run says so. */
static void test_who_says_it(void **state)
{
	(void)state;
	assert_true(cal_of_a_gauge("g0/0: its walk does not fit"));
	assert_true(cal_of_a_gauge("g12/0: gauge 12"));
	assert_true(cal_of_a_gauge("(3 log lines were too many to keep)"));
	assert_false(cal_of_a_gauge(""));
	assert_false(cal_of_a_gauge("g0"));
	assert_false(cal_of_a_gauge("g/0: x"));
	assert_false(cal_of_a_gauge("this host does not trust its time stamp counter: guests "
				    "ask for the time, and every reading is an exit"));
}

static void test_spans_are_found(void **state)
{
	struct cal_run run = two_gauges();

	(void)state;
	assert_null(cal_span_at(&run, 0, 1000000));
	/* 1.000000 .. 1.100000 ms, 2.100000 .. 2.200000 ms, 2.300000 .. 2.300010 ms */
	assert_true(cal_parse_line("g0/0: gauge f4240 186a0 f4240 186a0 186a0 a", &run));
	assert_null(cal_span_at(&run, 0, 900000));
	assert_ptr_equal(cal_span_at(&run, 0, 1000000), &run.gauge[0].at[0]);
	assert_ptr_equal(cal_span_at(&run, 0, 1100000), &run.gauge[0].at[0]);
	assert_null(cal_span_at(&run, 0, 1100001));
	assert_ptr_equal(cal_span_at(&run, 0, 2150000), &run.gauge[0].at[1]);
	/* The event came just before the last reading: two clocks. */
	assert_ptr_equal(cal_span_at(&run, 0, 2098000), &run.gauge[0].at[1]);
	assert_ptr_equal(cal_span_at(&run, 0, 2300010), &run.gauge[0].at[2]);
	assert_null(cal_span_at(&run, 0, 2300011));
	assert_null(cal_span_at(&run, 1, 2300010));
	assert_null(cal_span_at(&run, 2, 2300010));
	assert_null(cal_span_at(&run, UINT32_MAX, 2300010));
	cal_run_free(&run);
}

/* --- joined with events ------------------------------------------------------------------ */

static void add_event(struct cal_run *run, uint64_t t, enum cx_event_type type, uint32_t vcpu,
		      uint32_t prev, uint32_t why, uint64_t x)
{
	const struct cx_event e = {
		.t_ns = t, .type = (uint16_t)type, .vcpu = vcpu, .prev = prev, .why = why, .x = x
	};

	cx_history_add(run->record->history, 0, &e);
}

static void add_span(struct cal_run *run, unsigned gauge, uint64_t begin, uint64_t end)
{
	char line[80];

	snprintf(line, sizeof(line), "g%u/0: gauge %llx %llx", gauge, (unsigned long long)begin,
		 (unsigned long long)(end - begin));
	assert_true(cal_parse_line(line, run));
}

/* The only sample of @cost. */
static uint64_t only(const struct cal *c, enum cx_cost_index cost)
{
	assert_int_equal(c->cost[cost].n, 1);
	return c->cost[cost].at[0];
}

#define EVERYTHING                                                                                 \
	(BIT(CX_COST_SWITCH) | BIT(CX_COST_RESUME) | BIT(CX_COST_SLICE_LATE) | BIT(CX_COST_KICK) | \
	 BIT(CX_COST_IDLE_WAKE) | BIT(CX_COST_TIMER_LATE))

static struct cal_run made_up(void)
{
	struct cal_run run = two_gauges();

	run.record = cx_record_new(2, 2, 1);
	assert_non_null(run.record);
	return run;
}

static void free_samples(struct cal *c)
{
	for (unsigned i = 0; i < CX_COSTS; i++)
		cal_samples_free(&c->cost[i]);
	for (size_t i = 0; i < COUNT(c->walk); i++)
		cal_samples_free(&c->walk[i]);
}

static void test_slices_end(void **state)
{
	struct cal_run run = made_up();
	struct cal c = { 0 };

	(void)state;
	/* 0 runs from 10 us for 1 ms; is left 60 us late; 1 runs 40 us later, and once more. */
	add_event(&run, 10000, CX_EV_SWITCH, 0, CX_NO_VCPU, CX_WHY_IDLE, CX_MS);
	add_event(&run, 1070000, CX_EV_SWITCH, 1, 0, CX_WHY_SLICE, CX_MS);
	add_event(&run, 2070000, CX_EV_SWITCH, 1, 1, CX_WHY_SLICE, CX_MS);
	add_span(&run, 0, 1010000, 9000000);
	add_span(&run, 1, 5000, 1110000);
	add_span(&run, 1, 2070000, 2095000);
	cal_join(&c, &run, EVERYTHING);
	assert_int_equal(only(&c, CX_COST_SWITCH), 40000);
	assert_int_equal(only(&c, CX_COST_RESUME), 25000);
	assert_int_equal(c.cost[CX_COST_SLICE_LATE].n, 2);
	assert_int_equal(c.cost[CX_COST_SLICE_LATE].at[0], 60000);
	assert_int_equal(c.cost[CX_COST_SLICE_LATE].at[1], 0);
	assert_int_equal(c.cost[CX_COST_KICK].n, 0);
	free_samples(&c);
	/* Only what is asked for. */
	cal_join(&c, &run, BIT(CX_COST_RESUME));
	assert_int_equal(only(&c, CX_COST_RESUME), 25000);
	assert_int_equal(c.cost[CX_COST_SWITCH].n + c.cost[CX_COST_SLICE_LATE].n, 0);
	free_samples(&c);
	/* Nothing from the time when gauges log. */
	run.until_ns = 2000000;
	cal_join(&c, &run, EVERYTHING);
	assert_int_equal(c.cost[CX_COST_RESUME].n, 0);
	free_samples(&c);
	cal_run_free(&run);
}

static void test_wakes(void **state)
{
	struct cal_run run = made_up();
	struct cal c = { 0 };

	(void)state;
	/* 1 sleeps, 0 runs; 1 is woken 45 us late and 50 us later preempts it. */
	add_event(&run, 1000, CX_EV_SWITCH, 1, CX_NO_VCPU, CX_WHY_IDLE, CX_MS);
	add_event(&run, 10000, CX_EV_BLOCK, 1, 0, 0, 500000);
	add_event(&run, 10000, CX_EV_SWITCH, 0, 1, CX_WHY_BLOCK, 9 * CX_MS);
	add_event(&run, 545000, CX_EV_WAKE, 1, 0, CX_WAKE_TIMER, 0);
	add_event(&run, 595000, CX_EV_SWITCH, 1, 0, CX_WHY_PREEMPT, CX_MS);
	/* 0 goes away for good; 1 sleeps until an event: no deadline, no lateness. */
	add_event(&run, 600000, CX_EV_BLOCK, 1, 0, 0, 0);
	add_event(&run, 600000, CX_EV_SWITCH, CX_NO_VCPU, 1, CX_WHY_BLOCK, 0);
	add_event(&run, 700000, CX_EV_WAKE, 1, 0, CX_WAKE_EVENT, 0);
	/* A preemption that no waking brought about: 0 woke long before 1 was put on. */
	add_event(&run, 700500, CX_EV_BLOCK, 0, 0, 0, 600500);
	add_event(&run, 701000, CX_EV_WAKE, 0, 0, CX_WAKE_TIMER, 0);
	add_event(&run, 702000, CX_EV_SWITCH, 1, CX_NO_VCPU, CX_WHY_IDLE, CX_MS);
	add_event(&run, 800000, CX_EV_SWITCH, 0, 1, CX_WHY_PREEMPT, CX_MS);
	add_span(&run, 1, 10000, 640000);
	add_span(&run, 1, 660000, 780000);
	cal_join(&c, &run, EVERYTHING & ~BIT(CX_COST_SWITCH));
	assert_int_equal(c.cost[CX_COST_TIMER_LATE].n, 2);
	assert_int_equal(c.cost[CX_COST_TIMER_LATE].at[0], 45000);
	assert_int_equal(only(&c, CX_COST_KICK), 50000);
	assert_int_equal(only(&c, CX_COST_IDLE_WAKE), 78000);
	free_samples(&c);
	cal_run_free(&run);
}

/* Numbers that are nobody's: a history that is damaged, or larger than the record. */
static void test_odd_events(void **state)
{
	struct cal_run run = made_up();
	struct cal c = { 0 };

	(void)state;
	add_event(&run, 1000, CX_EV_SWITCH, 7, CX_NO_VCPU, CX_WHY_IDLE, CX_MS);
	add_event(&run, 2000, CX_EV_BLOCK, 7, 0, 0, 500000);
	add_event(&run, 3000, CX_EV_WAKE, 9, 0, CX_WAKE_TIMER, 0);
	add_event(&run, 4000, CX_EV_SWITCH, 0, 12345, CX_WHY_SLICE, CX_MS);
	add_event(&run, 5000, CX_EV_ACCOUNT, CX_NO_VCPU, 0, 0, 0);
	add_event(&run, 6000, CX_EV_FAULT, CX_NO_VCPU, 0, 0, 0);
	cal_join(&c, &run, EVERYTHING);
	for (unsigned i = 0; i < CX_COSTS; i++)
		assert_int_equal(c.cost[i].n, 0);
	cal_run_free(&run);
}

/* --- made of it ------------------------------------------------------------------------------ */

struct made {
	struct cal c;
	struct cx_calibration out;
	struct cx_error err;
	struct cx_calibrate_options options;
	unsigned cpus[2];
};

static struct made *new_made(const char *machine)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->cpus[1] = 1;
	m->c = (struct cal){ .err = &m->err,
			     .out = &m->out,
			     .options = &m->options,
			     .n_cpus = 2,
			     .cpus = m->cpus,
			     .clock = true };
	if (cx_topology_synthetic(machine, &m->c.topology, &m->err) < 0)
		fail_msg("%s", m->err.text);
	return m;
}

static void free_made(struct made *m)
{
	free_samples(&m->c);
	cx_topology_free(m->c.topology);
	cx_calibration_free(&m->out);
	free(m);
}

static void test_deciding_is_charged_once(void **state)
{
	struct made *m = new_made(MACHINE);

	(void)state;
	cx_hist_add(&m->c.decide, 4);
	cal_add(&m->c.cost[CX_COST_SWITCH], 40004);
	cal_add(&m->c.cost[CX_COST_RESUME], 3);
	cal_add(&m->c.cost[CX_COST_IDLE_WAKE], 80004);
	cal_add(&m->c.cost[CX_COST_KICK], 50000);
	assert_int_equal(cal_settle_all(&m->c), 0);
	assert_int_equal(m->out.cost[CX_COST_DECIDE].value, 4);
	assert_int_equal(m->out.cost[CX_COST_SWITCH].value, 40000);
	assert_int_equal(m->out.cost[CX_COST_RESUME].value, 0);
	assert_int_equal(m->out.cost[CX_COST_IDLE_WAKE].value, 80000);
	assert_int_equal(m->out.cost[CX_COST_KICK].value, 50000);
	free_made(m);
}

static void test_ticks_that_take_nothing(void **state)
{
	struct made *m = new_made(MACHINE);

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		cal_add(&m->c.cost[CX_COST_TICK], CAL_ZERO + i * 1000 - 4000);
	cal_settle_all(&m->c);
	assert_true(m->out.cost[CX_COST_TICK].measured);
	assert_int_equal(m->out.cost[CX_COST_TICK].value, 0);
	assert_int_equal(m->out.cost[CX_COST_TICK].p10, 0);
	assert_int_equal(m->out.cost[CX_COST_TICK].p90, 4000);
	free_made(m);
}

static void test_walks_are_told_apart(void **state)
{
	struct made *m = new_made(MACHINE);
	struct cal_walks w;

	(void)state;
	cal_walk_sizes(&m->c, &w);
	assert_int_equal(w.near_bytes, 512 << 10);
	assert_int_equal(w.llc_bytes, 32 << 20);
	assert_int_equal(w.l2_size, 256 << 10);
	assert_int_equal(w.llc_size, 4 << 20);
	cal_add(&m->c.walk[0], 1000);
	cal_add(&m->c.walk[1], 4000);
	/* An eighth of 4 MiB lies in the core's own cache: 4000 / 8 + 20000 * 7 / 8. */
	cal_add(&m->c.walk[2], 18000);
	/* Of 128 MiB 512 KiB there, 32 MiB in the last level: 95.5 of 128 in memory. */
	cal_add(&m->c.walk[3], (4000 * 1 + 20000 * 64 + 100000 * 191) / 256);
	assert_int_equal(cal_settle_all(&m->c), 0);
	assert_int_equal(m->out.cost[CX_COST_ACCESS_L1].value, 1000);
	assert_int_equal(m->out.cost[CX_COST_ACCESS_L2].value, 4000);
	assert_int_equal(m->out.cost[CX_COST_ACCESS_LLC].value, 20000);
	if (w.memory_size) /* there may be too little here to have walked so much */
		assert_in_range(m->out.cost[CX_COST_ACCESS_MEMORY].value, 99900, 100100);
	else
		assert_false(m->out.cost[CX_COST_ACCESS_MEMORY].measured);
	free_made(m);
}

/* A host where that cache is the last: nothing is invented. */
static void test_levels_that_are_not_there(void **state)
{
	struct made *m = new_made("pack:1 numa:1 l2:2(size=262144) core:1 pu:1");

	(void)state;
	cal_add(&m->c.walk[0], 1000);
	cal_add(&m->c.walk[1], 4000);
	assert_int_equal(cal_settle_all(&m->c), 0);
	assert_true(m->out.cost[CX_COST_ACCESS_L2].measured);
	assert_false(m->out.cost[CX_COST_ACCESS_LLC].measured);
	assert_int_equal(m->out.cost[CX_COST_ACCESS_LLC].value,
			 cx_cost_table[CX_COST_ACCESS_LLC].def);
	assert_non_null(strstr(m->out.cost[CX_COST_ACCESS_LLC].why_not, "no last-level cache"));
	free_made(m);
}

static void test_values_stay_within_bounds(void **state)
{
	struct made *m = new_made(MACHINE);

	(void)state;
	cal_add(&m->c.cost[CX_COST_KICK], 5 * CX_SEC);
	cal_add(&m->c.cost[CX_COST_SPIN_RATE], 0);
	assert_int_equal(cal_settle_all(&m->c), 0);
	assert_int_equal(m->out.cost[CX_COST_KICK].value, CX_SEC);
	assert_int_equal(m->out.cost[CX_COST_SPIN_RATE].value, 1);
	free_made(m);
}

static void test_lost_samples_are_told(void **state)
{
	struct made *m = new_made(MACHINE);

	(void)state;
	m->c.cost[CX_COST_KICK].lost = true;
	assert_int_equal(cal_settle_all(&m->c), -ENOMEM);
	free_made(m);
}

/* --- the file --------------------------------------------------------------------------------- */

static void test_the_table_loads_again(void **state)
{
	struct made *m = new_made(MACHINE);
	struct cx_costs costs;
	struct cx_error err = { "" };
	char path[] = "/tmp/coxswain-calibrate.XXXXXX", *text = NULL;
	size_t size;
	FILE *f;

	(void)state;
	cal_add(&m->c.cost[CX_COST_SWITCH], 41234);
	cal_not_measured(&m->c, CX_COST_MOVE_SMT, CAL_NO_PAIR, "two threads of one core");
	cal_not_measured(&m->c, CX_COST_MOVE_SMT, "and another reason, which comes too late");
	assert_int_equal(cal_settle_all(&m->c), 0);
	m->out.host = strdup("a host, 2 CPUs");
	m->out.steal = 12.5;
	f = open_memstream(&text, &size);
	cx_calibration_write(f, &m->out);
	fclose(f);
	assert_non_null(strstr(text, "# a host, 2 CPUs\n"));
	assert_non_null(strstr(text, "# NOISY HOST: others had the CPU for 12.5 %"));
	assert_non_null(strstr(text,
			       "# measured: 1 samples, p10 41.234us, p50 41.234us, p90 "
			       "41.234us; their mean of the middle half\nswitch: 41.234us\n"));
	assert_non_null(strstr(text,
			       "# not measured, this is the default: there are no two threads "
			       "of one core among the CPUs that we may use\nmove_smt: 12us\n"));
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	cx_costs_default(&costs);
	costs.value[CX_COST_MOVE_SMT] = 77;
	if (cx_costs_load(path, &costs, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < CX_COSTS; i++)
		assert_int_equal(costs.value[i], i == CX_COST_SWITCH ? 41234
						 : i == CX_COST_JITTER
							 ? 0
							 : /* all samples were alike */
							 cx_cost_table[i].def);
	unlink(path);
	free(text);
	free_made(m);
}

/* --- this host ----------------------------------------------------------------------------------- */

/* Two threads hand lines over: on any host with two CPUs, whatever lies between them. */
static void test_lines_of_another_cache(void **state)
{
	struct made *m = new_made(MACHINE);
	struct cal_samples s = { 0 };
	const struct cx_cpuset *allowed;
	struct cx_topology *host;
	int a, b;

	(void)state;
	assert_int_equal(cx_topology_host(&host, &m->err), 0);
	allowed = cx_topology_allowed(host);
	a = cx_cpuset_next(allowed, -1);
	b = cx_cpuset_next(allowed, a);
	if (b < 0)
		b = a;
	assert_int_equal(cal_fetch_lines(&m->c, (unsigned)a, (unsigned)b, 5 * CX_MS, &s), 0);
	assert_true(s.n >= 8);
	assert_true(cal_median(&s) > 0);
	cal_samples_free(&s);
	cx_topology_free(host);
	free_made(m);
}

static void test_no_such_cpu(void **state)
{
	struct made *m = new_made(MACHINE);
	struct cal_samples s = { 0 };

	(void)state;
	assert_true(cal_fetch_lines(&m->c, 99999, 0, CX_MS, &s) < 0);
	assert_true(m->err.text[0] != '\0');
	m->err.text[0] = '\0';
	assert_true(cal_fetch_lines(&m->c, 0, 99999, CX_MS, &s) < 0);
	assert_true(m->err.text[0] != '\0');
	assert_int_equal(s.n, 0);
	free_made(m);
}

static void test_pairs(void **state)
{
	struct made *m = new_made("pack:2 numa:1 l3:2 core:2 pu:2");
	unsigned all[16], a, b;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		all[i] = i;
	m->c.cpus = all;
	m->c.n_cpus = 16;
	for (unsigned distance = CX_DIST_SMT; distance < CX_DISTANCES; distance++) {
		assert_true(cal_pair(&m->c, distance, &a, &b));
		assert_int_equal(cx_topology_distance(m->c.topology, a, b), distance);
	}
	m->c.n_cpus = 1;
	assert_false(cal_pair(&m->c, CX_DIST_SMT, &a, &b));
	free_made(m);
}

static void test_stopped(void **state)
{
	struct made *m = new_made(MACHINE);
	atomic_bool stop = false;

	(void)state;
	assert_int_equal(cal_check_stop(&m->c), 0);
	m->options.stop = &stop;
	assert_int_equal(cal_check_stop(&m->c), 0);
	atomic_store(&stop, true);
	assert_int_equal(cal_check_stop(&m->c), -EINTR);
	assert_true(cal_stopped(&m->c));
	free_made(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_less_stops_at_0),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_that_are_none),
		cmocka_unit_test(test_who_says_it),
		cmocka_unit_test(test_spans_are_found),
		cmocka_unit_test(test_slices_end),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_odd_events),
		cmocka_unit_test(test_deciding_is_charged_once),
		cmocka_unit_test(test_ticks_that_take_nothing),
		cmocka_unit_test(test_walks_are_told_apart),
		cmocka_unit_test(test_levels_that_are_not_there),
		cmocka_unit_test(test_values_stay_within_bounds),
		cmocka_unit_test(test_lost_samples_are_told),
		cmocka_unit_test(test_the_table_loads_again),
		cmocka_unit_test(test_lines_of_another_cache),
		cmocka_unit_test(test_no_such_cpu),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
