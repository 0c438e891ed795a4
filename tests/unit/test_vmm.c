/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM with real guests: start, hypercalls, kicks, events, clock. */
#include "tests/unit/vmm_rig.h"

#include <pthread.h>
#include <x86intrin.h>

static void test_start(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_START, 0, 2);

	for (unsigned i = 0; i < 2; i++) {
		const struct cx_guest_page *page = cx_vm_page(vm, i);
		struct cx_exit out = rig_expect_call(vm, i, CX_HC_EXIT);

		assert_int_equal(out.args[0], 17);
		assert_int_equal(page->magic, CX_GUEST_MAGIC);
		assert_int_equal(page->size, sizeof(*page));
		assert_int_equal(page->vcpu, i);
		assert_int_equal(page->vcpus, 2);
		assert_int_equal(page->domain, 3);
		assert_int_equal(page->peers, 2);
		assert_int_equal(page->shared_size, CX_GUEST_SHARED_SIZE);
		assert_int_equal(page->heap_base + page->heap_size, RIG_MEMORY);
		assert_true(page->heap_size > RIG_MEMORY / 2);
		assert_int_equal(cx_guest_heap(((struct rig *)*state)->probe, RIG_MEMORY, 2),
				 page->heap_size / 2 & ~0xfffull);
		/* All zero, but for the byte that vCPU 0 left at the heap's end. */
		assert_int_equal(page->results[0], i == 0 ? 0 : 1ull << 56);
		assert_int_equal(page->results[1], 0x1234 + 0x5678);
		assert_int_equal(page->results[2], 3);    /* ring */
		assert_true(page->results[3] & (1 << 9)); /* interrupts on */
		assert_true(page->results[4] > vm->at.stacks && page->results[4] < vm->at.shared);
	}
	assert_int_not_equal(cx_vm_page(vm, 0)->seed, cx_vm_page(vm, 1)->seed);
	assert_int_not_equal(cx_vm_page(vm, 0)->results[4], cx_vm_page(vm, 1)->results[4]);
	cx_vm_destroy(vm);
}

static void run_calls(struct cx_vm *vm)
{
	const uint64_t n = 1000;

	for (uint64_t i = 0; i < n; i++) {
		struct cx_exit out = rig_expect_call(vm, 0, PROBE_CALL_BASE + i);

		assert_int_equal(out.args[0], i);
		assert_int_equal(out.args[1], ~i);
		assert_int_equal(out.args[2], i << 40);
		cx_vm_answer(vm, 0, -(int64_t)i);
	}
	assert_int_equal(rig_expect_call(vm, 0, CX_HC_EXIT).args[0], 0);
	assert_int_equal(cx_vm_page(vm, 0)->results[0], 0);
	cx_vm_destroy(vm);
}

static void test_hypercalls(void **state)
{
	run_calls(rig_boot(*state, PROBE_CALLS, 1000, 1));
}

/* The same without KVM_CAP_SYNC_REGS, as on older hosts. */
static void test_hypercalls_by_ioctl(void **state)
{
	struct rig *rig = *state;
	struct cx_vm *vm;
	bool sync;

	rig_need_kvm(rig);
	sync = rig->kvm->sync_regs;
	rig->kvm->sync_regs = false;
	vm = rig_boot(rig, PROBE_CALLS, 1000, 1);
	run_calls(vm);
	vm = rig_boot(rig, PROBE_FAULT, FAULT_INVALID, 1);
	assert_non_null(strstr(rig_enter(vm, 0).text, "invalid instruction (instruction 0x2"));
	cx_vm_destroy(vm);
	rig->kvm->sync_regs = sync;
}

#define IN_VAIN 1000u /* entries in a row that a kick ended before a hypercall came */

/* Kicks between and during hypercalls neither lose nor repeat one.  Where an entry takes longer than
 * it is from kick to kick they become rarer, for nothing would ever come. */
