/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain validate: the simulator against real VMs. */

#include "core/cli/campaign.h"
#include "core/cli/validate.h"

#include "base/units.h"
#include "core/calibrate/calibrate.h"
#include "core/vmm/vmm.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULERS "rr,credit,propshare"
#define CALIBRATE_NS (12 * CX_SEC)
#define DURATION_NS (4 * CX_SEC) /* of a run, unless the caller says */

struct validating {
	struct cx_cli_options options; /* the caller's, with a duration */
	const struct cx_cli_paths *paths;
	struct cx_costs costs;
	struct cx_progress progress;
	const atomic_bool *stop;
	unsigned bounded, near, noisy, runs;
	json_object *list; /* with --json */
};

/* One run on one machine, and its metrics.  A status. */
static int measure(struct validating *w, const struct cx_scenario *scenario,
		   const struct cx_entrant *entrant, bool simulated, struct cx_results *results)
{
	struct cx_measurement m = { .scenario = scenario,
				    .entrant = entrant,
				    .options = &w->options,
				    .simulated = simulated,
				    .costs = &w->costs,
				    .paths = w->paths,
				    .stop = w->stop,
				    .progress = &w->progress };
	struct cx_error err = { "" };
	struct cx_record *record;
	int ret = cx_measure(&m, &record);

	if (record && ret < 0)
		cx_record_free(record);
	if (ret < 0 || !record)
		return CX_STATUS_FAILED;
	if (cx_results_add(results, record, &err) == 0)
		return CX_STATUS_DONE;
	cx_complain("%s", err.text);
	return CX_STATUS_FAILED;
}

static void add_double(json_object *o, const char *key, double value)
{
	json_object_object_add(o, key, json_object_new_double(value));
}

static json_object *row_json(const struct cx_validate_row *row)
{
	static const char *const names[] = { [CX_VALIDATE_SHARE] = "received_percent",
					     [CX_VALIDATE_PROGRESS] = "progress_per_s",
					     [CX_VALIDATE_WAKE_P50] = "wake_p50_ns",
					     [CX_VALIDATE_WAKE_P99] = "wake_p99_ns",
					     [CX_VALIDATE_SWITCHES] = "switches_per_s" };
	json_object *o = json_object_new_object();

	if (row->domain)
		json_object_object_add(o, "domain", json_object_new_string(row->domain));
	json_object_object_add(o, "figure", json_object_new_string(names[row->kind]));
	add_double(o, "kvm", row->kvm);
	add_double(o, "sim", row->sim);
	if (row->bounded)
		json_object_object_add(o, "near", json_object_new_boolean(row->near));
	return o;
}

static void keep_json(struct validating *w, const struct cx_validation *v)
{
	json_object *o = json_object_new_object(), *rows = json_object_new_array();
	unsigned i;

	json_object_object_add(o, "scenario", json_object_new_string(v->kvm->scenario));
	json_object_object_add(o, "scheduler", json_object_new_string(v->kvm->scheduler));
	json_object_object_add(o, "backend", json_object_new_string(v->kvm->backend));
	json_object_object_add(o, "noisy", json_object_new_boolean(v->noisy));
	for (i = 0; i < v->n; i++)
		json_object_array_add(rows, row_json(&v->rows[i]));
	json_object_object_add(o, "rows", rows);
	json_object_array_add(w->list, o);
}

static int tell(struct validating *w, const struct cx_results *r)
{
	struct cx_validation v;

	if (cx_validation_make(r->records[0], r->metrics[0], r->records[1], r->metrics[1], &v) <
	    0) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	if (w->list) {
		keep_json(w, &v);
	} else {
		cx_validation_print(&v, stdout);
		putchar('\n');
		fflush(stdout);
	}
	w->noisy += v.noisy;
	w->runs++;
	cx_validation_count(&v, &w->bounded, &w->near);
	cx_validation_free(&v);
	return CX_STATUS_DONE;
}

static int validate_entrant(struct validating *w, const struct cx_scenario *scenario,
			    const struct cx_entrant *entrant)
{
	struct cx_results results = { 0 };
	int status = measure(w, scenario, entrant, false, &results);

	if (status == CX_STATUS_DONE && !atomic_load(w->stop))
		status = measure(w, scenario, entrant, true, &results);
	if (status == CX_STATUS_DONE && results.n == 2)
		status = tell(w, &results);
	cx_results_free(&results);
	return status;
}

