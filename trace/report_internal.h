/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/report_internal.h - what the report's files share.
 */
#ifndef CX_TRACE_REPORT_INTERNAL_H
#define CX_TRACE_REPORT_INTERNAL_H

#include "trace/draw.h"
#include "trace/report.h"

#define CX_NOISY_STEAL_PERCENT 2.0         /* more host steal than this is said loudly */
#define CX_LOUD_STEAL_PERCENT 20.0         /* beyond, nothing in the run means much */
#define CX_HEADLINE_WINDOW_NS 100000000ull /* E(100 ms) is in the headline */

/** A row's letter: 0 = 'A'. */
#define CX_ROW_LETTER(row) ('A' + (char)((row) % 26))

/* ---- esxtop's words (report_esxtop.c) ---- */

/** Exclusive, unlike esxtop's own, whose %RDY includes %MLMTD.  WAIT is blocked and paused. */
enum cx_esxtop {
	CX_ESXTOP_RUN,
	CX_ESXTOP_RDY,
	CX_ESXTOP_MLMTD,
	CX_ESXTOP_CSTP,
	CX_ESXTOP_WAIT,
	CX_ESXTOP
};

/** Decimals: parts of these wholes are printed with one and two digits after the point. */
#define CX_ESXTOP_ONE 1000u
#define CX_ESXTOP_TWO 10000u

/** "run", "rdy" ... */
const char *cx_esxtop_name(unsigned column);
/**
 * Times as parts of @whole, rounded so that they add up to it (the largest remainders are
 * rounded up, of equal ones the first); all 0 when there was no time.
 */
void cx_esxtop_parts(const uint64_t time_ns[CX_STATES], unsigned whole, unsigned part[CX_ESXTOP]);
/** A part as a percentage: "33.4" of CX_ESXTOP_ONE, "33.34" of CX_ESXTOP_TWO. */
const char *cx_esxtop_text(unsigned part, unsigned whole, char buf[CX_SHORT]);

/* ---- rows: domains, replicas taken together when there are many (report_rows.c) ---- */

#define CX_ROWS_SINGLE 12u /* up to so many domains are shown one by one */
#define CX_ROWS_MAX 20u    /* never more rows than this; what is left shares the last */

struct cx_row {
	char *label;    /* "web", "web.* (16)", "others (30)" */
	unsigned count; /* domains in it */
	unsigned first; /* the first of them */
	bool mixed;     /* they differ in weight, limit, reservation or vCPUs */
};

struct cx_rows {
	unsigned n;
	struct cx_row *row;
	unsigned *row_of; /* by domain */
	unsigned n_domains;
};

/** One row in one run. CPU amounts in percent of one pCPU while the domain lived, the
 *  mean of its domains; states in percent of its vCPUs' time. */
struct cx_row_figures {
	double entitled, received, received_min, received_max;
	double state[CX_STATES];
	double progress_per_s; /* mean of its domains */
	uint64_t wakes, wake_p50_ns, wake_p99_ns;
	uint64_t migrations, switches;
	uint64_t lag_max_ns;  /* largest magnitude of any of its domains */
	uint64_t skew_p99_ns; /* largest of any of its domains */
	double corun;         /* percent of the time in which several could run; -1 = never */
	uint64_t run_ns;
	uint64_t time_ns[CX_STATES];      /* of all its domains' vCPUs */
	int64_t lag_ns[CX_LAG_QUANTILES]; /* of all its domains' lifetimes together */
	struct cx_metrics_bounds bounds;  /* of the domain in which it was worst */
};

/** One row in one interval of a run: the mean of its domains, in percent of one pCPU. */
struct cx_row_interval {
	double entitled, received;
	/* Of its domains' vCPUs, without those that lived less than a percent of the interval. */
	uint64_t time_ns[CX_STATES];
};

