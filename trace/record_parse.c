/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON text back into a record.  The text comes from a file: everything is checked, and
 * a member that is not there reads as 0 or NULL only where a record may be without it.
 */
#include "trace/capture.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "coxswain-record"
#define FORMAT_VERSION 1
#define VCPUS_MAX (1u << 20)
#define DOMAINS_MAX (1u << 18)
#define PCPUS_MAX 65535u
#define POOLS_MAX 65536u
#define DEPTH_MAX 16

/* The first complaint sticks; reading goes on with zeros until somebody looks. */
struct reader {
	int code;
	char what[128];
};

static void complain(struct reader *r, int code, const char *key, const char *what)
{
	if (r->code)
		return;
	r->code = code;
	snprintf(r->what, sizeof(r->what), "\"%s\" %s", key, what);
}

static json_object *member(struct reader *r, json_object *o, const char *key, json_type type,
			   bool needed)
{
	json_object *value = NULL;

	if (!o || !json_object_object_get_ex(o, key, &value) || !value) {
		if (needed)
			complain(r, EBADMSG, key, "is missing");
		return NULL;
	}
	if (!json_object_is_type(value, type)) {
		complain(r, EBADMSG, key, "is of the wrong type");
		return NULL;
	}
	return value;
}

static uint64_t number(struct reader *r, json_object *value, const char *key, uint64_t max)
{
	uint64_t n;

	if (!value || !json_object_is_type(value, json_type_int)) {
		complain(r, EBADMSG, key, "is no number");
		return 0;
	}
	n = json_object_get_uint64(value);
	if (n > max || (n == 0 && json_object_get_int64(value) < 0)) {
		complain(r, EBADMSG, key, "is out of range");
		return 0;
	}
	return n;
}

static uint64_t get_u64(struct reader *r, json_object *o, const char *key, uint64_t max)
{
	json_object *value = member(r, o, key, json_type_int, true);

	return value ? number(r, value, key, max) : 0;
}

static bool get_bool(struct reader *r, json_object *o, const char *key)
{
	return json_object_get_boolean(member(r, o, key, json_type_boolean, true));
}

/** One that older traces do not have: false there. */
static bool get_flag(struct reader *r, json_object *o, const char *key)
{
	return json_object_get_boolean(member(r, o, key, json_type_boolean, false));
}

/** Replaces *to, if the member is there. */
static void get_string(struct reader *r, json_object *o, const char *key, char **to, bool needed)
{
	json_object *value = member(r, o, key, json_type_string, needed);
	char *copy;

	if (!value)
		return;
	copy = strdup(json_object_get_string(value));
	if (!copy) {
		complain(r, ENOMEM, key, "finds no memory");
		return;
	}
	free(*to);
	*to = copy;
}

/** The array @key; with @length >= 0, of so many elements. */
static json_object *get_list(struct reader *r, json_object *o, const char *key, long length)
{
	json_object *list = member(r, o, key, json_type_array, true);

	if (list && length >= 0 && json_object_array_length(list) != (size_t)length) {
		complain(r, EBADMSG, key, "has the wrong length");
		return NULL;
	}
	return list;
}

static void get_array(struct reader *r, json_object *o, const char *key, uint64_t *values,
		      unsigned n)
{
	json_object *list = get_list(r, o, key, (long)n);
	unsigned i;

	for (i = 0; list && i < n; i++)
		values[i] = number(r, json_object_array_get_idx(list, i), key, UINT64_MAX);
}

static json_object *parse(const char *json, struct reader *r)
{
	size_t length = strlen(json);
	json_tokener *tok;
	json_object *root;

	tok = length < INT_MAX ? json_tokener_new_ex(DEPTH_MAX) : NULL;
	if (!tok) {
		complain(r, ENOMEM, FORMAT, "finds no memory");
		return NULL;
	}
	root = json_tokener_parse_ex(tok, json, (int)length + 1);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(root, json_type_object)) {
		complain(r, EBADMSG, FORMAT, "is no JSON object");
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tok);
	if (root && get_u64(r, root, FORMAT, UINT64_MAX) != FORMAT_VERSION)
		complain(r, EBADMSG, FORMAT, "is of another version");
	return root;
}