static int validate_scenario(struct validating *w, const char *name)
{
	struct cx_error err = { "" };
	struct cx_scenario *scenario = NULL;
	struct cx_lineup lineup = { 0 };
	int ret, status = CX_STATUS_DONE;
	char *path = NULL;

	ret = cx_paths_scenario(w->paths, name, &path, &err);
	if (ret == 0)
		ret = cx_scenario_load(path, cx_dirs(w->paths->payload_dirs), &scenario, &err);
	if (ret == 0)
		ret = cx_lineup_make(w->options.schedulers, &w->options, w->paths, &lineup, &err);
	if (ret < 0) {
		cx_complain("%s", err.text);
		status = CX_STATUS_USAGE;
	}
	for (unsigned i = 0; ret == 0 && i < lineup.n && status == CX_STATUS_DONE; i++)
		if (!atomic_load(w->stop))
			status = validate_entrant(w, scenario, &lineup.entrants[i]);
	cx_lineup_free(&lineup);
	if (scenario)
		cx_scenario_free(scenario);
	free(path);
	return status;
}

/* What is named, or all that is shipped. */
static int validate_all(struct validating *w)
{
	char **names = w->options.args;
	int n = (int)w->options.n_args, status = CX_STATUS_DONE;

	if (n == 0)
		n = cx_paths_list(w->paths->scenario_dirs, ".yaml", &names);
	if (n < 0) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	for (int i = 0; i < n && status == CX_STATUS_DONE && !atomic_load(w->stop); i++)
		status = validate_scenario(w, names[i]);
	if (names != w->options.args)
		cx_names_free(names, n);
	return status;
}

static void sum_up(const struct validating *w)
{
	if (w->list) {
		puts(json_object_to_json_string_ext(w->list, JSON_C_TO_STRING_PRETTY));
		return;
	}
	printf("%u of %u figures with a bound are within it (received %.0f point, progress %.0f "
	       "%%, "
	       "switches %.0f %%, wake p50 a factor of %.0f)",
	       w->near, w->bounded, CX_VALIDATE_SHARE_POINTS, CX_VALIDATE_PROGRESS_PERCENT,
	       CX_VALIDATE_SWITCHES_PERCENT, CX_VALIDATE_WAKE_FACTOR);
	if (w->noisy)
		printf("; %u of %u runs were on a busy host", w->noisy, w->runs);
	putchar('\n');
}

/* Those that the caller names; else this host's, measured now. */
static int choose_costs(struct validating *w)
{
	const struct cx_calibrate_options options = {
		.plugin_dirs = cx_dirs(w->paths->plugin_dirs),
		.payload_dirs = cx_dirs(w->paths->payload_dirs),
		.duration_ns = CALIBRATE_NS,
		.realtime = w->options.realtime,
		.stop = w->stop,
	};
	struct cx_calibration c;
	struct cx_error err = { "" };

	if (w->options.costs || w->options.n_cost_settings)
		return cx_measure_costs(&w->options, &w->costs);
	if (!w->options.quiet)
		cx_complain("measuring what things cost here, as `%s calibrate` does, for %u s",
			    CX_CLI_NAME, (unsigned)(CALIBRATE_NS / CX_SEC));
	if (cx_calibrate(&options, &c, &err) < 0) {
		cx_complain("%s", err.text);
		return CX_STATUS_FAILED;
	}
	for (unsigned i = 0; i < CX_COSTS; i++)
		w->costs.value[i] = c.cost[i].value;
	cx_calibration_free(&c);
	return CX_STATUS_DONE;
}

int cx_cmd_validate(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct validating w = { .options = *options, .paths = paths };
	struct cx_error err = { "" };
	struct cx_kvm *kvm;
	int status;

	if (cx_kvm_open(&kvm, &err) < 0) {
		cx_complain("%s; there is nothing to hold the simulator against", err.text);
		return CX_STATUS_FAILED;
	}
	cx_kvm_close(kvm);
	if (!w.options.schedulers)
		w.options.schedulers = SCHEDULERS;
	if (!w.options.duration_ns)
		w.options.duration_ns = DURATION_NS;
	w.stop = cx_stop_on_signals();
	status = choose_costs(&w);
	if (status != CX_STATUS_DONE)
		return status;
	w.list = options->json ? json_object_new_array() : NULL;
	cx_progress_init(&w.progress, &w.options);
	status = validate_all(&w);
	if (w.runs)
		sum_up(&w);
	cx_progress_free(&w.progress);
	json_object_put(w.list);
	return status;
}
