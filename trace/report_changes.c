/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed during a run, in words. */
#include "trace/report_internal.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TOGETHER_NS 1000000ull /* the same for several domains so close together is one */

bool cx_is_change(const struct cx_event *e)
{
	return e->type == CX_EV_ADJUST || e->type == CX_EV_ADJUST_POOL || e->type == CX_EV_PARAM ||
	       e->type == CX_EV_PCPU_OFFLINE || e->type == CX_EV_PCPU_ONLINE;
}

static int add(struct cx_changes *list, const struct cx_event *e)
{
	struct cx_change *last = list->n ? &list->change[list->n - 1] : NULL, *more;

	if (last && e->type == CX_EV_ADJUST && last->event.type == CX_EV_ADJUST &&
	    last->event.why == e->why && last->event.x == e->x && last->event.vcpu != e->vcpu &&
	    e->t_ns - last->event.t_ns < TOGETHER_NS) {
		last->others++;
		return 0;
	}
	more = realloc(list->change, (list->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->change = more;
	more[list->n++] = (struct cx_change){ .event = *e };
	return 0;
}

int cx_changes_find(const struct cx_record *record, struct cx_changes *list)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *e;
	int rc = 0;

	*list = (struct cx_changes){ 0 };
	if (!cursor)
		return -ENOMEM;
	while (!rc && (e = cx_history_next(cursor)) != NULL)
		if (cx_is_change(e))
			rc = add(list, e);
	cx_history_cursor_free(cursor);
	if (rc)
		cx_changes_free(list);
	return rc;
}

void cx_changes_free(struct cx_changes *list)
{
	free(list->change);
	*list = (struct cx_changes){ 0 };
}

/* Parameter @index of "tslice=30ms ratelimit=1ms": its name, and whether it is a time. */
static bool find_param(const struct cx_record *record, uint32_t index, char *name, size_t len,
		       bool *is_time)
{
	const char *at = cx_or_empty(record->params);
	char value[40];
	uint64_t ns;

	for (; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		size_t word = strcspn(at, " "), key = strcspn(at, "=");

		if (index-- > 0)
			continue;
		if (key >= word)
			return false;
		snprintf(name, len, "%.*s", (int)key, at);
		snprintf(value, sizeof(value), "%.*s", (int)(word - key - 1), at + key + 1);
		*is_time = *value && !isdigit((unsigned char)value[strlen(value) - 1]) &&
			   cx_parse_duration(value, &ns) == 0;
		return true;
	}
	return false;
}

static const char *domain_of(const struct cx_record *record, const struct cx_event *e)
{
	return e->vcpu < record->n_domains ? cx_or_empty(record->domains[e->vcpu].name) : "?";
}

static void describe_param(const struct cx_record *record, const struct cx_event *e, FILE *out)
{
	char name[64], value[CX_SHORT];
	bool is_time = false;

	if (e->vcpu != CX_NO_VCPU)
		fprintf(out, "parameter %u of %s: %" PRId64, e->why, domain_of(record, e),
			(int64_t)e->x);
	else if (!find_param(record, e->why, name, sizeof(name), &is_time))
		fprintf(out, "parameter %u: %" PRId64, e->why, (int64_t)e->x);
	else if (is_time)
		fprintf(out, "%s: %s", name, cx_format_duration(e->x, value, sizeof(value)));
	else
		fprintf(out, "%s: %" PRId64, name, (int64_t)e->x);
}

/* The new value, after the words that say of what. */
static void put_value(const struct cx_event *e, const char *between, FILE *out)
{
	if (e->why == CX_ADJUST_LIMIT && e->x == 0)
		fprintf(out, "%snone", between);
	else
		fprintf(out, "%s%" PRIu64 "%s", between, e->x,
			e->why == CX_ADJUST_WEIGHT ? "" : " %");
}

static void describe_pool(const struct cx_record *record, const struct cx_event *e, FILE *out)
{
	const char *what = cx_adjust_name(e->why);

	fprintf(out, "pool %s: %s",
		e->vcpu < record->n_pools ? cx_or_empty(record->pools[e->vcpu].name) : "?",
		what ? what : "?");
	put_value(e, " ", out);
}

static void describe_value(const struct cx_record *record, const struct cx_change *c, FILE *out)
{
	const struct cx_event *e = &c->event;
	const char *what = cx_adjust_name(e->why);

	fprintf(out, "%s of %s", what ? what : "?", domain_of(record, e));
	if (c->others)
		fprintf(out, " and %u more", c->others);
	put_value(e, ": ", out);
}

char *cx_change_text(const struct cx_record *record, const struct cx_change *change)
{
	const struct cx_event *e = &change->event;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	switch (e->type) {
	case CX_EV_ADJUST:
		describe_value(record, change, out);
		break;
	case CX_EV_ADJUST_POOL:
		describe_pool(record, e, out);
		break;
	case CX_EV_PARAM:
		describe_param(record, e, out);
		break;
	case CX_EV_WAKE:
	case CX_EV_END:
		cx_life_describe(record, change, out);
		break;
	default:
		fprintf(out, "pCPU %u %s", e->pcpu,
			e->type == CX_EV_PCPU_OFFLINE ? "offline" : "online");
		break;
	}
	fclose(out);
	return text;
}
