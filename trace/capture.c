/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/capture.h"

#include "trace/capture_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cx_capture {
	char output[PATH_MAX];
	struct cx_capture_guard guard;
	struct cx_capture_buffers buffers;
	const struct cx_trace_sink *sink;
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

int cx_capture_start(const char *dir, const char *const *provider_dirs, struct cx_capture **capture,
		     struct cx_error *err)
{
	struct cx_capture *c = calloc(1, sizeof(*c));
	struct cx_capture_plan *plan = calloc(1, sizeof(*plan));
	struct cx_capture_reply ignored;
	char provider[PATH_MAX];
	int rc;

	if (!c || !plan) {
		rc = cx_fail(err, ENOMEM, "out of memory");
		goto out;
	}
	cx_capture_choose_buffers(&plan->buffers);
	rc = resolve(dir, plan->output, err);
	if (rc == 0)
		rc = cx_capture_check_dir(plan->output, &plan->buffers, err);
	if (rc == 0)
		rc = cx_capture_find_provider(provider_dirs, provider, err);
	if (rc == 0)
		rc = cx_capture_find_daemon(plan->daemon, err);
	if (rc == 0)
		rc = cx_capture_make_home(provider, plan->home, err);
	if (rc == 0)
		rc = cx_capture_guard_start(plan, &c->guard, &c->buffers, err);
	if (rc < 0)
		goto out;
	rc = cx_capture_load_provider(provider, &c->sink, err);
	if (rc < 0) {
		cx_capture_guard_stop(&c->guard, &ignored, NULL);
		goto out;
	}
	strcpy(c->output, plan->output);
	c->count_before = c->sink->count();
	*capture = c;
	c = NULL;
out:
	free(c);
	free(plan);
	return rc;
}

const struct cx_trace_sink *cx_capture_sink(struct cx_capture *capture)
{
	return capture->sink;
}

int cx_capture_stop(struct cx_capture *capture, uint64_t *events, uint64_t *lost,
		    struct cx_error *err)
{
	struct cx_capture_reply reply;
	uint64_t sent;
	int rc;

	rc = cx_capture_guard_stop(&capture->guard, &reply, err);
	sent = capture->sink->count() - capture->count_before;
	*lost = reply.discarded;
	*events = sent > reply.discarded ? sent - reply.discarded : 0;
	if (rc == 0)
		rc = cx_capture_check_trace(capture->output, err);
	if (rc == 0 && reply.lost_packets > 0)
		rc = cx_fail(err, EIO, "trace folder %s: %llu packets were lost", capture->output,
			     (unsigned long long)reply.lost_packets);
	free(capture);
	return rc;
}
