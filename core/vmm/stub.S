/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub.S - all of the guest's ring 0.  Copied to CX_AT_STUB of every domain, so it is
 * position-independent.  Kept to the fewest instructions: some hosts interpret ring 0,
 * at about a microsecond each.
 */
#include "core/vmm/layout.h"

	.section .rodata.cx_stub, "a", @progbits
	.globl cx_stub_start, cx_stub_syscall, cx_stub_return
	.globl cx_stub_upcall, cx_stub_end
	.balign 16
cx_stub_start:
	/* Exception handlers, CX_EXCEPTION_STRIDE bytes each: the VMM reads the rest (error
	 * code, rip) from the ring-0 stack.  It does not enter the domain again. */
	.set vector, 0
	.rept CX_EXCEPTIONS
	.byte 0xe6, CX_IO_EXCEPTION + vector /* outb %al, $port */
	.byte 0xeb, 0xfc                     /* and again, should it ever be entered */
	.set vector, vector + 1
	.endr

	/* The number and the arguments stay where ring 3 put them; the VMM sets rax.
	 * No stack is needed: SFMASK keeps interrupts off.  (See also hypercall.c.) */
cx_stub_syscall:
	outb %al, $CX_IO_HYPERCALL
	sysretq

	/* gs is the vCPU's page in both rings. */
cx_stub_upcall:
	incq %gs:CX_PAGE_UPCALLS
cx_stub_return:
	iretq
cx_stub_end:

	.section .note.GNU-stack, "", @progbits
