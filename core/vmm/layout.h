/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h - where the VMM puts its own things in a guest's memory.
 *
 * Everything below CX_KERNEL_END is supervisor's: ring 3 cannot touch it.  Above lie
 * the payload's image, the vCPUs' pages and stacks, the shared area and the heap, all
 * ring 3's.  The first page is not mapped, so that a null pointer faults.
 *
 *	0x001000  stub code          0x004000  task state segments, 128 B a vCPU
 *	0x002000  GDT                0x010000  ring-0 stacks, 1 KiB a vCPU
 *	0x003000  IDT                0x040000  page tables
 *	0x200000  image | pages | (guard, stack) of each vCPU | guard | shared | heap
 *
 * Read by the assembler too: numbers only.
 */
#ifndef CX_VMM_LAYOUT_H
#define CX_VMM_LAYOUT_H

#define CX_AT_STUB 0x1000
#define CX_AT_GDT 0x2000
#define CX_AT_IDT 0x3000
#define CX_AT_TSS 0x4000
#define CX_TSS_STRIDE 0x80
#define CX_AT_STACK0 0x10000
#define CX_STACK0_SIZE 0x400
#define CX_AT_TABLES 0x40000
#define CX_KERNEL_END 0x200000

/* Selectors: the order that SYSCALL and SYSRET ask for. */
#define CX_SEL_CODE0 0x08
#define CX_SEL_DATA0 0x10
#define CX_SEL_DATA3 0x1b
#define CX_SEL_CODE3 0x23
#define CX_SEL_TSS 0x28 /* vCPU 0's; 16 bytes each */

/* The stub tells the VMM what happened by the port that it writes to. */
#define CX_IO_EXCEPTION 0x80 /* + vector */
#define CX_IO_HYPERCALL 0xe0
#define CX_EXCEPTIONS 32
#define CX_VECTOR_PF 14
#define CX_EXCEPTION_STRIDE 4 /* bytes of stub for each vector */
#define CX_UPCALL_VECTOR 32

/** offsetof(struct cx_guest_page, upcalls), for the assembler; checked where it is used. */
#define CX_PAGE_UPCALLS 248

#endif
