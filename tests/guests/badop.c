/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * badop - executes what it may not, or what does not exist.  Nothing of it may reach
 * beyond its own domain.
 */
#include "cx_guest.h"

#define EXIT_SURVIVED 5
#define EXIT_NO_RING0 6
#define NON_CANONICAL UINT64_C(0x8000000000000000)

enum kind {
	KIND_UD2,        /* undefined */
	KIND_HLT,        /* privileged, in ring 3 */
	KIND_CR3,        /* privileged: the page tables */
	KIND_MSR,        /* privileged: the entry point of syscall */
	KIND_PORT,       /* port I/O without permission */
	KIND_DIVIDE,     /* by zero */
	KIND_STACK,      /* an exception with no stack to take it on */
	KIND_JUMP,       /* to an address that is none */
	KIND_RING0_ODD,  /* in ring 0, what some hosts cannot emulate */
	KIND_RING0_HLT,  /* in ring 0, wait for what never comes */
	KIND_RING0_PORT, /* in ring 0, a port that has no device */
	KIND_RING0_MMIO, /* in ring 0, page tables that lead nowhere */
	KINDS
};

enum { P_KIND, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "badop",
	.summary = "executes what it may not",
	.progress_unit = "attempts",
	.n_params = N_PARAMS,
	.params = { [P_KIND] =
			    CX_INT("kind", "", 0, KINDS - 1, KIND_UD2,
				   "0 ud2, 1 hlt, 2 cr3, 3 msr, 4 port, 5 divide, 6 stack, 7 jump; "
				   "ring 0: 8 cmpxchg16b, 9 hlt, 10 port, 11 cr3") },
};

static void ring3_op(int64_t kind)
{
	switch (kind) {
	case KIND_UD2:
		__asm__ volatile("ud2");
		break;
	case KIND_HLT:
		__asm__ volatile("hlt");
		break;
	case KIND_CR3:
		__asm__ volatile("mov %0, %%cr3" : : "r"(UINT64_C(0)) : "memory");
		break;
	case KIND_MSR:
		__asm__ volatile("wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0) : "memory");
		break;
	case KIND_PORT:
		__asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(0x80));
		break;
	case KIND_DIVIDE:
		__asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : "a"(1), "d"(0) : "rcx", "cc");
		break;
	case KIND_STACK:
		__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(NON_CANONICAL) : "memory");
		break;
	case KIND_JUMP:
		__asm__ volatile("jmp *%0" : : "r"(NON_CANONICAL));
		break;
	}
}

static void ring0_op(int64_t kind)
{
	static uint64_t pair[2] __attribute__((aligned(16)));

	switch (kind) {
	case KIND_RING0_ODD:
		__asm__ volatile("cmpxchg16b %0"
				 : "+m"(pair)
				 : "a"(0), "b"(0), "c"(0), "d"(0)
				 : "cc");
		break;
	case KIND_RING0_HLT:
		for (;;)
			__asm__ volatile("cli; hlt");
	case KIND_RING0_PORT:
		__asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(0x3f8));
		break;
	case KIND_RING0_MMIO:
		__asm__ volatile("mov %0, %%cr3" : : "r"(UINT64_C(0x7ffffff000)) : "memory");
		break;
	}
}

int cx_main(struct cx_guest_page *page)
{
	int64_t kind = page->params[P_KIND];

	cx_set_progress(page, 1);
	if (kind < KIND_RING0_ODD) {
		ring3_op(kind);
		return EXIT_SURVIVED;
	}
	if (cx_hypercall(CX_HC_RING0, 0, 0, 0))
		return EXIT_NO_RING0;
	ring0_op(kind);
	/* Where the host could emulate it: stay, rather than ask for an exit from ring 0. */
	for (;;)
		__asm__ volatile("ud2");
}