static void test_hypercalls_under_kicks(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_CALLS, 3000, 1);
	unsigned in_vain = 0;
	long every_us = 150;
	uint64_t i = 0;

	rig_kick_every(vm, every_us);
	while (i < 3000) {
		struct cx_exit out = rig_enter(vm, 0);

		if (out.kind == CX_EXIT_KICKED) {
			cx_vm_kick_clear(vm, 0);
			if (++in_vain % IN_VAIN == 0 && every_us < 100000)
				rig_kick_every(vm, every_us *= 2);
			continue;
		}
		in_vain = 0;
		assert_int_equal(out.kind, CX_EXIT_HYPERCALL);
		assert_int_equal(out.number, PROBE_CALL_BASE + i);
		assert_int_equal(out.args[0], i);
		cx_vm_answer(vm, 0, -(int64_t)i);
		i++;
	}
	rig_kick_every(NULL, 0);
	cx_vm_kick_clear(vm, 0);
	rig_expect_call(vm, 0, CX_HC_EXIT);
	assert_int_equal(cx_vm_page(vm, 0)->results[0], 0);
	cx_vm_destroy(vm);
}

static void test_log_wild(void **state)
{
	/* As in the probe's table: what lies wholly in memory can be read. */
	static const bool good[] = { true,  false, false, false, false, false,
				     false, false, false, false, true };
	struct cx_vm *vm = rig_boot(*state, PROBE_LOG, 0, 1);
	char buf[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct cx_exit out = rig_expect_call(vm, 0, CX_HC_LOG);
		size_t len = out.args[1];
		int rc;

		/* The caller checks the length; the VMM must stand any. */
		rc = len <= sizeof(buf) ? cx_vm_read(vm, out.args[0], buf, len)
					: cx_vm_read(vm, out.args[0], NULL, len);
		assert_int_equal(rc, good[i] ? 0 : -EFAULT);
		if (i == 0)
			assert_memory_equal(buf, "hello", 5);
		cx_vm_answer(vm, 0, rc);
	}
	rig_expect_call(vm, 0, CX_HC_EXIT);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal((int64_t)cx_vm_page(vm, 0)->results[i], good[i] ? 0 : -EFAULT);
	cx_vm_destroy(vm);
}

static void test_read_bounds(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_SPIN, 0, 1);
	uint8_t buf[16];

	assert_int_equal(cx_vm_read(vm, 0, buf, 16), 0);
	assert_int_equal(cx_vm_read(vm, RIG_MEMORY - 16, buf, 16), 0);
	assert_int_equal(cx_vm_read(vm, RIG_MEMORY, buf, 0), 0);
	assert_int_equal(cx_vm_read(vm, RIG_MEMORY - 15, buf, 16), -EFAULT);
	assert_int_equal(cx_vm_read(vm, RIG_MEMORY, buf, 1), -EFAULT);
	assert_int_equal(cx_vm_read(vm, RIG_MEMORY + 1, buf, 0), -EFAULT);
	assert_int_equal(cx_vm_read(vm, UINT64_MAX, buf, 2), -EFAULT);
	assert_int_equal(cx_vm_read(vm, 8, buf, SIZE_MAX), -EFAULT);
	assert_true(cx_vm_overhead(vm) > 0 && cx_vm_overhead(vm) < 1 << 20);
	cx_vm_destroy(vm);
}

static void test_kick(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_SPIN, 0, 1);

	/* A kick from before is there at the next entry, and stays until it is cleared. */
	cx_vm_kick_prepare(vm, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_KICKED);
	assert_int_equal(cx_vm_page(vm, 0)->progress, 0);
	cx_vm_kick_clear(vm, 0);
	rig_kick_every(vm, 5000);
	for (int i = 0; i < 20; i++)
		rig_run_until_progress(vm);
	rig_kick_every(NULL, 0);
	cx_vm_destroy(vm);
}

static void test_fpu(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_FPU, 0, 1);
	volatile double sse = 1.0;
	volatile long double x87 = 1.0L;
	double got[2];

	for (int i = 0; i < 10; i++) {
		rig_expect_call(vm, 0, CX_HC_NOP);
		cx_vm_answer(vm, 0, 0);
	}
	assert_int_equal(rig_expect_call(vm, 0, CX_HC_EXIT).args[0], 0);
	for (int i = 1; i <= 1000; i++) {
		sse += 1.0 / i;
		x87 *= 1.5L;
		x87 /= 1.25L;
	}
	memcpy(got, cx_vm_page(vm, 0)->results, sizeof(got));
	assert_true(got[0] == sse);
	assert_true(got[1] == (double)x87);
	cx_vm_destroy(vm);
}

