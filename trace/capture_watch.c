/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the guardian: are the daemon and its consumer alive, which empty the buffers?  In
 * virtual time the program waits when the buffers are full; with them gone it would wait
 * in vain, and is told so through the clock that all of them have mapped.
 */
#include "trace/capture_internal.h"
#include "trace/lttng/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONSUMER "lttng-consumerd"

/* The C library has it since 2.36, the kernel since 5.3; without, LTTng's own limit to the
 * wait remains. */
static int open_process(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static struct cx_lttng_clock *map_clock(const char *home)
{
	char path[CX_CAPTURE_HOME_MAX + 16];
	void *at = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/" CX_CAPTURE_CLOCK, home);
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		at = mmap(NULL, sizeof(struct cx_lttng_clock), PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
		close(fd);
	}
	return at == MAP_FAILED ? NULL : at;
}

void cx_capture_watch_start(struct cx_capture_watch *w, const struct cx_capture_plan *plan,
			    pid_t daemon)
{
	w->clock = plan->virtual_time ? map_clock(plan->home) : NULL;
	w->daemon = daemon;
	w->daemon_fd = open_process(daemon);
	w->consumer_fd = -1;
	w->deserted = false;
}

/** Is process @pid the consumer in process group @group?  Field 2 of stat is the name. */
static bool is_consumer(pid_t pid, pid_t group)
{
	char path[64], line[256], *end;
	int its_parent, its_group;
	bool is = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f)) {
		end = strrchr(line, ')');
		is = end && strstr(line, "(" CONSUMER ")") &&
		     sscanf(end + 1, " %*c %d %d", &its_parent, &its_group) == 2 &&
		     its_group == group;
	}
	fclose(f);
	return is;
}

void cx_capture_watch_consumer(struct cx_capture_watch *w)
{
	struct dirent *entry;
	DIR *proc;

	if (w->consumer_fd >= 0)
		return;
	proc = opendir("/proc");
	while (proc && w->consumer_fd < 0 && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && is_consumer(pid, w->daemon))
			w->consumer_fd = open_process(pid);
	}
	if (proc)
		closedir(proc);
}

static void desert(struct cx_capture_watch *w, int *fd)
{
	w->deserted = true;
	if (w->clock)
		atomic_store(&w->clock->deserted, 1);
	close(*fd);
	*fd = -1;
}

void cx_capture_watch_until(struct cx_capture_watch *w, int socket)
{
	bool readable = false;

	while (!readable) {
		/* A descriptor of -1 is passed over. */
		struct pollfd p[] = {
			{ .fd = socket, .events = POLLIN },
			{ .fd = w->daemon_fd, .events = POLLIN },
			{ .fd = w->consumer_fd, .events = POLLIN },
		};

		if (poll(p, sizeof(p) / sizeof(p[0]), -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (p[1].revents)
			desert(w, &w->daemon_fd);
		if (p[2].revents)
			desert(w, &w->consumer_fd);
		readable = p[0].revents != 0;
	}
}
