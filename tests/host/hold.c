/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hold: keeps a VM, a vCPU and a perf event open for as long as it is left alive.
 *
 * Linux has switches in its code that it flips by rewriting instructions: when the first VM
 * comes and when the last goes, and likewise for perf events of tasks, it rewrites
 * __schedule(), which every CPU is running at that moment.  QEMU 7.2 can miss such a write
 * while it translates the same code on another CPU; that CPU then meets a breakpoint that
 * is no more, for ever, and with it the whole emulated host.  With one of each held open,
 * nothing is rewritten while tests run.
 *
 * Prints "held" when it holds all; otherwise what it could not hold, which is no failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Returns 0, or -errno with what failed in *@what. */
static int hold_vm(const char **what)
{
	int kvm, vm;

	*what = "/dev/kvm";
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return -errno;
	*what = "a VM";
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return -errno;
	*what = "a vCPU"; /* one without a local APIC in the kernel has a switch of its own */
	return ioctl(vm, KVM_CREATE_VCPU, 0) < 0 ? -errno : 0;
}

/** Of the kind that the baseline's switch records are. */
static int hold_perf_event(const char **what)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.context_switch = 1,
	};

	*what = "a perf event";
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) < 0 ? -errno
											: 0;
}

int main(void)
{
	const char *vm, *event;
	int no_vm = hold_vm(&vm), no_event = hold_perf_event(&event);

	if (no_vm)
		printf("cannot hold %s: %s\n", vm, strerror(-no_vm));
	if (no_event)
		printf("cannot hold %s: %s\n", event, strerror(-no_event));
	if (!no_vm && !no_event)
		printf("held\n");
	fflush(stdout);
	for (;;)
		pause();
}