/** The rows of @report: from its first run, as all runs are of one scenario. */
int cx_rows_make(const struct cx_report *report, struct cx_rows *rows);
void cx_rows_free(struct cx_rows *rows);
/** Returns 0 or -ENOMEM. */
int cx_row_measure(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
		   unsigned row, struct cx_row_figures *out);
void cx_row_interval(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
		     unsigned row, unsigned interval, struct cx_row_interval *out);
/** Likewise of pool @pool, all its domains together. */
void cx_pool_interval(const struct cx_report *report, unsigned run, unsigned pool,
		      unsigned interval, struct cx_row_interval *out);
/** The lags of all domains of @row together.  Returns 0 or -ENOMEM. */
int cx_row_lag(const struct cx_report *report, unsigned run, const struct cx_rows *rows,
	       unsigned row, int64_t lag_ns[CX_LAG_QUANTILES]);
/** The worse of the two; one that was judged is worse than one that was not. */
struct cx_metrics_bound cx_worse_bound(struct cx_metrics_bound a, struct cx_metrics_bound b);
/** The worst of all domains and pools of a run. */
struct cx_metrics_bounds cx_worst_bounds(const struct cx_metrics *m);
/** Has any domain or pool of any run a reservation or a limit, for a while at least? */
bool cx_report_bounded(const struct cx_report *report);
/** "12.3ms"; "-" where nothing was judged. */
const char *cx_fmt_bound(const struct cx_metrics_bound *bound, char buf[CX_SHORT]);
/** The pool that @row's domains are in: "*" where they differ, "-" for none. */
const char *cx_row_pool(const struct cx_record *record, const struct cx_rows *rows, unsigned row);
/** Domain @d's lifetime in the run, at least 1 ns. */
double cx_lifetime_ns(const struct cx_record *record, unsigned d);

/* ---- what must not be overlooked (report_warnings.c) ---- */

/** Gets one line, without a final newline; @loud: it puts the figures in doubt. */
typedef void (*cx_say_fn)(void *arg, bool loud, const char *line);
/** Call @say with each warning and note on each run, the loud ones first. */
void cx_report_warnings(const struct cx_report *report, cx_say_fn say, void *arg);
/** The same as a box in a page. */
void cx_html_warnings(FILE *out, const struct cx_report *report);
/** "ok", "DEGRADED", "interrupted" ... for the headline. */
const char *cx_run_verdict(const struct cx_record *record);

/* ---- resource pools (report_pools.c) ---- */

/** The first @most pools in the order of the tree, each with what is in it behind it.  Returns
 *  how many there are; 0 when out of memory too. */
unsigned cx_pools_first(const struct cx_record *record, unsigned most, unsigned *pool);
/** A pool's time in percent of one pCPU over the whole run. */
double cx_pool_percent(const struct cx_record *record, uint64_t ns);
/** The tree with its values, a line a pool, and what each was entitled to and received, if
 *  @metrics is not NULL; nothing where there are no pools. */
void cx_pools_text(const struct cx_record *record, const struct cx_metrics *metrics, FILE *out);
/** The tree with its values as a section of a page. */
void cx_html_pools(FILE *out, const struct cx_record *record);

/* ---- what the guests measured (report_results.c) ---- */

/** The response times of servers, a line for each and scheduler; nothing where there are none. */
void cx_responses_text(const struct cx_report *report, const struct cx_rows *rows, FILE *out);
/** All that guests measured, as a section of a page. */
void cx_html_results(FILE *out, const struct cx_report *report, const struct cx_rows *rows);

/* ---- the folder ---- */

/** A run's name in file names: its scheduler, made safe and unique: "credit", "credit-2". */
void cx_run_slug(const struct cx_report *report, unsigned run, char *buf, size_t len);
int cx_report_csv(const struct cx_report *report, const struct cx_rows *rows, const char *dir,
		  struct cx_error *err);

