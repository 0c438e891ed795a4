/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated machine: what each cost is charged for, what guests can do, and that the
 * same configuration gives the same run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/sim_rig.h"

#include <pthread.h>

#define SLICE CX_SLICE_DEFAULT_NS

/* --- costs ---------------------------------------------------------------------------- */

static void test_nothing_costs_anything(void **state)
{
	const struct sr_domain two[] = { { 0 }, { 0 } };
	const struct sr_config config = { .plugin = &ring_plugin, .domains = two, .n_domains = 2 };
	struct sim_rig *r = sr_done(&config, 100 * SLICE);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sr_time(r, i, CX_RUNNING), 50 * SLICE);
		assert_int_equal(sr_work(r, i), 50 * SLICE);
	}
	assert_int_equal(r->record->switches, 100);
	sr_free(r);
}

static void costly_switches(struct cx_costs *costs)
{
	costs->value[CX_COST_SWITCH] = 11000;
	costs->value[CX_COST_DECIDE] = 3000;
	costs->value[CX_COST_RESUME] = 5000;
	costs->value[CX_COST_IDLE_WAKE] = 700;
	costs->value[CX_COST_SLICE_LATE] = 60000;
}

/* Each turn is the slice and what it ends late; ways in and out are no work. */
static void test_switches_are_charged(void **state)
{
	const struct sr_domain two[] = { { 0 }, { 0 } };
	const struct sr_config config = {
		.plugin = &ring_plugin, .domains = two, .n_domains = 2, .costs = costly_switches
	};
	struct sim_rig *r = sr_done(&config, 100 * (SLICE + 60000));

	(void)state;
	assert_int_equal(r->record->switches, 100);
	assert_int_equal(sr_time(r, 0, CX_RUNNING), 50 * (SLICE + 60000));
	assert_int_equal(sr_work(r, 0), 50 * SLICE - 49 * 14000 - 3700);
	assert_int_equal(sr_work(r, 1), 50 * SLICE - 50 * 14000);
	assert_int_equal(cx_hist_percentile(&r->record->gap_ns, 50), 14000);
	sr_free(r);
}

static void test_going_on_is_charged(void **state)
{
	const struct sr_domain one[] = { { 0 } };
	const struct sr_config config = {
		.plugin = &ring_plugin, .domains = one, .n_domains = 1, .costs = costly_switches
	};
	struct sim_rig *r = sr_done(&config, 10 * (SLICE + 60000));

	(void)state;
	assert_int_equal(r->record->switches, 1);
	assert_int_equal(sr_work(r, 0), 10 * SLICE - 9 * 8000 - 3700);
	sr_free(r);
}

static void varying(struct cx_costs *costs)
{
	costly_switches(costs);
	costs->value[CX_COST_JITTER] = 50;
}

/* By chance, but by no more than was said; and the same for one seed. */
static void test_costs_vary(void **state)
{
	const struct sr_domain two[] = { { 0 }, { 0 } };
	struct sr_config config = {
		.plugin = &ring_plugin, .domains = two, .n_domains = 2, .costs = varying, .seed = 3
	};
	struct sim_rig *a = sr_done(&config, 100 * (SLICE + 60000)), *b, *c;

	(void)state;
	b = sr_done(&config, 100 * (SLICE + 60000));
	config.seed = 4;
	c = sr_done(&config, 100 * (SLICE + 60000));
	assert_in_range(a->record->gap_ns.min, 7000, 10000);
	assert_in_range(a->record->gap_ns.max, 18000, 21000);
	assert_int_equal(sr_work(a, 0), sr_work(b, 0));
	assert_int_not_equal(sr_work(a, 0), sr_work(c, 0));
	sr_free(a);
	sr_free(b);
	sr_free(c);
}

static void costly_wakes(struct cx_costs *costs)
{
	costs->value[CX_COST_TIMER_LATE] = 50000;
	costs->value[CX_COST_KICK] = 42000;
	costs->value[CX_COST_HYPERCALL] = 30000;
}

/* Wakes preempt: the ring with a kick for whoever wakes. */
static void kicking_wake(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			 uint64_t now)
{
	(void)policy;
	(void)why;
	(void)now;
	cx_kick(cx_vcpu_pcpu(v));
}

