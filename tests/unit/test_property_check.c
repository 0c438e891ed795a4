/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The property tests' own tools: the check sees what it is there to see, in events that no
 * dispatcher would write, and a scenario's file says what the generator meant.
 */
#include "tests/property/property.h"
#include "tests/unit/host_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define VCPUS 3u
#define END_NS (100 * CX_MS)
#define SLICE_NS (10 * CX_MS)
#define NOBODY CX_NO_VCPU

/* --- a run by hand: d0 may use both pCPUs, d1 only the second, d2 is limited --------------- */

static uint64_t wait_20ms(const struct prop_case *c, unsigned dom, unsigned ahead)
{
	(void)c, (void)dom, (void)ahead;
	return 20 * CX_MS;
}

static bool limit_exactly(const struct prop_case *c, unsigned dom, unsigned percent,
			  struct prop_limit *limit)
{
	(void)c, (void)dom;
	*limit =
		(struct prop_limit){ .rate_ns = percent, .period_ns = 100, .burst_ns = 15 * CX_MS };
	return true;
}

static uint64_t twins_5ms(const struct prop_case *c, unsigned a, unsigned b)
{
	(void)c;
	return a != b ? 5 * CX_MS : 0;
}

static bool floor_5ms(const struct prop_case *c, unsigned which, uint64_t *ns)
{
	(void)c, (void)which;
	*ns = 5 * CX_MS;
	return true;
}

static const struct prop_bounds bounds = { .wait = wait_20ms,
					   .limit = limit_exactly,
					   .pool_limit = limit_exactly,
					   .floor = floor_5ms,
					   .pool_floor = floor_5ms,
					   .twins = twins_5ms };
static const struct cx_plugin table = { .name = "by-hand",
					.flags = CX_PLUGIN_WORK_CONSERVING | CX_PLUGIN_LIMIT |
						 CX_PLUGIN_RESERVATION | CX_PLUGIN_POOLS };

struct stage {
	struct cx_scenario_domain domains[3];
	struct cx_scenario_pool pools[2]; /* the second is part of the first */
	struct cx_scenario scenario;
	struct cx_scenario_change change;
	struct cx_costs costs;
	uint64_t allowed[3];
	unsigned weights[3];
	struct cx_record *record;
	uint64_t since[VCPUS], time_ns[VCPUS][CX_STATES]; /* of the story as it is told */
	enum cx_state state[VCPUS];
	unsigned on[VCPUS]; /* where it ran last */
};

static void add(struct stage *s, uint64_t t, unsigned type, unsigned pcpu, uint32_t prev,
		uint32_t vcpu, uint32_t why, uint64_t x)
{
	const struct cx_event e = { .t_ns = t,
				    .type = (uint16_t)type,
				    .pcpu = (uint16_t)pcpu,
				    .vcpu = vcpu,
				    .prev = prev,
				    .why = why,
				    .x = x };

	cx_history_add(s->record->history, 0, &e);
}

static void turn(struct stage *s, unsigned v, enum cx_state state, uint64_t t)
{
	s->time_ns[v][s->state[v]] += t - s->since[v];
	s->since[v] = t;
	s->state[v] = state;
}

static void wake(struct stage *s, uint64_t t, unsigned v, unsigned why)
{
	if (why == CX_WAKE_START)
		s->record->vcpus[v].start_ns = s->since[v] = t;
	turn(s, v, CX_READY, t);
	add(s, t, CX_EV_WAKE, 0, NOBODY, v, why, 0);
}

static void change_over(struct stage *s, uint64_t t, unsigned pcpu, uint32_t prev, uint32_t next,
			unsigned why)
{
	if (prev != NOBODY && prev != next)
		turn(s, prev, why == CX_WHY_BLOCK ? CX_BLOCKED : CX_READY, t);
	if (next < VCPUS) {
		turn(s, next, CX_RUNNING, t);
		s->on[next] = pcpu;
	}
	add(s, t, CX_EV_SWITCH, pcpu, prev, next, why, next == NOBODY ? 0 : SLICE_NS);
}

static void park(struct stage *s, uint64_t t, unsigned v, bool parked)
{
	turn(s, v, parked ? CX_LIMITED : CX_READY, t);
	add(s, t, parked ? CX_EV_PARK : CX_EV_UNPARK, 0, NOBODY, v, CX_PARK_LIMIT, 0);
}

