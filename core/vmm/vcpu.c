/* SPDX-License-Identifier: BSD-2-Clause */
/* Entering the guest, and understanding why it came back. */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

struct kvm_regs *cx_vcpu_regs(struct cx_vm *vm, unsigned vcpu)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	return vm->kvm->sync_regs ? &cpu->run->s.regs.regs : &cpu->regs;
}

void cx_vcpu_regs_changed(struct cx_vm *vm, unsigned vcpu)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	if (vm->kvm->sync_regs)
		cpu->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	else
		cpu->regs_dirty = true;
}

static int write_regs(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	if (!cpu->regs_dirty)
		return 0;
	if (ioctl(cpu->fd, KVM_SET_REGS, &cpu->regs) < 0)
		return cx_fail(err, errno, "%s: vCPU %u: cannot set its registers: %s", vm->name,
			       vcpu, strerror(errno));
	cpu->regs_dirty = false;
	return 0;
}

/** Only for exits whose registers matter; with sync_regs they are there already. */
static int read_regs(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	if (vm->kvm->sync_regs)
		return 0;
	if (ioctl(cpu->fd, KVM_GET_REGS, &cpu->regs) < 0)
		return cx_fail(err, errno, "%s: vCPU %u: cannot read its registers: %s", vm->name,
			       vcpu, strerror(errno));
	return 0;
}

static void explain_io(struct cx_vm *vm, unsigned vcpu, struct cx_exit *out)
{
	const struct kvm_run *run = vm->cpu[vcpu].run;
	const struct kvm_regs *regs = cx_vcpu_regs(vm, vcpu);
	bool ours = run->io.direction == KVM_EXIT_IO_OUT && run->io.size == 1 && run->io.count == 1;
	unsigned port = run->io.port;

	if (ours && (port == CX_IO_HYPERCALL || (port == CX_IO_EXCEPTION + CX_VECTOR_PF &&
						 cx_hypercall_from_fault(vm, vcpu)))) {
		out->kind = CX_EXIT_HYPERCALL;
		out->number = regs->rax;
		out->args[0] = regs->rdi;
		out->args[1] = regs->rsi;
		out->args[2] = regs->rdx;
		return;
	}
	out->kind = CX_EXIT_CRASH;
	if (ours && port >= CX_IO_EXCEPTION && port < CX_IO_EXCEPTION + CX_EXCEPTIONS)
		cx_crash_exception(vm, vcpu, port - CX_IO_EXCEPTION, out->text, sizeof(out->text));
	else
		cx_crash_exit(vm, vcpu, out->text, sizeof(out->text));
}

static int explain(struct cx_vm *vm, unsigned vcpu, struct cx_exit *out, struct cx_error *err)
{
	int rc = read_regs(vm, vcpu, err);

	if (rc < 0)
		return rc;
	switch (out->kvm_reason) {
	case KVM_EXIT_IO:
		explain_io(vm, vcpu, out);
		break;
	case KVM_EXIT_HLT:
		out->kind = CX_EXIT_HALT;
		break;
	default:
		out->kind = CX_EXIT_CRASH;
		cx_crash_exit(vm, vcpu, out->text, sizeof(out->text));
		break;
	}
	return 0;
}

int cx_vm_enter(struct cx_vm *vm, unsigned vcpu, struct cx_exit *out, struct cx_error *err)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	out->text[0] = '\0';
	for (;;) {
		int rc = cx_events_inject(vm, vcpu, err);

		if (rc == 0)
			rc = write_regs(vm, vcpu, err);
		if (rc < 0)
			return rc;
		if (ioctl(cpu->fd, KVM_RUN, 0) < 0) {
			if (errno != EINTR)
				return cx_fail(err, errno, "%s: vCPU %u: KVM_RUN failed: %s",
					       vm->name, vcpu, strerror(errno));
			out->kind = CX_EXIT_KICKED;
			out->kvm_reason = KVM_EXIT_INTR;
			return 0;
		}
		out->kvm_reason = cpu->run->exit_reason;
		if (out->kvm_reason == KVM_EXIT_INTR) {
			out->kind = CX_EXIT_KICKED;
			return 0;
		}
		if (out->kvm_reason != KVM_EXIT_IRQ_WINDOW_OPEN)
			return explain(vm, vcpu, out, err);
	}
}

void cx_vm_answer(struct cx_vm *vm, unsigned vcpu, int64_t result)
{
	cx_vcpu_regs(vm, vcpu)->rax = (uint64_t)result;
	cx_vcpu_regs_changed(vm, vcpu);
}

/* One byte that KVM reads and a signal handler or any thread writes. */
void cx_vm_kick_prepare(struct cx_vm *vm, unsigned vcpu)
{
	__atomic_store_n(&vm->cpu[vcpu].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

void cx_vm_kick_clear(struct cx_vm *vm, unsigned vcpu)
{
	__atomic_store_n(&vm->cpu[vcpu].run->immediate_exit, 0, __ATOMIC_SEQ_CST);
}
