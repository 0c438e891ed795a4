/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/admission.h"

#include "base/units.h"
#include "core/run/pinned.h"
#include "core/run/plan.h"
#include "entitlement/admission.h"

#include <errno.h>
#include <stdlib.h>

/* The values of a pool, as the changes up to now have made them. */
struct bounds {
	unsigned reservation, limit;
};

struct book {
	const struct cx_changing *run;
	const struct cx_scenario *scenario;
	struct cx_ledger *ledger;
	struct cx_pinned *pinned;
	struct bounds *pools;
	unsigned *reservation, *n_pcpus; /* by domain; of its affinity, those online */
	bool *alive;                     /* by domain */
	unsigned n_online;
	struct cx_error *err;
};

/* --- where it is ------------------------------------------------------------------------ */

static int refused(struct book *b, int rc, unsigned line, const struct cx_scenario_change *c,
		   uint64_t at_ns)
{
	char at[40], entry[40] = "";

	if (!rc || rc == -ENOMEM)
		return rc;
	if (c)
		snprintf(entry, sizeof(entry), "changes[%u]: ", c->entry);
	return cx_fail_prefix(b->err, EINVAL, "%.300s:%u: %sat %s", b->scenario->path, line, entry,
			      cx_format_duration(at_ns, at, sizeof(at)));
}

/* --- the book ----------------------------------------------------------------------------- */

static int open_ledger(struct book *b)
{
	const struct cx_scenario *s = b->scenario;
	struct cx_ledger_entry *entries = calloc(s->n_pools + s->n_domains + 1, sizeof(*entries));
	unsigned i;
	int rc;

	if (!entries)
		return cx_fail(b->err, ENOMEM, "out of memory for admission control");
	for (i = 0; i < s->n_pools; i++)
		entries[i] = (struct cx_ledger_entry){ s->pools[i].name, s->pools[i].parent };
	for (i = 0; i < s->n_domains; i++) {
		unsigned in = s->domains[i].pool;

		entries[s->n_pools + i] =
			(struct cx_ledger_entry){ s->domains[i].name,
						  in < s->n_pools ? in : CX_NO_POOL };
	}
	rc = cx_ledger_new(entries, s->n_pools, entries + s->n_pools, s->n_domains, &b->ledger,
			   b->err);
	free(entries);
	return rc;
}

static bool may_use(const struct book *b, unsigned domain, unsigned pcpu)
{
	const struct cx_cpuset *cpus = b->scenario->domains[domain].cpus;

	return !cpus || cx_cpuset_has(cpus, b->run->pcpus[pcpu]);
}

static int open_book(struct book *b)
{
	const struct cx_scenario *s = b->scenario;
	unsigned i, k;

	b->pools = calloc(s->n_pools + 1, sizeof(*b->pools));
	b->reservation = calloc(s->n_domains + 1, sizeof(*b->reservation));
	b->n_pcpus = calloc(s->n_domains + 1, sizeof(*b->n_pcpus));
	b->alive = calloc(s->n_domains + 1, sizeof(*b->alive));
	b->pinned = cx_pinned_new(b->run);
	if (!b->pools || !b->reservation || !b->n_pcpus || !b->alive || !b->pinned)
		return cx_fail(b->err, ENOMEM, "out of memory for admission control");
	b->n_online = b->run->n_pcpus;
	for (i = 0; i < s->n_domains; i++) {
		b->reservation[i] = s->domains[i].reservation;
		for (k = 0; k < b->run->n_pcpus; k++)
			b->n_pcpus[i] += may_use(b, i, k);
	}
	return open_ledger(b);
}

static void close_book(struct book *b)
{
	cx_ledger_free(b->ledger);
	cx_pinned_free(b->pinned);
	free(b->pools);
	free(b->reservation);
	free(b->n_pcpus);
	free(b->alive);
}

/* --- what happens ---------------------------------------------------------------------------- */

static uint64_t capacity_of(unsigned n_pcpus)
{
	return (uint64_t)n_pcpus * CX_AMOUNT_PER_PCPU;
}

