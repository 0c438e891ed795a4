/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports and upcalls.
 *
 * The pending ports are the VMM's own word; the guest's page shows a copy, which the
 * guest may spoil for itself.  Ports are posted by any thread and taken by another:
 * all of it is lock-free, sequentially consistent.
 */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

/*
 * Bring the page's copy up to date.  Several threads may do so at once: whoever stored
 * last has, after that, seen the word unchanged, so the last value stored is the word's.
 */
static void show_pending(struct cx_vm_cpu *cpu)
{
	uint64_t now;

	do {
		now = atomic_load(&cpu->pending);
		__atomic_store_n(&cpu->page->pending, now, __ATOMIC_SEQ_CST);
	} while (atomic_load(&cpu->pending) != now);
}

bool cx_vm_post(struct cx_vm *vm, unsigned vcpu, unsigned port)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];
	uint64_t before = atomic_fetch_or(&cpu->pending, 1ull << (port & CX_PORT_MAX));

	show_pending(cpu);
	if (before == 0 && atomic_load(&cpu->upcall_on))
		atomic_store(&cpu->upcall_due, true);
	return before == 0;
}

uint64_t cx_vm_take_pending(struct cx_vm *vm, unsigned vcpu)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];
	uint64_t taken;

	/* First, so that a port posted after the exchange still makes an upcall. */
	atomic_store(&cpu->upcall_due, false);
	taken = atomic_exchange(&cpu->pending, 0);
	show_pending(cpu);
	return taken;
}

uint64_t cx_vm_pending(const struct cx_vm *vm, unsigned vcpu)
{
	return atomic_load(&vm->cpu[vcpu].pending);
}

bool cx_vm_wants_upcall(const struct cx_vm *vm, unsigned vcpu)
{
	return atomic_load(&vm->cpu[vcpu].upcall_on);
}

void cx_vm_set_upcall(struct cx_vm *vm, unsigned vcpu, bool on)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];

	atomic_store(&cpu->upcall_on, on);
	/* What came before it was on counts too; a post at this moment sees it on. */
	atomic_store(&cpu->upcall_due, on && atomic_load(&cpu->pending) != 0);
}

int cx_events_inject(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];
	struct kvm_interrupt interrupt = { .irq = CX_UPCALL_VECTOR };

	cpu->run->request_interrupt_window = 0;
	if (!atomic_load(&cpu->upcall_due))
		return 0;
	/* KVM_INTERRUPT queues whether or not the guest can take it, and a second one
	 * would replace the first: wait for the guest to open its window. */
	if (!cpu->run->ready_for_interrupt_injection) {
		cpu->run->request_interrupt_window = 1;
		return 0;
	}
	atomic_store(&cpu->upcall_due, false);
	if (ioctl(cpu->fd, KVM_INTERRUPT, &interrupt) < 0)
		return cx_fail(err, errno, "%s: vCPU %u: KVM refuses an interrupt: %s", vm->name,
			       vcpu, strerror(errno));
	/* It is queued now: not ready for another before the next exit. */
	cpu->run->ready_for_interrupt_injection = 0;
	return 0;
}