/* Where the counter is no clock the guest asks, and takes what it is told. */
static void asks_for_the_time(struct rig *rig)
{
	struct cx_vm *vm = rig_boot(rig, PROBE_CLOCK, 0, 4);

	for (unsigned i = 0; i < 200; i++) {
		unsigned vcpu = i % 4;

		rig_expect_call(vm, vcpu, CX_HC_NOW);
		cx_vm_answer(vm, vcpu, (int64_t)((uint64_t)i << 50));
		rig_expect_call(vm, vcpu, CX_HC_NOP);
		cx_vm_answer(vm, vcpu, 0);
		assert_int_equal(cx_vm_page(vm, vcpu)->results[0], (uint64_t)i << 50);
	}
	cx_vm_destroy(vm);
}

static void test_clock_asked(void **state)
{
	struct rig *rig = *state;
	const struct cx_tsc_clock own = rig->clock;

	rig->clock = (struct cx_tsc_clock){ 0 };
	asks_for_the_time(rig);
	rig->clock = own;
}

/* What the guest says the time is lies between the host's readings around it. */
static void test_clock(void **state)
{
	struct rig *rig = *state;
	const struct cx_tsc_clock *clock = &rig->clock;
	struct cx_vm *vm;

	if (!clock->mult) {
		asks_for_the_time(rig);
		return;
	}
	vm = rig_boot(rig, PROBE_CLOCK, 0, 4);
	assert_true(clock->mult >> 34 == 0); /* more than 250 MHz: a 128-bit product will do */
	for (int i = 0; i < 200; i++) {
		unsigned vcpu = (unsigned)i % 4;
		uint64_t before, after, guest;

		before = __rdtsc();
		rig_expect_call(vm, vcpu, CX_HC_NOP);
		after = __rdtsc();
		cx_vm_answer(vm, vcpu, 0);
		guest = cx_vm_page(vm, vcpu)->results[0];
		before = (uint64_t)(((unsigned __int128)(before - clock->base) * clock->mult) >>
				    clock->shift);
		after = (uint64_t)(((unsigned __int128)(after - clock->base) * clock->mult) >>
				   clock->shift);
		/* One microsecond for hosts where the counter had to be written. */
		assert_in_range(guest, before - 1000, after + 1000);
	}
	cx_vm_destroy(vm);
}

/* ---- events ------------------------------------------------------------------ */

static void test_pending(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_BLOCK, 0, 2);

	assert_true(cx_vm_post(vm, 0, 5));
	assert_false(cx_vm_post(vm, 0, 5));
	assert_false(cx_vm_post(vm, 0, 63));
	assert_int_equal(cx_vm_pending(vm, 0), 1ull << 63 | 1u << 5);
	assert_int_equal(cx_vm_page(vm, 0)->pending, 1ull << 63 | 1u << 5);
	assert_int_equal(cx_vm_pending(vm, 1), 0);
	rig_expect_call(vm, 0, CX_HC_BLOCK);
	cx_vm_answer(vm, 0, (int64_t)cx_vm_take_pending(vm, 0));
	assert_int_equal(cx_vm_pending(vm, 0), 0);
	assert_true(cx_vm_post(vm, 0, 0));
	/* The guest may spoil its copy; the VMM's word stands. */
	cx_vm_page(vm, 0)->pending = 0xff;
	assert_int_equal(cx_vm_pending(vm, 0), 1);
	assert_false(cx_vm_post(vm, 0, 1));
	assert_int_equal(cx_vm_page(vm, 0)->pending, 3);
	rig_expect_call(vm, 0, CX_HC_BLOCK);
	assert_int_equal(cx_vm_page(vm, 0)->results[0], 1ull << 63 | 1u << 5);
	assert_int_equal(cx_vm_page(vm, 0)->results[1], 3);
	cx_vm_destroy(vm);
}

