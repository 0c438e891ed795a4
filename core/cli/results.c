/* SPDX-License-Identifier: BSD-2-Clause */
/* What was measured: kept, printed, written. */

#include "core/cli/campaign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cx_status_worse(int a, int b)
{
	static const int worst_first[] = { CX_STATUS_FAILED, CX_STATUS_USAGE, CX_STATUS_DEGRADED };

	for (size_t i = 0; i < sizeof(worst_first) / sizeof(*worst_first); i++)
		if (a == worst_first[i] || b == worst_first[i])
			return worst_first[i];
	return CX_STATUS_DONE;
}

int cx_results_add(struct cx_results *results, struct cx_record *record, struct cx_error *err)
{
	unsigned room = results->room ? 2 * results->room : 4;
	struct cx_record **records;
	struct cx_metrics **metrics;
	int ret;

	if (results->n == results->room) {
		records = realloc(results->records, room * sizeof(*records));
		if (records)
			results->records = records;
		metrics = realloc(results->metrics, room * sizeof(*metrics));
		if (metrics)
			results->metrics = metrics;
		if (!records || !metrics) {
			cx_record_free(record);
			return cx_fail(err, ENOMEM, "out of memory");
		}
		results->room = room;
	}
	ret = cx_metrics_compute(record, &results->metrics[results->n], err);
	if (ret < 0) {
		cx_record_free(record);
		return ret;
	}
	results->records[results->n++] = record;
	return 0;
}

struct cx_report cx_results_report(const struct cx_results *results)
{
	return (struct cx_report){ .n_runs = results->n,
				   .records = (const struct cx_record **)results->records,
				   .metrics = (const struct cx_metrics **)results->metrics };
}

void cx_results_free(struct cx_results *results)
{
	for (unsigned i = 0; i < results->n; i++) {
		cx_metrics_free(results->metrics[i]);
		cx_record_free(results->records[i]);
	}
	free(results->records);
	free(results->metrics);
	free(results->name);
	free(results->dir);
	*results = (struct cx_results){ 0 };
}

static void warn_of_crashes(const struct cx_record *record)
{
	for (unsigned i = 0; i < record->n_domains; i++) {
		const struct cx_record_domain *d = &record->domains[i];

		if (d->end == CX_END_CRASH)
			cx_complain("%s under %s: domain %s crashed: %s; the figures of the others "
				    "stand",
				    record->scenario, record->scheduler, d->name,
				    d->end_text ? d->end_text : "for a reason it did not tell");
		else if (d->end == CX_END_EXIT && d->end_text)
			cx_complain("%s under %s: domain %s gave up (%s): its log says why, with "
				    "--verbose",
				    record->scenario, record->scheduler, d->name, d->end_text);
	}
}

/* Bad decisions that were too few for the policy to be ejected. */
static void warn_of_faults(const struct cx_record *record)
{
	for (unsigned fault = 0; fault < CX_FAULTS; fault++)
		if (record->faults[fault] > 0)
			cx_complain("%s under %s: the policy made %" PRIu64
				    " faults of the kind '%s', corrected by the program",
				    record->scenario, record->scheduler, record->faults[fault],
				    cx_fault_name(fault));
}

int cx_results_warn(const struct cx_record *record)
{
	warn_of_crashes(record);
	if (record->interrupted)
		cx_complain("%s under %s: interrupted after %.3f s", record->scenario,
			    record->scheduler, (double)record->duration_ns / 1e9);
	if (!record->degraded) {
		warn_of_faults(record);
		return CX_STATUS_DONE;
	}
	cx_complain("%s under %s: degraded: %s", record->scenario, record->scheduler,
		    record->degraded_why ? record->degraded_why : "the policy was ejected");
	return CX_STATUS_DEGRADED;
}

bool cx_results_page_exists(const char *dir)
{
	char *path;
	bool there;

	if (asprintf(&path, "%s/report.html", dir) < 0)
		return false;
	there = access(path, R_OK) == 0;
	free(path);
	return there;
}

static int write_folder(const struct cx_report *report, const char *dir,
			const struct cx_cli_options *options)
{
	struct cx_error err = { "" };
	int ret;

	ret = cx_report_folder(report, dir, options->gantt_start_ns, options->gantt_length_ns,
			       &err);
	if (ret == 0)
		return CX_STATUS_DONE;
	cx_complain("%s", err.text);
	if (cx_outdir_full(dir))
		cx_complain("%s: No space left on device; make room there or choose another folder "
			    "with --out",
			    dir);
	/* no gnuplot: all but the plots is there */
	return ret == -ENOENT && cx_results_page_exists(dir) ? CX_STATUS_DONE : CX_STATUS_FAILED;
}

int cx_results_publish(const struct cx_results *results, const struct cx_cli_options *options)
{
	struct cx_report report = cx_results_report(results);

	if (results->n == 0)
		return CX_STATUS_DONE;
	if (!options->json) {
		cx_report_text(&report, stdout, cx_columns(stdout));
		fflush(stdout); /* seen even if what follows fails */
	}
	return results->dir ? write_folder(&report, results->dir, options) : CX_STATUS_DONE;
}

int cx_results_json(const struct cx_results *results, unsigned n, bool several)
{
	struct cx_error err = { "" };
	bool first = true;
	int ret = 0;

	if (several)
		fputs("{\"scenarios\": [\n", stdout);
	for (unsigned i = 0; i < n && ret == 0; i++) {
		struct cx_report report = cx_results_report(&results[i]);

		if (results[i].n == 0)
			continue;
		if (!first)
			fputs(",\n", stdout);
		ret = cx_report_json(&report, stdout, &err);
		first = false;
	}
	if (several)
		fputs("]}\n", stdout);
	if (ret == 0)
		return CX_STATUS_DONE;
	cx_complain("%s", err.text);
	return CX_STATUS_FAILED;
}

int cx_results_index(const char *dir, const struct cx_results *results, unsigned n)
{
	struct cx_report *reports = calloc(n, sizeof(*reports));
	const char **names = calloc(n, sizeof(*names));
	struct cx_error err = { "out of memory" };
	unsigned filled = 0;
	int ret = -ENOMEM;

	if (reports && names) {
		for (unsigned i = 0; i < n; i++) {
			if (results[i].n == 0)
				continue;
			reports[filled] = cx_results_report(&results[i]);
			names[filled++] = results[i].name;
		}
		ret = cx_report_index(dir, reports, names, filled, &err);
	}
	free(reports);
	free(names);
	if (ret == 0)
		return CX_STATUS_DONE;
	cx_complain("%s", err.text);
	return CX_STATUS_FAILED;
}
