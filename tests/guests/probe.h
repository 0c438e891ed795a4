/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `probe` can be asked to do, for the VMM's tests. */
#ifndef CX_TESTS_PROBE_H
#define CX_TESTS_PROBE_H

enum cx_probe {
	PROBE_START,   /* what does the world look like at the start? */
	PROBE_CALLS,   /* `arg` hypercalls, numbers and arguments in a pattern */
	PROBE_LOG,     /* logs from all sorts of addresses */
	PROBE_NOP,     /* null hypercalls for ever */
	PROBE_SPIN,    /* counts for ever */
	PROBE_SPIN_UP, /* the same, with upcalls on */
	PROBE_BLOCK,   /* blocks for ever, adding up what it got */
	PROBE_CLOCK,   /* shows its clock in its results, then a null hypercall; for ever */
	PROBE_FPU,     /* computes with SSE and x87 across hypercalls */
	PROBE_FAULT,   /* does what `arg` says and should not live on */
	PROBE_RING0    /* in ring 0, does what `arg` says */
};

enum cx_probe_fault {
	FAULT_DIVIDE,
	FAULT_DEBUG,
	FAULT_BREAKPOINT,
	FAULT_INVALID,
	FAULT_READ_NULL,
	FAULT_READ_BEYOND,
	FAULT_WRITE_KERNEL,
	FAULT_WRITE_CODE,
	FAULT_RUN_DATA,
	FAULT_STACK,
	FAULT_NONCANONICAL,
	FAULT_NONCANONICAL_STACK,
	FAULT_HLT,
	FAULT_CLI,
	FAULT_OUT,
	FAULT_LOAD_SEGMENT,
	FAULT_INT,
	FAULT_X87,
	FAULT_SIMD,
	FAULT_ALIGNMENT,
	FAULTS
};

enum cx_probe_ring0 {
	RING0_SPIN,
	RING0_HLT,
	RING0_HLT_ON, /* with interrupts on */
	RING0_TRIPLE,
	RING0_PORT,
	RING0_OUTSIDE, /* an address that is mapped to no memory */
	RING0_INVALID, /* an exception with the stack far away */
	RING0S
};

#define PROBE_CALL_BASE 1000u
#define PROBE_UNMAPPED 0x40

#endif
