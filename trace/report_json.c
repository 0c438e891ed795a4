/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The summary as one JSON object.  Keys that are there stay; more may be added.
 */
#include "trace/report_internal.h"

#include <errno.h>
#include <json.h>
#include <math.h>
#include <string.h>

#define PERCENT 100.0

typedef struct json_object *object;

/* A failed allocation leaves NULL in some place: noted here, reported at the end. */
struct builder {
	bool failed;
};

static object check(struct builder *b, object o)
{
	if (!o)
		b->failed = true;
	return o;
}

static object new_object(struct builder *b)
{
	return check(b, json_object_new_object());
}

static object new_array(struct builder *b)
{
	return check(b, json_object_new_array());
}

static void add(struct builder *b, object to, const char *key, object value)
{
	if (!to || !value || json_object_object_add(to, key, value)) {
		b->failed = true;
		json_object_put(value);
	}
}

static void append(struct builder *b, object to, object value)
{
	if (!to || !value || json_object_array_add(to, value)) {
		b->failed = true;
		json_object_put(value);
	}
}

static void add_u64(struct builder *b, object to, const char *key, uint64_t value)
{
	add(b, to, key, check(b, json_object_new_uint64(value)));
}

/** A figure that the record may not know: then null. */
static void add_known(struct builder *b, object to, const char *key, bool known, object value)
{
	if (known) {
		add(b, to, key, value);
		return;
	}
	json_object_put(value);
	if (!to || json_object_object_add(to, key, NULL))
		b->failed = true;
}

static void add_known_u64(struct builder *b, object to, const char *key, bool known, uint64_t value)
{
	add_known(b, to, key, known, check(b, json_object_new_uint64(value)));
}

static void add_i64(struct builder *b, object to, const char *key, int64_t value)
{
	add(b, to, key, check(b, json_object_new_int64(value)));
}

static void add_bool(struct builder *b, object to, const char *key, bool value)
{
	add(b, to, key, check(b, json_object_new_boolean(value)));
}

/** Rounded to nine significant digits: enough, and the same text on every host. */
static object new_double(struct builder *b, double value)
{
	char text[CX_SHORT];

	if (!isfinite(value))
		value = 0;
	snprintf(text, sizeof(text), "%.9g", value);
	return check(b, json_object_new_double_s(value, text));
}

static void add_double(struct builder *b, object to, const char *key, double value)
{
	add(b, to, key, new_double(b, value));
}

/** JSON is UTF-8: what is not becomes '?', control characters too. */
static object new_text(struct builder *b, const char *text)
{
	char *clean = NULL;
	size_t len = 0;
	FILE *mem = open_memstream(&clean, &len);
	object o;

	if (!mem) {
		b->failed = true;
		return NULL;
	}
	cx_put_text(mem, text);
	fclose(mem);
	o = check(b, json_object_new_string_len(clean ? clean : "", (int)len));
	free(clean);
	return o;
}

/** NULL is left out. */
static void add_text(struct builder *b, object to, const char *key, const char *text)
{
	if (text)
		add(b, to, key, new_text(b, text));
}

static object percentiles(struct builder *b, const struct cx_hist *h)
{
	static const struct cx_hist empty;
	object o = new_object(b);

	if (!h)
		h = &empty;
	add_u64(b, o, "p50", cx_hist_percentile(h, 50));
	add_u64(b, o, "p99", cx_hist_percentile(h, 99));
	add_u64(b, o, "p999", cx_hist_percentile(h, 99.9));
	add_u64(b, o, "max", h->max);
	add_u64(b, o, "count", h->count);
	return o;
}

static object migrations(struct builder *b, const uint64_t n[CX_DISTANCES])
{
	object o = new_object(b);
	unsigned i;

	for (i = CX_DIST_SMT; i < CX_DISTANCES; i++)
		add_u64(b, o, cx_distance_name(i), n[i]);
	return o;
}

