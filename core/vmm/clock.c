/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's clock is the host's time stamp counter.  KVM gives every new VM a counter
 * that starts at 0; setting its offset to 0 makes both one and the same, on all vCPUs.
 * Not so where Linux distrusts the counter: KVM then moves a guest's forward at every change of
 * pCPU (tsc_catchup), and guests ask for the time instead.
 */
#include "core/vmm/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <x86intrin.h>

#define CLOCKSOURCES "/sys/devices/system/clocksource/clocksource0/available_clocksource"
#define MSR_IA32_TSC 0x10u
#define READINGS 64               /* of both clocks; the tightest counts */
#define CALIBRATION_NS 20000000ll /* apart; the error is some 10 ns in this */

/* Before Linux 5.16 there is no offset to set.  Writing the counter itself is as good as
 * the time between reading the host's and KVM doing the write: a microsecond or so. */
static int write_counter(struct cx_vm *vm, unsigned vcpu)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = { .head.nmsrs = 1, .entry = { .index = MSR_IA32_TSC, .data = __rdtsc() } };

	return ioctl(vm->cpu[vcpu].fd, KVM_SET_MSRS, &msrs) == 1 ? 0 : -1;
}

int cx_clock_align(struct cx_vm *vm, unsigned vcpu, struct cx_error *err)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};

	if (ioctl(vm->cpu[vcpu].fd, KVM_SET_DEVICE_ATTR, &attr) == 0)
		return 0;
	if (write_counter(vm, vcpu) == 0)
		return 0;
	return cx_fail(err, errno ? errno : EIO, "%s: vCPU %u: KVM refuses to set its clock: %s",
		       vm->name, vcpu, strerror(errno));
}

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/** Both clocks at one moment: the reading of the shortest of several attempts. */
static void read_both(uint64_t *tsc, int64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		uint64_t before = __rdtsc(), after;
		int64_t now = monotonic_ns();

		after = __rdtsc();
		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*ns = now;
		}
	}
}

/** Whether Linux would keep its own time by the counter.  Where that cannot be read
 *  (an odd /sys) it is taken for steady, as on nearly all hosts. */
static bool counter_is_a_clock(void)
{
	FILE *f = fopen(CLOCKSOURCES, "re");
	char word[32];
	bool known = false, found = false;

	while (f && fscanf(f, "%31s", word) == 1) {
		known = true;
		found |= strcmp(word, "tsc") == 0;
	}
	if (f)
		fclose(f);
	return found || !known;
}

void cx_tsc_clock(uint64_t start_ns, struct cx_tsc_clock *clock)
{
	uint64_t tsc0, tsc1;
	int64_t ns0, ns1, since;
	__int128 ticks;

	*clock = (struct cx_tsc_clock){ 0 };
	if (!counter_is_a_clock())
		return;
	read_both(&tsc0, &ns0);
	do
		nanosleep(&(struct timespec){ .tv_nsec = CALIBRATION_NS / 4 }, NULL);
	while (monotonic_ns() - ns0 < CALIBRATION_NS);
	read_both(&tsc1, &ns1);

	clock->shift = CX_TSC_SHIFT;
	clock->mult = (uint64_t)(((unsigned __int128)(uint64_t)(ns1 - ns0) << CX_TSC_SHIFT) /
				 (tsc1 - tsc0));
	/* The counter's value at the start, which may be before or after this moment. */
	since = ns1 - (int64_t)start_ns;
	ticks = ((__int128)since << CX_TSC_SHIFT) / (int64_t)clock->mult;
	clock->base = tsc1 - (uint64_t)(int64_t)ticks;
}
