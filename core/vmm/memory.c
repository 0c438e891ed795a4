/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain's memory: mapped here, laid out, and filled with all that it starts with. */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define STACK_STRIDE (CX_PAGE_SIZE + CX_GUEST_STACK_SIZE)

uint64_t cx_layout_stack_top(const struct cx_layout *at, unsigned vcpu)
{
	return at->stacks + (vcpu + 1) * STACK_STRIDE;
}

static struct cx_layout layout(const struct cx_payload *payload, unsigned vcpus)
{
	struct cx_layout at = { .pages = cx_page_up(payload->end) };

	at.stacks = at.pages + vcpus * CX_PAGE_SIZE;
	at.shared = at.stacks + vcpus * STACK_STRIDE + CX_PAGE_SIZE;
	at.heap = at.shared + CX_GUEST_SHARED_SIZE;
	return at;
}

uint64_t cx_guest_heap(const struct cx_payload *payload, uint64_t memory, unsigned vcpus)
{
	struct cx_layout at = layout(payload, vcpus);

	return at.heap < memory ? (memory - at.heap) / vcpus & ~(CX_PAGE_SIZE - 1) : 0;
}

static int lay_out(struct cx_vm *vm, const struct cx_payload *payload, struct cx_error *err)
{
	struct cx_layout *at = &vm->at;

	*at = layout(payload, vm->vcpus);
	if (at->heap > vm->memory_size)
		return cx_fail(err, ENOSPC,
			       "%s: its payload and %u vCPUs need %llu KiB of memory, it has %llu: "
			       "give it more",
			       vm->name, vm->vcpus, (unsigned long long)at->heap >> 10,
			       (unsigned long long)vm->memory_size >> 10);
	return 0;
}

/* Aligned to 2 MiB, so that the host may use large pages for the guest's; private to
 * this process, so that a child that it starts neither copies nor keeps it. */
static int map_memory(struct cx_vm *vm, struct cx_error *err)
{
	uintptr_t start;
	void *p;

	vm->mapping_size = vm->memory_size + CX_LARGE_PAGE_SIZE;
	p = mmap(NULL, vm->mapping_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return cx_fail(err, errno, "%s: no %llu KiB of memory: %s", vm->name,
			       (unsigned long long)vm->memory_size >> 10, strerror(errno));
	vm->mapping = p;
	start = ((uintptr_t)p + CX_LARGE_PAGE_SIZE - 1) & ~(uintptr_t)(CX_LARGE_PAGE_SIZE - 1);
	vm->memory = (uint8_t *)p + (start - (uintptr_t)p);
	if (madvise(p, vm->mapping_size, MADV_DONTFORK) < 0)
		return cx_fail(err, errno, "%s: cannot keep its memory from children: %s", vm->name,
			       strerror(errno));
	return 0;
}

static int give_to_kvm(struct cx_vm *vm, struct cx_error *err)
{
	struct kvm_userspace_memory_region region = {
		.slot = 0,
		.guest_phys_addr = 0,
		.memory_size = vm->memory_size,
		.userspace_addr = (uintptr_t)vm->memory,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return cx_fail(err, errno, "%s: KVM refuses its memory: %s", vm->name,
			       strerror(errno));
	return 0;
}

static void load_image(struct cx_vm *vm, const struct cx_payload *payload)
{
	for (unsigned i = 0; i < payload->n_load; i++) {
		const Elf64_Phdr *ph = &payload->load[i];

		memcpy(vm->memory + ph->p_vaddr, payload->file + ph->p_offset, ph->p_filesz);
	}
}

/** One step of splitmix64 (Steele, Lea, Flood 2014): unrelated seeds from related ones. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

uint64_t cx_guest_seed(uint64_t seed, unsigned domain, unsigned vcpu)
{
	return mix(seed ^ mix(((uint64_t)domain << 32) + vcpu));
}

static void fill_pages(struct cx_vm *vm, const struct cx_vm_config *config)
{
	for (unsigned i = 0; i < vm->vcpus; i++) {
		uint8_t *at = vm->memory + vm->at.pages + i * CX_PAGE_SIZE;
		struct cx_guest_page *page = (struct cx_guest_page *)(void *)at;

		*page = (struct cx_guest_page){
			.magic = CX_GUEST_MAGIC,
			.version = CX_GUEST_ABI_VERSION,
			.size = sizeof(*page),
			.vcpu = i,
			.vcpus = vm->vcpus,
			.domain = config->index,
			.peers = config->peers,
			.seed = cx_guest_seed(config->seed, config->index, i),
			.tsc_base = config->tsc_base,
			.tsc_mult = config->tsc_mult,
			.tsc_shift = config->tsc_shift,
			.shared_base = vm->at.shared,
			.shared_size = CX_GUEST_SHARED_SIZE,
			.heap_base = vm->at.heap,
			.heap_size = vm->memory_size - vm->at.heap,
		};
		memcpy(page->params, config->params, sizeof(page->params));
		vm->cpu[i].page = page;
	}
}

int cx_memory_create(struct cx_vm *vm, const struct cx_vm_config *config, struct cx_error *err)
{
	int rc = lay_out(vm, config->payload, err);

	if (rc == 0)
		rc = map_memory(vm, err);
	if (rc == 0)
		rc = give_to_kvm(vm, err);
	if (rc == 0)
		rc = cx_pagetable_build(vm, config->payload, err);
	if (rc < 0)
		return rc; /* cx_vm_destroy() unmaps */
	load_image(vm, config->payload);
	fill_pages(vm, config);
	cx_tables_write(vm);
	return 0;
}

void cx_memory_destroy(struct cx_vm *vm)
{
	if (vm->mapping)
		munmap(vm->mapping, vm->mapping_size);
}

int cx_vm_read(const struct cx_vm *vm, uint64_t addr, void *buf, size_t len)
{
	if (addr > vm->memory_size || len > vm->memory_size - addr)
		return -EFAULT;
	memcpy(buf, vm->memory + addr, len);
	return 0;
}
