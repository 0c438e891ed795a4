/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coxswain/guest_abi.h - what a guest payload and the VMM agree on.
 *
 * A payload is a static, freestanding ELF64 program linked at CX_GUEST_IMAGE or
 * above.  Its entry point runs in ring 3 on every vCPU, with the address of the
 * vCPU's own page (struct cx_guest_page) in rdi and a stack of its own.  Memory is
 * mapped one to one from 0 to the domain's memory size; what the payload may touch is
 * its image, its heap, the domain-shared area, its stack and its page.
 *
 * Hypercalls: number in rax, arguments in rdi, rsi, rdx, `syscall`; result in rax,
 * zero or positive on success, a negative errno otherwise; rcx and r11 are lost.
 * The VMM checks every argument.
 *
 * Time in a guest: ns = ((rdtsc - tsc_base) * tsc_mult) >> tsc_shift, the nanoseconds
 * since the start of the run.  The product needs 128 bits: mult has about 31.  Where
 * tsc_mult is 0 the host's counter is no clock, and the time is what CX_HC_NOW returns.
 *
 * At the entry point rdi and rsp (a multiple of 16) are set, the other general registers
 * 0, interrupts on; x87 and SSE are ready as in a new process, AVX is not.
 */
#ifndef COXSWAIN_GUEST_ABI_H
#define COXSWAIN_GUEST_ABI_H

#include <stdint.h>

#define CX_GUEST_MAGIC 0x5357584f43ull /* "COXWS" */
#define CX_GUEST_ABI_VERSION 2u

#define CX_GUEST_IMAGE 0x200000ull /* lowest address of a payload's image */
#define CX_GUEST_VCPUS_MAX 64u
#define CX_GUEST_PARAMS 16u
#define CX_GUEST_RESULTS 16u
#define CX_GUEST_STACK_SIZE 0x4000ull   /* bytes of stack for each vCPU */
#define CX_GUEST_SHARED_SIZE 0x10000ull /* domain-shared area, zeroed at start */

/* Events: 64 ports a vCPU, one bit each in `pending`. */
#define CX_PORT_TIMER 63u /* CX_HC_SET_TIMER's deadline has passed */
#define CX_PORT_MAX 63u

enum cx_hypercall {
	/** End this vCPU with status rdi; the domain ends when all of its vCPUs have. */
	CX_HC_EXIT = 0,
	/** Wait until an event is pending or rdi ns have passed (0: no limit, only events).
	 *  Returns at once if one is pending.  Clears the pending ports and returns them as
	 *  a bit mask; 0 = time passed. */
	CX_HC_BLOCK = 1,
	/** Give up the pCPU to others that wait for it.  Returns 0. */
	CX_HC_YIELD = 2,
	/** Make CX_PORT_TIMER pending rdi ns from now; 0 cancels.  Returns 0. */
	CX_HC_SET_TIMER = 3,
	/** Make port rdx pending at vCPU rsi of peer rdi (0 = the own domain, 1 .. n the
	 *  scenario's `peers`).  Returns 0; -ENOENT no such peer or vCPU, -EINVAL port. */
	CX_HC_SEND = 4,
	/** Log rsi bytes of text at rdi (at most 200; one line).  Returns 0; -EFAULT when not
	 *  wholly within memory, -EINVAL when longer. */
	CX_HC_LOG = 5,
	/** rdi = 1: interrupt the guest (counted in `upcalls`) when an event becomes pending
	 *  while it runs; 0: do not.  Returns 0. */
	CX_HC_UPCALL = 6,
	/** Go on in ring 0, with interrupts off: for tests of the VMM.  Returns 0. */
	CX_HC_RING0 = 7,
	/** Nothing; for measuring a hypercall.  Returns 0. */
	CX_HC_NOP = 8,
	/** Returns the nanoseconds since the start of the run, on any host. */
	CX_HC_NOW = 9,
	CX_HYPERCALLS
};

/**
 * One page a vCPU, shared with the VMM: reading results costs no exit.  The VMM writes
 * the first two groups; the guest writes the third.  The VMM trusts nothing in it.
 */
struct cx_guest_page {
	/* --- fixed at start --- */
	uint64_t magic;       /* CX_GUEST_MAGIC */
	uint32_t version;     /* CX_GUEST_ABI_VERSION */
	uint32_t size;        /* sizeof(struct cx_guest_page) */
	uint32_t vcpu, vcpus; /* this vCPU's index, and how many the domain has */
	uint32_t domain;      /* the domain's index in the run */
	uint32_t peers;       /* number of peers for CX_HC_SEND, beside 0 */
	uint64_t seed;        /* differs for every vCPU, the same for the same scenario seed */
	uint64_t tsc_base, tsc_mult; /* tsc_mult = 0: ask, with CX_HC_NOW */
	uint32_t tsc_shift, reserved0;
	uint64_t shared_base, shared_size; /* domain-shared area */
	uint64_t heap_base, heap_size;     /* the rest of memory, shared by the vCPUs; zeroed */
	int64_t params[CX_GUEST_PARAMS];   /* the workload's parameters, in its table's order */

	/* --- kept by the VMM --- */
	uint64_t pending;  /* bit mask of pending ports; read it to poll for events */
	uint64_t ready_ns; /* time this vCPU was runnable but not running ("steal") */
	uint64_t run_ns;   /* time it ran, up to its last dispatch */

	/* --- written by the guest --- */
	uint64_t upcalls;                   /* event interrupts taken */
	uint64_t progress;                  /* work done, in the workload's unit */
	uint64_t results[CX_GUEST_RESULTS]; /* named in the workload's table */
};

/* ---- a payload's description of itself -----------------------------------
 * In section CX_WORKLOAD_SECTION, one struct cx_workload_info followed by its
 * parameters: read from the file when a scenario is checked, never executed. */
#define CX_WORKLOAD_SECTION ".coxswain.workload"
#define CX_WORKLOAD_MAGIC 0x4b524f57u /* "WORK" */

enum cx_workload_type {
	CX_WORKLOAD_INT,      /* a whole number of `unit` */
	CX_WORKLOAD_DURATION, /* nanoseconds; written "3ms" */
	CX_WORKLOAD_SIZE,     /* bytes; written "64KiB" */
	CX_WORKLOAD_BOOL
};

struct cx_workload_param {
	char name[24];
	char unit[16];
	uint32_t type; /* enum cx_workload_type */
	uint32_t reserved;
	int64_t min, max, def; /* inclusive */
	char doc[120];
};

struct cx_workload_info {
	uint32_t magic;   /* CX_WORKLOAD_MAGIC */
	uint32_t version; /* CX_GUEST_ABI_VERSION */
	char name[24];
	char summary[120];
	char progress_unit[24]; /* what one unit of progress is, plural: "iterations" */
	uint32_t n_results, n_params;
	char results[CX_GUEST_RESULTS][32]; /* names; a name ending in _ns is a time */
	struct cx_workload_param params[CX_GUEST_PARAMS];
};

#endif