static object vcpu_object(struct builder *b, const struct cx_record_vcpu *r, bool cut,
			  const struct cx_metrics_vcpu *m)
{
	object o = new_object(b), results;
	unsigned i;

	add_u64(b, o, "id", r->index);
	add_u64(b, o, "run_ns", m->time_ns[CX_RUNNING]);
	add_u64(b, o, "ready_ns", m->time_ns[CX_READY]);
	add_u64(b, o, "limited_ns", m->time_ns[CX_LIMITED]);
	add_u64(b, o, "costop_ns", m->time_ns[CX_COSTOPPED]);
	add_u64(b, o, "blocked_ns", m->time_ns[CX_BLOCKED]);
	add_u64(b, o, "paused_ns", m->time_ns[CX_PAUSED]);
	add_u64(b, o, "start_ns", r->start_ns);
	add_u64(b, o, "stop_ns", r->stop_ns);
	add_known_u64(b, o, "progress", !cut, r->progress);
	add_known_u64(b, o, "host_cpu_ns", !cut, r->host_cpu_ns);
	add_u64(b, o, "dispatches", r->dispatches);
	add(b, o, "wake_latency_ns", percentiles(b, m->wake_ns));
	add(b, o, "migrations", migrations(b, r->migrations));
	if (r->n_results) {
		results = new_object(b);
		for (i = 0; i < r->n_results && i < CX_RECORD_RESULTS; i++) {
			char name[sizeof(r->results[i].name) + 1];

			snprintf(name, sizeof(name), "%.*s", (int)sizeof(r->results[i].name),
				 r->results[i].name);
			add_u64(b, results, name, r->results[i].value);
		}
		add(b, o, "results", results);
	}
	return o;
}

static object states_object(struct builder *b, const struct cx_metrics_domain *m)
{
	const struct {
		const char *name;
		uint64_t ns;
	} states[] = {
		{ "run", m->run_ns },         { "ready", m->ready_ns },
		{ "limited", m->limited_ns }, { "costop", m->costop_ns },
		{ "blocked", m->blocked_ns }, { "paused", m->paused_ns },
	};
	object o = new_object(b);
	unsigned i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		add_double(b, o, states[i].name,
			   m->wall_ns ? PERCENT * (double)states[i].ns / (double)m->wall_ns : 0);
	return o;
}

/** In esxtop's words; the numbers add up to 100. */
static object percent_object(struct builder *b, const struct cx_metrics_domain *m)
{
	static const char *const names[CX_ESXTOP] = {
		[CX_ESXTOP_RUN] = "run",       [CX_ESXTOP_RDY] = "ready",
		[CX_ESXTOP_MLMTD] = "limited", [CX_ESXTOP_CSTP] = "costop",
		[CX_ESXTOP_WAIT] = "wait",
	};
	const uint64_t time[CX_STATES] = {
		[CX_RUNNING] = m->run_ns,     [CX_READY] = m->ready_ns,
		[CX_LIMITED] = m->limited_ns, [CX_COSTOPPED] = m->costop_ns,
		[CX_BLOCKED] = m->blocked_ns, [CX_PAUSED] = m->paused_ns,
	};
	object o = new_object(b);
	unsigned part[CX_ESXTOP], k;

	cx_esxtop_parts(time, CX_ESXTOP_TWO, part);
	for (k = 0; k < CX_ESXTOP; k++)
		add_double(b, o, names[k], part[k] / PERCENT);
	return o;
}

static object bound_object(struct builder *b, const struct cx_metrics_bound *bound)
{
	object o = new_object(b);

	add_u64(b, o, "window_ns", bound->window_ns);
	add_u64(b, o, "worst_ns", bound->worst_ns);
	add_u64(b, o, "at_ns", bound->at_ns);
	add_u64(b, o, "judged_ns", bound->judged_ns);
	return o;
}

static void add_bounds(struct builder *b, object to, const struct cx_metrics_bounds *bounds)
{
	add(b, to, "reservation_shortfall", bound_object(b, &bounds->shortfall));
	add(b, to, "limit_overshoot", bound_object(b, &bounds->overshoot));
}

/** With its sign; the keys beside it are of the magnitude. */
static object signed_lag_object(struct builder *b, const struct cx_metrics_domain *m)
{
	object o = new_object(b);

	add_i64(b, o, "min", m->lag_ns[0]);
	add_i64(b, o, "p1", m->lag_ns[1]);
	add_i64(b, o, "p50", m->lag_ns[50]);
	add_i64(b, o, "p99", m->lag_ns[99]);
	add_i64(b, o, "max", m->lag_ns[100]);
	return o;
}

