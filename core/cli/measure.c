/* SPDX-License-Identifier: BSD-2-Clause */
/* One run, with its trace around it. */

#include "core/cli/campaign.h"

#include "core/run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Start recording into DIR/trace-LABEL; *trace_dir is malloc'd. */
static int start_capture(const struct cx_measurement *m, char **trace_dir,
			 struct cx_capture **capture, struct cx_error *err)
{
	int ret = 0;

	if (asprintf(trace_dir, "%s/trace-%s", m->dir, m->entrant->label) < 0) {
		*trace_dir = NULL;
		return cx_fail(err, ENOMEM, "out of memory");
	}
	if (mkdir(*trace_dir, 0777) < 0)
		return cx_fail(err, errno, "%s: cannot make the folder: %s", *trace_dir,
			       strerror(errno));
	if (!*m->recorder && m->simulated)
		ret = cx_recorder_open_virtual(cx_dirs(m->paths->provider_dirs), m->recorder, err);
	else if (!*m->recorder)
		ret = cx_recorder_open(cx_dirs(m->paths->provider_dirs), m->recorder, err);
	if (ret == 0)
		ret = cx_recorder_start(*m->recorder, *trace_dir, capture, err);
	if (ret < 0)
		rmdir(*trace_dir);
	return ret;
}

static int stop_capture(struct cx_capture *capture, const char *trace_dir, struct cx_record *record)
{
	struct cx_error err = { "" };
	uint64_t events = 0, lost = 0;
	int ret;

	ret = cx_capture_stop(capture, &events, &lost, &err);
	if (record) {
		record->trace_events = events;
		record->trace_lost = lost;
	}
	if (ret < 0)
		cx_complain("%s", err.text);
	if ((ret < 0 || lost > 0) && cx_outdir_full(trace_dir))
		cx_complain("%s: No space left on device; make room there or choose another folder "
			    "with --out",
			    trace_dir);
	if (lost > 0)
		cx_complain("%s: %" PRIu64 " of %" PRIu64
			    " events were lost; the figures in the report come "
			    "from the program's own accounting and stand",
			    trace_dir, lost, events + lost);
	return ret;
}

static struct cx_run_options options_of(const struct cx_measurement *m)
{
	const struct cx_cli_options *o = m->options;

	return (struct cx_run_options){
		.scheduler = m->entrant->asked,
		.plugin_dirs = cx_dirs(m->paths->plugin_dirs),
		.pcpus = o->pcpus,
		.duration_ns = o->duration_ns,
		.seed = o->seed,
		.seed_given = o->seed_given,
		.params = m->entrant->settings,
		.n_params = m->entrant->n_settings,
		.watchdog_ns = o->watchdog_ns,
		.realtime = o->realtime,
		.stop = m->stop,
		.progress = cx_progress_show,
		.log = cx_progress_log,
		.arg = m->progress,
	};
}

static int set_cost(struct cx_costs *costs, const char *setting, struct cx_error *err)
{
	char *name = strndup(setting, strcspn(setting, "="));
	int ret = name ? cx_costs_set(costs, name, strchr(setting, '=') + 1, err)
		       : cx_fail(err, ENOMEM, "out of memory");

	free(name);
	return ret < 0 ? cx_fail_prefix(err, -ret, "--cost") : 0;
}

int cx_measure_costs(const struct cx_cli_options *options, struct cx_costs *costs)
{
	struct cx_error err = { "" };
	int ret = 0;

	cx_costs_default(costs);
	if (options->costs)
		ret = cx_costs_load(options->costs, costs, &err);
	for (unsigned i = 0; i < options->n_cost_settings && ret == 0; i++)
		ret = set_cost(costs, options->cost_settings[i], &err);
	if (ret == 0)
		return CX_STATUS_DONE;
	cx_complain("%s", err.text);
	return ret == -ENOMEM ? CX_STATUS_FAILED : CX_STATUS_USAGE;
}

/* What is to be simulated, into *@sim, if anything is. */
static void choose_sim(const struct cx_measurement *m, struct cx_run_options *options,
		       struct cx_run_sim *sim)
{
	if (!m->simulated)
		return;
	*sim = (struct cx_run_sim){
		.topology = m->options->topology,
		.costs = *m->costs,
		.shuffle = m->options->shuffle_given,
		.shuffle_seed = m->options->shuffle_seed,
	};
	options->sim = sim;
}

int cx_measure_check(const struct cx_measurement *m, struct cx_error *err)
{
	struct cx_run_options options = options_of(m);
	struct cx_run_sim sim;

	choose_sim(m, &options, &sim);
	return cx_run_check(m->scenario, &options, err);
}

int cx_measure(const struct cx_measurement *m, struct cx_record **record)
{
	const struct cx_cli_options *o = m->options;
	struct cx_run_options options = options_of(m);
	struct cx_run_sim sim;
	struct cx_capture *capture = NULL;
	struct cx_error err = { "" };
	char *trace_dir = NULL;
	int ret = 0, stopped;

	*record = NULL;
	choose_sim(m, &options, &sim);
	cx_progress_begin(m->progress, m->scenario->name, m->entrant->label);
	if (o->trace)
		ret = start_capture(m, &trace_dir, &capture, &err);
	if (ret == 0) {
		if (capture)
			options.sink = cx_capture_sink(capture);
		ret = cx_run(m->scenario, &options, record, &err);
	}
	cx_progress_clear(m->progress);
	if (ret < 0) {
		cx_progress_explain(m->progress);
		cx_complain("%s under %s: %s", m->scenario->name, m->entrant->label, err.text);
	} else if (*record && (*record)->degraded) {
		cx_progress_explain(m->progress);
	}
	if (capture) {
		stopped = stop_capture(capture, trace_dir, *record);
		if (ret == 0)
			ret = stopped;
	}
	free(trace_dir);
	return ret;
}
