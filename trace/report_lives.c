/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains that started or stopped during a run. */
#include "trace/report_internal.h"

#include <errno.h>
#include <stdlib.h>

#define TOGETHER_NS 10000000ull /* several domains so close together start, or stop, at once */

bool cx_life_started(const struct cx_record *record, unsigned domain)
{
	const struct cx_record_domain *d = &record->domains[domain];

	return d->planned_ns > 0 && d->start_ns < record->duration_ns;
}

bool cx_life_ended(const struct cx_record *record, unsigned domain)
{
	const struct cx_record_domain *d = &record->domains[domain];

	return d->end != CX_END_RUN && d->stop_ns < record->duration_ns;
}

/* In the order of time; those of one time, of one kind and in the order of domains. */
static int by_time(const void *a, const void *b)
{
	const struct cx_event *x = &((const struct cx_change *)a)->event;
	const struct cx_event *y = &((const struct cx_change *)b)->event;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	if (x->type != y->type)
		return x->type == CX_EV_END ? -1 : 1;
	return x->vcpu < y->vcpu ? -1 : x->vcpu > y->vcpu;
}

static void add(struct cx_changes *list, uint64_t t_ns, enum cx_event_type type, unsigned domain,
		unsigned why)
{
	list->change[list->n++] = (struct cx_change){
		.event = { .t_ns = t_ns, .type = (uint16_t)type, .vcpu = domain, .why = why },
	};
}

/* What several did at about one time becomes one entry. */
static void join(struct cx_changes *list)
{
	unsigned i, n = 0;

	for (i = 0; i < list->n; i++) {
		const struct cx_event *e = &list->change[i].event;
		struct cx_change *last = n ? &list->change[n - 1] : NULL;

		if (last && last->event.type == e->type && last->event.why == e->why &&
		    e->t_ns - last->event.t_ns < TOGETHER_NS)
			last->others++;
		else
			list->change[n++] = list->change[i];
	}
	list->n = n;
}

int cx_lives_find(const struct cx_record *record, struct cx_changes *list)
{
	unsigned d;

	*list = (struct cx_changes){ 0 };
	list->change = calloc(2u * (size_t)record->n_domains + 1, sizeof(*list->change));
	if (!list->change)
		return -ENOMEM;
	for (d = 0; d < record->n_domains; d++) {
		if (cx_life_started(record, d))
			add(list, record->domains[d].start_ns, CX_EV_WAKE, d, 0);
		if (cx_life_ended(record, d))
			add(list, record->domains[d].stop_ns, CX_EV_END, d, record->domains[d].end);
	}
	qsort(list->change, list->n, sizeof(*list->change), by_time);
	join(list);
	return 0;
}

void cx_life_describe(const struct cx_record *record, const struct cx_change *change, FILE *out)
{
	const struct cx_event *e = &change->event;

	fputs(cx_or_empty(record->domains[e->vcpu].name), out);
	if (change->others)
		fprintf(out, " and %u more", change->others);
	fputs(e->type == CX_EV_WAKE      ? " started"
	      : e->why == CX_END_STOPPED ? " stopped"
	      : e->why == CX_END_CRASH   ? " crashed"
					 : " ended",
	      out);
}
