/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/report_plots.h - what the writers of gnuplot scripts share.
 */
#ifndef CX_TRACE_REPORT_PLOTS_H
#define CX_TRACE_REPORT_PLOTS_H

#include "trace/report_internal.h"

#define CX_PLOT_LANE 46u     /* height of a pCPU in the timeline */
#define CX_PLOT_FRAME 130u   /* height of title, axis and key of a plot */
#define CX_PLOT_KEY_LINE 22u /* height of a further line of the key */

#define CX_PLOT_LABELS 4u      /* of marks, one above the other at most */
#define CX_PLOT_LABEL_LINE 21u /* height of a line of them */

/** A script being written. */
struct cx_script {
	FILE *out;
	const struct cx_report *report;
	const struct cx_rows *rows;
	const struct cx_timeline *timeline;
	struct cx_plot *plot;
	unsigned run;   /* that it is of, if it is of one */
	unsigned marks; /* that cx_marks_put() made */
};

struct cx_state_style {
	const char *title, *fill; /* in gnuplot's words */
};

/** How a state is drawn. */
struct cx_state_style cx_state_style(unsigned state);
/** Was any vCPU ever in it? */
bool cx_state_seen(const struct cx_report *report, unsigned state);
/** How scheduler or domain @i's boxes are filled; neighbours differ in grey too. */
const char *cx_fill_style(unsigned i);

/** The head of a script: @what it shows; its picture is @height pixels high. */
void cx_plot_header(const struct cx_script *s, unsigned height, const char *what);
const char *cx_plot_scheduler(const struct cx_script *s, unsigned run);
/** Between the plot's clauses; nothing before the first. */
void cx_plot_clause(FILE *out, bool *first);
/** Bars from top to bottom: a block for each row, in it a bar for each run. */
void cx_plot_bars_axes(const struct cx_script *s);
unsigned cx_plot_bars_height(const struct cx_script *s, unsigned keys);
/** A block's name at its middle. */
void cx_plot_bars_names(const struct cx_script *s);

/** Lines that the labels of a stretch's marks need. */
unsigned cx_marks_lines(const struct cx_record *record, uint64_t start_ns, uint64_t length_ns);
/** Where what happened within a stretch is marked, and what it was; @unit: of its seconds;
 *  @rows: so many labels fit one above the other. */
void cx_marks_put(struct cx_script *s, uint64_t start_ns, uint64_t length_ns, unsigned rows,
		  double unit);
/** The marks' lines, as clauses of the plot, from one value of its y axis to another. */
void cx_marks_plot(const struct cx_script *s, bool *first, double from, double to);

void cx_write_timeline(struct cx_script *s);         /* report_plots_timeline.c */
void cx_write_lag(struct cx_script *s);              /* report_plots_lag.c */
void cx_write_over_time(struct cx_script *s);        /* report_plots_time.c */
void cx_write_states_over_time(struct cx_script *s); /* likewise */

#endif
