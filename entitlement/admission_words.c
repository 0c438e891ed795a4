/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of a refusal, in words: the way up from where it was asked, as far as the
 * question goes, then what is free further up.
 */
#include "entitlement/admission_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* So much of the way up is shown, and what lies between that and the host is counted: names may
 * be long, and the caller still has the place to put before it. */
#define LEVELS_SHOWN 6u
#define LETTERS_SHOWN 300u
#define ADVICE_ROOM 150u

struct words {
	char text[CX_ERROR_MAX];
	size_t used;
};

static void say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *fmt, ...)
{
	size_t room = sizeof(w->text) - w->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->text + w->used, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		w->used += (size_t)n < room ? (size_t)n : room - 1;
}

/** How far up the question got, and what stopped it there. */
struct stop {
	const struct ledger_pool *pool; /* NULL = the host */
	uint64_t missing;
};

static void say_pool(struct words *w, const struct ledger_pool *p)
{
	say(w, "%s reserves %" PRIu64 ", %" PRIu64 " taken: %" PRIu64 " free", p->name,
	    p->reservation, p->taken, ledger_free_in(p));
}

static void say_host(struct words *w, const struct cx_ledger *l)
{
	say(w, "the host has %" PRIu64 ", %" PRIu64 " taken: %" PRIu64 " free", l->capacity,
	    l->taken, l->capacity - l->taken);
}

/** Those above the one that stopped it: nothing was asked of them. */
static void say_above(struct words *w, const struct cx_ledger *l, unsigned pool, unsigned shown)
{
	unsigned skipped = 0;

	say(w, " (above it: ");
	for (; pool != CX_NO_POOL; pool = l->pools[pool].parent) {
		const struct ledger_pool *p = &l->pools[pool];

		if (shown++ >= LEVELS_SHOWN || w->used > LETTERS_SHOWN) {
			skipped++;
			continue;
		}
		say_pool(w, p);
		say(w, "; ");
	}
	if (skipped)
		say(w, "%u pools more; ", skipped);
	say_host(w, l);
	say(w, ")");
}

/** From @pool up, of which @need more is wanted; it does not fit. */
static struct stop say_way_up(struct words *w, const struct cx_ledger *l, unsigned pool,
			      uint64_t need)
{
	unsigned shown = 0, skipped = 0;

	for (; pool != CX_NO_POOL; pool = l->pools[pool].parent) {
		const struct ledger_pool *p = &l->pools[pool];
		bool hidden = shown >= LEVELS_SHOWN || w->used > LETTERS_SHOWN;
		uint64_t claim = ledger_claim(p);

		need -= ledger_free_in(p);
		if (p->expandable && (!p->limit || claim + need <= p->limit)) {
			if (hidden) {
				skipped++;
				continue;
			}
			say_pool(w, p);
			say(w, "; %s is expandable, %" PRIu64 " to borrow: ", p->name, need);
			shown++;
			continue;
		}
		if (skipped)
			say(w, "%u pools more; ", skipped);
		say_pool(w, p);
		if (!p->expandable)
			say(w, "; %s is not expandable", p->name);
		else
			say(w, "; %s is expandable, but its limit %" PRIu64 " leaves %" PRIu64,
			    p->name, p->limit, p->limit > claim ? p->limit - claim : 0);
		say_above(w, l, p->parent, shown);
		if (p->expandable)
			need -= p->limit > claim ? p->limit - claim : 0;
		return (struct stop){ p, need };
	}
	if (skipped)
		say(w, "%u pools more; ", skipped);
	say_host(w, l);
	return (struct stop){ NULL, need - (l->capacity - l->taken) };
}