static void finish(struct stage *s)
{
	for (unsigned v = 0; v < VCPUS; v++) {
		turn(s, v, CX_BLOCKED, END_NS);
		add(s, END_NS, CX_EV_END, s->on[v], NOBODY, v, CX_END_RUN, 0);
		memcpy(s->record->vcpus[v].time_ns, s->time_ns[v], sizeof(s->time_ns[v]));
		s->record->vcpus[v].stop_ns = END_NS;
		s->record->pcpus[0].busy_ns += s->time_ns[v][CX_RUNNING];
	}
}

static void set_up(struct stage *s)
{
	static char *const names[] = { "d0", "d1", "d2" }, *const pools[] = { "p0", "p1" };

	memset(s, 0, sizeof(*s));
	s->record = cx_record_new_untimed(3, VCPUS, 2);
	assert_non_null(s->record);
	s->record->duration_ns = END_NS;
	for (unsigned i = 0; i < VCPUS; i++) {
		s->domains[i] = (struct cx_scenario_domain){ .name = names[i],
							     .pool = CX_NO_POOL,
							     .vcpus = 1,
							     .weight = 256 + i,
							     .stop_ns = UINT64_MAX,
							     .workload = names[0] };
		s->record->vcpus[i].domain = i;
		s->state[i] = CX_BLOCKED;
		s->allowed[i] = 3;
		s->weights[i] = 256;
	}
	s->domains[2].limit = 50;
	s->allowed[1] = 2;
	s->change = (struct cx_scenario_change){ .at_ns = 40 * CX_MS,
						 .kind = CX_CHANGE_PCPU,
						 .cpu = 1 };
	s->record->pcpus[1].host_cpu = 1;
	s->pools[0] = (struct cx_scenario_pool){ .name = pools[0], .parent = CX_NO_POOL };
	s->pools[1] = (struct cx_scenario_pool){ .name = pools[1], .parent = 0 };
	s->scenario = (struct cx_scenario){
		.n_domains = 3, .domains = s->domains, .n_pools = 2, .pools = s->pools
	};
	cx_costs_none(&s->costs);
}

static void expect(struct stage *s, enum prop_rule rule)
{
	const struct prop_case c = { .scenario = &s->scenario,
				     .costs = &s->costs,
				     .table = &table,
				     .bounds = &bounds,
				     .record = s->record,
				     .n_pcpus = 2,
				     .least_pcpus = 2,
				     .allowed = s->allowed,
				     .low_weight = s->weights,
				     .high_weight = s->weights,
				     .n_vcpus = VCPUS };
	struct prop_verdict verdict = { .rule = PROP_HOLDS };

	assert_true(prop_check(&c, &verdict));
	if (verdict.rule != rule)
		fail_msg("found \"%s\" (%s), expected \"%s\"", prop_rule_names[verdict.rule],
			 verdict.text, prop_rule_names[rule]);
	cx_record_free(s->record);
}

/* All three start; d0 and d1 run on a pCPU each. */
static void begin(struct stage *s)
{
	set_up(s);
	for (unsigned v = 0; v < VCPUS; v++)
		wake(s, 0, v, CX_WAKE_START);
	change_over(s, 0, 0, NOBODY, 0, CX_WHY_IDLE);
	change_over(s, 0, 1, NOBODY, 1, CX_WHY_IDLE);
}

/* d0 and d2 take turns of @slice on the first pCPU, from then on until the end. */
static void turns(struct stage *s, uint64_t from, uint64_t slice)
{
	unsigned on = s->state[0] == CX_RUNNING ? 0 : 2;

	for (uint64_t t = from; t < END_NS; t += slice, on = 2 - on) {
		change_over(s, t, 0, on, 2 - on, CX_WHY_SLICE);
		change_over(s, t, 1, 1, 1, CX_WHY_SLICE);
	}
}

static void test_all_is_well(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	turns(&s, 10 * CX_MS, 10 * CX_MS);
	finish(&s);
	expect(&s, PROP_HOLDS);
}

static void test_in_two_places(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	change_over(&s, 5 * CX_MS, 1, 1, 0, CX_WHY_PREEMPT);
	expect(&s, PROP_ONE_PLACE);
	begin(&s);
	change_over(&s, 5 * CX_MS, 0, 2, 2, CX_WHY_PREEMPT); /* another was there */
	expect(&s, PROP_ONE_PLACE);
	begin(&s);
	change_over(&s, 5 * CX_MS, 0, 0, 7, CX_WHY_PREEMPT);
	expect(&s, PROP_ONE_PLACE);
}

