/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as lines of text, for a person. */
#include "tests/property/property.h"

#include <inttypes.h>

#define LAST 60u

static void tell_who(const struct cx_record *r, uint32_t vcpu, FILE *out)
{
	const struct cx_record_vcpu *v;

	if (vcpu >= r->n_vcpus) {
		fprintf(out, " %-8s", "-");
		return;
	}
	v = &r->vcpus[vcpu];
	fprintf(out, " %s/%-*u", r->domains[v->domain].name, 5, v->index);
}

static void tell_event(const struct cx_record *r, const struct cx_event *e, FILE *out)
{
	fprintf(out, "%14.6f ms  pCPU %-2u %-8s", (double)e->t_ns / 1e6, e->pcpu,
		cx_event_type_name(e->type));
	switch (e->type) {
	case CX_EV_SWITCH:
		tell_who(r, e->prev, out);
		fprintf(out, " ->");
		tell_who(r, e->vcpu, out);
		fprintf(out, " %s, for %" PRIu64 " ns", cx_why_name(e->why), e->x);
		break;
	case CX_EV_MIGRATE:
		tell_who(r, e->vcpu, out);
		fprintf(out, " from pCPU %u", e->prev);
		break;
	case CX_EV_WAKE:
	case CX_EV_BLOCK:
	case CX_EV_PARK:
	case CX_EV_UNPARK:
	case CX_EV_END:
		tell_who(r, e->vcpu, out);
		break;
	default:
		fprintf(out, " %" PRIu32 " %" PRIu32 " %" PRIu64, e->vcpu, e->why, e->x);
	}
	fprintf(out, "\n");
}

void prop_tell_events(const struct cx_record *record, uint64_t until_ns, FILE *out)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *last[LAST], *e;
	unsigned n = 0;

	while (cursor && (e = cx_history_next(cursor)) != NULL && e->t_ns <= until_ns)
		last[n++ % LAST] = e;
	for (unsigned i = n > LAST ? n - LAST : 0; i < n; i++)
		tell_event(record, last[i % LAST], out);
	cx_history_cursor_free(cursor);
}
