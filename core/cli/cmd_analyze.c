/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain analyze: the report again, from recorded traces. */

#include "core/cli/campaign.h"

#include "trace/capture.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACE_PREFIX "trace-"

struct analysis {
	const struct cx_cli_options *options;
	unsigned n; /* scenarios seen */
	struct cx_results *results;
	int status;
};

/* ---- reading --------------------------------------------------------------- */

/* The results that runs of @scenario belong to; a new entry for a scenario not seen. */
static struct cx_results *results_of(struct analysis *a, const char *scenario)
{
	char *name = cx_outdir_safe_name(scenario);
	struct cx_results *grown;

	if (!name)
		return NULL;
	for (unsigned i = 0; i < a->n; i++) {
		if (strcmp(a->results[i].name, name))
			continue;
		free(name);
		return &a->results[i];
	}
	grown = realloc(a->results, (a->n + 1) * sizeof(*grown));
	if (!grown) {
		free(name);
		return NULL;
	}
	a->results = grown;
	grown[a->n] = (struct cx_results){ .name = name };
	return &grown[a->n++];
}

static void problem(struct analysis *a, const char *text)
{
	cx_complain("%s", text);
	a->status = CX_STATUS_FAILED;
}

static void take_record(struct analysis *a, struct cx_record *record)
{
	struct cx_error err = { "out of memory" };
	struct cx_results *r = results_of(a, record->scenario ? record->scenario : "");

	a->status = cx_status_worse(a->status, cx_results_warn(record));
	if (!r)
		cx_record_free(record);
	if (!r || cx_results_add(r, record, &err) < 0)
		problem(a, err.text);
}

/* Its events as text. */
static void print_trace(struct analysis *a, const char *dir)
{
	struct cx_error err = { "" };
	int lost = cx_capture_print(dir, stdout, &err);

	if (lost < 0)
		problem(a, err.text);
	else if (lost > 0)
		cx_complain("%s: %d events were lost when it was recorded", dir, lost);
}

/* What cannot be read is told; the other traces are reported all the same. */
static void read_trace(struct analysis *a, const char *dir)
{
	struct cx_record **records = NULL;
	struct cx_error err = { "" };
	int n;

	if (a->options->events) {
		print_trace(a, dir);
		return;
	}
	n = cx_capture_read(dir, &records, &err);
	if (err.text[0])
		problem(a, err.text); /* there may be records all the same */
	for (int i = 0; i < n; i++)
		take_record(a, records[i]);
	free(records);
}

/* ---- finding --------------------------------------------------------------- */

static bool is_trace(const char *name)
{
	return strncmp(name, TRACE_PREFIX, sizeof(TRACE_PREFIX) - 1) == 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_REG;
}

/* By name, the baseline first. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	const char *baseline = TRACE_PREFIX "linux";
	bool first = strcmp((*a)->d_name, baseline) == 0;
	bool second = strcmp((*b)->d_name, baseline) == 0;

	return first != second ? second - first : strcmp((*a)->d_name, (*b)->d_name);
}

/* Read the trace folders in @dir; how many? */
static unsigned read_report(struct analysis *a, const char *dir)
{
	struct dirent **entries;
	unsigned found = 0;
	int n = scandir(dir, &entries, visible, by_name);

	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (!is_trace(entries[i]->d_name)) {
			free(entries[i]);
			continue;
		}
		found++;
		if (a->options->events)
			printf("%s\n", entries[i]->d_name);
		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
			problem(a, "out of memory");
		else
			read_trace(a, path);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

/* The report of several scenarios, as compare and analyze write it: one folder for each. */
static unsigned read_reports(struct analysis *a, const char *dir)
{
	struct dirent **entries;
	unsigned found = 0;
	int n = scandir(dir, &entries, visible, by_name);

	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0) {
			problem(a, "out of memory");
		} else {
			found += cx_results_page_exists(path) ? read_report(a, path) : 0;
			free(path);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

/* A trace itself, as LTTng lays it out. */
static bool holds_trace(const char *dir)
{
	char *path;
	bool holds;

	if (asprintf(&path, "%s/ust", dir) < 0)
		return false;
	holds = access(path, F_OK) == 0;
	free(path);
	return holds;
}

/* Nothing below a folder that is neither is looked for: it may be others'. */
static bool read_folder(struct analysis *a, const char *dir)
{
	if (holds_trace(dir)) {
		read_trace(a, dir);
		return true;
	}
	return read_report(a, dir) > 0 || (cx_results_page_exists(dir) && read_reports(a, dir) > 0);
}

/* ---- telling --------------------------------------------------------------- */

static int make_folders(struct analysis *a)
{
	struct cx_error err = { "out of memory" };
	const char *out = a->options->out;
	int ret = 0;

	for (unsigned i = 0; out && i < a->n && ret >= 0; i++) {
		struct cx_results *r = &a->results[i];

		if (a->n == 1)
			r->dir = strdup(out);
		else if (asprintf(&r->dir, "%s/%s", out, r->name) < 0)
			r->dir = NULL;
		if (!r->dir)
			ret = -ENOMEM;
		else if (a->n > 1)
			ret = cx_outdir_make(r->dir, &err);
	}
	if (ret < 0)
		problem(a, err.text);
	return ret;
}

static void publish(struct analysis *a)
{
	const struct cx_cli_options *o = a->options;

	if (make_folders(a) < 0)
		return;
	for (unsigned i = 0; i < a->n; i++) {
		if (i > 0 && !o->json)
			putchar('\n');
		a->status = cx_status_worse(a->status, cx_results_publish(&a->results[i], o));
	}
	if (o->out && a->n > 1)
		a->status = cx_status_worse(a->status, cx_results_index(o->out, a->results, a->n));
	if (o->json)
		a->status = cx_status_worse(a->status, cx_results_json(a->results, a->n, a->n > 1));
	if (o->out && cx_results_page_exists(o->out))
		fprintf(o->json ? stderr : stdout, "Report: %s/report.html\n", o->out);
}

int cx_cmd_analyze(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct analysis a = { .options = options };
	const char *dir = options->args[0];
	struct cx_error err = { "" };
	struct stat st;
	int made = 1;

	(void)paths;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		cx_complain("%s: no such folder; give one that --trace recorded into", dir);
		return CX_STATUS_USAGE;
	}
	if (options->out) {
		made = cx_outdir_make(options->out, &err);
		if (made < 0) {
			cx_complain("%s", err.text);
			return made == -EEXIST ? CX_STATUS_USAGE : CX_STATUS_FAILED;
		}
	}
	if (!read_folder(&a, dir)) {
		cx_complain(
			"%s: neither a report folder with trace-SCHEDULER folders in it nor one "
			"of these; give the folder that run or compare named with --trace",
			dir);
		a.status = CX_STATUS_USAGE;
	}
	if (a.n > 0)
		publish(&a);
	else if (made == 0)
		cx_outdir_abandon(options->out);
	for (unsigned i = 0; i < a.n; i++)
		cx_results_free(&a.results[i]);
	free(a.results);
	return a.status;
}
