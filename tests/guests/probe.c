/* SPDX-License-Identifier: BSD-2-Clause */
/* probe - does one thing, chosen by its parameter `what`; see probe.h. */
#include "probe.h"
#include "quiet_faults.h"

#include "cx_guest.h"

#define KERNEL_ADDRESS 0x2000 /* the VMM's own, below CX_GUEST_IMAGE */
#define NONCANONICAL 0x8000000000000000ull
#define BEYOND (1ull << 46)       /* more memory than any domain has */
#define OUTSIDE (1ull << 33)      /* no memory of the test domain, yet a possible address */
#define PAGE_DIRECTORY_FLAGS 0x83 /* present, writable, 2 MiB */
#define LARGE_PAGE 0x200000ull
#define RFLAGS_TF 0x100

enum { P_WHAT, P_ARG, N_PARAMS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "probe",
	.summary = "does what a test of the VMM asks",
	.progress_unit = "steps",
	.n_params = N_PARAMS,
	.params =
		{
			[P_WHAT] = CX_INT("what", "", 0, PROBE_RING0, 0, "which probe"),
			[P_ARG] = CX_INT("arg", "", 0, INT64_C(1) << 60, 0, "its argument"),
		},
	.n_results = CX_GUEST_RESULTS,
	.results = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
		    "r13", "r14", "r15"},
};

static uint64_t bss[2048];
static uint64_t data[2] = { 0x1234, 0x5678 };

static int start(struct cx_guest_page *page)
{
	const uint64_t *shared = cx_shared(page);
	const uint64_t *heap = (const uint64_t *)(uintptr_t)page->heap_base;
	uint64_t sum = 0, flags;
	uint16_t cs;

	for (unsigned i = 0; i < sizeof(bss) / sizeof(bss[0]); i++)
		sum |= bss[i];
	for (unsigned i = 0; i < page->shared_size / sizeof(*shared); i++)
		sum |= shared[i];
	for (unsigned i = 0; i < 4096; i++)
		sum |= heap[i] | heap[page->heap_size / sizeof(*heap) - 1 - i];
	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	cx_set_result(page, 0, sum);
	cx_set_result(page, 1, data[0] + data[1]);
	cx_set_result(page, 2, cs & 3);
	cx_set_result(page, 3, flags);
	cx_set_result(page, 4, (uint64_t)(uintptr_t)__builtin_frame_address(0));
	/* Reachable to its last byte: stack, heap. */
	((volatile uint8_t *)(uintptr_t)page->heap_base)[page->heap_size - 1] = 1;
	return 17;
}

static int calls(struct cx_guest_page *page, uint64_t n)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < n; i++) {
		register uint64_t r15 __asm__("r15") = i ^ 0xabcdef;
		int64_t result = cx_hypercall(PROBE_CALL_BASE + i, i, ~i, i << 40);

		__asm__ volatile("" : "+r"(r15));
		if (result != -(int64_t)i || r15 != (i ^ 0xabcdef))
			wrong++;
	}
	cx_set_result(page, 0, wrong);
	return 0;
}

static int log_wild(struct cx_guest_page *page)
{
	static const char text[] = "hello";
	const struct {
		uint64_t at, len;
	} wild[] = {
		{ (uintptr_t)text, 5 },
		{ NONCANONICAL, 8 },
		{ ~0ull, 1 },
		{ ~0ull - 3, 200 },
		{ BEYOND, 1 },
		{ 0, ~0ull },
		{ 1, ~0ull },
		{ (uintptr_t)text, -1ull },
		{ page->heap_base + page->heap_size, 1 },
		{ page->heap_base + page->heap_size - 3, 4 },
		{ page->heap_base + page->heap_size - 3, 3 },
	};

	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		cx_set_result(page, i,
			      (uint64_t)cx_hypercall(CX_HC_LOG, wild[i].at, wild[i].len, 0));
	return 0;
}

_Noreturn static void spin(struct cx_guest_page *page)
{
	for (uint64_t n = 1;; n++)
		cx_set_progress(page, n);
}

_Noreturn static void block(struct cx_guest_page *page)
{
	for (uint64_t n = 1;; n++) {
		cx_set_result(page, 0, page->results[0] + cx_block(0));
		cx_set_result(page, 1, cx_pending(page));
		cx_set_progress(page, n);
	}
}

_Noreturn static void show_clock(struct cx_guest_page *page)
{
	for (;;) {
		cx_set_result(page, 0, cx_now(page));
		cx_hypercall(CX_HC_NOP, 0, 0, 0);
	}
}

static int fpu(struct cx_guest_page *page)
{
	double sse = 1.0;
	long double x87 = 1.0L;

	for (int i = 1; i <= 1000; i++) {
		sse += 1.0 / i;
		x87 *= 1.5L;
		x87 /= 1.25L;
		if (i % 100 == 0)
			cx_hypercall(CX_HC_NOP, 0, 0, 0);
	}
	__builtin_memcpy(&page->results[0], &sse, sizeof(sse));
	sse = (double)x87;
	__builtin_memcpy(&page->results[1], &sse, sizeof(sse));
	return 0;
}

static __attribute__((noinline)) uint64_t deeper(uint64_t n)
{
	volatile uint64_t here[64];

	here[n % 64] = n;
	return n ? deeper(n - 1) + here[n % 64] : 0;
}

