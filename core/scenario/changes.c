/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What changes during the run.  Each entry is read by itself; then all are gone through in
 * the order of time, for what one may be depends on those before it.
 */
#include "core/scenario/internal.h"

#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *key_of(unsigned entry, const char *name, char *buf)
{
	snprintf(buf, CX_KEY_MAX, "changes[%u]%s%s", entry, *name ? "." : "", name);
	return buf;
}

void cx_change_clear(struct cx_scenario_change *change)
{
	free(change->scheduler);
	cx_settings_free(change->settings, change->n_settings);
}

/* --- which keys go together ------------------------------------------------------ */

/* What an entry is about, by the key that says so; in the order of enum cx_change_kind. */
static const char *const subjects[] = { "domain", "pool", "param", "pcpu" };
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

#define ONE_OF_SUBJECTS "one of domain, pool, param and pcpu"

#define OF(kind) (1u << (kind))
#define OF_EITHER (OF(CX_CHANGE_DOMAIN) | OF(CX_CHANGE_POOL))

static const struct {
	const char *key;
	unsigned kinds; /* that it may stand beside */
	const char *allowed;
} companions[] = {
	{ "weight", OF_EITHER, "domain or pool" },
	{ "shares", OF_EITHER, "domain or pool" },
	{ "reservation", OF_EITHER, "domain or pool" },
	{ "limit", OF_EITHER, "domain or pool" },
	{ "policy", OF(CX_CHANGE_DOMAIN), "domain" },
	{ "scheduler", OF(CX_CHANGE_DOMAIN) | OF(CX_CHANGE_PARAM), "param or policy" },
	{ "online", OF(CX_CHANGE_PCPU), "pcpu" },
};

static bool has_key(struct cx_reading *r, unsigned entry, const char *name)
{
	char key[CX_KEY_MAX];

	return cx_doc_find(r, key_of(entry, name, key)) != NULL;
}

static int find_kind(struct cx_reading *r, struct cx_scenario_change *c)
{
	char key[CX_KEY_MAX], found[80];
	unsigned i, n = 0;

	for (i = 0; i < SUBJECTS; i++) {
		if (!has_key(r, c->entry, subjects[i]))
			continue;
		key_of(c->entry, subjects[i], key);
		if (n++) {
			snprintf(found, sizeof(found), "it beside %s", subjects[c->kind]);
			return cx_reject(r, key, 0, found, "%s%s", ONE_OF_SUBJECTS,
					 c->kind == CX_CHANGE_DOMAIN && i == CX_CHANGE_POOL
						 ? "; a domain stays in its pool"
						 : "");
		}
		c->kind = (enum cx_change_kind)i;
		c->line = cx_doc_line(r, key);
	}
	if (n == 0)
		return cx_reject(r, key_of(c->entry, "", key), 0, "none of them", ONE_OF_SUBJECTS);
	return 0;
}

static int check_company(struct cx_reading *r, const struct cx_scenario_change *c)
{
	char key[CX_KEY_MAX], found[80];
	unsigned i;

	for (i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		if (!has_key(r, c->entry, companions[i].key) || companions[i].kinds & OF(c->kind))
			continue;
		snprintf(found, sizeof(found), "it beside %s", subjects[c->kind]);
		return cx_reject(r, key_of(c->entry, companions[i].key, key), 0, found,
				 "it beside %s", companions[i].allowed);
	}
	return 0;
}

/* --- one entry -------------------------------------------------------------------- */

/* The policy's parameters under @name, and whose they are. */
static int read_settings(struct cx_reading *r, const char *name, struct cx_scenario_change *c)
{
	const char *scheduler = r->raw->changes[c->entry].scheduler;
	char key[CX_KEY_MAX];
	int rc;

	rc = cx_value_settings(r, key_of(c->entry, name, key), &c->settings, &c->n_settings);
	if (rc)
		return rc;
	if (has_key(r, c->entry, name) && c->n_settings == 0)
		return cx_reject(r, key, 0, "an empty mapping", "%s", cx_schema_allowed(key));
	if (!scheduler)
		return 0;
	if (c->n_settings == 0)
		return cx_reject(r, key_of(c->entry, "scheduler", key), 0, "it without policy",
				 "it beside param or policy");
	c->scheduler = strdup(scheduler);
	return c->scheduler ? 0 : cx_out_of_memory(r);
}

static int read_weight(struct cx_reading *r, const struct cx_raw_change *raw, unsigned vcpus,
		       struct cx_scenario_change *c)
{
	char key[CX_KEY_MAX], found[80];

	c->weight_given = raw->weight || raw->shares;
	if (!raw->shares)
		return cx_value_weight(r, key_of(c->entry, "weight", key), raw->weight, &c->weight);
	key_of(c->entry, "shares", key);
	if (raw->weight)
		return cx_reject(r, key, 0, cx_quote(raw->shares, found, sizeof(found)),
				 "either weight or shares");
	return cx_value_shares(r, key, raw->shares, vcpus, &c->weight);
}