/* Enter until the guest has taken @n upcalls in all; kicks go on meanwhile. */
static void run_until_upcalls(struct cx_vm *vm, uint64_t n)
{
	for (int i = 0; i < 1000 && cx_vm_page(vm, 0)->upcalls < n; i++) {
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_KICKED);
		cx_vm_kick_clear(vm, 0);
	}
	assert_int_equal(cx_vm_page(vm, 0)->upcalls, n);
}

static void test_upcalls(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_SPIN_UP, 0, 1);
	struct cx_guest_page *page = cx_vm_page(vm, 0);
	struct cx_exit out = rig_expect_call(vm, 0, CX_HC_UPCALL);

	assert_int_equal(out.args[0], 1);
	assert_false(cx_vm_wants_upcall(vm, 0));
	cx_vm_set_upcall(vm, 0, true);
	assert_true(cx_vm_wants_upcall(vm, 0));
	cx_vm_answer(vm, 0, 0);
	rig_kick_every(vm, 1000);
	for (uint64_t n = 1; n <= 100; n++) {
		assert_true(cx_vm_post(vm, 0, n % 64));
		run_until_upcalls(vm, n);
		/* One for the first port only, until the guest has taken them. */
		assert_false(cx_vm_post(vm, 0, (n + 1) % 64));
		rig_run_until_progress(vm);
		assert_int_equal(page->upcalls, n);
		assert_int_not_equal(cx_vm_take_pending(vm, 0), 0);
	}
	/* Off: none.  On again with a port pending: one. */
	cx_vm_set_upcall(vm, 0, false);
	cx_vm_post(vm, 0, 1);
	rig_run_until_progress(vm);
	assert_int_equal(page->upcalls, 100);
	cx_vm_set_upcall(vm, 0, true);
	run_until_upcalls(vm, 101);
	rig_kick_every(NULL, 0);
	cx_vm_destroy(vm);
}

struct poster {
	struct cx_vm *vm;
	pthread_t runner;
	uint64_t posted; /* times that a post found nothing pending */
	atomic_bool done;
};

#define POSTS 20000u

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (unsigned i = 0; i < POSTS; i++) {
		if (cx_vm_post(p->vm, 0, i % 64)) {
			p->posted++;
			cx_vm_kick_prepare(p->vm, 0);
			pthread_kill(p->runner, SIGUSR1);
		}
		if (i % 64 == 0)
			usleep(10);
	}
	atomic_store(&p->done, true);
	cx_vm_kick_prepare(p->vm, 0);
	pthread_kill(p->runner, SIGUSR1);
	return NULL;
}

static void on_usr1(int signal)
{
	(void)signal;
}

/* Posts from another thread while the vCPU runs: what is taken is what was posted. */
static void test_post_from_another_thread(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_SPIN_UP, 0, 1);
	struct poster p = { .vm = vm, .runner = pthread_self() };
	struct sigaction act = { .sa_handler = on_usr1 };
	uint64_t taken = 0;
	pthread_t thread;
	bool done;

	rig_expect_call(vm, 0, CX_HC_UPCALL);
	cx_vm_set_upcall(vm, 0, true);
	cx_vm_answer(vm, 0, 0);
	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, post_many, &p), 0);
	do {
		done = atomic_load(&p.done);
		cx_vm_kick_clear(vm, 0);
		if (cx_vm_take_pending(vm, 0) != 0)
			taken++;
		else if (!done)
			assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_KICKED);
	} while (!done);
	pthread_join(thread, NULL);
	if (cx_vm_take_pending(vm, 0) != 0)
		taken++;
	assert_int_equal(taken, p.posted);
	assert_int_equal(cx_vm_page(vm, 0)->pending, 0);
	assert_true(cx_vm_page(vm, 0)->upcalls <= p.posted);
	cx_vm_destroy(vm);
}

/* ---- many, and refused ------------------------------------------------------- */

