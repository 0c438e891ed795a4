/* SPDX-License-Identifier: BSD-2-Clause */
/* The session, through liblttng-ctl, in the guardian. */
#include "trace/capture_internal.h"

#include <errno.h>
#include <lttng/lttng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHANNEL "events"
#define EVENTS "coxswain:*"
#define SESSION "coxswain-%u"
#define SESSION_MAX 32
#define PENDING_POLL_MS 5
#define GONE_MS 20000
/* What an event waits for room at most: longer than a disk takes its time, and an end to it
 * if nobody is left to say that the consumer is gone (see trace/lttng/clock.h). */
#define BLOCK_US (60 * 1000000LL)

/* One pair of buffers for each CPU, which outlive the program: what it wrote before it
 * was killed can still be read. */
static struct lttng_handle *open_handle(const char *session)
{
	struct lttng_domain domain;

	memset(&domain, 0, sizeof(domain));
	domain.type = LTTNG_DOMAIN_UST;
	domain.buf_type = LTTNG_BUFFER_PER_UID;
	return lttng_create_handle(session, &domain);
}

static int failed(struct cx_error *err, const char *what, int code)
{
	return cx_fail(err, EIO, "LTTng: cannot %s: %s", what, lttng_strerror(code));
}

static int create(const char *session, const char *output, struct cx_error *err)
{
	struct lttng_session_descriptor *descriptor =
		lttng_session_descriptor_local_create(session, output);
	enum lttng_error_code code;

	if (!descriptor)
		return cx_fail(err, ENOMEM, "LTTng: cannot describe a session into %s", output);
	code = lttng_create_session_ext(descriptor);
	lttng_session_descriptor_destroy(descriptor);
	if (code != LTTNG_OK)
		return failed(err, "create the session", -(int)code);
	return 0;
}

static int enable_channel(struct lttng_handle *handle, const struct cx_capture_plan *plan,
			  struct cx_error *err)
{
	const struct cx_capture_buffers *buffers = &plan->buffers;
	struct lttng_domain domain = handle->domain;
	struct lttng_channel *channel = lttng_channel_create(&domain);
	int rc;

	if (!channel)
		return cx_fail(err, ENOMEM, "LTTng: out of memory");
	strcpy(channel->name, CHANNEL);
	channel->enabled = 1;
	channel->attr.overwrite = 0; /* discard, and count, what finds no room */
	channel->attr.subbuf_size = buffers->subbuf_bytes;
	channel->attr.num_subbuf = buffers->subbufs;
	channel->attr.switch_timer_interval = 0;
	channel->attr.read_timer_interval = 0; /* a full sub-buffer wakes the consumer */
	channel->attr.output = LTTNG_EVENT_MMAP;
	/* A simulation outruns any disk; and can wait, as its time is not ours. */
	rc = plan->virtual_time ? lttng_channel_set_blocking_timeout(channel, BLOCK_US) : 0;
	if (rc == 0)
		rc = lttng_enable_channel(handle, channel);
	lttng_channel_destroy(channel);
	return rc < 0 ? failed(err, "make the channel", rc) : 0;
}

static int enable_events(struct lttng_handle *handle, struct cx_error *err)
{
	struct lttng_event *event = lttng_event_create();
	int rc;

	if (!event)
		return cx_fail(err, ENOMEM, "LTTng: out of memory");
	event->type = LTTNG_EVENT_TRACEPOINT;
	event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
	strcpy(event->name, EVENTS);
	rc = lttng_enable_event(handle, event, CHANNEL);
	lttng_event_destroy(event);
	return rc < 0 ? failed(err, "enable the events", rc) : 0;
}

static int prepare(const char *session, const struct cx_capture_plan *plan, struct cx_error *err)
{
	struct lttng_handle *handle = open_handle(session);
	int rc;

	if (!handle)
		return cx_fail(err, ENOMEM, "LTTng: out of memory");
	rc = enable_channel(handle, plan, err);
	if (rc == 0)
		rc = enable_events(handle, err);
	lttng_destroy_handle(handle);
	return rc;
}

int cx_capture_session_start(unsigned number, const char *output,
			     const struct cx_capture_plan *plan, struct cx_error *err)
{
	char session[SESSION_MAX];
	int rc;

	/* A member of the group "tracing" would be given the system's daemon instead. */
	lttng_set_tracing_group("coxswain-has-none");
	snprintf(session, sizeof(session), SESSION, number);
	rc = create(session, output, err);
	if (rc < 0)
		return rc;
	rc = prepare(session, plan, err);
	if (rc == 0) {
		rc = lttng_start_tracing(session);
		rc = rc < 0 ? failed(err, "start the session", rc) : 0;
	}
	if (rc < 0)
		lttng_destroy_session_no_wait(session);
	return rc;
}

static void count_lost(const char *session, struct cx_capture_reply *reply)
{
	struct lttng_handle *handle = open_handle(session);
	struct lttng_channel *channels = NULL;
	int i, n = handle ? lttng_list_channels(handle, &channels) : 0;

	for (i = 0; i < n; i++) {
		uint64_t discarded = 0, lost = 0;

		lttng_channel_get_discarded_event_count(&channels[i], &discarded);
		lttng_channel_get_lost_packet_count(&channels[i], &lost);
		reply->discarded += discarded;
		reply->lost_packets += lost;
	}
	free(channels);
	if (handle)
		lttng_destroy_handle(handle);
}

/** lttng_stop_tracing() would look only every 200 ms whether all is written. */
static int stop(const char *session)
{
	const struct timespec nap = { .tv_nsec = PENDING_POLL_MS * 1000000L };
	int rc = lttng_stop_tracing_no_wait(session);
	int pending = rc < 0 ? 0 : 1;

	while (pending > 0) {
		pending = lttng_data_pending(session);
		if (pending > 0)
			nanosleep(&nap, NULL);
	}
	return rc < 0 ? rc : pending;
}

int cx_capture_session_stop(unsigned number, struct cx_capture_reply *reply,
			    struct lttng_destruction_handle **ending, struct cx_error *err)
{
	char session[SESSION_MAX];
	int rc;

	snprintf(session, sizeof(session), SESSION, number);
	rc = stop(session);
	count_lost(session, reply);
	if (lttng_destroy_session_ext(session, ending) != LTTNG_OK)
		*ending = NULL;
	return rc < 0 ? failed(err, "stop the session", rc) : 0;
}

void cx_capture_session_gone(struct lttng_destruction_handle **ending)
{
	if (*ending)
		lttng_destruction_handle_wait_for_completion(*ending, GONE_MS);
	lttng_destruction_handle_destroy(*ending);
	*ending = NULL;
}