static int read_domain(struct cx_reading *r, const struct cx_raw_change *raw,
		       struct cx_scenario_change *c)
{
	struct cx_replicas who;
	char key[CX_KEY_MAX];
	unsigned vcpus;
	int rc;

	key_of(c->entry, "domain", key);
	if (!cx_names_find(r, raw->domain, &who))
		return cx_names_reject(r, key, raw->domain);
	c->first_domain = who.first;
	c->n_domains = who.count;
	vcpus = r->out->domains[who.first].vcpus;
	c->limit_given = raw->limit != NULL;
	c->reservation_given = raw->reservation != NULL;
	rc = read_weight(r, raw, vcpus, c);
	if (!rc)
		rc = cx_value_percent(r, key_of(c->entry, "limit", key), raw->limit,
				      vcpus * CX_PERCENT_PER_VCPU, CX_PERCENT_WHY, &c->limit);
	if (!rc)
		rc = cx_value_percent(r, key_of(c->entry, "reservation", key), raw->reservation,
				      vcpus * CX_PERCENT_PER_VCPU, CX_PERCENT_WHY, &c->reservation);
	if (!rc)
		rc = read_settings(r, "policy", c);
	if (!rc && !c->weight_given && !c->limit_given && !c->reservation_given && !c->n_settings)
		rc = cx_reject(r, key_of(c->entry, "", key), 0, "nothing that changes",
			       "weight, shares, reservation, limit or policy beside domain");
	return rc;
}

static int read_pool(struct cx_reading *r, const struct cx_raw_change *raw,
		     struct cx_scenario_change *c)
{
	char key[CX_KEY_MAX], shares_key[CX_KEY_MAX];
	int rc;

	key_of(c->entry, "pool", key);
	if (!cx_pools_find(r, raw->pool, &c->pool))
		return cx_pools_reject(r, key, raw->pool);
	c->weight_given = raw->weight || raw->shares;
	c->limit_given = raw->limit != NULL;
	c->reservation_given = raw->reservation != NULL;
	rc = cx_pool_weight_read(r, key_of(c->entry, "weight", key), raw->weight,
				 key_of(c->entry, "shares", shares_key), raw->shares, &c->weight);
	if (!rc)
		rc = cx_value_pool_percent(r, key_of(c->entry, "limit", key), raw->limit, 0,
					   &c->limit);
	if (!rc)
		rc = cx_value_pool_percent(r, key_of(c->entry, "reservation", key),
					   raw->reservation, 0, &c->reservation);
	if (!rc && !c->weight_given && !c->limit_given && !c->reservation_given)
		rc = cx_reject(r, key_of(c->entry, "", key), 0, "nothing that changes",
			       "weight, shares, reservation or limit beside pool");
	return rc;
}

static int read_pcpu(struct cx_reading *r, const struct cx_raw_change *raw,
		     struct cx_scenario_change *c)
{
	char key[CX_KEY_MAX], found[80], *list;
	int64_t online;
	int rc;

	key_of(c->entry, "pcpu", key);
	rc = cx_value_uint(r, key, raw->pcpu, 0, CX_SCENARIO_CPU_MAX, &c->cpu);
	if (rc)
		return rc;
	if (r->out->pcpus && !cx_cpuset_has(r->out->pcpus, c->cpu)) {
		list = cx_cpuset_format(r->out->pcpus);
		if (!list)
			return cx_out_of_memory(r);
		rc = cx_reject(r, key, 0, cx_quote(raw->pcpu, found, sizeof(found)),
			       "a CPU of pcpus, \"%s\"", list);
		free(list);
		return rc;
	}
	key_of(c->entry, "online", key);
	if (!raw->online)
		return cx_reject(r, key, 0, "nothing", "%s", cx_schema_allowed(key));
	if (!cx_text_to_bool(raw->online, &online))
		return cx_reject_value(r, key, raw->online);
	c->online = online;
	return 0;
}

static int read_change(struct cx_reading *r, unsigned entry, struct cx_scenario_change *c)
{
	const struct cx_raw_change *raw = &r->raw->changes[entry];
	char key[CX_KEY_MAX];
	int rc;

	c->entry = entry;
	rc = cx_value_moment(r, key_of(entry, "at", key), raw->at, &c->at_ns);
	if (!rc)
		rc = find_kind(r, c);
	if (!rc)
		rc = check_company(r, c);
	if (rc)
		return rc;
	switch (c->kind) {
	case CX_CHANGE_DOMAIN:
		return read_domain(r, raw, c);
	case CX_CHANGE_POOL:
		return read_pool(r, raw, c);
	case CX_CHANGE_PARAM:
		return read_settings(r, "param", c);
	default:
		return read_pcpu(r, raw, c);
	}
}

/* --- one after the other ------------------------------------------------------------ */

/* How things stand after the changes so far. */
struct bounds {
	unsigned reservation, limit;
};

