/* SPDX-License-Identifier: BSD-2-Clause */
/* Records out of a trace: one for each run_start. */
#include "trace/capture.h"

#include "trace/metrics.h"
#include "trace/read_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 4096u
#define PARTS_MAX (1u << 16)
#define TEXT_MAX ((size_t)1 << 30)
#define TIME_MAX_NS (366ull * 24 * 3600 * 1000000000ull) /* no run lasts a year */
#define FIRST_ROOM 1024

/** An event, and the place that it came in: LTTng's order where times are equal. */
struct arrived {
	struct cx_event event;
	uint64_t order;
};

struct lane {
	struct arrived *events;
	size_t n, room;
	bool unsorted;
};

/** A text that comes in parts. */
struct text {
	char *json;
	size_t length;
	uint64_t next, parts; /* the part that is due, of how many */
	bool broken;          /* one is missing */
};

/** The run that is being read. */
struct run {
	struct text start, end;
	struct cx_record *record; /* from the moment that run_start is whole */
	struct lane *lanes;       /* n_pcpus of them, at least one */
	uint64_t arrived;
	uint64_t sent;  /* what run_end says */
	uint64_t lost;  /* what LTTng says */
	uint64_t wrong; /* events that cannot be */
	uint64_t last_ns;
};

struct assembly {
	struct cx_record **records;
	unsigned n_records;
	struct run run;
	struct cx_error why; /* what was found wrong first, and could be left aside */
};

/* ---- events ---- */

static unsigned n_lanes(const struct cx_record *record)
{
	return record->n_pcpus ? record->n_pcpus : 1;
}

