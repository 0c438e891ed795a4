/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the cost of a decision grows with the number of vCPUs that are ready on one pCPU, from
 * 10 to 10,000: more than KVM has room for.
 *
 * The real dispatcher drives the real plug-ins, in virtual time and without guests: what is
 * timed is one cx_dispatch_leave(), with the locks, the checks of the answer and the policy in
 * it; on KVM the timer of the slice comes on top (see deciding).  Nothing else uses the caches
 * between two decisions, so it is a little better than life.
 */
#include "core/dispatch/dispatch.h"
#include "tests/support/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3u
#define DECISIONS 20000u /* of each round, and two for each vCPU */
#define DOMAIN_VCPUS 4u
#define AT 1000u /* ready vCPUs for which there are targets */
#define P50_NS 1000
#define P99_NS 5000

static const unsigned sizes[] = { 10, 100, AT, 10000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
static const char *const policies[] = { "rr", "credit", "propshare" };
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

struct figures {
	struct cx_hist decide, due; /* deciding; ticks and timers that are due at an instant */
};

/* A machine of one pCPU whose vCPUs always use their slices up. */
struct rig {
	struct cx_dispatch *d;
	struct cx_topology *topology;
	uint64_t now_ns, timers_ns;
	bool kicked;
	char line[160]; /* the last that was logged */
};

static uint64_t op_now(void *m)
{
	return ((struct rig *)m)->now_ns;
}

static void op_kick(void *m, struct cx_pcpu *pcpu)
{
	(void)pcpu;
	((struct rig *)m)->kicked = true;
}

static void op_alarm(void *m, uint64_t when_ns)
{
	struct rig *rig = m;

	if (when_ns < rig->timers_ns)
		rig->timers_ns = when_ns;
}

static bool op_pending(void *m, struct cx_vcpu *v)
{
	(void)m;
	(void)v;
	return false;
}

static void op_timer_expired(void *m, struct cx_vcpu *v)
{
	(void)m;
	(void)v;
}

static void op_log(void *m, const char *line)
{
	struct rig *rig = m;

	snprintf(rig->line, sizeof(rig->line), "%s", line);
}

static const struct cx_machine_ops ops = {
	.now = op_now,
	.kick = op_kick,
	.alarm = op_alarm,
	.pending = op_pending,
	.timer_expired = op_timer_expired,
	.log = op_log,
};

static int make(struct bench *b, const struct cx_plugin *plugin, unsigned n, struct rig *rig)
{
	static const unsigned weights[] = { 256, 512, 128, 300, 1000, 77 }, pcpu = 0;
	unsigned n_domains = (n + DOMAIN_VCPUS - 1) / DOMAIN_VCPUS;
	struct cx_dispatch_domain *domains = calloc(n_domains, sizeof(*domains));
	int64_t *params = calloc(plugin->n_params + 1, sizeof(*params));
	struct cx_dispatch_config config = {
		.ops = &ops,
		.machine = rig,
		.plugin = plugin,
		.params = params,
		.n_pcpus = 1,
		.pcpus = &pcpu,
		.n_domains = n_domains,
		.domains = domains,
		.watchdog_ns = 3600 * CX_SEC,
		.seed = 1,
	};
	int rc = domains && params ? 0 : cx_fail(&b->err, ENOMEM, "out of memory");

	*rig = (struct rig){ .timers_ns = CX_NEVER };
	for (unsigned i = 0; rc == 0 && i < plugin->n_params; i++)
		params[i] = plugin->params[i].def;
	for (unsigned i = 0; rc == 0 && i < n_domains; i++)
		domains[i] = (struct cx_dispatch_domain){
			.name = "d",
			.vcpus = i + 1 < n_domains ? DOMAIN_VCPUS : n - i * DOMAIN_VCPUS,
			.weight = weights[i % (sizeof(weights) / sizeof(weights[0]))],
			.pool = CX_NO_POOL,
		};
	if (rc == 0)
		rc = cx_topology_synthetic("pack:1 l3:1 core:1 pu:1", &rig->topology, &b->err);
	config.topology = rig->topology;
	if (rc == 0)
		rc = cx_dispatch_new(&config, &rig->d, &b->err);
	for (unsigned i = 0; rc == 0 && i < n_domains; i++)
		rc = cx_dispatch_start_domain(rig->d, i, &b->err);
	free(domains);
	free(params);
	return rc;
}

static void unmake(struct rig *rig)
{
	if (rig->d) {
		cx_dispatch_finish(rig->d);
		cx_dispatch_free(rig->d);
	}
	cx_topology_free(rig->topology);
}

/* Time passes until the slice is over or somebody kicks. */
static enum cx_why pass(struct rig *rig, uint64_t until_ns, struct cx_hist *due)
{
	rig->kicked = false;
	while (rig->timers_ns <= until_ns && !rig->kicked) {
		uint64_t then;

		if (rig->timers_ns > rig->now_ns)
			rig->now_ns = rig->timers_ns;
		rig->timers_ns = CX_NEVER;
		then = bench_now(CLOCK_MONOTONIC);
		op_alarm(rig, cx_dispatch_timers(rig->d));
		cx_hist_add(due, bench_now(CLOCK_MONOTONIC) - then);
	}
	if (rig->kicked)
		return CX_WHY_PREEMPT;
	rig->now_ns = until_ns;
	return CX_WHY_SLICE;
}

/* One round of @n vCPUs has gone before anything is measured. */
static int decide(struct bench *b, struct rig *rig, unsigned n, struct figures *out)
{
	unsigned samples = DECISIONS > 2 * n ? DECISIONS : 2 * n;
	struct cx_hist before = { 0 };
	struct cx_decision decision;

	if (cx_dispatch_enter(cx_dispatch_pcpu(rig->d, 0), &decision) != 1)
		return cx_fail(&b->err, EPROTO, "nobody is ready");
	for (unsigned i = 0; i < n + samples; i++) {
		struct cx_vcpu *v = decision.next;
		enum cx_why why = pass(rig, decision.until_ns, i < n ? &before : &out->due);
		uint64_t then = bench_now(CLOCK_MONOTONIC);

		cx_dispatch_leave(v, why, CX_NEVER, rig->now_ns, &decision);
		cx_hist_add(i < n ? &before : &out->decide, bench_now(CLOCK_MONOTONIC) - then);
		if (!decision.next || cx_dispatch_dead(rig->d, &b->err))
			return cx_fail(&b->err, EPROTO, "after %u decisions nobody runs: %s", i,
				       rig->line);
	}
	/* An ejected policy, or a fault, would have been logged. */
	return rig->line[0] ? cx_fail(&b->err, EPROTO, "%s", rig->line) : 0;
}

static int measure(struct bench *b, const char *policy, unsigned n, struct figures *out)
{
	const char *dirs[] = { b->plugins, NULL };
	struct cx_loaded *loaded;
	struct rig rig;
	int rc = cx_plugin_load(policy, dirs, &loaded, &b->err);

	if (rc < 0)
		return rc;
	rc = make(b, cx_plugin_table(loaded), n, &rig);
	if (rc == 0)
		rc = decide(b, &rig, n, out);
	unmake(&rig);
	cx_plugin_unload(loaded);
	return rc;
}

static void print(struct bench *b, const char *figure, const struct cx_hist *hist,
		  const struct cx_hist *peer, bool targets)
{
	static const double percents[] = { 50, 99 };
	char name[96];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s, p%.0f", figure, percents[i]);
		bench_print(b, &(struct bench_row){
				       .figure = name,
				       .unit = "ns",
				       .value = (double)cx_hist_percentile(hist, percents[i]),
				       .peer = peer ? (double)cx_hist_percentile(peer, percents[i])
						    : NAN,
				       .goal = targets ? BENCH_BELOW : BENCH_SHOWN,
				       .target = i ? P99_NS : P50_NS,
				       .steal = NAN,
			       });
	}
}