static void test_who_cannot_run(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	park(&s, CX_MS, 2, true);
	change_over(&s, 5 * CX_MS, 0, 0, 2, CX_WHY_PREEMPT);
	expect(&s, PROP_ONE_PLACE);
	begin(&s);
	add(&s, CX_MS, CX_EV_BLOCK, 0, NOBODY, 0, 0, 0);
	change_over(&s, CX_MS, 0, 0, 2, CX_WHY_BLOCK);
	change_over(&s, 2 * CX_MS, 0, 2, 0, CX_WHY_PREEMPT); /* sleeps */
	expect(&s, PROP_ONE_PLACE);
	begin(&s);
	wake(&s, CX_MS, 2, CX_WAKE_EVENT); /* is awake */
	expect(&s, PROP_ONE_PLACE);
	begin(&s);
	add(&s, CX_MS, CX_EV_BLOCK, 0, NOBODY, 2, 0, 0); /* is not running */
	expect(&s, PROP_ONE_PLACE);
}

static void test_where_it_may_not(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	change_over(&s, CX_MS, 1, 1, 2, CX_WHY_PREEMPT);
	change_over(&s, CX_MS, 0, 0, 1, CX_WHY_PREEMPT);
	expect(&s, PROP_AFFINITY);
}

static void test_offline(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	turns(&s, 10 * CX_MS, 40 * CX_MS);
	expect(&s, PROP_SLICE);
	for (unsigned late = 0; late < 2; late++) {
		begin(&s);
		s.scenario.changes = &s.change;
		s.scenario.n_changes = 1;
		s.change.at_ns = late ? 8 * CX_MS : 9 * CX_MS;
		change_over(&s, 9 * CX_MS, 1, 1, NOBODY, CX_WHY_PREEMPT);
		add(&s, 9 * CX_MS, CX_EV_PCPU_OFFLINE, 1, NOBODY, NOBODY, 0, 1);
		change_over(&s, 10 * CX_MS, 1, NOBODY, 2, CX_WHY_IDLE);
		expect(&s, late ? PROP_ONE_PLACE : PROP_AFFINITY);
	}
}

static void test_slices(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	change_over(&s, 10 * CX_MS + 1, 0, 0, 2, CX_WHY_SLICE);
	expect(&s, PROP_SLICE);
	begin(&s);
	s.costs.value[CX_COST_SLICE_LATE] = 1;
	turns(&s, 10 * CX_MS + 1, 10 * CX_MS + 1);
	finish(&s);
	expect(&s, PROP_HOLDS);
}

static void test_books(void **state)
{
	struct stage s;

	(void)state;
	for (unsigned what = 0; what < 4; what++) {
		begin(&s);
		turns(&s, 10 * CX_MS, 10 * CX_MS);
		finish(&s);
		if (what == 0)
			s.record->vcpus[2].time_ns[CX_READY]--;
		if (what == 1)
			s.record->vcpus[1].stop_ns--;
		if (what == 2)
			s.record->vcpus[0].start_ns++;
		if (what == 3)
			s.record->pcpus[0].busy_ns++;
		expect(&s, PROP_STATES);
	}
}

static void test_waits(void **state)
{
	struct stage s;

	(void)state;
	/* d2 waits while the others go on. */
	begin(&s);
	for (uint64_t t = 10 * CX_MS; t < 30 * CX_MS; t += 10 * CX_MS) {
		change_over(&s, t, 0, 0, 0, CX_WHY_SLICE);
		change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
	}
	change_over(&s, 20 * CX_MS + 1, 0, 0, 2, CX_WHY_PREEMPT);
	expect(&s, PROP_WAIT);
	/* Parked it waits for nothing. */
	begin(&s);
	park(&s, 0, 2, true);
	for (uint64_t t = 10 * CX_MS; t < END_NS; t += 10 * CX_MS) {
		change_over(&s, t, 0, 0, 0, CX_WHY_SLICE);
		change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
	}
	finish(&s);
	expect(&s, PROP_HOLDS);
}

