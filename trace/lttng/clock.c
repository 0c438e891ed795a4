/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/lttng/clock.c - the clock and the CPU number that LTTng-UST goes by in virtual
 * time: a shared object of its own, see trace/lttng/clock.h.
 */
#include "trace/lttng/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <lttng/ust-clock.h>
#include <lttng/ust-getcpu.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define FREQUENCY 1000000000ull

/* LTTng's callbacks take no argument. */
static struct cx_lttng_clock *the_clock;
static bool in_use;
static bool in_program; /* the one that is traced */

static bool map(const char *path)
{
	const int how = MAP_SHARED | (the_clock ? MAP_FIXED : 0);
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return false;
	at = mmap(the_clock, sizeof(*the_clock), PROT_READ | PROT_WRITE, how, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return false;
	the_clock = at;
	return true;
}

/* An event for which there is no room asks again every 100 ms; LTTng-UST drops it when it
 * is told -EIO.  With that nobody waits for a consumer that is dead.  (Not in a consumer
 * that lives on when the daemon is dead: what it still writes needs the time.) */
static uint64_t read64(void)
{
	if (in_program && atomic_load_explicit(&the_clock->deserted, memory_order_relaxed))
		return (uint64_t)-EIO;
	return atomic_load_explicit(&the_clock->ns, memory_order_relaxed);
}

static uint64_t frequency(void)
{
	return FREQUENCY;
}

static const char *name(void)
{
	return "coxswain_virtual";
}

static const char *description(void)
{
	return "Virtual time since the start of the simulation";
}

/* Version 8 of RFC 9562: made up; the same for all traces, as their clocks start at 0. */
static int uuid(char *text)
{
	static const char ours[] = "c0c05a17-71ce-8c10-8c10-000000000001";

	_Static_assert(sizeof(ours) == LTTNG_UST_UUID_STR_LEN, "the text of a UUID");
	memcpy(text, ours, sizeof(ours));
	return 0;
}

/** LTTng-UST calls it when it is loaded. */
PUBLIC void lttng_ust_clock_plugin_init(void)
{
	const char *path = getenv(CX_LTTNG_CLOCK_VARIABLE);

	if (!path || !map(path))
		return;
	in_use = lttng_ust_trace_clock_set_read64_cb(read64) == 0 &&
		 lttng_ust_trace_clock_set_freq_cb(frequency) == 0 &&
		 lttng_ust_trace_clock_set_name_cb(name) == 0 &&
		 lttng_ust_trace_clock_set_description_cb(description) == 0 &&
		 lttng_ust_trace_clock_set_uuid_cb(uuid) == 0 &&
		 lttng_ust_enable_trace_clock_override() == 0;
}

static int first_cpu(void)
{
	return 0;
}

/**
 * The same as the plug-in for LTTNG_UST_GETCPU_PLUGIN.  One buffer for all events, whichever
 * CPU the host runs us on: only within a buffer is there an order among events of one
 * instant.  (Its writers need not be on that CPU: they agree by atomic operations.)
 */
PUBLIC void lttng_ust_getcpu_plugin_init(void)
{
	lttng_ust_getcpu_override(first_cpu);
}

PUBLIC struct cx_lttng_clock *coxswain_clock_attach(const char *path)
{
	if (!in_use || !map(path))
		return NULL;
	in_program = true;
	return the_clock;
}
