/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Equal names by their place in the file. */
static int by_name_and_place(const void *a, const void *b)
{
	const struct cx_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = x->domain < y->domain ? -1 : x->domain > y->domain;
	return order;
}

static int by_name(const void *a, const void *b)
{
	const struct cx_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int find_domain(const struct cx_reading *r, const char *name)
{
	const struct cx_name wanted = { .name = name };
	const struct cx_name *hit =
		bsearch(&wanted, r->names, r->out->n_domains, sizeof(*r->names), by_name);

	return hit ? (int)hit->domain : -1;
}

/** The first domain of the replicas that entry's name @name stands for, or -1. */
static int find_replicas(const struct cx_reading *r, const char *name)
{
	char first[CX_SCENARIO_NAME_MAX + sizeof(".0")];
	int domain;

	if (strlen(name) > CX_SCENARIO_NAME_MAX)
		return -1;
	snprintf(first, sizeof(first), "%s.0", name);
	domain = find_domain(r, first);
	/* An entry may itself be called web.0. */
	if (domain >= 0 && strcmp(r->raw->domains[r->entry_of[domain]].name, name) != 0)
		return -1;
	return domain;
}

bool cx_names_find(const struct cx_reading *r, const char *name, struct cx_replicas *found)
{
	int domain = find_domain(r, name);

	if (domain >= 0) {
		*found = (struct cx_replicas){ (unsigned)domain, 1 };
		return true;
	}
	domain = find_replicas(r, name);
	if (domain >= 0)
		*found = r->replicas[r->entry_of[domain]];
	return domain >= 0;
}

int cx_names_reject(struct cx_reading *r, const char *key, const char *name)
{
	const struct cx_raw *raw = r->raw;
	char found[80], nearest[80] = "";
	const char **names, *hint;
	unsigned i;

	names = calloc(raw->n_domains, sizeof(*names));
	if (!names)
		return cx_out_of_memory(r);
	for (i = 0; i < raw->n_domains; i++)
		names[i] = raw->domains[i].name;
	hint = cx_suggest(name, names, raw->n_domains);
	if (hint)
		snprintf(nearest, sizeof(nearest), " (did you mean \"%s\"?)", hint);
	free(names);
	return cx_reject(r, key, 0, cx_quote(name, found, sizeof(found)), "%s%s",
			 cx_schema_allowed(key), nearest);
}

/** Which domain is peer @name of domain @own? */
static int resolve(struct cx_reading *r, unsigned own, const char *key, const char *name,
		   unsigned *peer)
{
	const struct cx_replicas *ours = &r->replicas[r->entry_of[own]];
	struct cx_replicas theirs;
	char found[120];

	if (!cx_names_find(r, name, &theirs))
		return cx_names_reject(r, key, name);
	if (theirs.count > 1) {
		if (ours->count != theirs.count) {
			cx_quote(name, found, 80);
			snprintf(found + strlen(found), sizeof(found) - strlen(found),
				 ", which has %u replicas", theirs.count);
			return cx_reject(r, key, 0, found,
					 "one of them such as %.60s.0, or as many replicas here",
					 name);
		}
		theirs.first += own - ours->first;
	}
	if (theirs.first == own)
		return cx_reject(r, key, 0, "the domain itself", "%s", cx_schema_allowed(key));
	*peer = theirs.first;
	return 0;
}

static int read_peers(struct cx_reading *r, unsigned own)
{
	const struct cx_raw_domain *raw = &r->raw->domains[r->entry_of[own]];
	struct cx_scenario_domain *domain = &r->out->domains[own];
	char key[CX_KEY_MAX], found[80];
	unsigned i, j;
	int rc;

	if (raw->n_peers == 0)
		return 0;
	domain->peers = calloc(raw->n_peers, sizeof(*domain->peers));
	if (!domain->peers)
		return cx_out_of_memory(r);
	for (i = 0; i < raw->n_peers; i++) {
		snprintf(key, sizeof(key), "domains[%u].peers[%u]", r->entry_of[own], i);
		rc = resolve(r, own, key, raw->peers[i], &domain->peers[i]);
		if (rc)
			return rc;
		for (j = 0; j < i; j++)
			if (domain->peers[j] == domain->peers[i])
				return cx_reject(r, key, 0,
						 cx_quote(raw->peers[i], found, sizeof(found)),
						 "each peer once");
		domain->n_peers = i + 1;
	}
	return 0;
}

/** Two domains of one name: of two entries, or an entry called as another's replica. */
static int check_unique(struct cx_reading *r)
{
	const struct cx_name *index = r->names;
	char key[CX_KEY_MAX], found[120];
	unsigned i;

	for (i = 1; i < r->out->n_domains; i++) {
		unsigned first = index[i - 1].domain, second = index[i].domain;

		if (strcmp(index[i - 1].name, index[i].name) != 0)
			continue;
		snprintf(key, sizeof(key), "domains[%u].name", r->entry_of[second]);
		cx_quote(index[i].name, found, 80);
		snprintf(found + strlen(found), sizeof(found) - strlen(found),
			 " again (first in line %u)", r->out->domains[first].line);
		return cx_reject(r, key, 0, found, "a name of its own for each domain");
	}
	return 0;
}

int cx_peers_read(struct cx_reading *r)
{
	unsigned i;
	int rc;

	r->names = calloc(r->out->n_domains, sizeof(*r->names));
	if (!r->names)
		return cx_out_of_memory(r);
	for (i = 0; i < r->out->n_domains; i++)
		r->names[i] = (struct cx_name){ r->out->domains[i].name, i };
	qsort(r->names, r->out->n_domains, sizeof(*r->names), by_name_and_place);
	rc = check_unique(r);
	for (i = 0; !rc && i < r->out->n_domains; i++)
		rc = read_peers(r, i);
	return rc;
}
