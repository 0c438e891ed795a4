/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of fabricated records, and looking at what came out.  After <cmocka.h>.
 */
#ifndef CX_TESTS_REPORT_FIXTURE_H
#define CX_TESTS_REPORT_FIXTURE_H

#include "tests/unit/fabricate.h"
#include "trace/report.h"
#include "trace/report_internal.h"

#include <ftw.h>
#include <json.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))
#define RUNS_MAX 3

/* ---- a report and what it is made of ---- */

struct fixture {
	unsigned n;
	struct fab fabs[RUNS_MAX];
	const struct cx_record *records[RUNS_MAX];
	const struct cx_metrics *metrics[RUNS_MAX];
	struct cx_report report;
	char dir[64];
};

static const struct fab_policy policies[RUNS_MAX] = {
	{ .name = "linux", .slice_ns = 3 * CX_MS, .weighted = true, .boost = true },
	{ .name = "rr", .slice_ns = 10 * CX_MS },
	{ .name = "credit", .slice_ns = 30 * CX_MS, .weighted = true, .limits = true },
};

static const struct fab_domain mixed[] = {
	{ .name = "web", .vcpus = 2, .weight = 512 },
	{ .name = "batch", .vcpus = 1, .weight = 128, .limit = 20 },
	{ .name = "sleepy", .vcpus = 1, .burst_ns = 500 * CX_US, .sleep_ns = 9 * CX_MS },
};

static inline void make(struct fixture *x, unsigned runs, uint64_t duration_ns, unsigned n_pcpus,
			unsigned n_domains, const struct fab_domain *domains)
{
	unsigned i;

	memset(x, 0, sizeof(*x));
	x->n = runs;
	for (i = 0; i < runs; i++) {
		x->fabs[i] = fab_simulate(duration_ns, n_pcpus, n_domains, domains, &policies[i]);
		x->records[i] = x->fabs[i].record;
	}
	x->report = (struct cx_report){ runs, x->records, x->metrics };
}

static inline void measure(struct fixture *x)
{
	unsigned i;

	for (i = 0; i < x->n; i++) {
		struct cx_metrics *m;

		assert_int_equal(cx_metrics_compute(x->records[i], &m, NULL), 0);
		x->metrics[i] = m;
	}
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void release(struct fixture *x)
{
	unsigned i;

	for (i = 0; i < x->n; i++) {
		cx_metrics_free((struct cx_metrics *)x->metrics[i]);
		fab_free(&x->fabs[i]);
	}
	if (x->dir[0])
		nftw(x->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void make_dir(struct fixture *x)
{
	snprintf(x->dir, sizeof(x->dir), "/tmp/coxswain-report-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
}

static inline bool exists(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static inline char *slurp(const char *dir, const char *name)
{
	char path[512], *text;
	long size;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	fclose(f);
	return text;
}

static inline char *text_of(const struct fixture *x, unsigned columns)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cx_report_text(&x->report, mem, columns);
	fclose(mem);
	return text;
}

static inline struct json_object *json_of(const struct fixture *x)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);
	struct json_object *o;
	struct cx_error err = { "" };

	assert_int_equal(cx_report_json(&x->report, mem, &err), 0);
	fclose(mem);
	assert_true(len > 2 && text[len - 1] == '\n' && text[len - 2] == '}');
	o = json_tokener_parse(text);
	assert_non_null(o);
	free(text);
	return o;
}

#endif