static const struct cx_plugin kicking_plugin = { CX_PLUGIN_HEADER, .name = "kicking",
						 .wake = kicking_wake, .pick = ring_pick };

static uint64_t event_time(const struct sim_rig *r, enum cx_event_type type, uint32_t vcpu,
			   unsigned nth)
{
	struct cx_history_cursor *c = cx_history_walk(r->record->history);
	const struct cx_event *e;
	uint64_t at = CX_NEVER;

	while ((e = cx_history_next(c)) != NULL)
		if (e->type == type && e->vcpu == vcpu && nth-- == 0) {
			at = e->t_ns;
			break;
		}
	cx_history_cursor_free(c);
	return at;
}

static void test_wakes_are_late(void **state)
{
	static const struct cx_model_step sleeps[] = { { .op = CX_MODEL_BLOCK, .ns = 3 * CX_MS },
						       { .op = CX_MODEL_WORK, .ns = CX_MS } };
	const struct sr_domain d[] = { { .script = sleeps, .n_steps = 2 }, { .start_ns = CX_MS } };
	const struct sr_config config = {
		.plugin = &kicking_plugin, .domains = d, .n_domains = 2, .costs = costly_wakes
	};
	struct sim_rig *r = sr_done(&config, 9 * CX_MS);
	uint64_t blocks, due;

	(void)state;
	/* It blocks after its way to the VMM, half of a hypercall; the first time at once. */
	blocks = event_time(r, CX_EV_BLOCK, 0, 0);
	assert_int_equal(blocks, 15000);
	due = blocks + 3 * CX_MS;
	assert_int_equal(event_time(r, CX_EV_WAKE, 0, 1), due + 50000);
	/* Somebody runs: it is told to leave, and is gone when the kick has arrived. */
	assert_int_equal(event_time(r, CX_EV_SWITCH, 0, 1), due + 50000 + 42000);
	/* Its work is done, then it blocks again. */
	assert_int_equal(event_time(r, CX_EV_BLOCK, 0, 1), due + 92000 + CX_MS + 15000);
	assert_int_equal(sr_result(r, 0, 1) > 3, true);
	sr_free(r);
}

static void costly_ticks(struct cx_costs *costs)
{
	costs->value[CX_COST_TICK] = 2000;
}

static int ticking_online(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	(void)now;
	cx_tick_every(pcpu, CX_MS);
	return 0;
}

static void no_tick(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	(void)pcpu;
	(void)now;
}

static const struct cx_plugin ticking_plugin = { CX_PLUGIN_HEADER, .name = "ticking",
						 .pcpu_online = ticking_online, .pick = ring_pick,
						 .tick = no_tick };

static void test_ticks_are_charged(void **state)
{
	const struct sr_domain one[] = { { 0 } };
	const struct sr_config config = {
		.plugin = &ticking_plugin, .domains = one, .n_domains = 1, .costs = costly_ticks
	};
	struct sim_rig *r = sr_done(&config, 100 * CX_MS + CX_MS / 2);

	(void)state;
	assert_int_equal(sr_work(r, 0), 100 * CX_MS + CX_MS / 2 - 100 * 2000);
	sr_free(r);
}

/* --- what guests do ------------------------------------------------------------------------ */

static void test_a_script_to_its_end(void **state)
{
	static const struct cx_model_step steps[] = {
		{ .op = CX_MODEL_WORK, .ns = 2 * CX_MS },
		{ .op = CX_MODEL_YIELD },
		{ .op = CX_MODEL_SPIN, .ns = CX_MS },
		{ .op = CX_MODEL_TIMER, .ns = 4 * CX_MS },
		{ .op = CX_MODEL_BLOCK },
		{ .op = CX_MODEL_EXIT, .ns = 7 },
	};
	const struct sr_domain d[] = { { .script = steps, .n_steps = 6 } };
	const struct sr_config config = { .plugin = &ring_plugin, .domains = d, .n_domains = 1 };
	struct sim_rig *r = sr_done(&config, CX_SEC);

	(void)state;
	assert_int_equal(sr_time(r, 0, CX_RUNNING), 3 * CX_MS);
	assert_int_equal(sr_time(r, 0, CX_BLOCKED), 4 * CX_MS);
	assert_int_equal(r->record->vcpus[0].stop_ns, 7 * CX_MS);
	assert_int_equal(sr_work(r, 0), 2 * CX_MS);
	assert_int_equal(sr_result(r, 0, 2), 1ull << CX_PORT_TIMER);
	assert_int_equal(r->record->domains[0].end, CX_END_EXIT);
	assert_int_equal(cx_sim_outcome(r->sim, 0).status, 7);
	assert_true(cx_dispatch_all_ended(r->d));
	sr_free(r);
}

