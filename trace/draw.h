/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/draw.h - what everything that writes tables and plots shares.
 */
#ifndef CX_TRACE_DRAW_H
#define CX_TRACE_DRAW_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- numbers and names as text (report_format.c) ---- */

#define CX_SHORT 32 /* room for any formatted number */

/** Three significant digits with a unit: "812ns", "4.31us", "12.0ms", "2.50s". */
const char *cx_fmt_ns(uint64_t ns, char buf[CX_SHORT]);
/** The same with its sign: "-12.0ms"; "0" for nothing. */
const char *cx_fmt_signed_ns(int64_t ns, char buf[CX_SHORT]);
/** Three significant digits: "950", "4.31k", "12.0M". */
const char *cx_fmt_count(double n, char buf[CX_SHORT]);
/** One digit after the point; more below one, so that little is not shown as nothing. */
const char *cx_fmt_percent(double percent, char buf[CX_SHORT]);

/* Names come from scenario files and may hold anything.  Each writes @text so that the
 * format it is for cannot be broken by it; control characters become '?'. */
void cx_put_text(FILE *out, const char *text);
void cx_put_html(FILE *out, const char *text);
void cx_put_csv(FILE *out, const char *text);     /* with the quotes */
void cx_put_gnuplot(FILE *out, const char *text); /* with single quotes, cut where it is long */
void cx_put_title(FILE *out, const char *text);   /* likewise, whole */
void cx_put_tic(FILE *out, const char *text);     /* likewise, as the label of a tic */
/** Columns that cx_put_text() takes on a terminal. */
unsigned cx_text_width(const char *text);
/** cx_put_text() in exactly @width columns, cut or padded. */
void cx_put_cell(FILE *out, const char *text, unsigned width, bool right);
/** NULL as "". */
const char *cx_or_empty(const char *text);

/* ---- files of a folder (report_files.c) ---- */

/** Open @dir/@name for writing. Returns NULL with errno set and a message. */
FILE *cx_folder_create(const char *dir, const char *name, struct cx_error *err);
/** Close it; -EIO, -ENOSPC ... with a message when not everything could be written. */
int cx_folder_close(FILE *file, const char *dir, const char *name, struct cx_error *err);

/* ---- plots ---- */

/** How line @i of a plot looks, in gnuplot's words: dashes and points differ, for grey. */
const char *cx_line_style(unsigned i);
/** The same without points. */
const char *cx_dash_style(unsigned i);

/** A plot of the folder: plots/NAME.gp draws plots/NAME.svg. */
struct cx_plot {
	char name[64];
	char title[128];
	const char *help; /* how to read it: plain text */
	bool drawn;       /* the SVG exists */
};

#define CX_PLOTS_MAX 80u

struct cx_plots {
	unsigned n;
	struct cx_plot plot[CX_PLOTS_MAX];
};

/** Run gnuplot on each.  -ENOENT: it is not installed. */
int cx_plots_draw(const char *dir, struct cx_plots *plots, struct cx_error *err);

#endif