static void test_idle(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	change_over(&s, 5 * CX_MS, 0, 0, NOBODY, CX_WHY_PREEMPT);
	change_over(&s, 5 * CX_MS + 1, 0, NOBODY, 2, CX_WHY_IDLE);
	expect(&s, PROP_IDLE);
	/* d1 may not come to the first pCPU. */
	begin(&s);
	add(&s, CX_MS, CX_EV_BLOCK, 0, NOBODY, 0, 0, 0);
	change_over(&s, CX_MS, 0, 0, NOBODY, CX_WHY_BLOCK);
	park(&s, CX_MS, 2, true);
	change_over(&s, 5 * CX_MS, 1, 1, NOBODY, CX_WHY_PREEMPT);
	change_over(&s, 5 * CX_MS, 1, NOBODY, 1, CX_WHY_IDLE);
	for (uint64_t t = 10 * CX_MS; t < END_NS; t += 10 * CX_MS)
		change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
	finish(&s);
	expect(&s, PROP_HOLDS);
}

/* 50 % of 100 ms and a burst of 15 ms. */
static void test_limits(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	change_over(&s, 0, 0, 0, 2, CX_WHY_PREEMPT);
	for (uint64_t t = 10 * CX_MS; t < 40 * CX_MS; t += 10 * CX_MS) {
		if (t == 20 * CX_MS)
			change_over(&s, t, 0, 2, 0, CX_WHY_SLICE);
		change_over(&s, t, 0, t == 20 * CX_MS ? 0 : 2, 2, CX_WHY_SLICE);
		change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
	}
	change_over(&s, 40 * CX_MS, 0, 2, 0, CX_WHY_SLICE);
	expect(&s, PROP_LIMIT);
	/* A new limit begins anew. */
	begin(&s);
	change_over(&s, 0, 0, 0, 2, CX_WHY_PREEMPT);
	change_over(&s, 10 * CX_MS, 0, 2, 0, CX_WHY_SLICE);
	change_over(&s, 10 * CX_MS, 1, 1, 1, CX_WHY_SLICE);
	add(&s, 11 * CX_MS, CX_EV_ADJUST, 0, NOBODY, 2, CX_ADJUST_LIMIT, 1);
	change_over(&s, 11 * CX_MS, 0, 0, 2, CX_WHY_PREEMPT);
	turns(&s, 20 * CX_MS, 10 * CX_MS);
	expect(&s, PROP_LIMIT);
}

/* d2 waits for 10 ms, runs for 10 ms, and so on. */
static void test_reservations(void **state)
{
	struct stage s;

	(void)state;
	for (unsigned percent = 50; percent <= 51; percent++) {
		begin(&s);
		s.domains[2].reservation = percent;
		s.domains[2].limit = 0;
		turns(&s, 10 * CX_MS, 10 * CX_MS);
		finish(&s);
		expect(&s, percent == 50 ? PROP_HOLDS : PROP_FLOOR);
	}
	/* From 5 ms on it is owed more. */
	begin(&s);
	s.domains[2].reservation = 1;
	s.domains[2].limit = 0;
	add(&s, 5 * CX_MS, CX_EV_ADJUST, 0, NOBODY, 2, CX_ADJUST_RESERVATION, 90);
	turns(&s, 10 * CX_MS, 10 * CX_MS);
	expect(&s, PROP_FLOOR);
	/* Who sleeps is owed nothing: d0 does until 60 ms. */
	begin(&s);
	s.domains[0].reservation = 50;
	s.domains[2].limit = 0;
	add(&s, 5 * CX_MS, CX_EV_BLOCK, 0, NOBODY, 0, 0, 0);
	change_over(&s, 5 * CX_MS, 0, 0, 2, CX_WHY_BLOCK);
	for (uint64_t t = 10 * CX_MS; t < 70 * CX_MS; t += 10 * CX_MS) {
		change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
		if (t == 60 * CX_MS)
			wake(&s, t, 0, CX_WAKE_EVENT);
		change_over(&s, t + 5 * CX_MS, 0, 2, 2, CX_WHY_SLICE);
	}
	change_over(&s, 70 * CX_MS, 0, 2, 0, CX_WHY_PREEMPT); /* short by 5 ms */
	change_over(&s, 70 * CX_MS, 1, 1, 1, CX_WHY_SLICE);
	turns(&s, 80 * CX_MS, 10 * CX_MS);
	finish(&s);
	expect(&s, PROP_HOLDS);
}

