/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that break, in every way: what is said of it, and that others live on. */
#include "tests/guests/quiet_faults.h"
#include "tests/unit/vmm_rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/** Text that must be there; `code` is true when it must end with the instruction's place. */
struct expected {
	const char *text, *other; /* `other`: what some hosts make of it; NULL = nothing else */
};

static const struct expected faults[FAULTS] = {
	[FAULT_DIVIDE] = { "divide error (instruction 0x20", NULL },
	[FAULT_DEBUG] = { "debug exception (instruction 0x20", NULL },
	[FAULT_BREAKPOINT] = { "breakpoint (instruction 0x20", NULL },
	[FAULT_INVALID] = { "invalid instruction (instruction 0x20", NULL },
	[FAULT_READ_NULL] = { "page fault at 0x40 (instruction 0x20", NULL },
	[FAULT_READ_BEYOND] = { "page fault at 0x800000 (instruction 0x20", NULL },
	[FAULT_WRITE_KERNEL] = { "page fault at 0x2000 (instruction 0x20", NULL },
	[FAULT_WRITE_CODE] = { "writing, not allowed)", NULL },
	[FAULT_RUN_DATA] = { "executing, not allowed)", NULL },
	[FAULT_STACK] = { "writing)", NULL },
	[FAULT_NONCANONICAL] = { "general protection fault (instruction 0x20", NULL },
	[FAULT_NONCANONICAL_STACK] = { "stack segment fault (instruction 0x20",
				       "general protection fault (instruction 0x20" },
	[FAULT_HLT] = { "general protection fault (instruction 0x20", NULL },
	[FAULT_CLI] = { "general protection fault (instruction 0x20", NULL },
	[FAULT_OUT] = { "general protection fault (instruction 0x20", NULL },
	[FAULT_LOAD_SEGMENT] = { "general protection fault (instruction 0x20", NULL },
	[FAULT_INT] = { "general protection fault (instruction 0x20",
			"invalid instruction (instruction 0x20" },
	[FAULT_X87] = { "floating-point error (instruction 0x20", NULL },
	[FAULT_SIMD] = { "SIMD floating-point error (instruction 0x20", NULL },
	[FAULT_ALIGNMENT] = { "misaligned access (instruction 0x20", NULL },
};

/* Whether this host's processor raises the fault: a process that does the same dies of it. */
static bool raised_here(void (*fault)(void), int signal_number)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		signal(signal_number, SIG_DFL); /* a sanitizer may have taken it */
		fault();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		assert_int_equal(WTERMSIG(status), signal_number);
	else
		assert_int_equal(status, 0);
	return WIFSIGNALED(status);
}

/* A fault that the processor lets pass: the guest goes on to its end, as on the host. */
static bool let_pass(unsigned fault)
{
	return (fault == FAULT_SIMD && !raised_here(simd_fault, SIGFPE)) ||
	       (fault == FAULT_ALIGNMENT && !raised_here(alignment_fault, SIGBUS));
}

static void test_faults(void **state)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		struct cx_vm *vm = rig_boot(*state, PROBE_FAULT, i, 1);
		struct cx_exit out = rig_enter(vm, 0);

		if (let_pass(i)) {
			assert_int_equal(out.kind, CX_EXIT_HYPERCALL);
			assert_int_equal(out.number, CX_HC_EXIT);
			print_message("  fault %u: this processor lets it pass\n", i);
			cx_vm_destroy(vm);
			continue;
		}
		if (out.kind != CX_EXIT_CRASH)
			fail_msg("fault %u: exit %d, number %llu, not a crash", i, out.kind,
				 (unsigned long long)out.number);
		if (!strstr(out.text, faults[i].text) &&
		    !(faults[i].other && strstr(out.text, faults[i].other)))
			fail_msg("fault %u: \"%s\", not \"%s\"", i, out.text, faults[i].text);
		print_message("  %s\n", out.text);
		cx_vm_destroy(vm);
	}
}

/* A stack that overflows hits the guard page, not the neighbour's stack. */
static void test_guard_page(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_FAULT, FAULT_STACK, 2);
	uint64_t top = cx_layout_stack_top(&vm->at, 1);
	static const char where[] = "page fault at 0x";
	unsigned long long at;
	struct cx_exit out = rig_enter(vm, 1);

	assert_int_equal(out.kind, CX_EXIT_CRASH);
	assert_int_equal(strncmp(out.text, where, strlen(where)), 0);
	at = strtoull(out.text + strlen(where), NULL, 16);
	assert_in_range(at, top - CX_GUEST_STACK_SIZE - CX_PAGE_SIZE,
			top - CX_GUEST_STACK_SIZE - 1);
	cx_vm_destroy(vm);
}