static void print_all(struct bench *b, struct figures (*of)[SIZES])
{
	char figure[80];

	for (unsigned p = 0; p < POLICIES; p++)
		for (unsigned s = 0; s < SIZES; s++) {
			snprintf(figure, sizeof(figure), "%s, %u ready%s", policies[p], sizes[s],
				 s ? " / 10 ready" : "");
			print(b, figure, &of[p][s].decide, s ? &of[p][0].decide : NULL,
			      sizes[s] == AT);
		}
	for (unsigned p = 0; p + 1 < POLICIES; p++)
		for (unsigned s = 0; s < SIZES; s++) {
			snprintf(figure, sizeof(figure), "%s / %s, %u ready",
				 policies[POLICIES - 1], policies[p], sizes[s]);
			print(b, figure, &of[POLICIES - 1][s].decide, &of[p][s].decide, false);
		}
	for (unsigned p = 0; p < POLICIES; p++)
		for (unsigned s = 0; s < SIZES; s++) {
			if (sizes[s] < AT || !of[p][s].due.count)
				continue;
			snprintf(figure, sizeof(figure), "%s, ticks and timers, %u ready",
				 policies[p], sizes[s]);
			print(b, figure, &of[p][s].due, NULL, false);
		}
	bench_note("log 10,000 / log 10 is 4: what grows by more than that, and the caches, grows "
		   "faster than log n");
	bench_note("%llu decisions of each policy and size at least, in %u rounds",
		   (unsigned long long)of[0][0].decide.count, ROUNDS);
}

static int body(struct bench *b)
{
	struct figures(*of)[SIZES] = calloc(POLICIES, sizeof(*of));
	struct cx_hist clock = { 0 };
	int rc = bench_pin(b->cpus[0]);

	if (rc < 0)
		cx_fail(&b->err, -rc, "CPU %u: %s", b->cpus[0], strerror(-rc));
	else if (!of)
		rc = cx_fail(&b->err, ENOMEM, "out of memory");
	for (unsigned r = 0; rc == 0 && r < ROUNDS; r++)
		for (unsigned s = 0; rc == 0 && s < SIZES; s++)
			for (unsigned p = 0; rc == 0 && p < POLICIES; p++)
				rc = measure(b, policies[p], sizes[s], &of[p][s]);
	if (rc == 0)
		print_all(b, of);
	free(of);
	for (unsigned i = 0; rc == 0 && i < DECISIONS; i++) {
		uint64_t then = bench_now(CLOCK_MONOTONIC);

		cx_hist_add(&clock, bench_now(CLOCK_MONOTONIC) - then);
	}
	if (rc == 0)
		print(b, "reading the clock, within each of these", &clock, NULL, false);
	return rc;
}

int main(void)
{
	return bench_main_simulated("deciding, with 10 to 10,000 vCPUs ready on one pCPU", body);
}