static object siblings_object(struct builder *b, const struct cx_metrics_domain *m, unsigned n)
{
	object o = new_object(b), skew = new_object(b), corun = new_array(b);
	unsigned k;

	add_u64(b, skew, "p50", m->skew_p50_ns);
	add_u64(b, skew, "p99", m->skew_p99_ns);
	add_u64(b, skew, "max", m->skew_max_ns);
	add(b, o, "skew_ns", skew);
	add_u64(b, o, "several_runnable_ns", m->corun_wall_ns);
	add_u64(b, o, "all_together_ns", m->corun_all_ns);
	for (k = 0; m->corun_ns && k <= n; k++)
		append(b, corun, check(b, json_object_new_uint64(m->corun_ns[k])));
	add(b, o, "running_together_ns", corun);
	return o;
}

static object domain_object(struct builder *b, const struct cx_record *record,
			    const struct cx_metrics *metrics, unsigned d)
{
	const struct cx_record_domain *r = &record->domains[d];
	const struct cx_metrics_domain *m = &metrics->domains[d];
	object o = new_object(b), lag = new_object(b), vcpus = new_array(b);
	unsigned v;

	add(b, o, "name", new_text(b, cx_or_empty(r->name)));
	add_text(b, o, "workload", r->workload);
	if (r->pool < record->n_pools)
		add_text(b, o, "pool", record->pools[r->pool].name);
	add_u64(b, o, "weight", r->weight);
	add_u64(b, o, "reservation", r->reservation);
	add_u64(b, o, "limit", r->limit);
	add_text(b, o, "affinity", r->affinity);
	add_u64(b, o, "start_ns", r->start_ns);
	add_u64(b, o, "stop_ns", r->stop_ns);
	add_text(b, o, "end", cx_end_name(r->end));
	add_text(b, o, "end_text", r->end_text);
	add_u64(b, o, "entitled_ns", m->entitled_ns);
	add_u64(b, o, "run_ns", m->run_ns);
	add_u64(b, o, "demand_ns", m->demand_ns);
	add(b, o, "states_percent", states_object(b, m));
	add(b, o, "percent", percent_object(b, m));
	add_bounds(b, o, &m->bounds);
	add_i64(b, lag, "max", m->lag_max_ns);
	add_i64(b, lag, "min", m->lag_min_ns);
	add_u64(b, lag, "p50", m->lag_p50_ns);
	add_u64(b, lag, "p99", m->lag_p99_ns);
	add(b, lag, "signed", signed_lag_object(b, m));
	add(b, o, "lag_ns", lag);
	add_known_u64(b, o, "progress", !record->cut, m->progress);
	add_text(b, o, "progress_unit", r->progress_unit);
	add(b, o, "wake_latency_ns", percentiles(b, &m->wake_ns));
	add_u64(b, o, "switches", m->switches);
	add(b, o, "migrations", migrations(b, m->migrations));
	if (r->n_vcpus > 1)
		add(b, o, "siblings", siblings_object(b, m, r->n_vcpus));
	for (v = r->first_vcpu; v < r->first_vcpu + r->n_vcpus && v < record->n_vcpus; v++)
		append(b, vcpus,
		       vcpu_object(b, &record->vcpus[v], record->cut, &metrics->vcpus[v]));
	add(b, o, "vcpus", vcpus);
	return o;
}

static object fairness_object(struct builder *b, const struct cx_record *record,
			      const struct cx_metrics *m)
{
	object o = new_object(b), windows = new_array(b);
	unsigned i;

	add_double(b, o, "jain", m->jain);
	for (i = 0; i < m->n_windows; i++) {
		object w = new_object(b);

		add_u64(b, w, "window_ns", m->windows[i].window_ns);
		add_double(b, w, "error", m->windows[i].error);
		if (m->windows[i].worst_domain < record->n_domains)
			add_text(b, w, "domain", record->domains[m->windows[i].worst_domain].name);
		add_u64(b, w, "at_ns", m->windows[i].worst_at_ns);
		append(b, windows, w);
	}
	add(b, o, "window_error", windows);
	add_u64(b, o, "step_ns", m->step_ns);
	return o;
}

