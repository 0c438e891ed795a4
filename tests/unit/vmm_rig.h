/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the VMM share: the host's KVM, a payload, a domain of it, a timer. */
#ifndef CX_TESTS_VMM_RIG_H
#define CX_TESTS_VMM_RIG_H

#include "core/vmm/internal.h"
#include "tests/guests/probe.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RIG_MEMORY (8ull << 20)

struct rig {
	struct cx_kvm *kvm; /* NULL: there is none, and why is in `why` */
	struct cx_payload *probe;
	struct cx_tsc_clock clock;
	char why[CX_ERROR_MAX];
};

/** The probe's file lies beside the tests: BUILD/tests/guests. */
static inline void rig_guest_path(const char *name, char *path, size_t len)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	assert_true(snprintf(path, len, "%s/guests/%s.elf", dirname(self), name) < (int)len);
}

static inline int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct cx_error err = { "" };
	struct timespec now;
	char path[PATH_MAX];

	if (!rig)
		return -1;
	*state = rig;
	rig_guest_path("probe", path, sizeof(path));
	if (cx_payload_open(path, &rig->probe, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	if (cx_kvm_open(&rig->kvm, &err) < 0)
		snprintf(rig->why, sizeof(rig->why), "%s", err.text);
	clock_gettime(CLOCK_MONOTONIC, &now);
	cx_tsc_clock((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, &rig->clock);
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *rig = *state;

	cx_payload_close(rig->probe);
	cx_kvm_close(rig->kvm);
	free(rig);
	return 0;
}

/** Skip the test, with the reason, where there is no KVM. */
static inline void rig_need_kvm(const struct rig *rig)
{
	if (!rig->kvm) {
		print_message("skipped: %s\n", rig->why);
		skip();
	}
}

static inline struct cx_vm *rig_boot(struct rig *rig, enum cx_probe what, int64_t arg,
				     unsigned vcpus)
{
	struct cx_vm_config config = {
		.name = "test",
		.payload = rig->probe,
		.index = 3,
		.vcpus = vcpus,
		.memory = RIG_MEMORY,
		.peers = 2,
		.seed = 42,
		.params = { what, arg },
		.tsc_base = rig->clock.base,
		.tsc_mult = rig->clock.mult,
		.tsc_shift = rig->clock.shift,
	};
	struct cx_error err = { "" };
	struct cx_vm *vm = NULL;

	rig_need_kvm(rig);
	if (cx_vm_create(rig->kvm, &config, &vm, &err) < 0)
		fail_msg("%s", err.text);
	return vm;
}

static inline struct cx_exit rig_enter(struct cx_vm *vm, unsigned vcpu)
{
	struct cx_error err = { "" };
	struct cx_exit out;

	if (cx_vm_enter(vm, vcpu, &out, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

/** Enter until a hypercall; it must be @number. */
static inline struct cx_exit rig_expect_call(struct cx_vm *vm, unsigned vcpu, uint64_t number)
{
	struct cx_exit out = rig_enter(vm, vcpu);

	if (out.kind != CX_EXIT_HYPERCALL || out.number != number)
		fail_msg("wanted hypercall %llu, got exit %d, number %llu: %s",
			 (unsigned long long)number, out.kind, (unsigned long long)out.number,
			 out.text);
	return out;
}

/* ---- kicks from a signal ---------------------------------------------------- */

/** The vCPU that SIGALRM kicks, as the program's own handler would. */
static struct cx_vm *volatile rig_kicked;
static volatile unsigned rig_kicks;

static inline void rig_on_alarm(int signal)
{
	(void)signal;
	rig_kicks = rig_kicks + 1;
	if (rig_kicked)
		cx_vm_kick_prepare(rig_kicked, 0);
}

/** Kick vCPU 0 of @vm every @us from now on; 0 stops it. */
static inline void rig_kick_every(struct cx_vm *vm, long us)
{
	struct sigaction act = { .sa_handler = rig_on_alarm };
	struct itimerval every = { .it_value.tv_usec = us, .it_interval.tv_usec = us };

	rig_kicked = vm;
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

/** Enter, kicked again and again, until the guest has got further.  A slow host may need
 *  several goes for it. */
static inline void rig_run_until_progress(struct cx_vm *vm)
{
	uint64_t before = cx_vm_page(vm, 0)->progress;

	for (int i = 0; i < 1000 && cx_vm_page(vm, 0)->progress == before; i++) {
		assert_int_equal(rig_enter(vm, 0).kind, CX_EXIT_KICKED);
		cx_vm_kick_clear(vm, 0);
	}
	assert_true(cx_vm_page(vm, 0)->progress > before);
}

#endif
