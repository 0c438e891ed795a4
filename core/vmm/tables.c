/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptor tables and the stub of a domain.  One GDT and one IDT serve all of its
 * vCPUs; each has a task state segment, for its ring-0 stack.
 *
 * No interrupt stack table is used: the stub needs its stack for nothing but the frames
 * that the CPU pushes, and not every host's KVM honours one.
 */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <stddef.h>
#include <string.h>

#define GDT_CODE0 0x00af9b000000ffffull /* 64-bit code, DPL 0, accessed */
#define GDT_DATA0 0x00cf93000000ffffull
#define GDT_DATA3 0x00cff3000000ffffull
#define GDT_CODE3 0x00affb000000ffffull
#define TSS_LIMIT 0x67u
#define TSS_BUSY 0x8bull         /* present, 64-bit, busy: it is loaded from the start */
#define TSS_RSP0 4               /* offset of its field, Intel SDM vol. 3, figure 8-11 */
#define TSS_IO_BITMAP 102        /* likewise */
#define GATE_INTERRUPT 0x8e00ull /* present, DPL 0: interrupts off inside */
#define GATE_DPL3 0x6000ull
#define VECTOR_BP 3
#define VECTOR_OF 4

_Static_assert(offsetof(struct cx_guest_page, upcalls) == CX_PAGE_UPCALLS,
	       "CX_PAGE_UPCALLS in layout.h must follow struct cx_guest_page");
_Static_assert(CX_AT_TSS + CX_GUEST_VCPUS_MAX * CX_TSS_STRIDE <= CX_AT_STACK0, "TSSs overlap");
_Static_assert(CX_AT_STACK0 + CX_GUEST_VCPUS_MAX * CX_STACK0_SIZE <= CX_AT_TABLES,
	       "ring-0 stacks overlap");
_Static_assert(CX_SEL_TSS + CX_GUEST_VCPUS_MAX * 16 <= CX_PAGE_SIZE, "the GDT is one page");

static void put64(struct cx_vm *vm, uint64_t addr, uint64_t value)
{
	memcpy(vm->memory + addr, &value, sizeof(value));
}

uint64_t cx_stub_address(const uint8_t *code)
{
	return CX_AT_STUB + (uint64_t)(code - cx_stub_start);
}

static void write_gate(struct cx_vm *vm, unsigned vector, uint64_t handler, uint64_t type)
{
	uint64_t at = CX_AT_IDT + vector * 16ull;

	put64(vm, at,
	      (handler & 0xffff) | (uint64_t)CX_SEL_CODE0 << 16 | type << 32 |
		      (handler >> 16 & 0xffff) << 48);
	put64(vm, at + 8, handler >> 32);
}

static void write_tss(struct cx_vm *vm, unsigned vcpu)
{
	uint64_t tss = CX_AT_TSS + (uint64_t)vcpu * CX_TSS_STRIDE;
	uint64_t descriptor = CX_AT_GDT + CX_SEL_TSS + vcpu * 16ull;
	uint16_t no_bitmap = TSS_LIMIT + 1;

	put64(vm, tss + TSS_RSP0, CX_AT_STACK0 + (vcpu + 1ull) * CX_STACK0_SIZE);
	memcpy(vm->memory + tss + TSS_IO_BITMAP, &no_bitmap, sizeof(no_bitmap));
	put64(vm, descriptor,
	      TSS_LIMIT | (tss & 0xffffff) << 16 | TSS_BUSY << 40 | (tss >> 24 & 0xff) << 56);
	put64(vm, descriptor + 8, tss >> 32);
}

void cx_tables_write(struct cx_vm *vm)
{
	memcpy(vm->memory + CX_AT_STUB, cx_stub_start, (size_t)(cx_stub_end - cx_stub_start));
	put64(vm, CX_AT_GDT + CX_SEL_CODE0, GDT_CODE0);
	put64(vm, CX_AT_GDT + CX_SEL_DATA0, GDT_DATA0);
	put64(vm, CX_AT_GDT + (CX_SEL_DATA3 & ~3), GDT_DATA3);
	put64(vm, CX_AT_GDT + (CX_SEL_CODE3 & ~3), GDT_CODE3);
	for (unsigned i = 0; i < CX_EXCEPTIONS; i++) {
		/* int3 and into are ring 3's to use, like on any system. */
		uint64_t dpl = i == VECTOR_BP || i == VECTOR_OF ? GATE_DPL3 : 0;

		write_gate(vm, i, CX_AT_STUB + i * CX_EXCEPTION_STRIDE, GATE_INTERRUPT | dpl);
	}
	write_gate(vm, CX_UPCALL_VECTOR, cx_stub_address(cx_stub_upcall), GATE_INTERRUPT);
	for (unsigned i = 0; i < vm->vcpus; i++)
		write_tss(vm, i);
}
