/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h - what the files of core/vmm share among themselves (and with their tests).
 */
#ifndef CX_VMM_INTERNAL_H
#define CX_VMM_INTERNAL_H

#include "core/vmm/vmm.h"

#include <elf.h>
#include <linux/kvm.h>
#include <stdatomic.h>

#define CX_PAGE_SIZE 0x1000ull
#define CX_LARGE_PAGE_SIZE 0x200000ull
#define CX_MEMORY_MIN (4ull << 20)
#define CX_MEMORY_MAX (64ull << 30)
#define CX_NAME_MAX 64 /* of a domain, in messages; longer ones are cut */

static inline uint64_t cx_page_up(uint64_t addr)
{
	return (addr + CX_PAGE_SIZE - 1) & ~(CX_PAGE_SIZE - 1);
}

/* ---- kvm.c ---------------------------------------------------------------- */
struct cx_kvm {
	int fd;
	size_t run_size; /* bytes of a vCPU's shared kvm_run mapping */
	bool sync_regs;  /* registers travel in kvm_run, without an ioctl */
	const char *backend;
	struct kvm_cpuid2 *cpuid; /* all that the host supports */
};

/** cx_kvm_open() of another device file. */
int cx_kvm_open_path(const char *path, struct cx_kvm **kvm, struct cx_error *err);

/* ---- payload.c ------------------------------------------------------------ */
#define CX_PAYLOAD_FILE_MAX (64ull << 20)
#define CX_PAYLOAD_IMAGE_MAX (256ull << 20) /* bytes of memory, so that its tables fit */
#define CX_PAYLOAD_SEGMENTS 32

struct cx_payload {
	uint8_t *file;
	size_t size;
	Elf64_Phdr load[CX_PAYLOAD_SEGMENTS]; /* by address, not overlapping */
	unsigned n_load;
	uint64_t entry, end; /* first instruction; first byte after the image */
	struct cx_workload_info info;
};

/* ---- a domain ------------------------------------------------------------- */

/** Where the parts of a domain lie in its memory; addresses are the guest's. */
struct cx_layout {
	uint64_t pages;  /* one page a vCPU */
	uint64_t stacks; /* of each vCPU: a guard page, then CX_GUEST_STACK_SIZE */
	uint64_t shared, heap;
};

struct cx_vm_cpu {
	int fd;
	struct kvm_run *run;  /* NULL until mapped */
	struct kvm_regs regs; /* where they are kept when sync_regs is missing */
	bool regs_dirty;      /* likewise: to be written before the next entry */
	struct cx_guest_page *page;
	_Atomic uint64_t pending; /* ports; the page shows a copy */
	atomic_bool upcall_on;    /* the guest asked for upcalls */
	atomic_bool upcall_due;   /* and one has not been injected yet */
} __attribute__((aligned(64)));

struct cx_vm {
	const struct cx_kvm *kvm;
	int fd;
	unsigned vcpus;
	uint8_t *memory; /* guest address 0 */
	uint64_t memory_size;
	void *mapping; /* what to unmap: memory, with room to align it */
	size_t mapping_size;
	struct cx_layout at;
	char name[CX_NAME_MAX];
	struct cx_vm_cpu cpu[];
};

/* memory.c */
int cx_memory_create(struct cx_vm *vm, const struct cx_vm_config *config, struct cx_error *err);
void cx_memory_destroy(struct cx_vm *vm);
/** Address just above vCPU @vcpu's stack. */
uint64_t cx_layout_stack_top(const struct cx_layout *at, unsigned vcpu);

/* pagetable.c: maps the areas of vm->at and the image. */
int cx_pagetable_build(struct cx_vm *vm, const struct cx_payload *payload, struct cx_error *err);

/* tables.c: GDT, IDT, task state segments, stub. */
void cx_tables_write(struct cx_vm *vm);
/** The guest's address of stub code; @code is one of the stub's symbols. */
uint64_t cx_stub_address(const uint8_t *code);
extern const uint8_t cx_stub_start[], cx_stub_syscall[], cx_stub_return[], cx_stub_upcall[],
	cx_stub_end[];

/* boot.c: the vCPU's registers, ready to run from @entry. */
int cx_boot_vcpu(struct cx_vm *vm, unsigned vcpu, uint64_t entry, struct cx_error *err);

/* clock.c: make the vCPU's time stamp counter the host's. */
int cx_clock_align(struct cx_vm *vm, unsigned vcpu, struct cx_error *err);

/* vcpu.c */
/** The vCPU's registers as of its last exit. */
struct kvm_regs *cx_vcpu_regs(struct cx_vm *vm, unsigned vcpu);
/** They were changed: put them in at the next entry. */
void cx_vcpu_regs_changed(struct cx_vm *vm, unsigned vcpu);

/* hypercall.c */
/** Is this page fault a hypercall (see there)?  If so, the vCPU is set to go on behind it. */
bool cx_hypercall_from_fault(struct cx_vm *vm, unsigned vcpu);
/** The state of a vCPU on its ring-0 stack, after an exception with an error code. */
struct cx_fault_frame {
	uint64_t code, rip, cs, rflags, rsp, ss;
};

/* events.c */
/** Inject a due upcall, or ask to be told when the guest can take it. */
int cx_events_inject(struct cx_vm *vm, unsigned vcpu, struct cx_error *err);

/* crash.c: why the domain cannot go on, in words. */
void cx_crash_exception(struct cx_vm *vm, unsigned vcpu, unsigned vector, char *text, size_t len);
void cx_crash_exit(struct cx_vm *vm, unsigned vcpu, char *text, size_t len);

#endif