struct standing {
	struct bounds *domains, *pools;
	struct cx_cpuset *offline;
};

static int too_late(struct cx_reading *r, const struct cx_scenario_change *c,
		    const struct cx_scenario_domain *d)
{
	char key[CX_KEY_MAX], found[80], stop[40];

	return cx_reject(r, key_of(c->entry, "at", key), 0,
			 cx_quote(r->raw->changes[c->entry].at, found, sizeof(found)),
			 "a time before %.63s stops, %s", d->name,
			 cx_format_duration(d->stop_ns, stop, sizeof(stop)));
}

/* The change's bounds, for @name; a reservation is at most the limit at any time. */
static int follow_bounds(struct cx_reading *r, const struct cx_scenario_change *c, const char *name,
			 struct bounds *b)
{
	const struct cx_raw_change *raw = &r->raw->changes[c->entry];
	char key[CX_KEY_MAX], found[80];

	if (c->limit_given)
		b->limit = c->limit;
	if (c->reservation_given)
		b->reservation = c->reservation;
	if (!b->limit || b->reservation <= b->limit)
		return 0;
	if (c->reservation_given)
		return cx_reject(r, key_of(c->entry, "reservation", key), 0,
				 cx_quote(raw->reservation, found, sizeof(found)),
				 "a whole number from 0 to %u, the limit of %.63s then", b->limit,
				 name);
	return cx_reject(
		r, key_of(c->entry, "limit", key), 0, cx_quote(raw->limit, found, sizeof(found)),
		"0 for none, or at least %u, the reservation of %.63s then", b->reservation, name);
}

static int follow_domain(struct cx_reading *r, const struct cx_scenario_change *c, unsigned i,
			 struct standing *s)
{
	const struct cx_scenario_domain *d = &r->out->domains[i];

	if (c->at_ns >= d->stop_ns)
		return too_late(r, c, d);
	return follow_bounds(r, c, d->name, &s->domains[i]);
}

static int follow_pcpu(struct cx_reading *r, const struct cx_scenario_change *c, struct standing *s)
{
	char key[CX_KEY_MAX], found[120];

	if (cx_cpuset_has(s->offline, c->cpu) == !c->online) {
		snprintf(found, sizeof(found), "\"%.40s\", which CPU %u is already",
			 r->raw->changes[c->entry].online, c->cpu);
		return cx_reject(r, key_of(c->entry, "online", key), 0, found, "a change");
	}
	if (c->online)
		cx_cpuset_remove(s->offline, c->cpu);
	else
		cx_cpuset_add(s->offline, c->cpu);
	return cx_cpuset_has(s->offline, c->cpu) == !c->online ? 0 : cx_out_of_memory(r);
}

static void stand_at_start(const struct cx_scenario *out, struct standing *s)
{
	unsigned i;

	for (i = 0; i < out->n_domains; i++)
		s->domains[i] =
			(struct bounds){ out->domains[i].reservation, out->domains[i].limit };
	for (i = 0; i < out->n_pools; i++)
		s->pools[i] = (struct bounds){ out->pools[i].reservation, out->pools[i].limit };
}

static int follow(struct cx_reading *r, struct standing *s)
{
	unsigned i, k;
	int rc = 0;

	stand_at_start(r->out, s);
	for (i = 0; !rc && i < r->out->n_changes; i++) {
		const struct cx_scenario_change *c = &r->out->changes[i];

		if (c->kind == CX_CHANGE_PCPU)
			rc = follow_pcpu(r, c, s);
		if (c->kind == CX_CHANGE_POOL)
			rc = follow_bounds(r, c, r->out->pools[c->pool].name, &s->pools[c->pool]);
		for (k = 0; !rc && k < c->n_domains; k++)
			rc = follow_domain(r, c, c->first_domain + k, s);
	}
	return rc;
}

static int by_time(const void *a, const void *b)
{
	const struct cx_scenario_change *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

int cx_changes_read(struct cx_reading *r)
{
	struct standing s = { 0 };
	unsigned n = r->raw->n_changes, i;
	int rc = 0;

	if (n == 0)
		return 0;
	r->out->changes = calloc(n, sizeof(*r->out->changes));
	s.domains = calloc(r->out->n_domains, sizeof(*s.domains));
	s.pools = calloc(r->out->n_pools + 1, sizeof(*s.pools));
	s.offline = cx_cpuset_new();
	if (!r->out->changes || !s.domains || !s.pools || !s.offline)
		rc = cx_out_of_memory(r);
	for (i = 0; !rc && i < n; i++) {
		r->out->n_changes = i + 1;
		rc = read_change(r, i, &r->out->changes[i]);
	}
	if (!rc) {
		qsort(r->out->changes, n, sizeof(*r->out->changes), by_time);
		rc = follow(r, &s);
	}
	free(s.domains);
	free(s.pools);
	cx_cpuset_free(s.offline);
	return rc;
}