/** Columns of shortfall and overshoot, and what stands in them, each after a comma. */
#define CX_BOUNDS_HEAD                                                                             \
	"shortfall_window_ns,shortfall_judged_ns,shortfall_worst_ns,shortfall_at_ns,"              \
	"overshoot_window_ns,overshoot_judged_ns,overshoot_worst_ns,overshoot_at_ns"
void cx_put_bounds_csv(FILE *out, const struct cx_metrics_bounds *bounds);
/** Write data/over-time.csv, rows-over-time.csv, lag.csv, lag-quantiles.csv and, if there are
 *  any pools, pools.csv and pools-over-time.csv. */
int cx_series_csv(const struct cx_report *report, const struct cx_rows *rows, const char *dir,
		  struct cx_error *err);

/** The chosen stretch of the timeline. */
struct cx_timeline {
	uint64_t start_ns, length_ns;
	unsigned pcpus; /* shown: the first so many */
};

#define CX_TIMELINE_PCPUS 16u /* at most so many rows */

struct cx_timeline cx_timeline_choose(const struct cx_report *report, uint64_t start_ns,
				      uint64_t length_ns);
/** Write data/timeline-SLUG.csv for each run. */
int cx_timeline_csv(const struct cx_report *report, const struct cx_rows *rows,
		    const struct cx_timeline *timeline, const char *dir, struct cx_error *err);

/* ---- what changed during a run (report_changes.c) ---- */

struct cx_change {
	struct cx_event event; /* of the first, where several domains changed alike */
	unsigned others;       /* so many more domains did */
};

struct cx_changes {
	unsigned n;
	struct cx_change *change; /* in the order of time */
};

/** Is it a change of values, parameters or the pool? */
bool cx_is_change(const struct cx_event *event);
/** Returns 0, or -ENOMEM with an empty list. */
int cx_changes_find(const struct cx_record *record, struct cx_changes *list);
void cx_changes_free(struct cx_changes *list);
/** "weight of web.0 and 3 more: 512", "pCPU 3 offline"; malloc'd, NULL when out of memory. */
char *cx_change_text(const struct cx_record *record, const struct cx_change *change);

/* ---- domains that started or stopped during a run (report_lives.c) ---- */

/** Not with the run: it was to start later, it ended before. */
bool cx_life_started(const struct cx_record *record, unsigned domain);
bool cx_life_ended(const struct cx_record *record, unsigned domain);
/** They as changes: of type CX_EV_WAKE or CX_EV_END (why: how it ended), vcpu: the domain.
 *  Returns 0, or -ENOMEM with an empty list. */
int cx_lives_find(const struct cx_record *record, struct cx_changes *list);
/** "web.0 and 3 more started"; for cx_change_text(). */
void cx_life_describe(const struct cx_record *record, const struct cx_change *change, FILE *out);
/** What is marked in plots: changes and, unless those are too many, lives (report_marks.c).
 *  Returns 0, or -ENOMEM with an empty list. */
int cx_marks_find(const struct cx_record *record, struct cx_changes *list);

/** Write the gnuplot scripts. */
int cx_plots_write(const struct cx_report *report, const struct cx_rows *rows,
		   const struct cx_timeline *timeline, const char *dir, struct cx_plots *plots,
		   struct cx_error *err);
int cx_report_html(const struct cx_report *report, const struct cx_rows *rows,
		   const struct cx_timeline *timeline, const char *dir,
		   const struct cx_plots *plots, struct cx_error *err);

/** The head of an HTML page up to and with <body>, and its end. */
void cx_html_open(FILE *out, const char *title);
void cx_html_close(FILE *out);
/** The table over schedulers. */
void cx_html_headline(FILE *out, const struct cx_report *report, bool links);
/** Domain by domain, the schedulers one below the other (report_side.c). */
int cx_html_side_by_side(FILE *out, const struct cx_report *report, const struct cx_rows *rows);
/** The definitions of all figures (report_help.c). */
void cx_html_formulas(FILE *out);
/** A table heading that links to its definition. */
void cx_html_term(FILE *out, const char *id, const char *text);

#endif
