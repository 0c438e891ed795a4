/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line a point, a point's domain, a vCPU's figure.  Numbers are copied as they stand in
 * the results, or rounded to nine digits: the same text on every host.
 */
#include "core/sweep/harvest_internal.h"

#include <inttypes.h>
#include <math.h>

#define PERCENT 100.0

/** A column that is a number of the result as it stands. */
struct column {
	const char *name, *path;
};

static const struct column run_columns[] = {
	{ "duration_ns", "duration_ns" },
	{ "switches", "dispatch.switches" },
	{ "wakes", "dispatch.wake_latency_ns.count" },
	{ "wake_p999_ns", "dispatch.wake_latency_ns.p999" },
	{ "wake_max_ns", "dispatch.wake_latency_ns.max" },
	{ "idle_while_ready_ns", "idle_while_ready_ns" },
	{ "fragmented_ns", "fragmented_ns" },
	{ "host_steal_percent", "host_steal_percent" },
};

static const struct column domain_columns[] = {
	{ "weight", "weight" },
	{ "reservation_percent", "reservation" },
	{ "limit_percent", "limit" },
	{ "run_percent", "states_percent.run" },
	{ "ready_percent", "states_percent.ready" },
	{ "limited_percent", "states_percent.limited" },
	{ "costop_percent", "states_percent.costop" },
	{ "blocked_percent", "states_percent.blocked" },
	{ "paused_percent", "states_percent.paused" },
	{ "progress", "progress" },
	{ "wakes", "wake_latency_ns.count" },
	{ "wake_p50_ns", "wake_latency_ns.p50" },
	{ "wake_p99_ns", "wake_latency_ns.p99" },
	{ "wake_p999_ns", "wake_latency_ns.p999" },
	{ "wake_max_ns", "wake_latency_ns.max" },
	{ "lag_max_ns", "lag_ns.max" },
	{ "lag_min_ns", "lag_ns.min" },
	{ "lag_p99_ns", "lag_ns.p99" },
	{ "switches", "switches" },
	{ "skew_p99_ns", "siblings.skew_ns.p99" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put_heads(const struct column *columns, size_t n, FILE *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		fprintf(out, ",%s", columns[i].name);
}

static void put_columns(struct json_object *o, const struct column *columns, size_t n, FILE *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct json_object *value = cx_json_at(o, columns[i].path);

		fputc(',', out);
		if (json_object_is_type(value, json_type_int) ||
		    json_object_is_type(value, json_type_double))
			fputs(json_object_to_json_string(value), out);
	}
}

/** Empty where there is none. */
static void put_double(double value, FILE *out)
{
	fputc(',', out);
	if (isfinite(value))
		fprintf(out, "%.9g", value);
}

static void put_text(struct json_object *o, const char *path, FILE *out)
{
	struct json_object *value = cx_json_at(o, path);

	fputc(',', out);
	if (json_object_is_type(value, json_type_string))
		cx_put_csv(out, json_object_get_string(value));
}

static void put_point(const struct cx_sweep *sweep, const struct cx_point *point, FILE *out)
{
	fprintf(out, "%" PRIu64 ",", point->number);
	cx_grid_csv(sweep, point, out);
	fprintf(out, ",%" PRIu64, point->seed);
}

/* --- domains ------------------------------------------------------------------------ */

/** By how much in the worst second; empty where there was none to judge by. */
static void put_bound(struct json_object *domain, const char *name, FILE *out)
{
	struct json_object *bound = cx_json_at(domain, name);

	put_double(cx_json_number(bound, "judged_ns") > 0 ? cx_json_number(bound, "worst_ns") : NAN,
		   out);
}

static void put_domain(struct json_object *domain, FILE *out)
{
	double life = cx_json_number(domain, "stop_ns") - cx_json_number(domain, "start_ns");

	put_text(domain, "name", out);
	put_text(domain, "workload", out);
	fprintf(out, ",%zu", cx_json_length(cx_json_at(domain, "vcpus")));
	put_double(PERCENT * cx_json_number(domain, "entitled_ns") / life, out);
	put_double(PERCENT * cx_json_number(domain, "run_ns") / life, out);
	put_text(domain, "progress_unit", out);
	put_columns(domain, domain_columns, COUNT(domain_columns), out);
	put_double(cx_migrations_of(cx_json_at(domain, "migrations")), out);
	put_text(domain, "end", out);
	put_double(cx_progress_of(domain), out);
	put_bound(domain, "reservation_shortfall", out);
	put_bound(domain, "limit_overshoot", out);
	fputc('\n', out);
}

static void put_workloads(const struct cx_sweep *sweep, const struct cx_point *point,
			  struct json_object *domain, FILE *out)
{
	struct json_object *vcpus = cx_json_at(domain, "vcpus");
	size_t i;

	for (i = 0; i < cx_json_length(vcpus); i++) {
		struct json_object *results =
			cx_json_at(json_object_array_get_idx(vcpus, i), "results");

		if (!json_object_is_type(results, json_type_object))
			continue;
		json_object_object_foreach(results, name, value)
		{
			put_point(sweep, point, out);
			put_text(domain, "name", out);
			fprintf(out, ",%zu,", i);
			cx_put_csv(out, name);
			fprintf(out, ",%s\n", json_object_to_json_string(value));
		}
	}
}

/* --- all ---------------------------------------------------------------------------- */

void cx_rows_heads(const struct cx_sweep *sweep, const struct cx_rows_files *files)
{
	FILE *const all[] = { files->points, files->domains, files->workloads };
	size_t i;

	for (i = 0; i < COUNT(all); i++) {
		fputs("point,", all[i]);
		cx_grid_csv_head(sweep, all[i]);
		fputs(",seed", all[i]);
	}
	fputs(",outcome,reason", files->points);
	for (i = 0; i < CX_FIGURES; i++)
		fprintf(files->points, ",%s", cx_figures[i].name);
	put_heads(run_columns, COUNT(run_columns), files->points);
	fputs(",progress_unit\n", files->points);
	fputs(",domain,workload,vcpus,entitled_percent,received_percent,progress_unit",
	      files->domains);
	put_heads(domain_columns, COUNT(domain_columns), files->domains);
	fputs(",migrations,end,progress_per_s,shortfall_worst_ns,overshoot_worst_ns\n",
	      files->domains);
	fputs(",domain,vcpu,figure,value\n", files->workloads);
}

void cx_rows_put(const struct cx_sweep *sweep, const struct cx_point *point,
		 const struct cx_result *result, const struct cx_rows_files *files)
{
	struct json_object *domains = cx_json_at(result->run, "domains");
	const char *unit;
	unsigned i;

	put_point(sweep, point, files->points);
	fprintf(files->points, ",%s,", cx_outcome_name(result->outcome));
	if (result->reason)
		cx_put_csv(files->points, result->reason);
	for (i = 0; i < CX_FIGURES; i++)
		put_double(result->run ? cx_figure_of(result->run, i) : NAN, files->points);
	put_columns(result->run, run_columns, COUNT(run_columns), files->points);
	fputc(',', files->points);
	unit = cx_progress_unit(result->run);
	if (unit)
		cx_put_csv(files->points, unit);
	fputc('\n', files->points);
	for (i = 0; i < cx_json_length(domains); i++) {
		struct json_object *domain = json_object_array_get_idx(domains, i);

		put_point(sweep, point, files->domains);
		put_domain(domain, files->domains);
		put_workloads(sweep, point, domain, files->workloads);
	}
}