static object dispatch_object(struct builder *b, const struct cx_record *r,
			      const struct cx_metrics *m)
{
	object o = new_object(b);

	add_u64(b, o, "switches", r->switches);
	add_double(b, o, "switches_per_s", m->switches_per_s);
	add(b, o, "cost_ns", percentiles(b, &r->decide_ns));
	add(b, o, "gap_ns", percentiles(b, &r->gap_ns));
	add(b, o, "migrations", migrations(b, m->migrations));
	add(b, o, "wake_latency_ns", percentiles(b, &m->wake_ns));
	return o;
}

static object faults_object(struct builder *b, const struct cx_record *r)
{
	object o = new_object(b);
	unsigned f;

	for (f = 0; f < CX_FAULTS; f++)
		if (r->faults[f])
			add_u64(b, o, cx_fault_name(f), r->faults[f]);
	return o;
}

static object pcpus_array(struct builder *b, const struct cx_record *r)
{
	object a = new_array(b);
	unsigned i;

	for (i = 0; i < r->n_pcpus; i++) {
		object o = new_object(b);

		add_u64(b, o, "id", i);
		add_u64(b, o, "host_cpu", r->pcpus[i].host_cpu);
		add_u64(b, o, "busy_ns", r->pcpus[i].busy_ns);
		add_u64(b, o, "idle_ns", r->pcpus[i].idle_ns);
		add_u64(b, o, "offline_ns", r->pcpus[i].offline_ns);
		append(b, a, o);
	}
	return a;
}

static object pools_array(struct builder *b, const struct cx_record *r, const struct cx_metrics *m)
{
	object a = new_array(b);
	unsigned i;

	for (i = 0; i < r->n_pools; i++) {
		const struct cx_record_pool *p = &r->pools[i];
		object o = new_object(b);

		add(b, o, "name", new_text(b, cx_or_empty(p->name)));
		if (p->parent < i)
			add_text(b, o, "parent", r->pools[p->parent].name);
		add_u64(b, o, "weight", p->weight);
		add_u64(b, o, "reservation", p->reservation);
		add_u64(b, o, "limit", p->limit);
		add_bool(b, o, "expandable", p->expandable);
		add_u64(b, o, "entitled_ns", m->pools[i].entitled_ns);
		add_u64(b, o, "run_ns", m->pools[i].run_ns);
		add_bounds(b, o, &m->pools[i].bounds);
		append(b, a, o);
	}
	return a;
}

/** One by one, as the events tell them. */
static object change_object(struct builder *b, const struct cx_record *r, const struct cx_event *e)
{
	object o = new_object(b);

	add_u64(b, o, "t_ns", e->t_ns);
	add_text(b, o, "type", cx_event_type_name(e->type));
	if (e->type == CX_EV_PCPU_OFFLINE || e->type == CX_EV_PCPU_ONLINE) {
		add_u64(b, o, "pcpu", e->pcpu);
		return o;
	}
	if (e->type == CX_EV_ADJUST_POOL) {
		if (e->vcpu < r->n_pools)
			add_text(b, o, "pool", r->pools[e->vcpu].name);
	} else if (e->vcpu < r->n_domains) {
		add_text(b, o, "domain", r->domains[e->vcpu].name);
	}
	if (e->type != CX_EV_PARAM)
		add_text(b, o, "what", cx_adjust_name(e->why));
	else
		add_u64(b, o, "index", e->why);
	add_i64(b, o, "value", (int64_t)e->x);
	return o;
}

static object changes_array(struct builder *b, const struct cx_record *r)
{
	struct cx_history_cursor *cursor = cx_history_walk(r->history);
	const struct cx_event *e;
	object a = new_array(b);

	if (!cursor)
		b->failed = true;
	while (cursor && (e = cx_history_next(cursor)) != NULL)
		if (cx_is_change(e))
			append(b, a, change_object(b, r, e));
	cx_history_cursor_free(cursor);
	return a;
}

/** Domains that started or ended during the run, one by one. */
static object lives_array(struct builder *b, const struct cx_record *r)
{
	object a = new_array(b);
	unsigned d;

