/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/report_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE 1024
#define UNUSED_MAX 0.05        /* of the pCPUs' time, idle while somebody was ready */
#define DISAGREEMENT_MAX 0.001 /* of the run, between events and accounts */
#define CRASHES_NAMED 5u       /* the others are counted */
#define CHANGES_NAMED 6u       /* likewise */

struct speaker {
	cx_say_fn say;
	void *arg;
	const char *scheduler;
	bool loud;
};

static void say(const struct speaker *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct speaker *s, const char *fmt, ...)
{
	char line[LINE];
	int n = snprintf(line, sizeof(line), "%s: ", s->scheduler);
	va_list ap;

	if (n < 0 || n >= LINE)
		n = 0;
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	s->say(s->arg, s->loud, line);
}

static void crashes(const struct speaker *s, const struct cx_record *record)
{
	unsigned d, n = 0;

	for (d = 0; d < record->n_domains; d++) {
		const struct cx_record_domain *dom = &record->domains[d];

		if (dom->end != CX_END_CRASH)
			continue;
		if (n++ < CRASHES_NAMED)
			say(s, "domain %s CRASHED: %s", cx_or_empty(dom->name),
			    dom->end_text ? dom->end_text : "no reason is known");
	}
	if (n > CRASHES_NAMED)
		say(s, "%u more domains CRASHED", n - CRASHES_NAMED);
}

static void faults(const struct speaker *s, const struct cx_record *record)
{
	char line[LINE] = "";
	size_t at = 0;
	unsigned f;

	for (f = 0; f < CX_FAULTS; f++) {
		int n;

		if (!record->faults[f])
			continue;
		n = snprintf(line + at, sizeof(line) - at, "%s%" PRIu64 " %s", at ? ", " : "",
			     record->faults[f], cx_fault_name(f));
		at += n > 0 ? (size_t)n : 0;
		if (at >= sizeof(line))
			break;
	}
	if (at)
		say(s, "the policy made mistakes: %s", line);
}

static void losses(const struct speaker *s, const struct cx_record *record,
		   const struct cx_metrics *m)
{
	if (m->dropped)
		say(s,
		    "%" PRIu64 " of %" PRIu64
		    " events did not fit in memory: entitlement, latencies and timeline cover the "
		    "beginning only; make the run shorter",
		    m->dropped, m->dropped + m->events);
	else if ((double)m->disagreement_ns > DISAGREEMENT_MAX * (double)record->duration_ns)
		say(s,
		    "events and accounts DISAGREE by up to %" PRIu64
		    " ns in the time of a vCPU's state: one of them is wrong",
		    m->disagreement_ns);
	if (record->trace_lost)
		say(s, "the trace LOST %" PRIu64 " of %" PRIu64 " events", record->trace_lost,
		    record->trace_events + record->trace_lost);
}

static bool is_linux(const struct cx_record *record)
{
	return strcmp(cx_or_empty(record->scheduler), "linux") == 0;
}

/** Under linux that priority is never given, so it is no help there. */
static void noise(const struct speaker *s, const struct cx_record *record, double steal_percent)
{
	bool loud = steal_percent > CX_LOUD_STEAL_PERCENT;
	bool helps = !record->realtime_asked && !is_linux(record);

	say(s, "NOISY HOST: the host took away %.1f %% of the run time (host steal); %s%s%s",
	    steal_percent,
	    loud ? "do not trust these figures; run it again on a quiet host"
		 : "do not trust small differences",
	    !helps ? ""
	    : loud ? ", or"
		   : "; run it again",
	    helps ? " with --realtime, which keeps other programs out" : "");
}

static void doubts(const struct speaker *s, const struct cx_record *record,
		   const struct cx_metrics *m)
{
	if (record->degraded)
		say(s, "%s: %s", cx_run_verdict(record),
		    record->degraded_why ? record->degraded_why : "no reason is known");
	if (record->interrupted)
		say(s, "INTERRUPTED: the run ended early, after %.3f s",
		    (double)record->duration_ns / 1e9);
	if (record->cut)
		say(s, "its trace has no end, which alone tells " CX_CUT_UNKNOWN
		       ": those are not known");
	crashes(s, record);
	if (m->steal_percent > CX_NOISY_STEAL_PERCENT)
		noise(s, record, m->steal_percent);
	faults(s, record);
	losses(s, record, m);
}

