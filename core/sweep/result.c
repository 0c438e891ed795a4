/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/result.h"

#include "core/sweep/sweep_internal.h"
#include "trace/report.h"

#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcomes[CX_OUTCOMES] = { "done", "degraded", "failed" };

const char *cx_outcome_name(enum cx_outcome outcome)
{
	return outcomes[outcome];
}

static int no_memory(struct cx_error *err)
{
	return cx_fail(err, ENOMEM, "out of memory");
}

static char *key_of(const struct cx_sweep *sweep, const struct cx_point *point)
{
	char *key = NULL;
	size_t len;
	FILE *out = open_memstream(&key, &len);

	if (!out)
		return NULL;
	cx_grid_key(sweep, point, out);
	return fclose(out) ? NULL : key;
}

/* --- writing ------------------------------------------------------------------- */

/** A member of the result, @text quoted as JSON wants it. */
static bool put_member(FILE *out, const char *name, const char *text)
{
	struct json_object *o = json_object_new_string(text);
	const char *quoted =
		o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (quoted)
		fprintf(out, "  \"%s\": %s,\n", name, quoted);
	json_object_put(o);
	return quoted != NULL;
}

/** What went wrong is text of a policy's: only what every reader of JSON takes. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			*text = '?';
}

static int put_result(FILE *out, const struct cx_sweep *sweep, const struct cx_point *point,
		      enum cx_outcome outcome, const char *why, struct cx_record *record,
		      struct cx_error *err)
{
	char *key = key_of(sweep, point), reason[CX_ERROR_MAX] = "";
	bool good;
	int ret = 0;

	fprintf(out, "{\n  \"point\": %" PRIu64 ",\n", point->number);
	good = key && put_member(out, "key", key) && put_member(out, "outcome", outcomes[outcome]);
	if (why) {
		snprintf(reason, sizeof(reason), "%s", why);
		make_printable(reason);
		good = good && put_member(out, "reason", reason);
	}
	free(key);
	fputs("  \"summary\": ", out);
	if (record) {
		struct cx_metrics *metrics = NULL;
		struct cx_report report = { .n_runs = 1,
					    .records = (const struct cx_record **)&record,
					    .metrics = (const struct cx_metrics **)&metrics };

		ret = cx_metrics_compute(record, &metrics, err);
		if (!ret)
			ret = cx_report_json(&report, out, err);
		cx_metrics_free(metrics);
	} else {
		fputs("null\n", out);
	}
	fputs("}\n", out);
	return ret || good ? ret : no_memory(err);
}

static int keep(const struct cx_sweep *sweep, struct cx_store *store, const struct cx_point *point,
		enum cx_outcome outcome, const char *why, struct cx_record *record,
		struct cx_error *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int ret;

	if (!out)
		return no_memory(err);
	ret = put_result(out, sweep, point, outcome, why, record, err);
	if (fclose(out) && !ret)
		ret = no_memory(err);
	if (!ret)
		ret = cx_store_put(store, point->number, text, len, err);
	free(text);
	return ret;
}

int cx_result_fail(const struct cx_sweep *sweep, struct cx_store *store, uint64_t number,
		   const char *why, struct cx_error *err)
{
	struct cx_point point;

	cx_grid_point(sweep, number, &point);
	return keep(sweep, store, &point, CX_OUTCOME_FAILED, why, NULL, err);
}

/* --- running -------------------------------------------------------------------- */

/** Is @ret the point's own: by its policy, or by its size on this host beside what else it runs? */
static bool is_its_own(int ret)
{
	return ret == -ECANCELED || ret == -EDEADLK || ret == -ENOMEM;
}

/** With what was measured until then, if figures can be made of it. */
static int keep_failed(const struct cx_sweep *sweep, struct cx_store *store,
		       const struct cx_point *point, struct cx_record *record, struct cx_error *err)
{
	struct cx_error why = *err;
	int ret = -EINVAL;

	if (record)
		ret = keep(sweep, store, point, CX_OUTCOME_FAILED, why.text, record, err);
	if (ret == -EINVAL || ret == -ENOMEM)
		ret = keep(sweep, store, point, CX_OUTCOME_FAILED, why.text, NULL, err);
	return ret;
}

/** Why the figures of a run that came to its end are none to count with; NULL: they are. */
static const char *not_to_count(const struct cx_record *record)
{
	if (record->degraded)
		return record->degraded_why ? record->degraded_why : "";
	if (cx_history_dropped(record->history))
		return "more events than are kept: most figures cover the beginning only; make it "
		       "shorter";
	return NULL;
}

