/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record as JSON text: what run_start and run_end carry.  Times are in nanoseconds, the
 * members have the names of struct cx_record; read back by record_parse.c.
 */
#include "trace/capture.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "coxswain-record"
#define FORMAT_VERSION 1

/* json-c reports failure only through NULL results; this gathers them. */
struct writer {
	bool failed;
};

static json_object *made(struct writer *w, json_object *value)
{
	w->failed |= value == NULL;
	return value;
}

static void put(struct writer *w, json_object *to, const char *key, json_object *value)
{
	if (to && made(w, value) && json_object_object_add(to, key, value) < 0) {
		json_object_put(value);
		w->failed = true;
	}
}

static void push(struct writer *w, json_object *to, json_object *value)
{
	if (to && made(w, value) && json_object_array_add(to, value) < 0) {
		json_object_put(value);
		w->failed = true;
	}
}

static void put_u64(struct writer *w, json_object *to, const char *key, uint64_t value)
{
	put(w, to, key, json_object_new_uint64(value));
}

/** A string that is NULL has no member. */
static void put_string(struct writer *w, json_object *to, const char *key, const char *value)
{
	if (value)
		put(w, to, key, json_object_new_string(value));
}

static void put_bool(struct writer *w, json_object *to, const char *key, bool value)
{
	put(w, to, key, json_object_new_boolean(value));
}

static void put_array(struct writer *w, json_object *to, const char *key, const uint64_t *values,
		      unsigned n)
{
	json_object *array = made(w, json_object_new_array_ext((int)n));
	unsigned i;

	for (i = 0; array && i < n; i++)
		push(w, array, json_object_new_uint64(values[i]));
	put(w, to, key, array);
}

