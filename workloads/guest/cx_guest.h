/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload's runtime: hypercalls, the clock, the shared page, and the table in which
 * a payload describes itself.  A payload is one folder with
 *
 *	CX_WORKLOAD = {CX_WORKLOAD_HEAD, .name = "...", .summary = "...", ...};
 *	int cx_main(struct cx_guest_page *page) { ... }
 *
 * cx_main() runs on every vCPU at once, each with its own page and stack; the image's
 * data, the heap and the shared area are common to all.  It ends the vCPU by returning.
 */
#ifndef CX_WORKLOADS_GUEST_H
#define CX_WORKLOADS_GUEST_H

#include "cx_random.h"
#include "cx_sync.h"

#include <coxswain/guest_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The payload.  Its result is the vCPU's exit status, 0 = as meant. */
int cx_main(struct cx_guest_page *page);

/** The payload's table, kept in a section of its own: CX_WORKLOAD = {CX_WORKLOAD_HEAD, ...}; */
#define CX_WORKLOAD                                                                                \
	extern const struct cx_workload_info cx_workload;                                          \
	__attribute__((section(CX_WORKLOAD_SECTION), used, aligned(64)))                           \
	const struct cx_workload_info cx_workload
#define CX_WORKLOAD_HEAD .magic = CX_WORKLOAD_MAGIC, .version = CX_GUEST_ABI_VERSION

/** One parameter in the table: bounds are inclusive. */
#define CX_INT(name, unit, min, max, def, doc)                                                     \
	{                                                                                          \
		name, unit, CX_WORKLOAD_INT, 0, min, max, def, doc                                 \
	}
/** In nanoseconds. */
#define CX_DURATION(name, min, max, def, doc)                                                      \
	{                                                                                          \
		name, "ns", CX_WORKLOAD_DURATION, 0, min, max, def, doc                            \
	}
/** In bytes. */
#define CX_SIZE(name, min, max, def, doc)                                                          \
	{                                                                                          \
		name, "bytes", CX_WORKLOAD_SIZE, 0, min, max, def, doc                             \
	}
#define CX_BOOL(name, def, doc)                                                                    \
	{                                                                                          \
		name, "", CX_WORKLOAD_BOOL, 0, 0, 1, def, doc                                      \
	}

#define CX_NSEC_PER_USEC INT64_C(1000)
#define CX_NSEC_PER_MSEC INT64_C(1000000)
#define CX_NSEC_PER_SEC INT64_C(1000000000)
/** The longest duration that a payload's table allows. */
#define CX_HOUR_NS (3600 * CX_NSEC_PER_SEC)

void *memset(void *to, int byte, size_t len);
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/* ---- hypercalls ----------------------------------------------------------- */

/** Any number, any arguments: what comes back is the VMM's answer. */
static inline int64_t cx_hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : "0"(number)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

_Noreturn static inline void cx_exit(int64_t status)
{
	for (;;)
		cx_hypercall(CX_HC_EXIT, (uint64_t)status, 0, 0);
}

/** Wait for an event, at most @ns (0 = no limit).  Returns the ports, 0 = time passed. */
static inline uint64_t cx_block(uint64_t ns)
{
	return (uint64_t)cx_hypercall(CX_HC_BLOCK, ns, 0, 0);
}

static inline void cx_yield(void)
{
	cx_hypercall(CX_HC_YIELD, 0, 0, 0);
}

static inline int64_t cx_set_timer(uint64_t ns)
{
	return cx_hypercall(CX_HC_SET_TIMER, ns, 0, 0);
}

static inline int64_t cx_send(uint64_t peer, uint64_t vcpu, uint64_t port)
{
	return cx_hypercall(CX_HC_SEND, peer, vcpu, port);
}

/** One line, at most 200 bytes. */
static inline int64_t cx_log(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return cx_hypercall(CX_HC_LOG, (uint64_t)(uintptr_t)text, len, 0);
}

/* ---- the clock ------------------------------------------------------------ */

/** Nanoseconds since the start of the run.  Costs an exit on hosts whose time stamp
 *  counter is no clock.  128 bits, so that any time is exact. */
static inline uint64_t cx_now(const struct cx_guest_page *page)
{
	if (!page->tsc_mult)
		return (uint64_t)cx_hypercall(CX_HC_NOW, 0, 0, 0);
	return (uint64_t)(((unsigned __int128)(__builtin_ia32_rdtsc() - page->tsc_base) *
			   page->tsc_mult) >>
			  page->tsc_shift);
}

/** Sleep until the clock shows @deadline, whatever events come meanwhile (they are
 *  taken and dropped).  Returns the time after, never before @deadline. */
static inline uint64_t cx_sleep_until(const struct cx_guest_page *page, uint64_t deadline)
{
	uint64_t now = cx_now(page);

	while (now < deadline) {
		cx_block(deadline - now);
		now = cx_now(page);
	}
	return now;
}

/* ---- the page ------------------------------------------------------------- */

static inline void cx_set_progress(struct cx_guest_page *page, uint64_t value)
{
	__atomic_store_n(&page->progress, value, __ATOMIC_RELAXED);
}

static inline void cx_set_result(struct cx_guest_page *page, unsigned index, uint64_t value)
{
	__atomic_store_n(&page->results[index], value, __ATOMIC_RELAXED);
}

/** Events that wait to be taken by cx_block(). */
static inline uint64_t cx_pending(const struct cx_guest_page *page)
{
	return cx_load(&page->pending);
}

/** The area that all vCPUs of the domain share, zeroed before the first starts. */
static inline void *cx_shared(const struct cx_guest_page *page)
{
	return (void *)(uintptr_t)page->shared_base;
}

/** This vCPU's part of the heap, cut evenly and aligned to pages; its size in @size. */
static inline void *cx_heap(const struct cx_guest_page *page, uint64_t *size)
{
	uint64_t each = page->heap_size / page->vcpus & ~0xfffull;

	*size = each;
	return (void *)(uintptr_t)(page->heap_base + page->vcpu * each);
}

#endif