static int run_point(const struct cx_sweep *sweep, struct cx_store *store,
		     const struct cx_point *point, const struct cx_scenario *scenario,
		     struct cx_point_options *options, struct cx_error *err)
{
	struct cx_record *record = NULL;
	int ret = cx_run(scenario, &options->run, &record, err);
	bool stopped = options->run.stop && atomic_load(options->run.stop);

	if (stopped)
		ret = cx_fail(err, ECANCELED, "stopped");
	else if (ret == 0 && record->interrupted)
		ret = cx_fail(err, EINTR, "the run ended before its time");
	else if (ret == 0)
		ret = keep(sweep, store, point,
			   not_to_count(record) ? CX_OUTCOME_DEGRADED : CX_OUTCOME_DONE,
			   not_to_count(record), record, err);
	if (is_its_own(ret) && !stopped)
		ret = keep_failed(sweep, store, point, record, err);
	cx_record_free(record);
	return ret;
}

int cx_result_make(const struct cx_sweep *sweep, struct cx_store *store, uint64_t number,
		   const atomic_bool *stop, struct cx_error *err)
{
	struct cx_point_options options;
	struct cx_scenario *scenario = NULL;
	struct cx_point point;
	int ret;

	cx_grid_point(sweep, number, &point);
	ret = cx_store_note(store, number, "start", err);
	if (!ret)
		ret = cx_point_scenario(sweep, &point, &scenario, err);
	if (!ret)
		ret = cx_point_options(sweep, &point, scenario, &options, err);
	if (!ret) {
		options.run.stop = stop;
		ret = run_point(sweep, store, &point, scenario, &options, err);
	}
	cx_scenario_free(scenario);
	if (!ret)
		ret = cx_store_note(store, number, "end", err);
	return ret;
}

/* --- reading -------------------------------------------------------------------- */

static const char *text_of(struct json_object *o, const char *name)
{
	struct json_object *member;

	return json_object_object_get_ex(o, name, &member) &&
			       json_object_is_type(member, json_type_string)
		       ? json_object_get_string(member)
		       : NULL;
}

static int not_a_result(const char *path, const char *why, struct cx_error *err)
{
	return cx_fail(err, EBADMSG, "%s: %s: remove that file, and run the same command again",
		       path, why);
}

/** The run in it, and whether the file is that of @point. */
static bool take_apart(struct cx_result *result, const char *key)
{
	const char *own = text_of(result->json, "key"), *outcome = text_of(result->json, "outcome");
	struct json_object *summary, *runs;
	unsigned i;

	if (!own || !outcome || strcmp(own, key) != 0)
		return false;
	for (i = 0; i < CX_OUTCOMES && strcmp(outcomes[i], outcome) != 0; i++)
		;
	if (i == CX_OUTCOMES)
		return false;
	result->outcome = (enum cx_outcome)i;
	result->reason = text_of(result->json, "reason");
	if (json_object_object_get_ex(result->json, "summary", &summary) &&
	    json_object_object_get_ex(summary, "runs", &runs) &&
	    json_object_is_type(runs, json_type_array))
		result->run = json_object_array_get_idx(runs, 0);
	return result->run || result->outcome == CX_OUTCOME_FAILED;
}

int cx_result_read(const struct cx_sweep *sweep, const struct cx_store *store, uint64_t number,
		   struct cx_result *result, struct cx_error *err)
{
	struct cx_point point;
	char *path, *key;
	int ret = 0;

	*result = (struct cx_result){ 0 };
	if (!cx_store_has(store, number))
		return cx_fail(err, ENOENT, "point %" PRIu64 " has no result", number);
	cx_grid_point(sweep, number, &point);
	path = cx_store_path(store, number);
	key = key_of(sweep, &point);
	if (!path || !key)
		ret = no_memory(err);
	else if (!(result->json = json_object_from_file(path)))
		ret = not_a_result(path, "is not whole", err);
	else if (!take_apart(result, key))
		ret = not_a_result(path, "is not the result of that point", err);
	free(path);
	free(key);
	if (ret)
		cx_result_free(result);
	return ret;
}

void cx_result_free(struct cx_result *result)
{
	json_object_put(result->json);
	*result = (struct cx_result){ 0 };
}
