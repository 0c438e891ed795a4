/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and unmaking a domain. */
#include "core/vmm/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int check_config(const struct cx_vm_config *config, struct cx_error *err)
{
	if (config->vcpus < 1 || config->vcpus > CX_GUEST_VCPUS_MAX)
		return cx_fail(err, EINVAL, "%s: %u vCPUs: between 1 and %u are possible",
			       config->name, config->vcpus, CX_GUEST_VCPUS_MAX);
	if (config->memory < CX_MEMORY_MIN || config->memory > CX_MEMORY_MAX ||
	    config->memory % CX_PAGE_SIZE != 0)
		return cx_fail(err, EINVAL,
			       "%s: %llu bytes of memory: between 4 MiB and 64 GiB are possible, "
			       "in steps of 4 KiB",
			       config->name, (unsigned long long)config->memory);
	return 0;
}

static int create_vm(struct cx_vm *vm, struct cx_error *err)
{
	/* A signal can interrupt it, as while timers of other domains go off. */
	do
		vm->fd = ioctl(vm->kvm->fd, KVM_CREATE_VM, 0);
	while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		return cx_fail(err, errno, "%s: KVM cannot make a VM: %s", vm->name,
			       strerror(errno));
	return 0;
}

static int create_vcpu(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	struct cx_vm_cpu *cpu = &vm->cpu[vcpu];
	void *run;

	cpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, vcpu);
	if (cpu->fd < 0)
		return cx_fail(err, errno, "%s: KVM cannot make vCPU %u: %s", vm->name, vcpu,
			       strerror(errno));
	run = mmap(NULL, vm->kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (run == MAP_FAILED)
		return cx_fail(err, errno, "%s: vCPU %u: cannot map its state: %s", vm->name, vcpu,
			       strerror(errno));
	cpu->run = run;
	if (vm->kvm->sync_regs)
		cpu->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	return 0;
}

static struct cx_vm *allocate(const struct cx_kvm *kvm, const struct cx_vm_config *config)
{
	size_t size = sizeof(struct cx_vm) + config->vcpus * sizeof(struct cx_vm_cpu);
	struct cx_vm *vm = aligned_alloc(_Alignof(struct cx_vm), size);

	if (!vm)
		return NULL;
	memset(vm, 0, size);
	vm->kvm = kvm;
	vm->fd = -1;
	vm->vcpus = config->vcpus;
	vm->memory_size = config->memory;
	snprintf(vm->name, sizeof(vm->name), "%s", config->name);
	for (unsigned i = 0; i < vm->vcpus; i++)
		vm->cpu[i].fd = -1;
	return vm;
}

int cx_vm_create(struct cx_kvm *kvm, const struct cx_vm_config *config, struct cx_vm **result,
		 struct cx_error *err)
{
	struct cx_vm *vm;
	int rc = check_config(config, err);

	if (rc < 0)
		return rc;
	vm = allocate(kvm, config);
	if (!vm)
		return cx_fail(err, ENOMEM, "%s: out of memory", config->name);
	rc = create_vm(vm, err);
	if (rc == 0)
		rc = cx_memory_create(vm, config, err);
	for (unsigned i = 0; rc == 0 && i < vm->vcpus; i++) {
		rc = create_vcpu(vm, i, err);
		if (rc == 0)
			rc = cx_boot_vcpu(vm, i, config->payload->entry, err);
	}
	if (rc < 0) {
		cx_vm_destroy(vm);
		return rc;
	}
	*result = vm;
	return 0;
}

void cx_vm_destroy(struct cx_vm *vm)
{
	if (!vm)
		return;
	for (unsigned i = 0; i < vm->vcpus; i++) {
		if (vm->cpu[i].run)
			munmap(vm->cpu[i].run, vm->kvm->run_size);
		if (vm->cpu[i].fd >= 0)
			close(vm->cpu[i].fd);
	}
	if (vm->fd >= 0)
		close(vm->fd);
	cx_memory_destroy(vm);
	free(vm);
}

struct cx_guest_page *cx_vm_page(struct cx_vm *vm, unsigned vcpu)
{
	return vm->cpu[vcpu].page;
}

size_t cx_vm_overhead(const struct cx_vm *vm)
{
	return sizeof(*vm) + vm->vcpus * (sizeof(vm->cpu[0]) + vm->kvm->run_size);
}