static void test_many_domains(void **state)
{
	struct cx_vm *vm[64];

	rig_need_kvm(*state);
	for (unsigned i = 0; i < 64; i++)
		vm[i] = rig_boot(*state, PROBE_CALLS, 3, 4);
	for (uint64_t call = 0; call < 3; call++)
		for (unsigned i = 0; i < 64; i++)
			for (unsigned v = 0; v < 4; v++) {
				rig_expect_call(vm[i], v, PROBE_CALL_BASE + call);
				cx_vm_answer(vm[i], v, -(int64_t)call);
			}
	for (unsigned i = 0; i < 64; i++) {
		for (unsigned v = 0; v < 4; v++)
			rig_expect_call(vm[i], v, CX_HC_EXIT);
		assert_true(cx_vm_overhead(vm[i]) < 1 << 20);
		cx_vm_destroy(vm[i]);
	}
}

static void test_most_vcpus(void **state)
{
	struct cx_vm *vm = rig_boot(*state, PROBE_CALLS, 1, CX_GUEST_VCPUS_MAX);

	for (unsigned i = 0; i < CX_GUEST_VCPUS_MAX; i++)
		rig_expect_call(vm, i, PROBE_CALL_BASE);
	assert_true(cx_vm_overhead(vm) < 1 << 20);
	cx_vm_destroy(vm);
}

/* The largest memory is only reserved, and its page tables fit. */
static void test_most_memory(void **state)
{
	struct rig *rig = *state;
	struct cx_vm_config config = { .name = "large",
				       .payload = rig->probe,
				       .vcpus = 1,
				       .memory = 64ull << 30,
				       .params = { PROBE_START },
				       .tsc_mult = 1 };
	struct cx_error err = { "" };
	struct cx_vm *vm;

	rig_need_kvm(rig);
	if (cx_vm_create(rig->kvm, &config, &vm, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(rig_expect_call(vm, 0, CX_HC_EXIT).args[0], 17);
	assert_int_equal(cx_vm_page(vm, 0)->results[0], 0);
	cx_vm_destroy(vm);
}

static void test_refused(void **state)
{
	struct rig *rig = *state;
	static const struct {
		unsigned vcpus;
		uint64_t memory;
		int code;
		const char *text;
	} cases[] = {
		{ 0, RIG_MEMORY, -EINVAL, "0 vCPUs" },
		{ 65, RIG_MEMORY, -EINVAL, "65 vCPUs" },
		{ 1, (4ull << 20) - 4096, -EINVAL, "4 MiB" },
		{ 1, (4ull << 20) + 1, -EINVAL, "4 KiB" },
		{ 1, (64ull << 30) + 4096, -EINVAL, "64 GiB" },
		{ 1, UINT64_MAX & ~0xfffull, -EINVAL, "64 GiB" },
	};

	rig_need_kvm(rig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cx_vm_config config = { .name = "wrong",
					       .payload = rig->probe,
					       .vcpus = cases[i].vcpus,
					       .memory = cases[i].memory };
		struct cx_error err = { "" };
		struct cx_vm *vm;

		assert_int_equal(cx_vm_create(rig->kvm, &config, &vm, &err), cases[i].code);
		assert_non_null(strstr(err.text, "wrong: "));
		assert_non_null(strstr(err.text, cases[i].text));
	}
}

static void test_open_errors(void **state)
{
	struct cx_error err = { "" };
	struct cx_kvm *kvm;

	(void)state;
	assert_int_equal(cx_kvm_open_path("/dev/no-such-device", &kvm, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/dev/no-such-device: there is no KVM"));
	assert_int_equal(cx_kvm_open_path("/dev/null", &kvm, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "/dev/null: this is not KVM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_hypercalls),
		cmocka_unit_test(test_hypercalls_by_ioctl),
		cmocka_unit_test(test_hypercalls_under_kicks),
		cmocka_unit_test(test_log_wild),
		cmocka_unit_test(test_read_bounds),
		cmocka_unit_test(test_kick),
		cmocka_unit_test(test_fpu),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_clock_asked),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_upcalls),
		cmocka_unit_test(test_post_from_another_thread),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_most_vcpus),
		cmocka_unit_test(test_most_memory),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_open_errors),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