	for (d = 0; d < r->n_domains; d++) {
		object o = new_object(b);

		add(b, o, "domain", new_text(b, cx_or_empty(r->domains[d].name)));
		if (cx_life_started(r, d))
			add_u64(b, o, "started_ns", r->domains[d].start_ns);
		if (cx_life_ended(r, d)) {
			add_u64(b, o, "ended_ns", r->domains[d].stop_ns);
			add_text(b, o, "end", cx_end_name(r->domains[d].end));
		}
		if (cx_life_started(r, d) || cx_life_ended(r, d))
			append(b, a, o);
		else
			json_object_put(o);
	}
	return a;
}

static object run_object(struct builder *b, const struct cx_record *r, const struct cx_metrics *m)
{
	object o = new_object(b), trace = new_object(b), domains = new_array(b);
	unsigned d;

	add(b, o, "scheduler", new_text(b, cx_or_empty(r->scheduler)));
	add(b, o, "params", new_text(b, cx_or_empty(r->params)));
	add_text(b, o, "ignored", cx_or_empty(r->ignored));
	add_u64(b, o, "seed", r->seed);
	add_u64(b, o, "duration_ns", r->duration_ns);
	add_bool(b, o, "degraded", r->degraded);
	add_text(b, o, "degraded_why", r->degraded_why);
	add_bool(b, o, "interrupted", r->interrupted);
	add(b, o, "faults", faults_object(b, r));
	add_bool(b, o, "cut", r->cut);
	add_known_u64(b, o, "host_steal_ns", !r->cut, r->host_steal_ns);
	add_known(b, o, "host_steal_percent", !r->cut, new_double(b, m->steal_percent));
	add_double(b, o, "busy_percent", m->busy_percent);
	add_u64(b, o, "fragmented_ns", m->fragmented_ns);
	add_u64(b, o, "idle_while_ready_ns", m->idle_while_ready_ns);
	add_bool(b, o, "realtime_asked", r->realtime_asked);
	add_bool(b, o, "realtime", r->realtime);
	add_bool(b, o, "timeline_sampled", r->timeline_sampled);
	add(b, o, "dispatch", dispatch_object(b, r, m));
	add(b, o, "fairness", fairness_object(b, r, m));
	add_u64(b, trace, "events", r->trace_events);
	add_u64(b, trace, "lost", r->trace_lost);
	add_u64(b, trace, "kept_in_memory", m->events);
	add_u64(b, trace, "dropped_from_memory", m->dropped);
	add_u64(b, trace, "disagreement_ns", m->disagreement_ns);
	add(b, o, "trace", trace);
	add(b, o, "pcpus", pcpus_array(b, r));
	add(b, o, "changes", changes_array(b, r));
	add(b, o, "lives", lives_array(b, r));
	add(b, o, "pools", pools_array(b, r, m));
	for (d = 0; d < r->n_domains; d++)
		append(b, domains, domain_object(b, r, m, d));
	add(b, o, "domains", domains);
	return o;
}

static object report_object(struct builder *b, const struct cx_report *report)
{
	object o = new_object(b), runs = new_array(b);
	unsigned i;

	if (report->n_runs) {
		const struct cx_record *r = report->records[0];

		add(b, o, "scenario", new_text(b, cx_or_empty(r->scenario)));
		add_text(b, o, "question", r->question);
		add(b, o, "machine", new_text(b, cx_or_empty(r->machine)));
		add(b, o, "backend", new_text(b, cx_or_empty(r->backend)));
		add_text(b, o, "host", r->host);
	}
	for (i = 0; i < report->n_runs; i++)
		append(b, runs, run_object(b, report->records[i], report->metrics[i]));
	add(b, o, "runs", runs);
	return o;
}

int cx_report_json(const struct cx_report *report, FILE *out, struct cx_error *err)
{
	struct builder b = { .failed = false };
	object o = report_object(&b, report);
	const char *text = NULL;
	int ret = 0;

	if (!b.failed)
		text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_SPACED |
								 JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		ret = cx_fail(err, ENOMEM, "summary: out of memory");
	else if (fputs(text, out) < 0 || fputc('\n', out) < 0 || fflush(out))
		ret = cx_fail(err, EIO, "summary: cannot write: %s", strerror(errno));
	json_object_put(o);
	return ret;
}