static void x87_fault(void)
{
	static const uint16_t unmasked = 0x37b; /* division by zero */

	__asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait" : : "m"(unmasked));
}

static void fault_memory(struct cx_guest_page *page, uint64_t arg)
{
	switch (arg) {
	case FAULT_READ_NULL:
		__asm__ volatile("mov (%0), %%al" : : "r"((uint64_t)PROBE_UNMAPPED) : "rax");
		break;
	case FAULT_READ_BEYOND:
		__asm__ volatile("mov (%0), %%al"
				 :
				 : "r"(page->heap_base + page->heap_size)
				 : "rax");
		break;
	case FAULT_WRITE_KERNEL:
		__asm__ volatile("movb $1, (%0)" : : "r"((uint64_t)KERNEL_ADDRESS));
		break;
	case FAULT_WRITE_CODE:
		__asm__ volatile("movb $1, (%0)" : : "r"(fault_memory));
		break;
	case FAULT_RUN_DATA:
		__asm__ volatile("jmp *%0" : : "r"(page->heap_base));
		break;
	case FAULT_STACK:
		deeper(1 << 20);
		break;
	case FAULT_NONCANONICAL:
		__asm__ volatile("mov (%0), %%al" : : "r"(NONCANONICAL) : "rax");
		break;
	case FAULT_NONCANONICAL_STACK:
		__asm__ volatile("mov %0, %%rbp; mov (%%rbp), %%al; hlt" : : "r"(NONCANONICAL));
		break;
	}
}

static int fault(struct cx_guest_page *page, uint64_t arg)
{
	switch (arg) {
	case FAULT_DIVIDE:
		__asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx");
		break;
	case FAULT_DEBUG:
		__asm__ volatile("pushfq; orq %0, (%%rsp); popfq; nop; nop" : : "i"(RFLAGS_TF));
		break;
	case FAULT_BREAKPOINT:
		__asm__ volatile("int3");
		break;
	case FAULT_INVALID:
		__asm__ volatile("ud2");
		break;
	case FAULT_HLT:
		__asm__ volatile("hlt");
		break;
	case FAULT_CLI:
		__asm__ volatile("cli");
		break;
	case FAULT_OUT:
		__asm__ volatile("outb %%al, $0xe0" : : "a"(0));
		break;
	case FAULT_LOAD_SEGMENT:
		__asm__ volatile("mov %0, %%ds" : : "r"(0x7fff));
		break;
	case FAULT_INT:
		__asm__ volatile("int $0x20");
		break;
	case FAULT_X87:
		x87_fault();
		break;
	case FAULT_SIMD:
		simd_fault();
		break;
	case FAULT_ALIGNMENT:
		alignment_fault();
		break;
	default:
		fault_memory(page, arg);
	}
	return 1;
}

static void map_outside(void)
{
	uint64_t cr3, *table;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	table = (uint64_t *)(uintptr_t)cr3;
	for (int i = 0; i < 2; i++)
		table = (uint64_t *)(uintptr_t)(table[0] & ~0xfffull);
	/* The last 2 MiB of the first GiB. */
	table[511] = OUTSIDE | PAGE_DIRECTORY_FLAGS;
	__asm__ volatile("mov %0, %%cr3" : : "r"(cr3));
	*(volatile uint8_t *)(511 * LARGE_PAGE + 0x123) = 1;
}

static int ring0(struct cx_guest_page *page, uint64_t arg)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = { 0, 0 };

	if (cx_hypercall(CX_HC_RING0, 0, 0, 0) != 0)
		return 1;
	cx_set_progress(page, 1);
	switch (arg) {
	case RING0_SPIN:
		for (;;)
			cx_set_progress(page, page->progress + 1);
	case RING0_HLT_ON:
		__asm__ volatile("sti");
		/* fallthrough */
	case RING0_HLT:
		for (;;) {
			__asm__ volatile("hlt");
			cx_set_progress(page, page->progress + 1);
		}
	case RING0_TRIPLE:
		__asm__ volatile("lidt %0; ud2" : : "m"(none));
		break;
	case RING0_PORT:
		__asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(0x3f8));
		break;
	case RING0_OUTSIDE:
		map_outside();
		break;
	case RING0_INVALID:
		__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(page->heap_base));
		break;
	}
	return 2;
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t arg = (uint64_t)page->params[P_ARG];

	switch (page->params[P_WHAT]) {
	case PROBE_START:
		return start(page);
	case PROBE_CALLS:
		return calls(page, arg);
	case PROBE_LOG:
		return log_wild(page);
	case PROBE_NOP:
		for (;;)
			cx_hypercall(CX_HC_NOP, 0, 0, 0);
	case PROBE_SPIN_UP:
		cx_hypercall(CX_HC_UPCALL, 1, 0, 0);
		spin(page);
	case PROBE_SPIN:
		spin(page);
	case PROBE_BLOCK:
		block(page);
	case PROBE_CLOCK:
		show_clock(page);
	case PROBE_FPU:
		return fpu(page);
	case PROBE_FAULT:
		return fault(page, arg);
	case PROBE_RING0:
		return ring0(page, arg);
	}
	return 3;
}
