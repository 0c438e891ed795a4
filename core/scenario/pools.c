/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource pools.  The file may have them in any order; the scenario has parents before
 * their children, and the file's order but for that.
 */
#include "core/scenario/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CIRCLE_LETTERS 600u /* of a circle shown in a message */
#define PERCENT_WHY "100 for each pCPU of the largest host"

/** The key of member @name of entry @entry. */
static const char *key_of(unsigned entry, const char *name, char *buf)
{
	snprintf(buf, CX_KEY_MAX, "pools[%u].%s", entry, name);
	return buf;
}

void cx_pool_clear(struct cx_scenario_pool *pool)
{
	free(pool->name);
}

/* --- by name ------------------------------------------------------------------------- */

bool cx_pools_find(const struct cx_reading *r, const char *name, unsigned *pool)
{
	unsigned i;

	for (i = 0; i < r->out->n_pools; i++) {
		if (strcmp(r->out->pools[i].name, name) != 0)
			continue;
		*pool = i;
		return true;
	}
	return false;
}

int cx_pools_reject(struct cx_reading *r, const char *key, const char *name)
{
	const struct cx_raw *raw = r->raw;
	char found[80], nearest[80] = "";
	const char **names, *hint;
	unsigned i;

	if (raw->n_pools == 0)
		return cx_reject(r, key, 0, cx_quote(name, found, sizeof(found)),
				 "%s; there are none", cx_schema_allowed(key));
	names = calloc(raw->n_pools, sizeof(*names));
	if (!names)
		return cx_out_of_memory(r);
	for (i = 0; i < raw->n_pools; i++)
		names[i] = raw->pools[i].name;
	hint = cx_suggest(name, names, raw->n_pools);
	if (hint)
		snprintf(nearest, sizeof(nearest), " (did you mean \"%s\"?)", hint);
	free(names);
	return cx_reject(r, key, 0, cx_quote(name, found, sizeof(found)), "%s%s",
			 cx_schema_allowed(key), nearest);
}

/* --- one entry ------------------------------------------------------------------------- */

int cx_pool_weight_read(struct cx_reading *r, const char *weight_key, const char *weight,
			const char *shares_key, const char *shares, unsigned *value)
{
	char found[80];

	if (!shares)
		return cx_value_pool_weight(r, weight_key, weight, value);
	if (weight)
		return cx_reject(r, shares_key, 0, cx_quote(shares, found, sizeof(found)),
				 "either weight or shares");
	return cx_value_pool_shares(r, shares_key, shares, value);
}

int cx_value_pool_percent(struct cx_reading *r, const char *key, const char *text, unsigned limit,
			  unsigned *percent)
{
	return cx_value_percent(r, key, text, limit ? limit : CX_POOL_PERCENT_MAX,
				limit ? "its limit" : PERCENT_WHY, percent);
}

static int read_entry(struct cx_reading *r, unsigned entry, struct cx_scenario_pool *pool)
{
	const struct cx_raw_pool *raw = &r->raw->pools[entry];
	char key[CX_KEY_MAX], shares_key[CX_KEY_MAX];
	int64_t expandable = true;
	int rc;

	pool->parent = CX_NO_POOL;
	pool->weight = CX_POOL_WEIGHT_DEFAULT;
	pool->weight_given = raw->weight || raw->shares;
	snprintf(key, sizeof(key), "pools[%u]", entry);
	pool->line = cx_doc_line(r, key);
	rc = cx_value_name(r, key_of(entry, "name", key), raw->name, &pool->name);
	if (!rc)
		rc = cx_pool_weight_read(r, key_of(entry, "weight", key), raw->weight,
					 key_of(entry, "shares", shares_key), raw->shares,
					 &pool->weight);
	if (!rc)
		rc = cx_value_pool_percent(r, key_of(entry, "limit", key), raw->limit, 0,
					   &pool->limit);
	if (!rc)
		rc = cx_value_pool_percent(r, key_of(entry, "reservation", key), raw->reservation,
					   pool->limit, &pool->reservation);
	if (!rc && raw->expandable && !cx_text_to_bool(raw->expandable, &expandable))
		rc = cx_reject_value(r, key_of(entry, "expandable", key), raw->expandable);
	pool->expandable = expandable;
	return rc;
}

/* --- the tree ---------------------------------------------------------------------------- */

/* As in the file, before they are put in order. */
struct tree {
	struct cx_scenario_pool *pools;
	unsigned *parent; /* an entry, or CX_NO_POOL */
	unsigned *place;  /* in the scenario; CX_NO_POOL: not yet there */
	unsigned n;
};

