/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/harvest.h - what a sweep brought in: tables, means over seeds, plots.
 *
 * All of it is made from the files of the points, in the order of the points, and from
 * nothing else.
 */
#ifndef CX_CORE_HARVEST_H
#define CX_CORE_HARVEST_H

#include "base/stats.h"
#include "core/sweep/result.h"

/** Figures of a run that means are made of, and plots. */
enum cx_figure {
	CX_FIGURE_JAIN,
	CX_FIGURE_ERROR, /* E(100 ms), percent of a pCPU */
	CX_FIGURE_SWITCHES,
	CX_FIGURE_WAKE_P50,
	CX_FIGURE_WAKE_P99,
	CX_FIGURE_BUSY,
	CX_FIGURE_PROGRESS,  /* a second, of the domains that count in cx_progress_unit() */
	CX_FIGURE_SHORTFALL, /* of a reservation in its worst second, of any domain or pool */
	CX_FIGURE_OVERSHOOT, /* of a limit, likewise */
	CX_FIGURE_MIGRATIONS,
	CX_FIGURES
};

enum cx_figure_unit { CX_UNIT_NONE, CX_UNIT_PERCENT, CX_UNIT_COUNT, CX_UNIT_NS };

struct cx_figure_info {
	const char *name;  /* of its column */
	const char *title; /* of its panel and column on a page */
	enum cx_figure_unit unit;
};
extern const struct cx_figure_info cx_figures[CX_FIGURES];

/** Figure @figure of a summary's run; NAN when it has none. */
double cx_figure_of(struct json_object *run, enum cx_figure figure);

/**
 * The unit in which most vCPUs of a summary's run count their progress, of equals that of the
 * first domain: different units do not add up.  NULL: there is none; else it belongs to @run.
 */
const char *cx_progress_unit(struct json_object *run);

/** One setting of everything: its points, over the seeds. */
struct cx_group {
	unsigned outcomes[CX_OUTCOMES];
	unsigned missing;
	struct cx_mean means[CX_FIGURES]; /* of those that are done; n may differ */
};

struct cx_harvest {
	const struct cx_sweep *sweep;
	struct cx_store *store;
	uint64_t outcomes[CX_OUTCOMES], missing;
	double steal; /* the most host steal of any point, percent: how noisy the host was */
	struct cx_group *groups; /* sweep->n_groups */
};

/**
 * Read all results, write points.csv, domains.csv and workloads.csv.
 * Returns 0 or a negative errno with a message; cx_harvest_free() in every case.
 */
int cx_harvest_read(const struct cx_sweep *sweep, struct cx_store *store,
		    struct cx_harvest *harvest, struct cx_error *err);
void cx_harvest_free(struct cx_harvest *harvest);

/** The first point of group @group. */
void cx_harvest_point(const struct cx_harvest *harvest, uint64_t group, struct cx_point *point);

/* --- summary.c ------------------------------------------------------------------- */

/** Write means.csv. */
int cx_harvest_means(const struct cx_harvest *harvest, struct cx_error *err);
/** The table, at most @rows_max lines of it (0 = all). */
void cx_harvest_text(const struct cx_harvest *harvest, uint64_t rows_max, FILE *out);
/** One JSON object. */
int cx_harvest_json(const struct cx_harvest *harvest, FILE *out, struct cx_error *err);

/* --- response.c ------------------------------------------------------------------- */

/**
 * Write and draw plots/response-*.svg, one for each scenario and setting that was varied.
 * Returns 0; -ENOENT: there is no gnuplot, and the scripts are there; other negative errno.
 */
int cx_harvest_plots(const struct cx_harvest *harvest, struct cx_error *err);

#endif
