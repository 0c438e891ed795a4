/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/harvest_internal.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HALF ".new-" /* a table that is being written */

/* --- files -------------------------------------------------------------------------- */

FILE *cx_harvest_create(const struct cx_store *store, const char *name, struct cx_error *err)
{
	char half[PATH_MAX];

	snprintf(half, sizeof(half), HALF "%s", name);
	return cx_folder_create(store->dir, half, err);
}

int cx_harvest_close(const struct cx_store *store, const char *name, FILE *out, int failed,
		     struct cx_error *err)
{
	char from[PATH_MAX], to[PATH_MAX], half[PATH_MAX / 2];
	int ret;

	if (!out)
		return failed;
	snprintf(half, sizeof(half), HALF "%s", name);
	snprintf(from, sizeof(from), "%s/%s", store->dir, half);
	snprintf(to, sizeof(to), "%s/%s", store->dir, name);
	ret = cx_folder_close(out, store->dir, half, failed ? NULL : err);
	if (failed || ret) {
		unlink(from);
		return failed ? failed : ret;
	}
	if (rename(from, to) < 0)
		return cx_fail(err, errno, "%s: cannot write it: %s", to, strerror(errno));
	return 0;
}

/* --- reading -------------------------------------------------------------------------- */

/** The values of a group's points, figure by figure. */
struct values {
	double *value[CX_FIGURES];
	unsigned n[CX_FIGURES];
};

static void add_values(struct values *v, const struct cx_result *result)
{
	unsigned f;

	for (f = 0; f < CX_FIGURES; f++) {
		double value = cx_figure_of(result->run, f);

		if (isfinite(value))
			v->value[f][v->n[f]++] = value;
	}
}

static int read_group(struct cx_harvest *h, uint64_t group, struct values *v,
		      const struct cx_rows_files *files, struct cx_error *err)
{
	uint64_t seeds = h->sweep->plan->n_seeds, i;
	struct cx_group *g = &h->groups[group];
	unsigned f;

	memset(v->n, 0, sizeof(v->n));
	for (i = group * seeds + 1; i <= (group + 1) * seeds; i++) {
		struct cx_result result;
		struct cx_point point;
		int ret = cx_result_read(h->sweep, h->store, i, &result, err);

		if (ret == -ENOENT) {
			g->missing++;
			h->missing++;
			continue;
		}
		if (ret < 0)
			return ret;
		g->outcomes[result.outcome]++;
		h->outcomes[result.outcome]++;
		if (result.outcome == CX_OUTCOME_DONE)
			add_values(v, &result);
		cx_grid_point(h->sweep, i, &point);
		cx_rows_put(h->sweep, &point, &result, files);
		cx_result_free(&result);
	}
	for (f = 0; f < CX_FIGURES; f++)
		g->means[f] = cx_mean_of(v->value[f], v->n[f]);
	return 0;
}

static int read_groups(struct cx_harvest *h, const struct cx_rows_files *files,
		       struct cx_error *err)
{
	struct values v = { 0 };
	uint64_t g;
	unsigned f;
	int ret = 0;

	for (f = 0; f < CX_FIGURES && !ret; f++) {
		v.value[f] = calloc(h->sweep->plan->n_seeds, sizeof(double));
		if (!v.value[f])
			ret = cx_fail(err, ENOMEM, "out of memory");
	}
	for (g = 0; g < h->sweep->n_groups && !ret; g++)
		ret = read_group(h, g, &v, files, err);
	for (f = 0; f < CX_FIGURES; f++)
		free(v.value[f]);
	return ret;
}

int cx_harvest_read(const struct cx_sweep *sweep, struct cx_store *store,
		    struct cx_harvest *harvest, struct cx_error *err)
{
	static const char *const names[] = { "points.csv", "domains.csv", "workloads.csv" };
	FILE *files[3] = { NULL, NULL, NULL };
	struct cx_rows_files rows;
	unsigned i;
	int ret = 0;

	*harvest = (struct cx_harvest){ .sweep = sweep, .store = store };
	harvest->groups = calloc(sweep->n_groups, sizeof(*harvest->groups));
	if (!harvest->groups)
		return cx_fail(err, ENOMEM, "out of memory");
	for (i = 0; i < 3 && !ret; i++) {
		files[i] = cx_harvest_create(store, names[i], err);
		if (!files[i])
			ret = -errno;
	}
	rows = (struct cx_rows_files){ files[0], files[1], files[2] };
	if (!ret) {
		cx_rows_heads(sweep, &rows);
		ret = read_groups(harvest, &rows, err);
	}
	for (i = 0; i < 3; i++)
		ret = cx_harvest_close(store, names[i], files[i], ret, err);
	return ret;
}

void cx_harvest_free(struct cx_harvest *harvest)
{
	free(harvest->groups);
	*harvest = (struct cx_harvest){ 0 };
}

void cx_harvest_point(const struct cx_harvest *harvest, uint64_t group, struct cx_point *point)
{
	cx_grid_point(harvest->sweep, group * harvest->sweep->plan->n_seeds + 1, point);
}

const char *cx_figure_text(enum cx_figure figure, double value, char buf[CX_SHORT])
{
	switch (cx_figures[figure].unit) {
	case CX_UNIT_PERCENT:
		return cx_fmt_percent(value, buf);
	case CX_UNIT_COUNT:
		return cx_fmt_count(value, buf);
	case CX_UNIT_NS:
		return cx_fmt_ns((uint64_t)llround(value), buf);
	default:
		snprintf(buf, CX_SHORT, "%.4f", value);
		return buf;
	}
}
