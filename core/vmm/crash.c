/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a domain cannot go on, in words. */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define PF_PRESENT (1u << 0)
#define PF_WRITE (1u << 1)
#define PF_FETCH (1u << 4)

/* Intel SDM vol. 3, table 6-1. */
static const struct {
	const char *name;
	bool has_code;
} exceptions[CX_EXCEPTIONS] = {
	[0] = { "divide error", false },
	[1] = { "debug exception", false },
	[2] = { "non-maskable interrupt", false },
	[3] = { "breakpoint", false },
	[4] = { "overflow", false },
	[5] = { "bound range exceeded", false },
	[6] = { "invalid instruction", false },
	[7] = { "no floating-point unit", false },
	[8] = { "double fault", true },
	[10] = { "invalid task state segment", true },
	[11] = { "segment not present", true },
	[12] = { "stack segment fault", true },
	[13] = { "general protection fault", true },
	[14] = { "page fault", true },
	[16] = { "floating-point error", false },
	[17] = { "misaligned access", true },
	[18] = { "machine check", false },
	[19] = { "SIMD floating-point error", false },
	[20] = { "virtualisation exception", false },
	[21] = { "control protection fault", true },
};

static const char *page_fault_kind(uint64_t code)
{
	if (code & PF_FETCH)
		return "executing";
	return code & PF_WRITE ? "writing" : "reading";
}

void cx_crash_exception(struct cx_vm *vm, unsigned vcpu, unsigned vector, char *text, size_t len)
{
	const char *name = exceptions[vector].name ? exceptions[vector].name : "reserved exception";
	uint64_t frame = cx_vcpu_regs(vm, vcpu)->rsp; /* [error code,] rip, cs, rflags, ... */
	uint64_t code = 0, rip = 0;
	struct kvm_sregs sregs;
	bool known = true;

	if (exceptions[vector].has_code) {
		known = cx_vm_read(vm, frame, &code, sizeof(code)) == 0;
		frame += sizeof(code);
	}
	/* The guest's ring 0, if it has any, may have put its stack anywhere. */
	known = known && cx_vm_read(vm, frame, &rip, sizeof(rip)) == 0;
	if (!known)
		snprintf(text, len, "%s (instruction unknown: no ring-0 stack)", name);
	else if (vector == CX_VECTOR_PF && ioctl(vm->cpu[vcpu].fd, KVM_GET_SREGS, &sregs) == 0)
		snprintf(text, len, "%s at 0x%llx (instruction 0x%llx, %s%s)", name,
			 (unsigned long long)sregs.cr2, (unsigned long long)rip,
			 page_fault_kind(code), code & PF_PRESENT ? ", not allowed" : "");
	else if (code)
		snprintf(text, len, "%s (instruction 0x%llx, error code 0x%llx)", name,
			 (unsigned long long)rip, (unsigned long long)code);
	else
		snprintf(text, len, "%s (instruction 0x%llx)", name, (unsigned long long)rip);
}

static const char *internal_error(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "an instruction that this host's KVM cannot emulate";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "two exceptions at once";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exception that could not be delivered";
	default:
		return "an unexpected exit";
	}
}

void cx_crash_exit(struct cx_vm *vm, unsigned vcpu, char *text, size_t len)
{
	const struct kvm_run *run = vm->cpu[vcpu].run;
	unsigned long long rip = cx_vcpu_regs(vm, vcpu)->rip;

	switch (run->exit_reason) {
	case KVM_EXIT_SHUTDOWN:
		snprintf(text, len, "triple fault");
		break;
	case KVM_EXIT_MMIO:
		snprintf(text, len, "%s 0x%llx, outside its memory (instruction 0x%llx)",
			 run->mmio.is_write ? "write to" : "read of",
			 (unsigned long long)run->mmio.phys_addr, rip);
		break;
	case KVM_EXIT_IO:
		snprintf(text, len, "%s of port 0x%x, which does not exist (instruction 0x%llx)",
			 run->io.direction == KVM_EXIT_IO_OUT ? "write" : "read", run->io.port,
			 rip);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(text, len, "the CPU refused to enter the guest (reason 0x%llx)",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		snprintf(text, len, "KVM gave up: %s (code %u, instruction 0x%llx)",
			 internal_error(run->internal.suberror), run->internal.suberror, rip);
		break;
	default:
		snprintf(text, len,
			 "unexpected exit from the guest (KVM reason %u, "
			 "instruction 0x%llx)",
			 run->exit_reason, rip);
		break;
	}
}