/* A spinner is let go in the middle of its spin, and while it does not run. */
static void test_spinners_are_released(void **state)
{
	static const struct cx_model_step spins[] = {
		{ .op = CX_MODEL_SPIN, .ns = CX_MODEL_FOREVER }, { .op = CX_MODEL_EXIT }
	};
	static const struct cx_model_step pair[] = { { .op = CX_MODEL_WORK, .ns = 3 * CX_MS },
						     { .op = CX_MODEL_SEND, .vcpu = 1, .port = 5 },
						     { .op = CX_MODEL_EXIT } };
	const struct sr_domain both[] = { { .vcpus = 2, .script = pair, .n_steps = 3 } };
	const struct sr_domain never[] = { { .script = spins, .n_steps = 2 } };
	struct sr_config config = { .plugin = &ring_plugin,
				    .topology = "pack:1 core:2 pu:1",
				    .domains = never,
				    .n_domains = 1 };
	struct sim_rig *r = sr_done(&config, CX_SEC);

	(void)state;
	/* Nobody lets it go: it burns the pCPU, and nothing gets done. */
	assert_int_equal(sr_time(r, 0, CX_RUNNING), CX_SEC);
	assert_int_equal(sr_work(r, 0), 0);
	sr_free(r);
	config.domains = both;
	r = sr_done(&config, CX_SEC);
	assert_int_equal(r->record->vcpus[0].stop_ns, 3 * CX_MS);
	sr_free(r);
}

static const struct cx_model_step wait_and_count[] = { { .op = CX_MODEL_BLOCK },
						       { .op = CX_MODEL_WORK, .ns = 10000 } };

/* Whatever a guest passes, it harms nobody. */
static void test_events_reach_peers_and_nobody_else(void **state)
{
	static const struct cx_model_step sends[] = {
		{ .op = CX_MODEL_WORK, .ns = CX_MS },
		{ .op = CX_MODEL_SEND, .peer = 1, .vcpu = 0, .port = 9 },
		{ .op = CX_MODEL_SEND, .peer = 2, .vcpu = 0, .port = 1 },
		{ .op = CX_MODEL_SEND, .peer = UINT32_MAX, .vcpu = 0, .port = 1 },
		{ .op = CX_MODEL_SEND, .peer = 1, .vcpu = 1, .port = 1 },
		{ .op = CX_MODEL_SEND, .peer = 1, .vcpu = UINT32_MAX, .port = 1 },
		{ .op = CX_MODEL_SEND, .peer = 1, .vcpu = 0, .port = 64 },
	};
	static const unsigned peers[] = { 1 };
	const struct sr_domain d[] = {
		{ .script = sends, .n_steps = 7, .n_peers = 1, .peers = peers },
		{ .script = wait_and_count, .n_steps = 2 },
		{ .script = wait_and_count, .n_steps = 2 },
	};
	const struct sr_config config = { .plugin = &ring_plugin, .domains = d, .n_domains = 3 };
	struct sim_rig *r = sr_done(&config, 100 * CX_MS);

	(void)state;
	assert_int_equal(sr_result(r, 1, 2), 1ull << 9);
	assert_true(sr_work(r, 1) > 10000);
	assert_int_equal(sr_work(r, 2), 0);
	sr_free(r);
}