static int refuse(struct words *w, const struct stop *stop, struct cx_error *err)
{
	/* The advice is never what is cut off. */
	if (w->used > sizeof(w->text) - ADVICE_ROOM)
		w->used = sizeof(w->text) - ADVICE_ROOM;
	say(w, "; %" PRIu64 " missing: reserve less", stop->missing);
	if (!stop->pool)
		say(w, ", or use more pCPUs");
	else if (!stop->pool->expandable)
		say(w, ", or let %s reserve more or be expandable", stop->pool->name);
	else
		say(w, ", or raise the limit of %s", stop->pool->name);
	return cx_fail(err, ENOSPC, "%s", w->text);
}

int ledger_refuse_domain(const struct cx_ledger *l, const struct ledger_domain *d,
			 uint64_t reservation, struct cx_error *err)
{
	struct words w = { .used = 0 };
	struct stop stop;

	say(&w, "domain %s: asks for %" PRIu64, d->name, reservation);
	if (d->reservation)
		say(&w, ", %" PRIu64 " more than it has", reservation - d->reservation);
	say(&w, d->pool == CX_NO_POOL ? "; " : "; its pool ");
	stop = say_way_up(&w, l, d->pool, reservation - d->reservation);
	return refuse(&w, &stop, err);
}

int ledger_refuse_pool(const struct cx_ledger *l, const struct ledger_pool *now,
		       const struct ledger_pool *then, struct cx_error *err)
{
	struct words w = { .used = 0 };
	uint64_t more = ledger_claim(then) - ledger_claim(now);
	struct stop stop;

	say(&w, "pool %s: asks for %" PRIu64, now->name, then->reservation);
	if (more < then->reservation)
		say(&w, ", %" PRIu64 " more than it has", more);
	say(&w, now->parent == CX_NO_POOL ? "; " : "; its parent ");
	stop = say_way_up(&w, l, now->parent, more);
	return refuse(&w, &stop, err);
}

int ledger_refuse_fixed(const struct ledger_pool *then, struct cx_error *err)
{
	return cx_fail(err, ENOSPC,
		       "pool %s: is to reserve %" PRIu64 ", %" PRIu64 " taken: %" PRIu64
		       " too much, and it is not expandable; let it reserve more or be expandable, "
		       "or reserve less in it",
		       then->name, then->reservation, then->taken, then->taken - then->reservation);
}

int ledger_refuse_limit(const struct ledger_pool *then, struct cx_error *err)
{
	return cx_fail(err, ENOSPC,
		       "pool %s: is to have at most %" PRIu64 ", but has %" PRIu64
		       " (reserves %" PRIu64 ", borrows %" PRIu64 "): %" PRIu64
		       " too much; raise its limit, or reserve less in it",
		       then->name, then->limit, ledger_claim(then), then->reservation,
		       ledger_claim(then) - then->reservation, ledger_claim(then) - then->limit);
}

int ledger_refuse_capacity(const struct cx_ledger *l, uint64_t capacity, struct cx_error *err)
{
	uint64_t pools = 0;
	unsigned i;

	for (i = 0; i < l->n_pools; i++)
		if (l->pools[i].parent == CX_NO_POOL)
			pools += ledger_claim(&l->pools[i]);
	return cx_fail(err, ENOSPC,
		       "the host: is to have %" PRIu64 ", %" PRIu64 " taken (%" PRIu64
		       " by pools, %" PRIu64 " by domains in no pool): %" PRIu64
		       " too much; reserve less, or leave it more pCPUs",
		       capacity, l->taken, pools, l->taken - pools, l->taken - capacity);
}

int ledger_refuse_width(const struct ledger_domain *d, uint64_t reservation, unsigned n_pcpus,
			struct cx_error *err)
{
	return cx_fail(err, ERANGE,
		       "domain %s: asks for %" PRIu64 ", but may use %u pCPU%s: at most %" PRIu64
		       ", %" PRIu64 " too much; reserve less, or let it use more pCPUs",
		       d->name, reservation, n_pcpus, n_pcpus == 1 ? "" : "s",
		       (uint64_t)n_pcpus * CX_AMOUNT_PER_PCPU,
		       reservation - (uint64_t)n_pcpus * CX_AMOUNT_PER_PCPU);
}
