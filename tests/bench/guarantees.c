/* SPDX-License-Identifier: BSD-2-Clause */
/* What is promised, in the worst second: reservations and limits, policy beside policy. */
#include "core/dispatch/loader.h"
#include "core/sim/costs.h"
#include "tests/support/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RUN_NS (10 * CX_SEC)
#define CPUS 2u

static const char *const rivals[] = { "linux", "credit", "propshare" };
#define RIVALS (sizeof(rivals) / sizeof(rivals[0]))
#define OURS (RIVALS - 1)

struct promise {
	const char *scenario, *what;
	bool limit; /* overshoot of limits; else shortfall of reservations */
};

struct outcome {
	double worst_ms;
	char domain[24];
	double steal;
};

/* One slice of propshare is what it may miss a promise by. */
static int slice_ms(struct bench *b, double *ms)
{
	const char *dirs[] = { b->plugins, NULL };
	struct cx_loaded *loaded;
	int rc = cx_plugin_load(rivals[OURS], dirs, &loaded, &b->err);

	if (rc < 0)
		return rc;
	rc = cx_fail(&b->err, ENOENT, "%s has no parameter \"slice\"", rivals[OURS]);
	for (unsigned i = 0; i < cx_plugin_table(loaded)->n_params; i++) {
		const struct cx_param *p = &cx_plugin_table(loaded)->params[i];

		if (strcmp(p->name, "slice") != 0)
			continue;
		*ms = (double)p->def / CX_MS;
		rc = 0;
	}
	cx_plugin_unload(loaded);
	return rc;
}

/* The worst of all domains; an error if none was judged, for then nothing was measured. */
static int judge(struct bench *b, const struct promise *promise, const struct cx_record *record,
		 const struct cx_metrics *metrics, struct outcome *out)
{
	bool judged = false;

	for (unsigned i = 0; i < record->n_domains; i++) {
		const struct cx_metrics_bounds *bounds = &metrics->domains[i].bounds;
		const struct cx_metrics_bound *bound =
			promise->limit ? &bounds->overshoot : &bounds->shortfall;
		double ms = (double)bound->worst_ns / CX_MS;

		if (!bound->judged_ns || (judged && ms <= out->worst_ms))
			continue;
		judged = true;
		out->worst_ms = ms;
		snprintf(out->domain, sizeof(out->domain), "%s", record->domains[i].name);
	}
	return judged ? 0 : cx_fail(&b->err, EPROTO, "%s: no domain was judged", promise->scenario);
}

static int measure(struct bench *b, const struct promise *promise, const char *scheduler,
		   const struct cx_run_sim *sim, struct outcome *out)
{
	struct bench_run run = { .scheduler = scheduler, .duration_ns = RUN_NS, .sim = sim };
	struct cx_scenario *scenario;
	struct cx_metrics *metrics;
	struct cx_record *record;
	int rc = bench_shipped(b, promise->scenario, CPUS, &scenario);

	if (rc < 0)
		return rc;
	rc = bench_run_quiet(b, promise->scenario, scenario, &run, &record, &out->steal);
	if (rc == 0)
		rc = cx_metrics_compute(record, &metrics, &b->err);
	if (rc == 0) {
		rc = judge(b, promise, record, metrics, out);
		cx_metrics_free(metrics);
	}
	cx_record_free(record);
	cx_scenario_free(scenario);
	return rc;
}

static int compare(struct bench *b, const struct promise *promise, double slice,
		   const struct cx_run_sim *sim)
{
	struct outcome out[RIVALS] = { 0 };
	unsigned first = sim ? 1 : 0; /* linux does not run in virtual time */
	char figure[80];
	int rc = 0;

	for (unsigned i = first; rc == 0 && i < RIVALS; i++)
		rc = measure(b, promise, rivals[i], sim, &out[i]);
	for (unsigned i = first; rc == 0 && i < OURS; i++) {
		snprintf(figure, sizeof(figure), "%s, %s / %s%s", promise->what, rivals[OURS],
			 rivals[i], sim ? ", sim" : "");
		bench_print(b, &(struct bench_row){
				       .figure = figure,
				       .unit = "ms",
				       .value = out[OURS].worst_ms,
				       .peer = out[i].worst_ms,
				       .ratio = out[i].worst_ms > 0 ? 0 : NAN,
				       .goal = BENCH_BELOW,
				       .target = slice,
				       .steal = sim ? NAN : fmax(out[OURS].steal, out[i].steal),
			       });
	}
	for (unsigned i = first; rc == 0 && i < RIVALS; i++)
		bench_note("%s under %s: the worst is %s, by %.3f ms", promise->scenario, rivals[i],
			   out[i].domain, out[i].worst_ms);
	return rc;
}

static int body(struct bench *b)
{
	static const struct promise promises[] = {
		{ "guaranteed-among-hogs", "shortfall of a reservation", false },
		{ "limits-on-idle-host", "overshoot of a limit", true },
		{ "limited-server", "overshoot of a server's limit", true },
	};
	struct cx_run_sim sim = { .topology = "pack:1 l3:1 core:2 pu:1" };
	double slice = 0;
	int rc = slice_ms(b, &slice);

	cx_costs_default(&sim.costs);
	for (unsigned i = 0; rc == 0 && i < sizeof(promises) / sizeof(promises[0]); i++) {
		rc = compare(b, &promises[i], slice, NULL);
		if (rc == 0)
			rc = compare(b, &promises[i], slice, &sim);
	}
	return rc;
}

int main(void)
{
	return bench_main("promises in the worst of all windows of 1 s, in 10 s", body);
}