static int outcome(const struct reader *r, const char *part, struct cx_error *err)
{
	if (!r->code)
		return 0;
	return cx_fail(err, r->code, "the trace's %s: %s", part, r->what);
}

/* ---- the static part ---- */

/** Traces from before there were pools do not have them. */
static void read_static_pools(struct reader *r, json_object *root, struct cx_record *record)
{
	json_object *list = member(r, root, "pools", json_type_array, false);
	size_t n = list ? json_object_array_length(list) : 0;
	unsigned i;

	if (n > POOLS_MAX) {
		complain(r, EBADMSG, "pools", "is too long");
		return;
	}
	if (cx_record_pools(record, (unsigned)n) < 0) {
		complain(r, ENOMEM, "pools", "needs more memory than there is");
		return;
	}
	for (i = 0; i < record->n_pools; i++) {
		struct cx_record_pool *p = &record->pools[i];
		json_object *o = json_object_array_get_idx(list, i);

		if (!json_object_is_type(o, json_type_object)) {
			complain(r, EBADMSG, "pools", "holds something that is no pool");
			return;
		}
		get_string(r, o, "name", &p->name, true);
		if (member(r, o, "parent", json_type_int, false))
			p->parent = (uint32_t)get_u64(r, o, "parent", UINT32_MAX);
		if (p->parent != CX_NO_POOL && p->parent >= i) {
			complain(r, EBADMSG, "parent", "does not come before its pool");
			return;
		}
		p->weight = (uint32_t)get_u64(r, o, "weight", UINT32_MAX);
		p->reservation = (uint32_t)get_u64(r, o, "reservation", UINT32_MAX);
		p->limit = (uint32_t)get_u64(r, o, "limit", UINT32_MAX);
		p->expandable = get_bool(r, o, "expandable");
	}
}

static void read_static_domain(struct reader *r, json_object *o, struct cx_record *record,
			       unsigned index, uint32_t *next_vcpu)
{
	struct cx_record_domain *d = &record->domains[index];
	uint32_t i;

	if (!json_object_is_type(o, json_type_object)) {
		complain(r, EBADMSG, "domains", "holds something that is no domain");
		return;
	}
	get_string(r, o, "name", &d->name, true);
	get_string(r, o, "workload", &d->workload, false);
	get_string(r, o, "progress_unit", &d->progress_unit, false);
	get_string(r, o, "affinity", &d->affinity, false);
	d->pool = CX_NO_POOL;
	if (member(r, o, "pool", json_type_int, false))
		d->pool =
			(uint32_t)get_u64(r, o, "pool", record->n_pools ? record->n_pools - 1 : 0);
	d->first_vcpu = (uint32_t)get_u64(r, o, "first_vcpu", VCPUS_MAX);
	d->n_vcpus = (uint32_t)get_u64(r, o, "n_vcpus", VCPUS_MAX);
	d->weight = (uint32_t)get_u64(r, o, "weight", UINT32_MAX);
	d->reservation = (uint32_t)get_u64(r, o, "reservation", UINT32_MAX);
	d->limit = (uint32_t)get_u64(r, o, "limit", UINT32_MAX);
	d->planned_ns = d->start_ns = get_u64(r, o, "start_ns", UINT64_MAX);
	d->stop_ns = get_u64(r, o, "stop_ns", UINT64_MAX);
	if (d->first_vcpu != *next_vcpu || d->n_vcpus > record->n_vcpus - *next_vcpu) {
		complain(r, EBADMSG, "first_vcpu", "does not follow the domain before");
		d->first_vcpu = d->n_vcpus = 0;
		return;
	}
	for (i = 0; i < d->n_vcpus; i++) {
		record->vcpus[*next_vcpu + i].domain = index;
		record->vcpus[*next_vcpu + i].index = i;
	}
	*next_vcpu += d->n_vcpus;
}

