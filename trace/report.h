/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/report.h - what people read: tables, JSON, the report folder.
 *
 * All of it is made from records and their metrics; several runs of one scenario
 * (one for each scheduler) are shown side by side.
 */
#ifndef CX_TRACE_REPORT_H
#define CX_TRACE_REPORT_H

#include "base/error.h"
#include "trace/metrics.h"
#include "trace/record.h"

#include <stdio.h>

/** One scenario, run under n schedulers. */
struct cx_report {
	unsigned n_runs;
	const struct cx_record **records;
	const struct cx_metrics **metrics;
};

/** The comparison as a plain-text table, at most @columns wide (0 = 100). */
void cx_report_text(const struct cx_report *report, FILE *out, unsigned columns);

/** The --json object (design: command line), pretty-printed, one trailing newline.
 *  Returns 0, -ENOMEM or -EIO. */
int cx_report_json(const struct cx_report *report, FILE *out, struct cx_error *err);

/**
 * Write the report folder @dir, which exists and is empty: report.html (self-contained,
 * plots inline as SVG), report.txt, summary.json, data/ *.csv, plots/ *.gp and *.svg.
 * The gnuplot scripts run by themselves from that folder.
 * @gantt_start_ns, @gantt_length_ns  the timeline's window; length 0 = chosen here
 * Returns 0; -ENOENT: gnuplot is missing (everything but the plots is written, and @err
 * says how to get it); other negative errno with the file that failed.
 */
int cx_report_folder(const struct cx_report *report, const char *dir, uint64_t gantt_start_ns,
		     uint64_t gantt_length_ns, struct cx_error *err);

/**
 * An index page over several scenarios' folders, @dir/report.html and report.txt,
 * linking to @names[i]/report.html and showing each one's main figures.
 */
int cx_report_index(const char *dir, const struct cx_report *reports, const char *const *names,
		    unsigned n, struct cx_error *err);

#endif
