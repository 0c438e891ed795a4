/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/cli/campaign.h - scenarios times schedulers: what `run` and `compare` do.
 *
 * Everything that can be known to be wrong is found before the first run.  After that
 * nothing measured is lost: whatever ends the campaign early, what there is gets
 * printed and written.
 */
#ifndef CX_CORE_CLI_CAMPAIGN_H
#define CX_CORE_CLI_CAMPAIGN_H

#include "core/cli/cli.h"
#include "core/dispatch/loader.h"
#include "core/scenario/scenario.h"
#include "core/sim/costs.h"
#include "trace/capture.h"
#include "trace/report.h"

#include <stdatomic.h>

/** A scheduler that was asked for, found and checked. */
struct cx_entrant {
	char *asked;              /* as given */
	char *label;              /* unique among the entrants, fit for a file name */
	struct cx_loaded *plugin; /* NULL for linux */
	unsigned n_settings;
	struct cx_setting *settings; /* from --param */
};

struct cx_lineup {
	unsigned n;
	struct cx_entrant *entrants;
};

/** Runs of one scenario, as far as they have come. */
struct cx_results {
	char *name; /* unique among the scenarios, fit for a file name */
	char *dir;  /* its part of the report; NULL = none is written */
	unsigned n, room;
	struct cx_record **records;
	struct cx_metrics **metrics;
};

/* --- lineup.c --- */

/**
 * Load and check @names (comma-separated) and give each the --param settings meant for it.
 * Returns 0; -EINVAL, -ENOENT: wrong usage; other negative errno (-ELIBBAD: refused).
 * cx_lineup_free() in every case.
 */
int cx_lineup_make(const char *names, const struct cx_cli_options *options,
		   const struct cx_cli_paths *paths, struct cx_lineup *lineup,
		   struct cx_error *err);
void cx_lineup_free(struct cx_lineup *lineup);

/* --- results.c --- */

/** Compute the metrics of @record and add it; takes it over in every case. */
int cx_results_add(struct cx_results *results, struct cx_record *record, struct cx_error *err);
/** A view, valid until the next cx_results_add(). */
struct cx_report cx_results_report(const struct cx_results *results);
void cx_results_free(struct cx_results *results);
/** The table on standard output (unless --json), then the folder if there is one.
 *  Returns a status. */
int cx_results_publish(const struct cx_results *results, const struct cx_cli_options *options);
/** Is there a report.html in @dir? */
bool cx_results_page_exists(const char *dir);
/** With --json: one object for one scenario, {"scenarios": [...]} for several asked for.
 *  Returns a status. */
int cx_results_json(const struct cx_results *results, unsigned n, bool several);
/** The index page over the folders of several scenarios.  Returns a status. */
int cx_results_index(const char *dir, const struct cx_results *results, unsigned n);
/** Say what a reader of @record should be warned of; returns a status. */
int cx_results_warn(const struct cx_record *record);
/** The worse of two statuses: failed, then degraded, then done. */
int cx_status_worse(int a, int b);

/* --- stop.c --- */

/** Let SIGINT, SIGTERM and SIGHUP end the run early; a second one ends the program at once.
 *  Returns the flag they set. */
const atomic_bool *cx_stop_on_signals(void);

/* --- measure.c, campaign.c --- */

/** What things cost in the simulator, by --costs and --cost; complains by itself.  A status. */
int cx_measure_costs(const struct cx_cli_options *options, struct cx_costs *costs);

/** What one run is told; the same for all but @scenario, @entrant and @dir. */
struct cx_measurement {
	const struct cx_scenario *scenario;
	const struct cx_entrant *entrant;
	const struct cx_cli_options *options;
	bool simulated;
	const struct cx_costs *costs; /* of the simulator */
	const struct cx_cli_paths *paths;
	const char *dir;               /* where the trace's folder goes; used with --trace */
	struct cx_recorder **recorder; /* likewise: opened by the first run, kept for the others */
	const atomic_bool *stop;
	struct cx_progress *progress;
};

/**
 * One run, traced if asked for.  Complains by itself.
 * Returns 0 or the run's negative errno; in both cases *record may be there.
 */
int cx_measure(const struct cx_measurement *m, struct cx_record **record);
/** Would it start?  As cx_run_check(): for all runs of a campaign, before the first. */
int cx_measure_check(const struct cx_measurement *m, struct cx_error *err);

/**
 * Run options->args, under options->scheduler (NULL: what each scenario names).
 * @several  each under each of options->schedulers, and write a report also when --out was
 *           not given
 * Returns a status.
 */
int cx_campaign(const struct cx_cli_options *options, const struct cx_cli_paths *paths,
		bool several);

#endif
