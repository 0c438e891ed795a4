/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state in which a vCPU starts: 64-bit mode, paging on, ring 3, interrupts on, at
 * the payload's entry point.  No real mode, no boot code.
 */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_AM (1ull << 18)
#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define RFLAGS_FIXED 0x2ull
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_AC (1ull << 18)
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80
#define SEGMENT_CODE 0xb /* executable, readable, accessed */
#define SEGMENT_DATA 0x3 /* writable, accessed */
#define SEGMENT_TSS 0xb  /* 64-bit, busy */
#define RPL3 3

static int failed(const struct cx_vm *vm, unsigned vcpu, const char *what, struct cx_error *err)
{
	return cx_fail(err, errno, "%s: vCPU %u: KVM refuses its %s: %s", vm->name, vcpu, what,
		       strerror(errno));
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = selector & RPL3,
		.db = type == SEGMENT_DATA,
		.s = 1,
		.l = type == SEGMENT_CODE,
		.g = 1,
	};
}

static int set_sregs(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	const struct kvm_segment none = { .unusable = 1 };
	struct kvm_sregs s;

	/* Read first: it holds what is not ours to choose, as the APIC's base. */
	if (ioctl(vm->cpu[vcpu].fd, KVM_GET_SREGS, &s) < 0)
		return failed(vm, vcpu, "system registers' reading", err);
	s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	s.cr2 = 0;
	s.cr3 = CX_AT_TABLES;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	s.cs = flat(CX_SEL_CODE3, SEGMENT_CODE);
	s.ss = flat(CX_SEL_DATA3, SEGMENT_DATA);
	s.ds = s.es = s.fs = s.gs = s.ldt = none;
	s.gs.base = vm->at.pages + vcpu * CX_PAGE_SIZE;
	s.tr = (struct kvm_segment){
		.base = CX_AT_TSS + (uint64_t)vcpu * CX_TSS_STRIDE,
		.limit = 0x67,
		.selector = (uint16_t)(CX_SEL_TSS + vcpu * 16),
		.type = SEGMENT_TSS,
		.present = 1,
	};
	s.gdt = (struct kvm_dtable){ .base = CX_AT_GDT,
				     .limit = (uint16_t)(CX_SEL_TSS + vm->vcpus * 16 - 1) };
	s.idt = (struct kvm_dtable){ .base = CX_AT_IDT, .limit = (CX_UPCALL_VECTOR + 1) * 16 - 1 };
	if (ioctl(vm->cpu[vcpu].fd, KVM_SET_SREGS, &s) < 0)
		return failed(vm, vcpu, "system registers", err);
	return 0;
}

static int set_msrs(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[3];
	} msrs = {
		.head.nmsrs = 3,
		.entry = {
			/* SYSRET adds 8 for SS and 16 for CS, with RPL 3. */
			{.index = MSR_STAR, .data = (uint64_t)CX_SEL_DATA0 << 48 |
						    (uint64_t)CX_SEL_CODE0 << 32},
			{.index = MSR_LSTAR, .data = cx_stub_address(cx_stub_syscall)},
			{.index = MSR_SFMASK,
			 .data = RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_AC},
		},
	};
	int n = ioctl(vm->cpu[vcpu].fd, KVM_SET_MSRS, &msrs);

	if (n >= 0 && n < 3)
		errno = EINVAL;
	return n == 3 ? 0 : failed(vm, vcpu, "model-specific registers", err);
}

static int set_regs(struct cx_vm *vm, unsigned vcpu, uint64_t entry, struct cx_error *err)
{
	struct kvm_regs regs = {
		.rip = entry,
		.rsp = cx_layout_stack_top(&vm->at, vcpu),
		.rdi = vm->at.pages + vcpu * CX_PAGE_SIZE,
		.rflags = RFLAGS_FIXED | RFLAGS_IF,
	};
	struct kvm_fpu fpu = { .fcw = FCW_DEFAULT, .mxcsr = MXCSR_DEFAULT };

	if (ioctl(vm->cpu[vcpu].fd, KVM_SET_REGS, &regs) < 0)
		return failed(vm, vcpu, "registers", err);
	if (ioctl(vm->cpu[vcpu].fd, KVM_SET_FPU, &fpu) < 0)
		return failed(vm, vcpu, "floating-point state", err);
	return 0;
}

int cx_boot_vcpu(struct cx_vm *vm, unsigned vcpu, uint64_t entry, struct cx_error *err)
{
	int rc;

	/* First: KVM checks the other registers against it. */
	if (ioctl(vm->cpu[vcpu].fd, KVM_SET_CPUID2, vm->kvm->cpuid) < 0)
		return failed(vm, vcpu, "CPUID", err);
	rc = set_sregs(vm, vcpu, err);
	if (rc == 0)
		rc = set_msrs(vm, vcpu, err);
	if (rc == 0)
		rc = cx_clock_align(vm, vcpu, err);
	if (rc == 0)
		rc = set_regs(vm, vcpu, entry, err);
	return rc;
}