static int check_unique(struct cx_reading *r, const struct tree *t)
{
	char key[CX_KEY_MAX], found[120];
	unsigned i, k;

	for (i = 1; i < t->n; i++) {
		for (k = 0; k < i && strcmp(t->pools[k].name, t->pools[i].name) != 0; k++)
			;
		if (k == i)
			continue;
		cx_quote(t->pools[i].name, found, 80);
		snprintf(found + strlen(found), sizeof(found) - strlen(found),
			 " again (first in line %u)", t->pools[k].line);
		return cx_reject(r, key_of(i, "name", key), 0, found,
				 "a name of its own for each pool");
	}
	return 0;
}

static int find_parents(struct cx_reading *r, struct tree *t)
{
	char key[CX_KEY_MAX];
	unsigned i, k;

	for (i = 0; i < t->n; i++) {
		const char *name = r->raw->pools[i].parent;

		t->parent[i] = CX_NO_POOL;
		if (!name)
			continue;
		for (k = 0; k < t->n && strcmp(t->pools[k].name, name) != 0; k++)
			;
		if (k == t->n)
			return cx_pools_reject(r, key_of(i, "parent", key), name);
		t->parent[i] = k;
	}
	return 0;
}

/** Whoever is above @member comes back to it: say who, each as part of the next. */
static int reject_circle(struct cx_reading *r, const struct tree *t, unsigned member)
{
	char key[CX_KEY_MAX], found[CIRCLE_LETTERS + 160];
	unsigned i;
	int n;

	/* The first of them in the file. */
	for (i = t->parent[member]; i != member; i = t->parent[i])
		member = i < member ? i : member;
	key_of(member, "parent", key);
	if (t->parent[member] == member)
		return cx_reject(r, key, 0, "the pool itself", "%s", cx_schema_allowed(key));
	i = member;
	n = snprintf(found, sizeof(found), "a circle, \"%s", t->pools[member].name);
	do {
		i = t->parent[i];
		if ((size_t)n < CIRCLE_LETTERS)
			n += snprintf(found + n, sizeof(found) - (size_t)n, "\" in \"%s",
				      t->pools[i].name);
		else if (i == member)
			n += snprintf(found + n, sizeof(found) - (size_t)n, "\" ... in \"%s",
				      t->pools[i].name);
	} while (i != member);
	snprintf(found + n, sizeof(found) - (size_t)n, "\"");
	return cx_reject(r, key, 0, found, "pools whose parents end at the whole host");
}

/** Put entry @entry into the scenario, those above it before it. */
static int place_with_ancestors(struct cx_reading *r, struct tree *t, unsigned entry)
{
	unsigned i = entry, above = 0, k;

	for (; i != CX_NO_POOL && t->place[i] == CX_NO_POOL; i = t->parent[i])
		if (++above > t->n)
			return reject_circle(r, t, i);
	for (; above > 0; above--) {
		struct cx_scenario_pool *pool = &r->out->pools[r->out->n_pools];

		for (i = entry, k = 1; k < above; k++)
			i = t->parent[i];
		*pool = t->pools[i];
		t->pools[i].name = NULL; /* it has moved */
		if (t->parent[i] != CX_NO_POOL)
			pool->parent = t->place[t->parent[i]];
		t->place[i] = r->out->n_pools++;
	}
	return 0;
}

static int put_in_order(struct cx_reading *r, struct tree *t)
{
	unsigned i;
	int rc = 0;

	for (i = 0; i < t->n; i++)
		t->place[i] = CX_NO_POOL;
	for (i = 0; !rc && i < t->n; i++)
		rc = place_with_ancestors(r, t, i);
	return rc;
}

int cx_pools_read(struct cx_reading *r)
{
	unsigned n = r->raw->n_pools, i;
	struct tree t = { .n = n };
	int rc = 0;

	if (n == 0)
		return 0;
	t.pools = calloc(n, sizeof(*t.pools));
	t.parent = calloc(n, sizeof(*t.parent));
	t.place = calloc(n, sizeof(*t.place));
	r->out->pools = calloc(n, sizeof(*r->out->pools));
	if (!t.pools || !t.parent || !t.place || !r->out->pools)
		rc = cx_out_of_memory(r);
	for (i = 0; !rc && i < n; i++)
		rc = read_entry(r, i, &t.pools[i]);
	if (!rc)
		rc = check_unique(r, &t);
	if (!rc)
		rc = find_parents(r, &t);
	if (!rc)
		rc = put_in_order(r, &t);
	for (i = 0; t.pools && i < n; i++)
		cx_pool_clear(&t.pools[i]);
	free(t.pools);
	free(t.parent);
	free(t.place);
	return rc;
}