static void read_static(struct reader *r, json_object *root, struct cx_record *record)
{
	json_object *domains = get_list(r, root, "domains", (long)record->n_domains);
	json_object *cpus = get_list(r, root, "host_cpus", (long)record->n_pcpus);
	uint32_t next_vcpu = 0;
	unsigned i;

	get_string(r, root, "scenario", &record->scenario, true);
	get_string(r, root, "question", &record->question, false);
	get_string(r, root, "scenario_yaml", &record->scenario_yaml, false);
	get_string(r, root, "machine", &record->machine, true);
	get_string(r, root, "backend", &record->backend, false);
	get_string(r, root, "host", &record->host, false);
	get_string(r, root, "scheduler", &record->scheduler, true);
	get_string(r, root, "params", &record->params, false);
	get_string(r, root, "ignored", &record->ignored, false);
	record->seed = get_u64(r, root, "seed", UINT64_MAX);
	record->realtime_asked = get_flag(r, root, "realtime_asked");
	record->realtime = get_flag(r, root, "realtime");
	for (i = 0; cpus && i < record->n_pcpus; i++)
		record->pcpus[i].host_cpu = (uint32_t)number(r, json_object_array_get_idx(cpus, i),
							     "host_cpus", UINT32_MAX);
	read_static_pools(r, root, record);
	for (i = 0; domains && i < record->n_domains; i++)
		read_static_domain(r, json_object_array_get_idx(domains, i), record, i, &next_vcpu);
	if (next_vcpu != record->n_vcpus)
		complain(r, EBADMSG, "n_vcpus", "is not the sum of the domains'");
	if (!record->params)
		record->params = strdup("");
	if (!record->params)
		complain(r, ENOMEM, "params", "finds no memory");
}

/** The length of array @key, or 0. */
static unsigned count(struct reader *r, json_object *root, const char *key, unsigned max)
{
	json_object *list = get_list(r, root, key, -1);
	size_t n = list ? json_object_array_length(list) : 0;

	if (n <= max)
		return (unsigned)n;
	complain(r, EBADMSG, key, "is too long");
	return 0;
}

int cx_record_from_static_json(const char *json, struct cx_record **record, struct cx_error *err)
{
	struct reader r = { 0 };
	json_object *root = parse(json, &r);
	struct cx_record *made = NULL;
	unsigned n_domains = 0, n_pcpus = 0, n_vcpus = 0;

	if (root && !r.code) {
		n_domains = count(&r, root, "domains", DOMAINS_MAX);
		n_pcpus = count(&r, root, "host_cpus", PCPUS_MAX);
		n_vcpus = (unsigned)get_u64(&r, root, "n_vcpus", VCPUS_MAX);
	}
	if (!r.code) {
		made = cx_record_new(n_domains, n_vcpus, n_pcpus);
		if (made)
			read_static(&r, root, made);
		else
			complain(&r, ENOMEM, FORMAT, "finds no memory");
	}
	json_object_put(root);
	if (r.code) {
		cx_record_free(made);
		made = NULL;
	}
	*record = made;
	return outcome(&r, "run_start", err);
}

/* ---- the totals ---- */

static void read_histogram(struct reader *r, json_object *o, struct cx_hist *h)
{
	json_object *buckets;
	size_t i, n;

	memset(h, 0, sizeof(*h));
	if (!o)
		return;
	h->count = get_u64(r, o, "count", UINT64_MAX);
	h->sum = get_u64(r, o, "sum", UINT64_MAX);
	h->min = get_u64(r, o, "min", UINT64_MAX);
	h->max = get_u64(r, o, "max", UINT64_MAX);
	buckets = get_list(r, o, "buckets", -1);
	n = buckets ? json_object_array_length(buckets) : 0;
	for (i = 0; i + 1 < n; i += 2) {
		uint64_t bucket = number(r, json_object_array_get_idx(buckets, i), "buckets",
					 CX_HIST_BUCKETS - 1);

		h->bucket[bucket] = (uint32_t)number(r, json_object_array_get_idx(buckets, i + 1),
						     "buckets", UINT32_MAX);
	}
}

static void read_total_domain(struct reader *r, json_object *o, struct cx_record_domain *d)
{
	d->start_ns = get_u64(r, o, "start_ns", UINT64_MAX);
	d->stop_ns = get_u64(r, o, "stop_ns", UINT64_MAX);
	d->end = (enum cx_end)get_u64(r, o, "end", CX_ENDS - 1);
	get_string(r, o, "end_text", &d->end_text, false);
}