static int lane_add(struct lane *lane, const struct cx_event *event, uint64_t order)
{
	if (lane->n == lane->room) {
		size_t room = lane->room ? 2 * lane->room : FIRST_ROOM;
		struct arrived *more = realloc(lane->events, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		lane->events = more;
		lane->room = room;
	}
	if (lane->n > 0 && lane->events[lane->n - 1].event.t_ns > event->t_ns)
		lane->unsorted = true;
	lane->events[lane->n].event = *event;
	lane->events[lane->n++].order = order;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct arrived *p = a, *q = b;

	if (p->event.t_ns != q->event.t_ns)
		return p->event.t_ns < q->event.t_ns ? -1 : 1;
	return p->order < q->order ? -1 : p->order > q->order;
}

/** May this event be part of the run? */
static bool sensible(const struct cx_record *record, const struct cx_event *e)
{
	bool vcpu = e->vcpu < record->n_vcpus;
	bool none = e->vcpu == CX_NO_VCPU;

	if (e->t_ns > TIME_MAX_NS || e->pcpu >= n_lanes(record))
		return false;
	switch ((enum cx_event_type)e->type) {
	case CX_EV_SWITCH:
		return (vcpu || none) && e->why < CX_WHYS &&
		       (e->prev < record->n_vcpus || e->prev == CX_NO_VCPU);
	case CX_EV_WAKE:
		return vcpu && e->why < CX_WAKE_WHYS;
	case CX_EV_MIGRATE:
		return vcpu && e->why < CX_DISTANCES && e->prev < n_lanes(record);
	case CX_EV_PARK:
	case CX_EV_UNPARK:
		return vcpu && e->why < CX_PARK_REASONS;
	case CX_EV_END:
		return vcpu && e->why < CX_ENDS;
	case CX_EV_FAULT:
		return (vcpu || none) && e->why < CX_FAULTS;
	case CX_EV_PARAM:
	case CX_EV_PCPU_OFFLINE:
	case CX_EV_PCPU_ONLINE:
		return true;
	case CX_EV_ADJUST:
		return e->vcpu < record->n_domains && e->why < CX_ADJUSTS;
	case CX_EV_ADJUST_POOL:
		return e->vcpu < record->n_pools && e->why < CX_ADJUSTS;
	case CX_EV_ACCOUNT:
	case CX_EV_POLICY:
		return vcpu || none;
	default:
		return vcpu;
	}
}

static int on_event(void *arg, const struct cx_event *event)
{
	struct assembly *a = arg;
	struct run *run = &a->run;

	if (!run->record)
		return 0; /* before the first run, or of one whose start was lost */
	if (!sensible(run->record, event)) {
		run->wrong++;
		return 0;
	}
	if (event->t_ns > run->last_ns)
		run->last_ns = event->t_ns;
	return lane_add(&run->lanes[event->pcpu], event, run->arrived++);
}

static void on_lost(void *arg, uint64_t n)
{
	struct assembly *a = arg;

	a->run.lost += n;
}

/** The lanes into the record's history, in time order. */
static void keep_events(struct run *run)
{
	unsigned i;
	size_t k;

	for (i = 0; i < n_lanes(run->record); i++) {
		struct lane *lane = &run->lanes[i];

		if (lane->unsorted)
			qsort(lane->events, lane->n, sizeof(lane->events[0]), by_time);
		for (k = 0; k < lane->n; k++)
			cx_history_add(run->record->history, i, &lane->events[k].event);
		free(lane->events);
		memset(lane, 0, sizeof(*lane));
	}
}

/* ---- texts ---- */

/** Returns 1 when it is whole, 0 when not yet, or -ENOMEM. */
static int text_add(struct text *t, const struct cx_read_text *part)
{
	char *more;

	if (part->part == 0) {
		t->length = 0;
		t->next = 0;
		t->parts = part->parts;
		t->broken = part->parts == 0 || part->parts > PARTS_MAX;
	}
	if (part->part != t->next || part->parts != t->parts || part->length > TEXT_MAX - t->length)
		t->broken = true;
	if (t->broken)
		return 0;
	more = realloc(t->json, t->length + part->length + 1);
	if (!more)
		return -ENOMEM;
	t->json = more;
	memcpy(more + t->length, part->json, part->length);
	t->length += part->length;
	more[t->length] = '\0';
	return ++t->next == t->parts;
}

/* ---- totals ---- */

/** A run without an end: when its vCPUs lived is told by the events alone. */
static void lifetimes(struct cx_record *record, uint64_t end_ns)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *e;
	unsigned i;

	record->duration_ns = end_ns;
	record->interrupted = record->cut = true;
	for (i = 0; i < record->n_vcpus; i++)
		record->vcpus[i].start_ns = record->vcpus[i].stop_ns = end_ns;
	while (cursor && (e = cx_history_next(cursor)) != NULL) {
		if (e->type == CX_EV_WAKE && e->why == CX_WAKE_START)
			record->vcpus[e->vcpu].start_ns = e->t_ns;
		else if (e->type == CX_EV_END)
			record->vcpus[e->vcpu].stop_ns = e->t_ns;
	}
	cx_history_cursor_free(cursor);
	for (i = 0; i < record->n_domains; i++) {
		struct cx_record_domain *d = &record->domains[i];
		unsigned k;

		d->start_ns = end_ns;
		d->stop_ns = 0;
		d->end = CX_END_RUN;
		for (k = 0; k < d->n_vcpus; k++) {
			const struct cx_record_vcpu *v = &record->vcpus[d->first_vcpu + k];

			if (v->start_ns < d->start_ns)
				d->start_ns = v->start_ns;
			if (v->stop_ns > d->stop_ns)
				d->stop_ns = v->stop_ns;
		}
	}
}

/** What core counts itself, for a run whose totals are not there. */
static void count_events(struct cx_record *record)
{
	struct cx_history_cursor *cursor = cx_history_walk(record->history);
	const struct cx_event *e;

	while (cursor && (e = cx_history_next(cursor)) != NULL) {
		if (e->type == CX_EV_FAULT)
			record->faults[e->why]++;
		else if (e->type == CX_EV_SWITCH)
			cx_hist_add(&record->decide_ns, e->y);
	}
	cx_history_cursor_free(cursor);
}

