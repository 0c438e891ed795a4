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
#include "cx_table.h"

#include <coxswain/guest_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The payload.  Its result is the vCPU's exit status, 0 = as meant. */
int cx_main(struct cx_guest_page *page);

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
