/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/machine/switches.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RING_PAGES 16u /* a power of two; room for 2,048 switches of 32 bytes */

struct cx_switch_ring {
	int fd;
	size_t page, size;
	struct perf_event_mmap_page *control;
	const uint8_t *data;
};

/* The tail of every record, as sample_type asks for it. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
};

int cx_switches_open(pid_t tid, struct cx_switch_ring **out, struct cx_error *err)
{
	struct perf_event_attr attr;
	struct cx_switch_ring *r = calloc(1, sizeof(*r));
	void *map;
	int rc;

	if (!r)
		return cx_fail(err, ENOMEM, "out of memory");
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.context_switch = 1;
	attr.sample_id_all = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	attr.exclude_kernel = 1;
	r->fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (r->fd < 0) {
		rc = cx_fail(err, errno,
			     "scheduler linux: cannot record the host's context switches "
			     "(perf_event_open: %s); for that run as root, or set sysctl "
			     "kernel.perf_event_paranoid to 1",
			     strerror(errno));
		free(r);
		return rc;
	}
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	r->size = RING_PAGES * r->page;
	map = mmap(NULL, r->page + r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (map == MAP_FAILED) {
		rc = cx_fail(err, errno,
			     "scheduler linux: cannot map a ring of context switches: %s; raise "
			     "sysctl kernel.perf_event_mlock_kb",
			     strerror(errno));
		close(r->fd);
		free(r);
		return rc;
	}
	r->control = map;
	r->data = (const uint8_t *)map + r->page;
	*out = r;
	return 0;
}

void cx_switches_close(struct cx_switch_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->control, ring->page + ring->size);
	close(ring->fd);
	free(ring);
}

/* A record may wrap around the ring's end. */
static void copy_out(const struct cx_switch_ring *r, uint64_t at, void *to, size_t len)
{
	size_t offset = (size_t)(at % r->size), first = r->size - offset;

	if (first > len)
		first = len;
	memcpy(to, r->data + offset, first);
	memcpy((uint8_t *)to + first, r->data, len - first);
}

static void take_switch(const struct cx_switch_ring *r, uint64_t at,
			const struct perf_event_header *head,
			void (*take)(void *, const struct cx_switch_record *), void *arg)
{
	struct sample_id id;
	struct cx_switch_record record;

	copy_out(r, at + head->size - sizeof(id), &id, sizeof(id));
	record.time_ns = id.time;
	record.cpu = id.cpu;
	record.in = !(head->misc & PERF_RECORD_MISC_SWITCH_OUT);
	take(arg, &record);
}

uint64_t cx_switches_drain(struct cx_switch_ring *ring,
			   void (*take)(void *arg, const struct cx_switch_record *record),
			   void *arg)
{
	uint64_t head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->control->data_tail, lost = 0;

	while (tail < head) {
		struct perf_event_header h;

		copy_out(ring, tail, &h, sizeof(h));
		if (h.size < sizeof(h) || h.size > head - tail)
			break;
		if (h.type == PERF_RECORD_SWITCH) {
			take_switch(ring, tail, &h, take, arg);
		} else if (h.type == PERF_RECORD_LOST) {
			uint64_t counts[2]; /* id, lost */

			copy_out(ring, tail + sizeof(h), counts, sizeof(counts));
			lost += counts[1];
		}
		tail += h.size;
	}
	__atomic_store_n(&ring->control->data_tail, head, __ATOMIC_RELEASE);
	return lost;
}
