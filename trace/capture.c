/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/capture.h"

#include "trace/capture_internal.h"
#include "trace/lttng/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cx_recorder {
	struct cx_capture_guard guard;
	char home[CX_CAPTURE_HOME_MAX];
	struct cx_capture_buffers buffers;
	struct cx_capture_provider provider;
	struct cx_lttng_clock *clock; /* NULL: real time */
	uint32_t sessions;            /* begun so far */
};

struct cx_capture {
	struct cx_recorder *recorder;
	bool own; /* the recorder is there for this capture alone */
	char output[PATH_MAX];
	uint64_t count_before; /* the sink counts for the process */
};

static int resolve(const char *dir, char output[PATH_MAX], struct cx_error *err)
{
	int code;

	if (realpath(dir, output))
		return 0;
	code = errno;
	return cx_fail(err, code, "trace folder %s: %s", dir, strerror(code));
}

/** The provider into this process, and the clock with it. */
static int load(struct cx_recorder *r, const char *provider, bool virtual_time,
		struct cx_error *err)
{
	int rc = cx_capture_provider_load(&r->provider, provider, err);

	if (rc == 0 && virtual_time)
		rc = cx_capture_clock_attach(provider, r->home, &r->clock, err);
	if (rc == 0)
		r->provider.sink->follow(r->clock);
	return rc;
}

static int start_guard(struct cx_recorder *r, struct cx_capture_plan *plan, const char *provider,
		       struct cx_error *err)
{
	int rc = cx_capture_make_home(provider, plan->home, err);

	if (rc < 0)
		return rc;
	if (plan->virtual_time) {
		rc = cx_capture_clock_make(provider, plan->home, err);
		if (rc < 0) {
			cx_capture_remove_tree(plan->home);
			return rc;
		}
	} else {
		cx_capture_clock_none();
	}
	strcpy(r->home, plan->home);
	return cx_capture_guard_start(plan, &r->guard, &r->buffers, err);
}

static int open_recorder(const char *const *provider_dirs, bool virtual_time,
			 struct cx_recorder **recorder, struct cx_error *err)
{
	struct cx_recorder *r = calloc(1, sizeof(*r));
	struct cx_capture_plan *plan = calloc(1, sizeof(*plan));
	char provider[PATH_MAX];
	int rc;

	if (!r || !plan) {
		cx_fail(err, ENOMEM, "out of memory");
		rc = -ENOMEM;
		goto out;
	}
	plan->virtual_time = virtual_time;
	cx_capture_choose_buffers(&plan->buffers);
	rc = cx_capture_find_provider(provider_dirs, provider, err);
	if (rc == 0)
		rc = cx_capture_clock_check(provider, virtual_time, err);
	if (rc == 0)
		rc = cx_capture_find_daemon(plan->daemon, err);
	if (rc == 0)
		rc = start_guard(r, plan, provider, err);
	if (rc != 0)
		goto out;
	rc = load(r, provider, virtual_time, err);
	if (rc != 0) {
		cx_recorder_close(r);
		r = NULL;
		goto out;
	}
	*recorder = r;
	r = NULL;
out:
	free(r);
	free(plan);
	return rc;
}

int cx_recorder_open(const char *const *provider_dirs, struct cx_recorder **recorder,
		     struct cx_error *err)
{
	return open_recorder(provider_dirs, false, recorder, err);
}

int cx_recorder_open_virtual(const char *const *provider_dirs, struct cx_recorder **recorder,
			     struct cx_error *err)
{
	return open_recorder(provider_dirs, true, recorder, err);
}

void cx_recorder_close(struct cx_recorder *recorder)
{
	if (!recorder)
		return;
	cx_capture_provider_release(&recorder->provider);
	cx_capture_guard_stop(&recorder->guard);
	cx_capture_remove_tree(recorder->home); /* if the guardian could not */
	free(recorder);
}

int cx_recorder_start(struct cx_recorder *recorder, const char *dir, struct cx_capture **capture,
		      struct cx_error *err)
{
	struct cx_capture_command command = { .order = CX_CAPTURE_BEGIN };
	struct cx_capture_reply reply;
	struct cx_capture *c;
	int rc;

	rc = resolve(dir, command.output, err);
	if (rc == 0)
		rc = cx_capture_check_dir(command.output, &recorder->buffers, err);
	if (rc < 0)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		return cx_fail(err, ENOMEM, "out of memory");
	if (recorder->clock)
		atomic_store(&recorder->clock->ns, 0);
	command.number = ++recorder->sessions;
	rc = cx_capture_guard_tell(&recorder->guard, &command, &reply, err);
	if (rc == 0) {
		rc = cx_capture_provider_meet(&recorder->provider, err);
		command.order = CX_CAPTURE_END;
		if (rc < 0)
			cx_capture_guard_tell(&recorder->guard, &command, &reply, NULL);
	}
	if (rc < 0) {
		free(c);
		return rc;
	}
	c->recorder = recorder;
	strcpy(c->output, command.output);
	c->count_before = recorder->provider.sink->count();
	*capture = c;
	return 0;
}

int cx_capture_start(const char *dir, const char *const *provider_dirs, struct cx_capture **capture,
		     struct cx_error *err)
{
	struct cx_capture_buffers buffers;
	struct cx_recorder *recorder;
	char output[PATH_MAX];
	int rc;

	/* Before anything is started. */
	cx_capture_choose_buffers(&buffers);
	rc = resolve(dir, output, err);
	if (rc == 0)
		rc = cx_capture_check_dir(output, &buffers, err);
	if (rc == 0)
		rc = cx_recorder_open(provider_dirs, &recorder, err);
	if (rc != 0)
		return rc;
	rc = cx_recorder_start(recorder, dir, capture, err);
	if (rc < 0)
		cx_recorder_close(recorder);
	else
		(*capture)->own = true;
	return rc;
}

const struct cx_trace_sink *cx_capture_sink(struct cx_capture *capture)
{
	return capture->recorder->provider.sink;
}

void cx_capture_set_time(struct cx_capture *capture, uint64_t ns)
{
	if (capture->recorder->clock)
		cx_lttng_clock_advance(capture->recorder->clock, ns);
}

int cx_capture_stop(struct cx_capture *capture, uint64_t *events, uint64_t *lost,
		    struct cx_error *err)
{
	const struct cx_capture_command command = { .order = CX_CAPTURE_END };
	struct cx_recorder *recorder = capture->recorder;
	struct cx_capture_reply reply;
	uint64_t sent;
	int rc;

	rc = cx_capture_guard_tell(&recorder->guard, &command, &reply, err);
	sent = recorder->provider.sink->count() - capture->count_before;
	/* Without LTTng's word none is known to be kept. */
	*lost = rc == 0 ? reply.discarded : sent;
	*events = sent > *lost ? sent - *lost : 0;
	if (capture->own)
		cx_recorder_close(recorder);
	if (rc == 0)
		rc = cx_capture_check_trace(capture->output, err);
	if (rc == 0 && reply.lost_packets > 0)
		rc = cx_fail(err, EIO, "trace folder %s: %llu packets were lost", capture->output,
			     (unsigned long long)reply.lost_packets);
	free(capture);
	return rc;
}
