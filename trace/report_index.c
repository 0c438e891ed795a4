/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page over several scenarios.
 */
#include "trace/report_internal.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/** A folder's name as part of a link. */
static void put_link(FILE *out, const char *name)
{
	const unsigned char *s;

	for (s = (const unsigned char *)name; *s; s++) {
		if ((isalnum(*s) && *s < 0x80) || strchr("-_.~/", *s))
			fputc(*s, out);
		else
			fprintf(out, "%%%02X", *s);
	}
}

static void put_scenario(FILE *out, const struct cx_report *report, const char *name)
{
	const struct cx_record *r = report->records[0];

	fputs("<h2><a href=\"", out);
	put_link(out, name);
	fputs("/report.html\">", out);
	cx_put_html(out, r->scenario);
	fputs("</a></h2>\n", out);
	if (r->question && *r->question) {
		fputs("<p class=\"question\">", out);
		cx_put_html(out, r->question);
		fputs("</p>\n", out);
	}
	cx_html_warnings(out, report);
	cx_html_headline(out, report, true);
}

static int write_html(const char *dir, const struct cx_report *reports, const char *const *names,
		      unsigned n, struct cx_error *err)
{
	FILE *out = cx_folder_create(dir, "report.html", err);
	unsigned i;

	if (!out)
		return -errno;
	cx_html_open(out, "Schedulers compared");
	fputs("<h1>Schedulers compared</h1>\n", out);
	for (i = 0; i < n; i++)
		if (reports[i].n_runs) {
			const struct cx_record *r = reports[i].records[0];

			fputs("<p class=\"host\">", out);
			cx_put_html(out, r->host);
			fputs("; machine ", out);
			cx_put_html(out, r->machine);
			fputs(", backend ", out);
			cx_put_html(out, r->backend);
			fputs("</p>\n", out);
			break;
		}
	for (i = 0; i < n; i++)
		if (reports[i].n_runs)
			put_scenario(out, &reports[i], names[i]);
	cx_html_formulas(out);
	cx_html_close(out);
	return cx_folder_close(out, dir, "report.html", err);
}

static int write_text(const char *dir, const struct cx_report *reports, const char *const *names,
		      unsigned n, struct cx_error *err)
{
	FILE *out = cx_folder_create(dir, "report.txt", err);
	unsigned i;

	if (!out)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!reports[i].n_runs)
			continue;
		fputs("==== ", out);
		cx_put_text(out, names[i]);
		fputs("\n", out);
		cx_report_text(&reports[i], out, 0);
		fputs("\n", out);
	}
	return cx_folder_close(out, dir, "report.txt", err);
}

int cx_report_index(const char *dir, const struct cx_report *reports, const char *const *names,
		    unsigned n, struct cx_error *err)
{
	int ret = write_text(dir, reports, names, n, err);

	return ret ? ret : write_html(dir, reports, names, n, err);
}