static char *finish(struct writer *w, json_object *root)
{
	const char *text =
		w->failed || !root
			? NULL
			: json_object_to_json_string_ext(
				  root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *copy = text ? strdup(text) : NULL;

	json_object_put(root);
	return copy;
}

static json_object *start(struct writer *w)
{
	json_object *root = made(w, json_object_new_object());

	put_u64(w, root, FORMAT, FORMAT_VERSION);
	return root;
}

/* ---- the static part ---- */

static json_object *static_domain(struct writer *w, const struct cx_record_domain *d,
				  unsigned n_pools)
{
	json_object *o = made(w, json_object_new_object());

	put_string(w, o, "name", d->name);
	put_string(w, o, "workload", d->workload);
	put_string(w, o, "progress_unit", d->progress_unit);
	put_u64(w, o, "first_vcpu", d->first_vcpu);
	put_u64(w, o, "n_vcpus", d->n_vcpus);
	put_u64(w, o, "weight", d->weight);
	put_u64(w, o, "reservation", d->reservation);
	put_u64(w, o, "limit", d->limit);
	put_u64(w, o, "start_ns", d->planned_ns);
	put_u64(w, o, "stop_ns", d->stop_ns);
	put_string(w, o, "affinity", d->affinity);
	if (d->pool < n_pools)
		put_u64(w, o, "pool", d->pool);
	return o;
}

/** The whole host as parent has no member. */
static json_object *static_pool(struct writer *w, const struct cx_record_pool *p)
{
	json_object *o = made(w, json_object_new_object());

	put_string(w, o, "name", p->name);
	if (p->parent != CX_NO_POOL)
		put_u64(w, o, "parent", p->parent);
	put_u64(w, o, "weight", p->weight);
	put_u64(w, o, "reservation", p->reservation);
	put_u64(w, o, "limit", p->limit);
	put_bool(w, o, "expandable", p->expandable);
	return o;
}

char *cx_record_static_json(const struct cx_record *r)
{
	struct writer w = { false };
	json_object *root = start(&w), *domains, *pcpus, *pools;
	unsigned i;

	put_string(&w, root, "scenario", r->scenario);
	put_string(&w, root, "question", r->question);
	put_string(&w, root, "scenario_yaml", r->scenario_yaml);
	put_string(&w, root, "machine", r->machine);
	put_string(&w, root, "backend", r->backend);
	put_string(&w, root, "host", r->host);
	put_string(&w, root, "scheduler", r->scheduler);
	put_string(&w, root, "params", r->params);
	put_string(&w, root, "ignored", r->ignored);
	put_u64(&w, root, "seed", r->seed);
	put_bool(&w, root, "realtime_asked", r->realtime_asked);
	put_bool(&w, root, "realtime", r->realtime);
	put_u64(&w, root, "n_vcpus", r->n_vcpus);
	pcpus = made(&w, json_object_new_array_ext((int)r->n_pcpus));
	for (i = 0; pcpus && i < r->n_pcpus; i++)
		push(&w, pcpus, json_object_new_uint64(r->pcpus[i].host_cpu));
	put(&w, root, "host_cpus", pcpus);
	pools = made(&w, json_object_new_array_ext((int)r->n_pools));
	for (i = 0; pools && i < r->n_pools; i++)
		push(&w, pools, static_pool(&w, &r->pools[i]));
	put(&w, root, "pools", pools);
	domains = made(&w, json_object_new_array_ext((int)r->n_domains));
	for (i = 0; domains && i < r->n_domains; i++)
		push(&w, domains, static_domain(&w, &r->domains[i], r->n_pools));
	put(&w, root, "domains", domains);
	return finish(&w, root);
}

/* ---- the totals ---- */

static json_object *histogram(struct writer *w, const struct cx_hist *h)
{
	json_object *o = made(w, json_object_new_object());
	json_object *buckets = made(w, json_object_new_array());
	unsigned i;

	put_u64(w, o, "count", h->count);
	put_u64(w, o, "sum", h->sum);
	put_u64(w, o, "min", h->min);
	put_u64(w, o, "max", h->max);
	/* Most are empty: the others as index, count, index, count ... */
	for (i = 0; buckets && i < CX_HIST_BUCKETS; i++) {
		if (h->bucket[i] == 0)
			continue;
		push(w, buckets, json_object_new_uint64(i));
		push(w, buckets, json_object_new_uint64(h->bucket[i]));
	}
	put(w, o, "buckets", buckets);
	return o;
}

static json_object *total_domain(struct writer *w, const struct cx_record_domain *d)
{
	json_object *o = made(w, json_object_new_object());

	put_u64(w, o, "start_ns", d->start_ns);
	put_u64(w, o, "stop_ns", d->stop_ns);
	put_u64(w, o, "end", (uint64_t)d->end);
	put_string(w, o, "end_text", d->end_text);
	return o;
}

static json_object *total_pcpu(struct writer *w, const struct cx_record_pcpu *p)
{
	json_object *o = made(w, json_object_new_object());

	put_u64(w, o, "busy_ns", p->busy_ns);
	put_u64(w, o, "idle_ns", p->idle_ns);
	put_u64(w, o, "offline_ns", p->offline_ns);
	return o;
}

static json_object *total_vcpu(struct writer *w, const struct cx_record_vcpu *v)
{
	json_object *o = made(w, json_object_new_object());
	json_object *results;
	unsigned i;

	put_u64(w, o, "start_ns", v->start_ns);
	put_u64(w, o, "stop_ns", v->stop_ns);
	put_array(w, o, "time_ns", v->time_ns, CX_STATES);
	put_u64(w, o, "progress", v->progress);
	put_u64(w, o, "host_cpu_ns", v->host_cpu_ns);
	put_u64(w, o, "dispatches", v->dispatches);
	put_array(w, o, "migrations", v->migrations, CX_DISTANCES);
	if (v->n_results == 0)
		return o;
	/* An array keeps their order, and two of one name apart. */
	results = made(w, json_object_new_array());
	for (i = 0; results && i < v->n_results && i < CX_RECORD_RESULTS; i++) {
		push(w, results,
		     json_object_new_string_len(
			     v->results[i].name,
			     (int)strnlen(v->results[i].name, sizeof(v->results[i].name) - 1)));
		push(w, results, json_object_new_uint64(v->results[i].value));
	}
	put(w, o, "results", results);
	return o;
}

char *cx_record_totals_json(const struct cx_record *r)
{
	struct writer w = { false };
	json_object *root = start(&w), *list;
	unsigned i;

	put_u64(&w, root, "duration_ns", r->duration_ns);
	put_bool(&w, root, "degraded", r->degraded);
	put_string(&w, root, "degraded_why", r->degraded_why);
	put_bool(&w, root, "interrupted", r->interrupted);
	put_bool(&w, root, "timeline_sampled", r->timeline_sampled);
	put_array(&w, root, "faults", r->faults, CX_FAULTS);
	put_u64(&w, root, "switches", r->switches);
	put_u64(&w, root, "host_steal_ns", r->host_steal_ns);
	put(&w, root, "decide_ns", histogram(&w, &r->decide_ns));
	put(&w, root, "gap_ns", histogram(&w, &r->gap_ns));
	list = made(&w, json_object_new_array());
	for (i = 0; list && i < r->n_domains; i++)
		push(&w, list, total_domain(&w, &r->domains[i]));
	put(&w, root, "domains", list);
	list = made(&w, json_object_new_array());
	for (i = 0; list && i < r->n_pcpus; i++)
		push(&w, list, total_pcpu(&w, &r->pcpus[i]));
	put(&w, root, "pcpus", list);
	list = made(&w, json_object_new_array());
	for (i = 0; list && i < r->n_vcpus; i++)
		push(&w, list, total_vcpu(&w, &r->vcpus[i]));
	put(&w, root, "vcpus", list);
	return finish(&w, root);
}