static struct cx_vm *boot_ring0(void **state, enum cx_probe_ring0 what)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_RING0, what, 1);
	struct cx_error err = { "" };

	rig_expect_call(vm, 0, CX_HC_RING0);
	assert_int_equal(cx_vm_enter_ring0(vm, 0, &err), 0);
	return vm;
}

static void expect_crash(struct cx_vm *vm, const char *text)
{
	struct cx_exit out = rig_enter(vm, 0);

	if (out.kind != CX_EXIT_CRASH || !strstr(out.text, text))
		fail_msg("exit %d \"%s\", not \"%s\"", out.kind, out.text, text);
	assert_int_equal(cx_vm_page(vm, 0)->progress, 1); /* it was in ring 0 */
	print_message("  %s\n", out.text);
	cx_vm_destroy(vm);
}

static void test_triple_fault(void **state)
{
	expect_crash(boot_ring0(state, RING0_TRIPLE), "triple fault");
}

static void test_unknown_port(void **state)
{
	expect_crash(boot_ring0(state, RING0_PORT), "write of port 0x3f8, which does not exist");
}

static void test_outside_memory(void **state)
{
	expect_crash(boot_ring0(state, RING0_OUTSIDE), "write to 0x200000123, outside its memory");
}

static void test_exception_in_ring0(void **state)
{
	expect_crash(boot_ring0(state, RING0_INVALID), "invalid instruction (instruction 0x20");
}

/* Interrupts off, in ring 0, for ever: a kick gets it out, as often as need be. */
static void test_spin_without_interrupts(void **state)
{
	struct cx_vm *vm = boot_ring0(state, RING0_SPIN);

	cx_vm_set_upcall(vm, 0, true);
	cx_vm_post(vm, 0, 1);
	rig_kick_every(vm, 5000);
	for (int i = 0; i < 10; i++)
		rig_run_until_progress(vm);
	rig_kick_every(NULL, 0);
	assert_int_equal(cx_vm_page(vm, 0)->upcalls, 0);
	cx_vm_destroy(vm);
}

static void test_halt(void **state)
{
	struct cx_vm *vm = boot_ring0(state, RING0_HLT);

	for (int i = 0; i < 10; i++) {
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_HALT);
		assert_int_equal(cx_vm_page(vm, 0)->progress, 1 + i);
	}
	cx_vm_destroy(vm);
}

/* Halted with interrupts on: an event's upcall comes in before it goes on. */
static void test_halt_until_upcall(void **state)
{
	struct cx_vm *vm = boot_ring0(state, RING0_HLT_ON);

	cx_vm_set_upcall(vm, 0, true);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_HALT);
		assert_int_equal(cx_vm_page(vm, 0)->upcalls, i);
		assert_true(cx_vm_post(vm, 0, 4));
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_HALT);
		assert_int_equal(cx_vm_page(vm, 0)->upcalls, i + 1);
		assert_int_equal(cx_vm_take_pending(vm, 0), 1 << 4);
	}
	cx_vm_destroy(vm);
}

/* One domain's end leaves its neighbours, and its own other vCPUs' state, as they were. */
static void test_neighbours_live(void **state)
{
	struct cx_vm *good = rig_boot(*state, PROBE_CALLS, 4, 1);

	for (uint64_t i = 0; i < 4; i++) {
		rig_expect_call(good, 0, PROBE_CALL_BASE + i);
		expect_crash(boot_ring0(state, i % 2 ? RING0_TRIPLE : RING0_INVALID), "");
		cx_vm_answer(good, 0, -(int64_t)i);
	}
	assert_int_equal(rig_expect_call(good, 0, CX_HC_EXIT).args[0], 0);
	assert_int_equal(cx_vm_page(good, 0)->results[0], 0);
	cx_vm_destroy(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_guard_page),
		cmocka_unit_test(test_triple_fault),
		cmocka_unit_test(test_unknown_port),
		cmocka_unit_test(test_outside_memory),
		cmocka_unit_test(test_exception_in_ring0),
		cmocka_unit_test(test_spin_without_interrupts),
		cmocka_unit_test(test_halt),
		cmocka_unit_test(test_halt_until_upcall),
		cmocka_unit_test(test_neighbours_live),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
