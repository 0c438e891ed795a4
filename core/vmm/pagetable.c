/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's page tables: address = physical address, 4 KiB pages below the heap where
 * rights differ from page to page, 2 MiB pages in the heap.  The guest's ring 3 cannot
 * reach the tables; the VMM writes them once and never reads them again.
 *
 * Intel SDM vol. 3, 4.5 "4-level paging".
 */
#include "core/vmm/internal.h"
#include "core/vmm/layout.h"

#include <errno.h>

#define PTE_P (1ull << 0)
#define PTE_W (1ull << 1)
#define PTE_U (1ull << 2)
#define PTE_A (1ull << 5)
#define PTE_D (1ull << 6)
#define PTE_LARGE (1ull << 7)
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull
/* Upper levels allow all; the last one decides.  Accessed and dirty from the start, so
 * that no walk has to write them. */
#define PTE_TABLE (PTE_P | PTE_W | PTE_U | PTE_A)
#define PTE_PAGE (PTE_P | PTE_A | PTE_D)
#define PTE_DATA (PTE_W | PTE_NX)
#define ENTRIES 512

struct builder {
	struct cx_vm *vm;
	uint64_t next; /* the next free page for a table */
};

static uint64_t *table_at(struct cx_vm *vm, uint64_t addr)
{
	return (uint64_t *)(void *)(vm->memory + addr);
}

/** The table that @entry points to, made if need be; NULL when there is no more room. */
static uint64_t *descend(struct builder *b, uint64_t *entry)
{
	if (!(*entry & PTE_P)) {
		if (b->next + CX_PAGE_SIZE > CX_KERNEL_END)
			return NULL;
		*entry = b->next | PTE_TABLE; /* fresh memory: zeroed */
		b->next += CX_PAGE_SIZE;
	}
	return table_at(b->vm, *entry & PTE_ADDR);
}

/** The page directory's entry for @addr. */
static uint64_t *directory_entry(struct builder *b, uint64_t addr)
{
	uint64_t *table = descend(b, &table_at(b->vm, CX_AT_TABLES)[(addr >> 39) % ENTRIES]);

	if (table)
		table = descend(b, &table[(addr >> 30) % ENTRIES]);
	return table ? &table[(addr >> 21) % ENTRIES] : NULL;
}

static bool map_small(struct builder *b, uint64_t addr, uint64_t rights)
{
	uint64_t *entry = directory_entry(b, addr), *table, old;

	table = entry ? descend(b, entry) : NULL;
	if (!table)
		return false;
	entry = &table[(addr >> 12) % ENTRIES];
	old = *entry;
	/* Two segments in one page: it gets the rights of both. */
	if (old & PTE_P)
		rights = ((rights | old) & (PTE_W | PTE_U)) | (rights & old & PTE_NX);
	*entry = addr | PTE_PAGE | rights;
	return true;
}

/** Map [@start, @end), page-aligned.  @large: with 2 MiB pages where they fit. */
static bool map(struct builder *b, uint64_t start, uint64_t end, uint64_t rights, bool large)
{
	uint64_t addr = start;

	while (addr < end) {
		if (large && addr % CX_LARGE_PAGE_SIZE == 0 && end - addr >= CX_LARGE_PAGE_SIZE) {
			uint64_t *entry = directory_entry(b, addr);

			if (!entry)
				return false;
			*entry = addr | PTE_PAGE | PTE_LARGE | rights;
			addr += CX_LARGE_PAGE_SIZE;
		} else {
			if (!map_small(b, addr, rights))
				return false;
			addr += CX_PAGE_SIZE;
		}
	}
	return true;
}

static bool map_kernel(struct builder *b)
{
	return map(b, CX_AT_STUB, CX_AT_STUB + CX_PAGE_SIZE, 0, false) &&
	       map(b, CX_AT_GDT, CX_KERNEL_END, PTE_DATA, false);
}

static bool map_image(struct builder *b, const struct cx_payload *payload)
{
	for (unsigned i = 0; i < payload->n_load; i++) {
		const Elf64_Phdr *ph = &payload->load[i];
		uint64_t rights = PTE_U;

		if (ph->p_flags & PF_W)
			rights |= PTE_W;
		if (!(ph->p_flags & PF_X))
			rights |= PTE_NX;
		if (!map(b, ph->p_vaddr & ~(CX_PAGE_SIZE - 1),
			 cx_page_up(ph->p_vaddr + ph->p_memsz), rights, false))
			return false;
	}
	return true;
}

static bool map_data(struct builder *b)
{
	const struct cx_vm *vm = b->vm;
	const uint64_t rights = PTE_U | PTE_DATA;

	for (unsigned i = 0; i < vm->vcpus; i++) {
		uint64_t page = vm->at.pages + i * CX_PAGE_SIZE;
		uint64_t top = cx_layout_stack_top(&vm->at, i);

		if (!map(b, page, page + CX_PAGE_SIZE, rights, false) ||
		    !map(b, top - CX_GUEST_STACK_SIZE, top, rights, false))
			return false;
	}
	return map(b, vm->at.shared, vm->at.shared + CX_GUEST_SHARED_SIZE, rights, false) &&
	       map(b, vm->at.heap, vm->memory_size, rights, true);
}

int cx_pagetable_build(struct cx_vm *vm, const struct cx_payload *payload, struct cx_error *err)
{
	struct builder b = { .vm = vm, .next = CX_AT_TABLES + CX_PAGE_SIZE };

	if (!map_kernel(&b) || !map_image(&b, payload) || !map_data(&b))
		return cx_fail(err, E2BIG, "%s: no room for page tables: use a smaller payload",
			       vm->name);
	return 0;
}