/* d0 and d2 in p1, which is in p0: together they always have one pCPU. */
static void test_pools(void **state)
{
	static const struct {
		unsigned pool, reservation, limit;
		enum prop_rule rule;
	} cases[] = {
		{ 0, 0, 85, PROP_HOLDS },  { 1, 0, 85, PROP_HOLDS },
		{ 0, 0, 84, PROP_LIMIT },  { 1, 0, 84, PROP_LIMIT },
		{ 0, 105, 0, PROP_HOLDS }, { 1, 105, 0, PROP_HOLDS },
		{ 0, 106, 0, PROP_FLOOR }, { 1, 106, 0, PROP_FLOOR },
		{ 0, 201, 0, PROP_HOLDS }, /* more than they want */
	};
	struct stage s;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		begin(&s);
		s.domains[0].pool = s.domains[2].pool = 1;
		s.domains[2].limit = 0;
		s.pools[cases[i].pool].limit = cases[i].limit;
		s.pools[cases[i].pool].reservation = cases[i].reservation;
		turns(&s, 10 * CX_MS, 10 * CX_MS);
		finish(&s);
		expect(&s, cases[i].rule);
	}
}

static void test_equals(void **state)
{
	struct stage s;

	(void)state;
	for (unsigned differ = 0; differ < 2; differ++) {
		begin(&s);
		s.domains[2] = s.domains[0];
		s.domains[2].name = (char[]){ "d2" };
		if (differ)
			s.domains[2].weight += 100;
		for (uint64_t t = 10 * CX_MS; t < END_NS; t += 10 * CX_MS) {
			if (t % (20 * CX_MS) == 0) {
				change_over(&s, t - 2 * CX_MS, 0, 0, 2, CX_WHY_PREEMPT);
				change_over(&s, t, 0, 2, 0, CX_WHY_PREEMPT);
			} else {
				change_over(&s, t, 0, 0, 0, CX_WHY_SLICE);
			}
			change_over(&s, t, 1, 1, 1, CX_WHY_SLICE);
		}
		finish(&s);
		expect(&s, differ ? PROP_HOLDS : PROP_TWINS);
	}
}

/* --- what is written is what was meant ------------------------------------------------------- */

static void check_domain(const struct prop_domain *d, const struct cx_scenario_domain *read)
{
	assert_int_equal(read->vcpus, d->vcpus);
	assert_int_equal(read->weight, d->weight);
	assert_int_equal(read->limit, d->limit);
	assert_int_equal(read->reservation, d->reservation);
	assert_int_equal(read->pool, d->pool == PROP_NO_POOL ? CX_NO_POOL : d->pool);
	assert_int_equal(read->start_ns, d->start_ns);
	assert_true(read->stop_ns == d->stop_ns);
	assert_string_equal(read->workload, prop_workloads[d->workload].name);
	for (unsigned i = 0; i < PROP_PCPUS; i++) {
		if (d->cpus != PROP_ALL)
			assert_int_equal(cx_cpuset_has(read->cpus, i), d->cpus >> i & 1);
		if (d->soft != PROP_ALL)
			assert_int_equal(cx_cpuset_has(read->cpus_soft, i), d->soft >> i & 1);
	}
}

static void check_pool(const struct prop_pool *p, const struct cx_scenario_pool *read)
{
	assert_int_equal(read->parent, p->parent == PROP_NO_POOL ? CX_NO_POOL : p->parent);
	assert_int_equal(read->weight, p->weight);
	assert_int_equal(read->reservation, p->reservation);
	assert_int_equal(read->limit, p->limit);
	assert_int_equal(read->expandable, !p->fixed);
}