static void test_domains_come_and_go(void **state)
{
	const struct sr_domain d[] = { { .start_ns = 10 * CX_MS, .stop_ns = 50 * CX_MS },
				       { .start_ns = 30 * CX_MS } };
	const struct sr_config config = { .plugin = &ring_plugin, .domains = d, .n_domains = 2 };
	struct sim_rig *r = sr_done(&config, 100 * CX_MS);

	(void)state;
	assert_int_equal(r->record->vcpus[0].start_ns, 10 * CX_MS);
	assert_int_equal(r->record->vcpus[0].stop_ns, 50 * CX_MS);
	assert_int_equal(r->record->domains[0].end, CX_END_STOPPED);
	assert_int_equal(sr_work(r, 0) + sr_work(r, 1), 90 * CX_MS);
	sr_free(r);
}

/* --- caches ---------------------------------------------------------------------------------- */

static void accesses(struct cx_costs *costs)
{
	costs->value[CX_COST_ACCESS_L2] = 4000;
	costs->value[CX_COST_ACCESS_LLC] = 16000;
	costs->value[CX_COST_ACCESS_NODE] = 60000;
	costs->value[CX_COST_ACCESS_MEMORY] = 100000;
}

/* 64 KiB are 1024 lines: 4096 ns of work when warm, 102400 ns from memory. */
static void test_a_cold_set_is_slow(void **state)
{
	static const struct cx_model_step work[] = { { .op = CX_MODEL_WORK, .ns = 4096 } };
	const struct sr_domain d[] = { { .script = work, .n_steps = 1, .set_bytes = 65536 } };
	const struct sr_config config = {
		.plugin = &ring_plugin,
		.topology = "pack:1 l3:1(size=8388608) l2:1(size=1048576) pu:1",
		.domains = d,
		.n_domains = 1,
		.costs = accesses
	};
	struct sim_rig *r = sr_done(&config, 102400 + 10 * 4096);

	(void)state;
	assert_int_equal(sr_result(r, 0, 5), 4000);
	assert_int_equal(sr_result(r, 0, 4), 102400);
	assert_int_equal(sr_work(r, 0), 11 * 4096);
	sr_free(r);
}

/* What it left in the cache of the other package comes from there. */
static void test_a_move_costs_what_is_left_behind(void **state)
{
	const struct sr_domain d[] = { { .set_bytes = 65536 } };
	const struct sr_config config = {
		.plugin = &ring_plugin,
		.topology = "pack:2 l3:1(size=8388608) l2:1(size=1048576) core:1 pu:1",
		.domains = d,
		.n_domains = 1,
		.costs = accesses
	};
	struct sim_rig *r = sr_new(&config);

	(void)state;
	assert_int_equal(sr_run(r, 5 * CX_MS), 1);
	assert_int_equal(cx_dispatch_pcpu_offline(r->d, 0, &r->err), 0);
	assert_int_equal(sr_run(r, 50 * CX_MS), 1);
	sr_finish(r);
	assert_int_equal(r->record->vcpus[0].migrations[CX_DIST_NODE], 1);
	assert_int_equal(sr_work(r, 0), 50 * CX_MS - (102400 - 4096) - (61440 - 4096));
	sr_free(r);
}

/* Two whose sets fit one cache together stay warm; two that do not drive each other out. */
static uint64_t work_of_two(uint64_t set_bytes)
{
	const struct sr_domain d[] = { { .set_bytes = set_bytes }, { .set_bytes = set_bytes } };
	const struct sr_config config = {
		.plugin = &ring_plugin,
		.topology = "pack:1 l3:1(size=8388608) l2:1(size=1048576) pu:1",
		.domains = d,
		.n_domains = 2,
		.costs = accesses
	};
	struct sim_rig *r = sr_done(&config, 20 * SLICE);
	uint64_t work = sr_work(r, 0) + sr_work(r, 1);

	sr_free(r);
	return work;
}

static void test_others_drive_out(void **state)
{
	const uint64_t lines = (512 * 1024) / 64, big = (1024 * 1024) / 64;
	uint64_t small, large;

	(void)state;
	small = work_of_two(512 * 1024);
	/* Only the first turn of each is cold. */
	assert_int_equal(small, 20 * SLICE - 2 * (lines * 100 - lines * 4));
	large = work_of_two(1024 * 1024);
	/* Later ones come from the last-level cache each time. */
	assert_int_equal(large, 20 * SLICE - 2 * (big * 100 - big * 4) - 18 * (big * 16 - big * 4));
}