/* Those above a pool come before it, so that each finds its own in place. */
static int make_pools(struct book *b)
{
	const struct cx_scenario *s = b->scenario;
	unsigned i;
	int rc = cx_ledger_set_capacity(b->ledger, capacity_of(b->n_online), b->err);

	for (i = 0; i < s->n_pools && !rc; i++) {
		const struct cx_scenario_pool *p = &s->pools[i];

		b->pools[i] = (struct bounds){ p->reservation, p->limit };
		rc = refused(b,
			     cx_ledger_set_pool(b->ledger, i, p->reservation, p->limit,
						p->expandable, b->err),
			     p->line, NULL, 0);
	}
	return rc;
}

static int reserve(struct book *b, unsigned domain, unsigned reservation)
{
	int rc = cx_ledger_set_domain(b->ledger, domain, reservation, b->err);

	return rc ? rc : cx_pinned_reserve(b->pinned, domain, reservation, b->err);
}

static int start(struct book *b, unsigned domain, uint64_t at_ns)
{
	int rc = cx_ledger_set_pcpus(b->ledger, domain, b->n_pcpus[domain], b->err);

	b->alive[domain] = true;
	if (!rc)
		rc = reserve(b, domain, b->reservation[domain]);
	return refused(b, rc, b->scenario->domains[domain].line, NULL, at_ns);
}

static int stop(struct book *b, unsigned domain)
{
	b->alive[domain] = false;
	return reserve(b, domain, 0);
}

static int change_domains(struct book *b, const struct cx_scenario_change *c)
{
	unsigned i;
	int rc = 0;

	if (!c->reservation_given)
		return 0;
	for (i = c->first_domain; i < c->first_domain + c->n_domains && !rc; i++) {
		b->reservation[i] = c->reservation;
		if (b->alive[i])
			rc = reserve(b, i, c->reservation);
	}
	return rc;
}

static int change_pool(struct book *b, const struct cx_scenario_change *c)
{
	struct bounds *p = &b->pools[c->pool];

	if (c->reservation_given)
		p->reservation = c->reservation;
	if (c->limit_given)
		p->limit = c->limit;
	return cx_ledger_set_pool(b->ledger, c->pool, p->reservation, p->limit,
				  b->scenario->pools[c->pool].expandable, b->err);
}

static int change_pcpu(struct book *b, const struct cx_scenario_change *c)
{
	unsigned pcpu, i, step = c->online ? 1u : -1u;
	int rc = 0;

	for (pcpu = 0; b->run->pcpus[pcpu] != c->cpu; pcpu++)
		;
	b->n_online += step;
	for (i = 0; i < b->scenario->n_domains && !rc; i++) {
		if (!may_use(b, i, pcpu))
			continue;
		b->n_pcpus[i] += step;
		if (b->alive[i])
			rc = cx_ledger_set_pcpus(b->ledger, i, b->n_pcpus[i], b->err);
	}
	/* First the host: where all of it is too little, no CPUs need be named. */
	if (!rc)
		rc = cx_ledger_set_capacity(b->ledger, capacity_of(b->n_online), b->err);
	return rc ? rc : cx_pinned_online(b->pinned, pcpu, c->online, b->err);
}

static int change(struct book *b, const struct cx_scenario_change *c)
{
	int rc = 0;

	if (c->kind == CX_CHANGE_DOMAIN)
		rc = change_domains(b, c);
	else if (c->kind == CX_CHANGE_POOL)
		rc = change_pool(b, c);
	else if (c->kind == CX_CHANGE_PCPU)
		rc = change_pcpu(b, c);
	return refused(b, rc, c->line, c, c->at_ns);
}

static int follow(struct book *b, const struct cx_action *a)
{
	switch (a->kind) {
	case CX_ACTION_START:
		return start(b, a->index, a->at_ns);
	case CX_ACTION_STOP:
		return stop(b, a->index);
	default:
		return change(b, &b->scenario->changes[a->index]);
	}
}

int cx_check_admission(const struct cx_changing *run, uint64_t duration_ns, struct cx_error *err)
{
	struct book b = { .run = run, .scenario = run->scenario, .err = err };
	struct cx_action *actions = NULL;
	unsigned n = 0, i;
	int rc = cx_plan(run->scenario, duration_ns, &actions, &n, err);

	if (!rc)
		rc = open_book(&b);
	if (!rc)
		rc = make_pools(&b);
	for (i = 0; i < n && !rc; i++)
		rc = follow(&b, &actions[i]);
	close_book(&b);
	free(actions);
	return rc;
}
