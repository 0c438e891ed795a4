/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/capture.h - recording with LTTng, reading back with babeltrace2.
 *
 * cx_capture_start() starts a session daemon of the program's own, with a private home
 * that is removed afterwards, makes a session whose output goes to @dir, enables the
 * provider's events, and loads the provider.  Nothing of it outlives cx_capture_stop()
 * or the program's death by a signal.
 */
#ifndef CX_TRACE_CAPTURE_H
#define CX_TRACE_CAPTURE_H

#include "base/error.h"
#include "trace/record.h"
#include "trace/sink.h"

#include <stdio.h>

struct cx_capture;

/**
 * @dir            the trace goes here; exists, is empty and writable
 * @provider_dirs  directories searched for the provider's shared object, NULL-terminated
 * Returns 0; -ENOENT lttng-sessiond or the provider is missing; -EACCES/-ENOSPC @dir;
 * -ETIMEDOUT the daemon did not come up; a message says which and what to do.
 */
int cx_capture_start(const char *dir, const char *const *provider_dirs, struct cx_capture **capture,
		     struct cx_error *err);
/** Valid until cx_capture_stop(). */
const struct cx_trace_sink *cx_capture_sink(struct cx_capture *capture);
/**
 * Stop, flush, end the daemon and clean up; always frees @capture.
 * @events, @lost  what the session recorded and what it dropped; all is lost where LTTng
 *                 cannot say
 * Returns 0, or a negative errno when the trace is not whole (@err says why).
 */
int cx_capture_stop(struct cx_capture *capture, uint64_t *events, uint64_t *lost,
		    struct cx_error *err);

/**
 * For several captures in turn: one session daemon for all of them.  (A process that loses
 * its daemon and gets another may wait 5 s for LTTng-UST to try again; so what records more
 * than twice should keep a recorder.)  One recorder at a time in a process, and one capture
 * at a time of a recorder.  Errors as of cx_capture_start().
 */
struct cx_recorder;

int cx_recorder_open(const char *const *provider_dirs, struct cx_recorder **recorder,
		     struct cx_error *err);
/**
 * The same in virtual time, for a simulation: LTTng's clock is the time of the events (their
 * t_ns), from 0 for each capture, so that the text of a trace depends on nothing but the
 * events.  They must come in the order of their times, from one thread at a time.  When the
 * buffers are full the program waits for room, so that none is lost however fast it is;
 * should LTTng's processes die, the rest of the events is dropped without waiting, and
 * cx_capture_stop() says what happened.  The same waits at most a minute where the disk
 * takes nothing; what is lost then is counted as ever.
 *
 * LTTng-UST knows one clock in a process: -EBUSY when this one has traced by the other.
 * To be opened before the caller starts threads that read the environment, which is changed
 * here (by the first recorder of a process, as cx_recorder_open() does).
 */
int cx_recorder_open_virtual(const char *const *provider_dirs, struct cx_recorder **recorder,
			     struct cx_error *err);
/**
 * Virtual time: it is @ns now, though there is no event.  Sending an event sets the time by
 * itself; this is for what passes after the last one, or between.  What is past already is
 * ignored, and so is all of it in real time.
 */
void cx_capture_set_time(struct cx_capture *capture, uint64_t ns);
/** Start a capture; to be stopped with cx_capture_stop() before anything else here. */
int cx_recorder_start(struct cx_recorder *recorder, const char *dir, struct cx_capture **capture,
		      struct cx_error *err);
/** End the daemon and clean up; NULL is fine. */
void cx_recorder_close(struct cx_recorder *recorder);

/**
 * Rebuild the records from the trace in @dir: one for each run_start found, totals
 * recomputed from the events, guest figures from run_end (where events were lost, or only
 * sampled, the totals are run_end's).  A trace cut short (no run_end) or damaged gives
 * what came before that, the last record marked interrupted, and @err says what is wrong.
 * Returns the number of records (*records is malloc'd), or a negative errno: -ENOENT no
 * trace there, -EBADMSG not ours, or so damaged that there is no record.
 */
int cx_capture_read(const char *dir, struct cx_record ***records, struct cx_error *err);

/**
 * Print the events of the trace in @dir as text, in the order in which they were recorded,
 * one a line: its time in nanoseconds, its name, and its fields as name=value:
 *
 *   1000000 switch pcpu=0 prev=3 why=slice next=-1 slice_ns=0 decide_ns=400
 *
 * What the run was and its totals come as lines run_start and run_end with their JSON, a
 * long one in parts.  Nothing of LTTng's own, and nothing of the host, is in it: the text of
 * two traces is the same if the same happened in the same order.
 * Returns how many events LTTng says were lost, at most INT_MAX; a negative errno as
 * cx_capture_read(), having printed what comes before the damage.  The caller checks
 * ferror(@out).
 */
int cx_capture_print(const char *dir, FILE *out, struct cx_error *err);

/** The record's static part and its totals as JSON text (malloc'd), and back: what
 *  run_start and run_end carry.  NULL / negative errno on failure. */
char *cx_record_static_json(const struct cx_record *record);
char *cx_record_totals_json(const struct cx_record *record);
int cx_record_from_static_json(const char *json, struct cx_record **record, struct cx_error *err);
int cx_record_add_totals_json(struct cx_record *record, const char *json, struct cx_error *err);

#endif