/** What a pCPU does, and since when. */
struct doing {
	bool busy, offline;
	uint64_t since_ns;
};

static void book_pcpu(struct cx_record_pcpu *p, struct doing *d, uint64_t t_ns)
{
	if (t_ns < d->since_ns)
		return;
	*(d->busy ? &p->busy_ns : d->offline ? &p->offline_ns : &p->idle_ns) += t_ns - d->since_ns;
	d->since_ns = t_ns;
}

static void follow_pcpu(struct cx_record_pcpu *p, struct doing *d, const struct cx_event *e)
{
	if (e->type != CX_EV_SWITCH && e->type != CX_EV_PCPU_OFFLINE &&
	    e->type != CX_EV_PCPU_ONLINE)
		return;
	book_pcpu(p, d, e->t_ns);
	if (e->type == CX_EV_SWITCH)
		d->busy = e->vcpu != CX_NO_VCPU;
	else
		d->offline = e->type == CX_EV_PCPU_OFFLINE;
}

/** When pCPUs were busy, idle and offline. */
static int count_pcpus(struct cx_record *record)
{
	struct doing *doing = calloc(n_lanes(record), sizeof(*doing));
	struct cx_history_cursor *cursor = doing ? cx_history_walk(record->history) : NULL;
	const struct cx_event *e;
	unsigned i;

	if (!cursor) {
		free(doing);
		return -ENOMEM;
	}
	for (i = 0; i < record->n_pcpus; i++) {
		struct cx_record_pcpu *p = &record->pcpus[i];

		p->busy_ns = p->idle_ns = p->offline_ns = 0;
	}
	while (record->n_pcpus && (e = cx_history_next(cursor)) != NULL)
		follow_pcpu(&record->pcpus[e->pcpu], &doing[e->pcpu], e);
	cx_history_cursor_free(cursor);
	for (i = 0; i < record->n_pcpus; i++)
		book_pcpu(&record->pcpus[i], &doing[i], record->duration_ns);
	free(doing);
	return 0;
}

/** Again from the events; all of it for a run whose own totals are not there. */
static int recompute(struct cx_record *record, bool all, struct cx_error *err)
{
	struct cx_metrics *m;
	unsigned i;
	int rc = count_pcpus(record);

	if (rc < 0)
		return cx_fail(err, -rc, "out of memory");
	rc = cx_metrics_compute(record, &m, err);
	if (rc < 0)
		return rc;
	for (i = 0; i < record->n_vcpus; i++) {
		struct cx_record_vcpu *v = &record->vcpus[i];

		memcpy(v->time_ns, m->vcpus[i].time_ns, sizeof(v->time_ns));
		memcpy(v->migrations, m->vcpus[i].migrations, sizeof(v->migrations));
		if (all)
			v->dispatches = m->vcpus[i].switches;
	}
	if (all) {
		record->switches = m->switches;
		count_events(record);
	}
	cx_metrics_free(m);
	return 0;
}

/* ---- runs ---- */

static void run_clear(struct run *run)
{
	unsigned i;

	for (i = 0; run->lanes && run->record && i < n_lanes(run->record); i++)
		free(run->lanes[i].events);
	free(run->lanes);
	free(run->start.json);
	free(run->end.json);
	cx_record_free(run->record);
	memset(run, 0, sizeof(*run));
}

static bool times_sensible(const struct cx_record *record)
{
	unsigned i;

	for (i = 0; i < record->n_vcpus; i++)
		if (record->vcpus[i].stop_ns > record->duration_ns ||
		    record->vcpus[i].start_ns > record->vcpus[i].stop_ns)
			return false;
	return record->duration_ns <= TIME_MAX_NS;
}

