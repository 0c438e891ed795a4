/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/harvest_internal.h"

#include <math.h>
#include <string.h>

#define HEADLINE_WINDOW_NS 100000000
#define PERCENT 100.0

const struct cx_figure_info cx_figures[CX_FIGURES] = {
	[CX_FIGURE_JAIN] = { "jain", "Jain's index", CX_UNIT_NONE },
	[CX_FIGURE_ERROR] = { "error_100ms_percent", "E(100 ms)", CX_UNIT_PERCENT },
	[CX_FIGURE_SWITCHES] = { "switches_per_s", "switches/s", CX_UNIT_COUNT },
	[CX_FIGURE_WAKE_P50] = { "wake_p50_ns", "wake p50", CX_UNIT_NS },
	[CX_FIGURE_WAKE_P99] = { "wake_p99_ns", "wake p99", CX_UNIT_NS },
	[CX_FIGURE_BUSY] = { "busy_percent", "busy", CX_UNIT_PERCENT },
	[CX_FIGURE_PROGRESS] = { "progress_per_s", "progress/s", CX_UNIT_COUNT },
	[CX_FIGURE_SHORTFALL] = { "shortfall_worst_ns", "shortfall", CX_UNIT_NS },
	[CX_FIGURE_OVERSHOOT] = { "overshoot_worst_ns", "overshoot", CX_UNIT_NS },
	[CX_FIGURE_MIGRATIONS] = { "migrations_per_s", "migrations/s", CX_UNIT_COUNT },
};

struct json_object *cx_json_at(struct json_object *o, const char *path)
{
	char name[64];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		if (!json_object_object_get_ex(o, name, &o))
			return NULL;
		path += len + (path[len] == '.');
	}
	return o;
}

double cx_json_number(struct json_object *o, const char *path)
{
	o = cx_json_at(o, path);
	if (!json_object_is_type(o, json_type_double) && !json_object_is_type(o, json_type_int))
		return NAN;
	return json_object_get_double(o);
}

static double window_error(struct json_object *run)
{
	struct json_object *list = cx_json_at(run, "fairness.window_error");
	size_t i,
		n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *w = json_object_array_get_idx(list, i);

		if (cx_json_number(w, "window_ns") == HEADLINE_WINDOW_NS)
			return PERCENT * cx_json_number(w, "error");
	}
	return NAN; /* the run was too short */
}

double cx_migrations_of(struct json_object *o)
{
	static const char *const distances[] = { "smt", "llc", "node", "remote" };
	double sum = 0;
	size_t i;

	for (i = 0; i < sizeof(distances) / sizeof(distances[0]); i++)
		sum += cx_json_number(o, distances[i]);
	return sum;
}

/** A percentile says nothing where nobody woke. */
static double wake_of(struct json_object *run, const char *path)
{
	return cx_json_number(run, "dispatch.wake_latency_ns.count") > 0 ? cx_json_number(run, path)
									 : NAN;
}

/* --- of all domains ------------------------------------------------------------------- */

size_t cx_json_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static const char *unit_of(struct json_object *domain)
{
	struct json_object *unit = cx_json_at(domain, "progress_unit");

	return json_object_is_type(unit, json_type_string) ? json_object_get_string(unit) : NULL;
}

/** So many vCPUs count in @unit. */
static size_t vcpus_with(struct json_object *domains, const char *unit)
{
	size_t i, n = 0;

	for (i = 0; i < cx_json_length(domains); i++) {
		struct json_object *domain = json_object_array_get_idx(domains, i);
		const char *own = unit_of(domain);

		if (own && strcmp(own, unit) == 0)
			n += cx_json_length(cx_json_at(domain, "vcpus"));
	}
	return n;
}

const char *cx_progress_unit(struct json_object *run)
{
	struct json_object *domains = cx_json_at(run, "domains");
	const char *most = NULL, *before = NULL;
	size_t i, n, best = 0;

	for (i = 0; i < cx_json_length(domains); i++) {
		const char *unit = unit_of(json_object_array_get_idx(domains, i));

		if (!unit || (before && strcmp(before, unit) == 0))
			continue;
		before = unit;
		n = vcpus_with(domains, unit);
		if (n > best) {
			best = n;
			most = unit;
		}
	}
	return most;
}

double cx_progress_of(struct json_object *domain)
{
	double life = cx_json_number(domain, "stop_ns") - cx_json_number(domain, "start_ns");

	return life > 0 ? cx_json_number(domain, "progress") * 1e9 / life : NAN;
}

static double progress(struct json_object *run)
{
	struct json_object *domains = cx_json_at(run, "domains");
	const char *unit = cx_progress_unit(run);
	double sum = 0;
	size_t i;

	for (i = 0; unit && i < cx_json_length(domains); i++) {
		struct json_object *domain = json_object_array_get_idx(domains, i);
		const char *own = unit_of(domain);
		double one = cx_progress_of(domain);

		if (own && strcmp(own, unit) == 0 && isfinite(one))
			sum += one;
	}
	return unit ? sum : NAN;
}

/** The worst of what was judged; NAN: nothing was. */
static double worst(struct json_object *run, const char *bound)
{
	static const char *const lists[] = { "domains", "pools" };
	double most = NAN;
	size_t k, i;

	for (k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		struct json_object *list = cx_json_at(run, lists[k]);

		for (i = 0; i < cx_json_length(list); i++) {
			struct json_object *o =
				cx_json_at(json_object_array_get_idx(list, i), bound);

			if (cx_json_number(o, "judged_ns") > 0)
				most = fmax(most, cx_json_number(o, "worst_ns"));
		}
	}
	return most;
}

double cx_figure_of(struct json_object *run, enum cx_figure figure)
{
	switch (figure) {
	case CX_FIGURE_JAIN:
		return cx_json_number(run, "fairness.jain");
	case CX_FIGURE_ERROR:
		return window_error(run);
	case CX_FIGURE_SWITCHES:
		return cx_json_number(run, "dispatch.switches_per_s");
	case CX_FIGURE_WAKE_P50:
		return wake_of(run, "dispatch.wake_latency_ns.p50");
	case CX_FIGURE_WAKE_P99:
		return wake_of(run, "dispatch.wake_latency_ns.p99");
	case CX_FIGURE_BUSY:
		return cx_json_number(run, "busy_percent");
	case CX_FIGURE_PROGRESS:
		return progress(run);
	case CX_FIGURE_SHORTFALL:
		return worst(run, "reservation_shortfall");
	case CX_FIGURE_OVERSHOOT:
		return worst(run, "limit_overshoot");
	case CX_FIGURE_MIGRATIONS:
		return cx_migrations_of(cx_json_at(run, "dispatch.migrations")) * 1e9 /
		       cx_json_number(run, "duration_ns");
	default:
		return NAN;
	}
}