static void check_written(const struct prop_policy *policy, const char *payloads, uint64_t seed)
{
	const char *dirs[] = { payloads, NULL };
	struct prop_scenario meant, again;
	struct cx_scenario *read;
	struct cx_error err = { "" };
	char path[] = "/tmp/cx-property-XXXXXX";
	FILE *out = fdopen(mkstemp(path), "w");

	assert_non_null(out);
	prop_generate(seed, policy->table, &meant);
	prop_generate(seed, policy->table, &again);
	assert_memory_equal(&meant, &again, sizeof(meant));
	prop_write(&meant, policy, "one line\nanother", out);
	assert_int_equal(fclose(out), 0);
	if (cx_scenario_load(path, dirs, &read, &err))
		fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(read->duration_ns, meant.duration_ns);
	assert_int_equal(read->seed, seed);
	assert_string_equal(read->topology, prop_shapes[meant.shape].text);
	assert_int_equal(read->n_params, __builtin_popcount(meant.given));
	assert_int_equal(read->n_domains, meant.n_domains);
	assert_int_equal(read->n_changes, meant.n_changes);
	assert_int_equal(read->n_pools, meant.n_pools);
	for (unsigned i = 0; i < meant.n_pools; i++)
		check_pool(&meant.pools[i], &read->pools[i]);
	for (unsigned i = 0; i < meant.n_domains; i++)
		check_domain(&meant.domains[i], &read->domains[i]);
	for (unsigned i = 0; i < meant.n_changes; i++)
		assert_int_equal(read->changes[i].at_ns, meant.changes[i].at_ns);
	cx_scenario_free(read);
}

/* Two pCPUs; what is too much is taken back from the last domain first, then from pools. */
static void test_admitted(void **state)
{
	static struct prop_scenario s; /* large */
	const struct prop_domain any = {
		.vcpus = 2, .pool = PROP_NO_POOL, .cpus = PROP_ALL, .reservation = 100
	};

	(void)state;
	s = (struct prop_scenario){ .shape = 1, .n_domains = 3 };
	s.domains[0] = s.domains[1] = s.domains[2] = any;
	prop_admit(&s);
	assert_int_equal(s.domains[0].reservation + s.domains[1].reservation, 200);
	assert_int_equal(s.domains[2].reservation, 0);
	/* One pCPU is offline for a while. */
	s.n_changes = 1;
	s.changes[0] = (struct prop_change){ .kind = PROP_OFFLINE, .target = 1 };
	prop_admit(&s);
	assert_int_equal(s.domains[0].reservation, 100);
	assert_int_equal(s.domains[1].reservation, 0);
	/* Beside each other on one pCPU, though there are two. */
	s.n_changes = 0;
	s.domains[1] = any;
	s.domains[0].cpus = s.domains[1].cpus = 2;
	prop_admit(&s);
	assert_int_equal(s.domains[1].reservation, 0);
	/* Later it is too much, within a pool that may not borrow, above a limit. */
	for (unsigned what = 0; what < 3; what++) {
		s = (struct prop_scenario){ .shape = 1, .n_domains = 1, .n_pools = 1 };
		s.domains[0] = any;
		s.domains[0].pool = 0;
		s.pools[0] = (struct prop_pool){ .parent = PROP_NO_POOL, .weight = 1 };
		if (what == 0) {
			s.changes[s.n_changes++] =
				(struct prop_change){ .kind = PROP_SET_RESERVATION, .value = 201 };
		} else if (what == 1) {
			s.pools[0].fixed = true;
			s.pools[0].reservation = 99;
		} else {
			s.pools[0].limit = 99;
		}
		prop_admit(&s);
		assert_int_equal(s.domains[0].reservation, 0);
		assert_int_equal(s.n_changes, 0);
	}
}

static void test_files(void **state)
{
	char path[PATH_MAX], payloads[PATH_MAX];
	struct prop_policy policy;
	struct cx_error err = { "" };

	(void)state;
	rig_build_path("lib/coxswain/schedulers/credit.so", path, sizeof(path));
	rig_build_path("lib/coxswain/payloads", payloads, sizeof(payloads));
	if (prop_policy_open(&policy, path, false, &err))
		fail_msg("%s", err.text);
	for (uint64_t seed = 1; seed <= 300; seed++)
		check_written(&policy, payloads, seed);
	prop_policy_close(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_well),    cmocka_unit_test(test_in_two_places),
		cmocka_unit_test(test_who_cannot_run), cmocka_unit_test(test_where_it_may_not),
		cmocka_unit_test(test_offline),        cmocka_unit_test(test_slices),
		cmocka_unit_test(test_books),          cmocka_unit_test(test_waits),
		cmocka_unit_test(test_idle),           cmocka_unit_test(test_limits),
		cmocka_unit_test(test_reservations),   cmocka_unit_test(test_pools),
		cmocka_unit_test(test_equals),         cmocka_unit_test(test_admitted),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