/**
 * The run's totals: its own where the events cannot tell (guest figures, host CPU), the
 * events' where they can.  Where events are missing its own are the better ones.
 */
static int run_totals(struct assembly *a, struct run *run)
{
	struct cx_record *record = run->record;
	bool ended = run->end.json && !run->end.broken && run->end.next == run->end.parts;
	uint64_t lost = run->lost;

	if (ended) {
		int rc = cx_record_add_totals_json(record, run->end.json, &a->why);

		if (rc == -ENOMEM)
			return rc;
		if (rc < 0 || !times_sensible(record))
			ended = false;
		else
			lost = run->sent > run->arrived ? run->sent - run->arrived : 0;
	}
	if (!ended)
		lifetimes(record, run->last_ns);
	record->trace_events = run->arrived;
	record->trace_lost = lost > run->wrong ? lost : run->wrong;
	if (ended && (record->trace_lost > 0 || record->timeline_sampled ||
		      cx_history_dropped(record->history) > 0))
		return 0;
	return recompute(record, !ended, &a->why);
}

/** The run is over: its record to the others. */
static int run_close(struct assembly *a)
{
	struct run *run = &a->run;
	struct cx_record **more;
	int rc = 0;

	if (run->record) {
		keep_events(run);
		rc = run_totals(a, run);
		more = rc == 0 && a->n_records < RUNS_MAX
			       ? realloc(a->records, (a->n_records + 1) * sizeof(*more))
			       : NULL;
		if (more) {
			a->records = more;
			more[a->n_records++] = run->record;
			free(run->lanes);
			run->lanes = NULL;
			run->record = NULL;
		} else if (rc == 0) {
			rc = -ENOMEM;
		}
	}
	run_clear(run);
	return rc;
}

static int run_open(struct assembly *a)
{
	struct run *run = &a->run;
	int rc = cx_record_from_static_json(run->start.json, &run->record, &a->why);

	if (rc < 0)
		return rc;
	run->lanes = calloc(n_lanes(run->record), sizeof(run->lanes[0]));
	return run->lanes ? 0 : -ENOMEM;
}

static int on_text(void *arg, const struct cx_read_text *part)
{
	struct assembly *a = arg;
	int rc;

	if (part->is_end) {
		a->run.sent = part->sent;
		rc = a->run.record ? text_add(&a->run.end, part) : 0;
		return rc < 0 ? rc : 0;
	}
	if (part->part == 0) {
		rc = run_close(a);
		if (rc < 0)
			return rc;
	}
	rc = text_add(&a->run.start, part);
	return rc == 1 ? run_open(a) : rc;
}

static void assembly_free(struct assembly *a)
{
	while (a->n_records > 0)
		cx_record_free(a->records[--a->n_records]);
	free(a->records);
	run_clear(&a->run);
}

int cx_capture_read(const char *dir, struct cx_record ***records, struct cx_error *err)
{
	struct assembly a = { 0 };
	const struct cx_read_calls calls = { on_event, on_text, on_lost, &a };
	int closed, rc = cx_read_isolated(dir, &calls, err);

	if (rc == -ENOENT || rc == -ENOMEM || rc == -ELIBACC) {
		assembly_free(&a);
		return rc;
	}
	/* What came before the damage is given; @err says what was wrong. */
	closed = run_close(&a);
	if (closed < 0 || a.n_records == 0) {
		assembly_free(&a);
		if (closed == -ENOMEM)
			return cx_fail(err, ENOMEM, "trace folder %s: out of memory", dir);
		if (rc == 0 || a.why.text[0])
			rc = cx_fail(err, EBADMSG, "trace folder %s: %s", dir,
				     a.why.text[0] ? a.why.text
						   : "no run of coxswain's is recorded there");
		return rc;
	}
	if (rc == 0 && a.why.text[0])
		cx_fail(err, EBADMSG, "trace folder %s: %s", dir, a.why.text);
	*records = a.records;
	return (int)a.n_records;
}