/* --- the same again -------------------------------------------------------------------------- */

static uint64_t hash_of(const struct sim_rig *r)
{
	struct cx_history_cursor *c = cx_history_walk(r->record->history);
	const struct cx_event *e;
	uint64_t hash = 0xcbf29ce484222325ull;

	while ((e = cx_history_next(c)) != NULL)
		for (size_t i = 0; i < sizeof(*e); i++)
			hash = (hash ^ ((const unsigned char *)e)[i]) * 0x100000001b3ull;
	cx_history_cursor_free(c);
	return hash;
}

static const struct cx_model_step busy_sleeper[] = { { .op = CX_MODEL_WORK, .ns = 300000 },
						     { .op = CX_MODEL_BLOCK, .ns = CX_MS } };
static const struct sr_domain mixed[] = {
	{ .vcpus = 3 },
	{ .vcpus = 4, .script = busy_sleeper, .n_steps = 2, .set_bytes = 1 << 20 },
	{ .vcpus = 2, .weight = 512, .set_bytes = 1 << 18 },
	{ .vcpus = 2, .limit = 30 },
};

static void default_costs(struct cx_costs *costs)
{
	cx_costs_default(costs);
}

struct twin {
	const struct cx_plugin *plugin;
	bool shuffle;
	uint64_t seed, hash;
};

static void *run_twin(void *arg)
{
	struct twin *t = arg;
	const struct sr_config config = { .plugin = t->plugin,
					  .topology = "pack:2 l3:1 core:2 pu:1",
					  .domains = mixed,
					  .n_domains = 4,
					  .costs = t->shuffle ? NULL : default_costs,
					  .seed = t->seed,
					  .shuffle = t->shuffle };
	struct sim_rig *r = sr_done(&config, 500 * CX_MS);

	t->hash = hash_of(r);
	sr_free(r);
	return NULL;
}

#define TWINS 6u

static void test_many_at_once_are_all_the_same(void **state)
{
	struct twin twins[TWINS];
	pthread_t threads[TWINS];
	struct cx_loaded *loaded;
	const struct cx_plugin *plugin = shipped("credit", &loaded);

	(void)state;
	for (unsigned i = 0; i < TWINS; i++) {
		twins[i] = (struct twin){ .plugin = plugin, .seed = 5 };
		assert_int_equal(pthread_create(&threads[i], NULL, run_twin, &twins[i]), 0);
	}
	for (unsigned i = 0; i < TWINS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(twins[i].hash, twins[0].hash);
	}
	cx_plugin_unload(loaded);
}

static void test_chance_decides_ties_the_same_for_one_seed(void **state)
{
	struct twin a = { .shuffle = true, .seed = 1 }, b = a, c = { .shuffle = true, .seed = 2 };
	struct cx_loaded *loaded;

	(void)state;
	a.plugin = b.plugin = c.plugin = shipped("credit", &loaded);
	run_twin(&a);
	run_twin(&b);
	run_twin(&c);
	assert_int_equal(a.hash, b.hash);
	assert_int_not_equal(a.hash, c.hash);
	cx_plugin_unload(loaded);
}

/*
 * One starts at the instant at which the other's slice ends: it is there in time, unless chance
 * has the slice end first.
 */
static void test_chance_decides_between_starts_and_ends(void **state)
{
	const struct sr_domain two[] = { { 0 }, { .start_ns = SLICE } };
	struct sr_config config = { .plugin = &ring_plugin, .domains = two, .n_domains = 2 };
	unsigned in_time = 0;
	struct sim_rig *r = sr_done(&config, 2 * SLICE);

	(void)state;
	assert_int_equal(sr_time(r, 1, CX_RUNNING), SLICE);
	sr_free(r);
	config.shuffle = true;
	for (config.seed = 1; config.seed <= 32; config.seed++) {
		r = sr_done(&config, 2 * SLICE);
		assert_int_equal(sr_time(r, 1, CX_RUNNING) % SLICE, 0);
		in_time += sr_time(r, 1, CX_RUNNING) == SLICE;
		sr_free(r);
	}
	assert_in_range(in_time, 5, 27);
}

