/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls are `syscall` in ring 3.  It ends in the stub's ring 0, which tells the VMM
 * and returns by `sysretq`.
 *
 * Some KVMs (kvm_pvm, seen on Linux 6.18) carry out all of `syscall` but the change to
 * ring 0.  As the stub's page is the supervisor's, fetching its first instruction then
 * faults, and that fault, which can come about in no other way that matters, is taken
 * for the hypercall.  A guest that jumps there makes a hypercall too.
 */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>
#include <string.h>

#define RFLAGS_FIXED 0x2ull
#define RFLAGS_IF 0x200ull
#define RFLAGS_USER 0x240dd5ull /* what ring 3 may set: arithmetic, TF, DF, AC, ID */
#define RPL 3

/** Where the frame of an exception in ring 3 lies on the vCPU's ring-0 stack. */
static uint64_t frame_address(unsigned vcpu)
{
	return CX_AT_STACK0 + (vcpu + 1ull) * CX_STACK0_SIZE - sizeof(struct cx_fault_frame);
}

bool cx_hypercall_from_fault(struct cx_vm *vm, unsigned vcpu)
{
	struct kvm_regs *regs = cx_vcpu_regs(vm, vcpu);
	uint64_t at = frame_address(vcpu);
	struct cx_fault_frame frame;

	if (regs->rsp != at || cx_vm_read(vm, at, &frame, sizeof(frame)) < 0)
		return false;
	if (frame.rip != cx_stub_address(cx_stub_syscall) || (frame.cs & RPL) != RPL)
		return false;
	/* Go on like `sysretq`: to rcx, with the flags in r11. */
	frame.rip = regs->rcx;
	frame.rflags = (regs->r11 & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
	memcpy(vm->memory + at, &frame, sizeof(frame));
	regs->rsp = at + offsetof(struct cx_fault_frame, rip);
	regs->rip = cx_stub_address(cx_stub_return);
	cx_vcpu_regs_changed(vm, vcpu);
	return true;
}

int cx_vm_enter_ring0(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct kvm_regs *regs = cx_vcpu_regs(vm, vcpu);
	struct cx_fault_frame frame;

	if (regs->rcx >= vm->memory_size)
		return cx_fail(err, EINVAL, "%s: vCPU %u: no address to go on at", vm->name, vcpu);
	/* In a hypercall it is in ring 0 already: skip the way back, which is to rcx. */
	if (regs->rip == cx_stub_address(cx_stub_return)) {
		memcpy(&frame, vm->memory + frame_address(vcpu), sizeof(frame));
		regs->rsp = frame.rsp;
	}
	regs->rip = regs->rcx;
	regs->rflags = RFLAGS_FIXED;
	regs->rax = 0;
	cx_vcpu_regs_changed(vm, vcpu);
	return 0;
}