static void read_results(struct reader *r, json_object *list, struct cx_record_vcpu *v)
{
	size_t n = json_object_array_length(list);
	unsigned i;

	if (n % 2 != 0 || n / 2 > CX_RECORD_RESULTS) {
		complain(r, EBADMSG, "results", "has the wrong length");
		return;
	}
	if (cx_record_results(v, (unsigned)(n / 2)) < 0) {
		complain(r, ENOMEM, "results", "needs more memory than there is");
		return;
	}
	for (i = 0; i < v->n_results; i++) {
		json_object *name = json_object_array_get_idx(list, 2 * i);

		if (!json_object_is_type(name, json_type_string)) {
			complain(r, EBADMSG, "results", "has a nameless one");
			return;
		}
		snprintf(v->results[i].name, sizeof(v->results[i].name), "%s",
			 json_object_get_string(name));
		v->results[i].value = number(r, json_object_array_get_idx(list, 2 * i + 1),
					     "results", UINT64_MAX);
	}
}

static void read_total_vcpu(struct reader *r, json_object *o, struct cx_record_vcpu *v)
{
	json_object *results;

	v->start_ns = get_u64(r, o, "start_ns", UINT64_MAX);
	v->stop_ns = get_u64(r, o, "stop_ns", UINT64_MAX);
	get_array(r, o, "time_ns", v->time_ns, CX_STATES);
	v->progress = get_u64(r, o, "progress", UINT64_MAX);
	v->host_cpu_ns = get_u64(r, o, "host_cpu_ns", UINT64_MAX);
	v->dispatches = get_u64(r, o, "dispatches", UINT64_MAX);
	get_array(r, o, "migrations", v->migrations, CX_DISTANCES);
	results = member(r, o, "results", json_type_array, false);
	if (results)
		read_results(r, results, v);
}

static void read_totals(struct reader *r, json_object *root, struct cx_record *record)
{
	json_object *domains = get_list(r, root, "domains", (long)record->n_domains);
	json_object *pcpus = get_list(r, root, "pcpus", (long)record->n_pcpus);
	json_object *vcpus = get_list(r, root, "vcpus", (long)record->n_vcpus);
	unsigned i;

	record->duration_ns = get_u64(r, root, "duration_ns", UINT64_MAX);
	record->degraded = get_bool(r, root, "degraded");
	get_string(r, root, "degraded_why", &record->degraded_why, false);
	record->interrupted = get_bool(r, root, "interrupted");
	record->timeline_sampled = get_bool(r, root, "timeline_sampled");
	get_array(r, root, "faults", record->faults, CX_FAULTS);
	record->switches = get_u64(r, root, "switches", UINT64_MAX);
	record->host_steal_ns = get_u64(r, root, "host_steal_ns", UINT64_MAX);
	read_histogram(r, member(r, root, "decide_ns", json_type_object, true), &record->decide_ns);
	read_histogram(r, member(r, root, "gap_ns", json_type_object, true), &record->gap_ns);
	for (i = 0; domains && i < record->n_domains; i++)
		read_total_domain(r, json_object_array_get_idx(domains, i), &record->domains[i]);
	for (i = 0; pcpus && i < record->n_pcpus; i++) {
		json_object *o = json_object_array_get_idx(pcpus, i);

		record->pcpus[i].busy_ns = get_u64(r, o, "busy_ns", UINT64_MAX);
		record->pcpus[i].idle_ns = get_u64(r, o, "idle_ns", UINT64_MAX);
		/* Traces from before pCPUs could go offline do not have it. */
		if (member(r, o, "offline_ns", json_type_int, false))
			record->pcpus[i].offline_ns = get_u64(r, o, "offline_ns", UINT64_MAX);
	}
	for (i = 0; vcpus && i < record->n_vcpus; i++)
		read_total_vcpu(r, json_object_array_get_idx(vcpus, i), &record->vcpus[i]);
}

int cx_record_add_totals_json(struct cx_record *record, const char *json, struct cx_error *err)
{
	struct reader r = { 0 };
	json_object *root = parse(json, &r);

	if (root && !r.code)
		read_totals(&r, root, record);
	json_object_put(root);
	return outcome(&r, "run_end", err);
}
