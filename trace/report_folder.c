/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/report_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int make_dir(const char *dir, const char *name, struct cx_error *err)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || n >= PATH_MAX)
		return cx_fail(err, ENAMETOOLONG, "%s/%s: the path is too long", dir, name);
	if (mkdir(path, 0777) && errno != EEXIST)
		return cx_fail(err, errno, "%s: cannot create: %s", path, strerror(errno));
	return 0;
}

static int write_text(const struct cx_report *report, const char *dir, struct cx_error *err)
{
	FILE *out = cx_folder_create(dir, "report.txt", err);

	if (!out)
		return -errno;
	cx_report_text(report, out, 0);
	return cx_folder_close(out, dir, "report.txt", err);
}

static int write_json(const struct cx_report *report, const char *dir, struct cx_error *err)
{
	FILE *out = cx_folder_create(dir, "summary.json", err);
	int ret, closed;

	if (!out)
		return -errno;
	ret = cx_report_json(report, out, err);
	closed = cx_folder_close(out, dir, "summary.json", ret ? NULL : err);
	return ret ? ret : closed;
}

int cx_report_folder(const struct cx_report *report, const char *dir, uint64_t gantt_start_ns,
		     uint64_t gantt_length_ns, struct cx_error *err)
{
	struct cx_timeline timeline = cx_timeline_choose(report, gantt_start_ns, gantt_length_ns);
	struct cx_plots *plots = calloc(1, sizeof(*plots));
	struct cx_rows rows;
	int ret, drawn = 0;

	ret = cx_rows_make(report, &rows);
	if (!plots || ret) {
		ret = cx_fail(err, ENOMEM, "report: out of memory");
		goto out;
	}
	/* The figures first: whatever fails later, they are on disk. */
	ret = write_text(report, dir, err);
	if (!ret)
		ret = write_json(report, dir, err);
	if (!ret)
		ret = make_dir(dir, "data", err);
	if (!ret)
		ret = make_dir(dir, "plots", err);
	if (!ret)
		ret = cx_report_csv(report, &rows, dir, err);
	if (!ret)
		ret = cx_series_csv(report, &rows, dir, err);
	if (!ret)
		ret = cx_timeline_csv(report, &rows, &timeline, dir, err);
	if (!ret)
		ret = cx_plots_write(report, &rows, &timeline, dir, plots, err);
	if (!ret) {
		drawn = cx_plots_draw(dir, plots, err);
		ret = cx_report_html(report, &rows, &timeline, dir, plots, drawn ? NULL : err);
	}
out:
	cx_rows_free(&rows);
	free(plots);
	return drawn ? drawn : ret;
}