/* --- what shipped policies make of weights on more than one pCPU ------------------------ */

static void test_weights_count_on_several_pcpus(void **state)
{
	static const struct sr_domain four[] = {
		{ .weight = 256 }, { .weight = 512 }, { .weight = 256 }, { .weight = 512 }
	};
	static const char *const names[] = { "credit", "propshare" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct cx_loaded *loaded;
		const struct sr_config config = { .plugin = shipped(names[i], &loaded),
						  .topology = "pack:1 core:2 pu:1",
						  .domains = four,
						  .n_domains = 4,
						  .costs = default_costs };
		struct sim_rig *r = sr_done(&config, 10 * CX_SEC);

		/* A third and two thirds of a pCPU, within one hundredth of it. */
		for (unsigned d = 0; d < 4; d++)
			assert_in_range(sr_time(r, d, CX_RUNNING),
					(d % 2 ? 6667 : 3333) * CX_MS - 100 * CX_MS,
					(d % 2 ? 6667 : 3333) * CX_MS + 100 * CX_MS);
		sr_free(r);
		cx_plugin_unload(loaded);
	}
}

/* --- what goes wrong --------------------------------------------------------------------------- */

static void test_time_that_stands_still(void **state)
{
	static const struct cx_model_step again[] = { { .op = CX_MODEL_YIELD } };
	const struct sr_domain d[] = { { .script = again, .n_steps = 1 } };
	const struct sr_config config = { .plugin = &ring_plugin, .domains = d, .n_domains = 1 };
	struct sim_rig *r = sr_new(&config);

	(void)state;
	assert_int_equal(sr_run(r, CX_SEC), -EDEADLK);
	assert_non_null(strstr(r->err.text, "time stands still at 0 ns"));
	sr_finish(r);
	sr_free(r);
}

static struct cx_vcpu *endless_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	if (pick->now_ns < 50 * CX_MS)
		return ring_pick(policy, pcpu, pick);
	for (volatile unsigned i = 0;; i++)
		;
}

static void test_a_policy_that_never_returns(void **state)
{
	static const struct cx_plugin endless = { CX_PLUGIN_HEADER, .name = "endless",
						  .pick = endless_pick };
	const struct sr_domain two[] = { { 0 }, { 0 } };
	const struct sr_config config = {
		.plugin = &endless, .domains = two, .n_domains = 2, .watchdog_ns = 300 * CX_MS
	};
	struct sim_rig *r;
	struct cx_error why;

	(void)state;
	r = sr_new(&config);
	assert_int_equal(cx_guard_install(&r->err), 0);
	assert_int_equal(cx_sim_watch_start(r->d, &r->watch, &r->err), 0);
	sr_run(r, CX_SEC);
	assert_true(cx_dispatch_dead(r->d, &why));
	assert_non_null(strstr(why.text, "pick did not return"));
	sr_finish(r);
	assert_true(r->record->degraded);
	sr_free(r);
	cx_guard_uninstall();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_costs_anything),
		cmocka_unit_test(test_switches_are_charged),
		cmocka_unit_test(test_going_on_is_charged),
		cmocka_unit_test(test_costs_vary),
		cmocka_unit_test(test_wakes_are_late),
		cmocka_unit_test(test_ticks_are_charged),
		cmocka_unit_test(test_a_script_to_its_end),
		cmocka_unit_test(test_spinners_are_released),
		cmocka_unit_test(test_events_reach_peers_and_nobody_else),
		cmocka_unit_test(test_domains_come_and_go),
		cmocka_unit_test(test_a_cold_set_is_slow),
		cmocka_unit_test(test_a_move_costs_what_is_left_behind),
		cmocka_unit_test(test_others_drive_out),
		cmocka_unit_test(test_many_at_once_are_all_the_same),
		cmocka_unit_test(test_chance_decides_ties_the_same_for_one_seed),
		cmocka_unit_test(test_chance_decides_between_starts_and_ends),
		cmocka_unit_test(test_weights_count_on_several_pcpus),
		cmocka_unit_test(test_time_that_stands_still),
		cmocka_unit_test(test_a_policy_that_never_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