static void priority(const struct speaker *s, const struct cx_record *record)
{
	if (record->realtime)
		say(s, "its vCPUs' threads had real-time priority on the host (--realtime)");
	else if (record->realtime_asked && is_linux(record))
		say(s, "run without --realtime: it is the host's own scheduler, as it treats "
		       "ordinary threads; other programs may have taken its time");
	else if (record->realtime_asked)
		say(s, "run without --realtime: this host does not permit it (see ulimit -r)");
}

static void notes(const struct speaker *s, const struct cx_record *record,
		  const struct cx_metrics *m)
{
	double wall = (double)record->duration_ns * record->n_pcpus - (double)m->offline_ns;

	if ((double)m->idle_while_ready_ns > UNUSED_MAX * wall)
		say(s,
		    "for %.1f %% of the pCPUs' time a vCPU was ready while a pCPU that it may use "
		    "ran none of ours: it was idle or did other work of the host",
		    100 * (double)m->idle_while_ready_ns / wall);
	if (record->timeline_sampled)
		say(s, "who ran where was sampled, not seen event by event: short intervals and "
		       "latencies are approximate");
	priority(s, record);
	if (record->ignored && *record->ignored)
		say(s, "this policy ignores what the scenario asks for: %s", record->ignored);
}

typedef int (*find_fn)(const struct cx_record *record, struct cx_changes *list);

/* As the run tells it that had the most: a policy ignores what it does not know. */
static const struct cx_record *longest(const struct cx_report *report, find_fn find,
				       struct cx_changes *list)
{
	const struct cx_record *record = NULL;
	unsigned i;

	*list = (struct cx_changes){ 0 };
	for (i = 0; i < report->n_runs; i++) {
		struct cx_changes own;

		if (find(report->records[i], &own) == 0 && own.n > list->n) {
			cx_changes_free(list);
			*list = own;
			record = report->records[i];
		} else {
			cx_changes_free(&own);
		}
	}
	return record;
}

static void happenings(const struct cx_report *report, find_fn find, const char *head,
		       const char *what, cx_say_fn say_line, void *arg)
{
	struct cx_changes list;
	const struct cx_record *record = longest(report, find, &list);
	char line[LINE], at[CX_SHORT];
	size_t used;
	unsigned i;

	used = (size_t)snprintf(line, sizeof(line), "%s:", head);
	for (i = 0; i < list.n && i < CHANGES_NAMED; i++) {
		char *text = cx_change_text(record, &list.change[i]);

		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s at %s %.100s",
					 i ? ";" : "", cx_fmt_ns(list.change[i].event.t_ns, at),
					 cx_or_empty(text));
		free(text);
	}
	if (list.n > CHANGES_NAMED)
		snprintf(line + used, sizeof(line) - used, "; and %u %s more",
			 list.n - CHANGES_NAMED, what);
	if (list.n)
		say_line(arg, false, line);
	cx_changes_free(&list);
}

/* What happened, whatever the policy. */
static void story(const struct cx_report *report, cx_say_fn say_line, void *arg)
{
	happenings(report, cx_changes_find, "during the run", "changes", say_line, arg);
	happenings(report, cx_lives_find, "started and stopped during the run", "starts and stops",
		   say_line, arg);
}

void cx_report_warnings(const struct cx_report *report, cx_say_fn say_line, void *arg)
{
	unsigned i, loud;

	for (loud = 2; loud-- > 0;) {
		if (!loud)
			story(report, say_line, arg);
		for (i = 0; i < report->n_runs; i++) {
			const struct cx_record *record = report->records[i];
			struct speaker s = { say_line, arg, cx_or_empty(record->scheduler), loud };

			if (loud)
				doubts(&s, record, report->metrics[i]);
			else
				notes(&s, record, report->metrics[i]);
		}
	}
}

const char *cx_run_verdict(const struct cx_record *record)
{
	unsigned d;

	if (record->faults[CX_FAULT_CRASHED])
		return "CRASHED";
	if (record->faults[CX_FAULT_STUCK])
		return "STUCK";
	if (record->degraded)
		return "DEGRADED";
	if (record->interrupted)
		return "INTERRUPTED";
	for (d = 0; d < record->n_domains; d++)
		if (record->domains[d].end == CX_END_CRASH)
			return "CRASHES";
	return "ok";
}
