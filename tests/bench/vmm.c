/* SPDX-License-Identifier: BSD-2-Clause */
/* What a domain costs: to boot, to keep, and each time its guest comes out to us. */
#include "core/vmm/internal.h"
#include "tests/guests/probe.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MEMORY (16ull << 20)
#define DOMAINS_MAX 64
#define ROUNDS 5
#define EXITS 5000
#define KICKS 200
#define KICK_AFTER_NS 1000000ull

struct bench {
	struct cx_kvm *kvm;
	struct cx_payload *payload;
	struct cx_vm *vm[DOMAINS_MAX];
	struct cx_error err;
};

static uint64_t ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int boot(struct bench *b, unsigned index, unsigned vcpus, enum cx_probe what)
{
	struct cx_vm_config config = {
		.name = "bench",
		.payload = b->payload,
		.index = index,
		.vcpus = vcpus,
		.memory = MEMORY,
		.params = { what, 1 },
		.tsc_mult = 1,
	};

	return cx_vm_create(b->kvm, &config, &b->vm[index], &b->err);
}

static int enter(struct bench *b, unsigned index, unsigned vcpu, enum cx_exit_kind kind)
{
	struct cx_exit out;
	int rc = cx_vm_enter(b->vm[index], vcpu, &out, &b->err);

	if (rc == 0 && out.kind != kind)
		rc = cx_fail(&b->err, EPROTO, "unexpected exit %d: %s", out.kind, out.text);
	return rc;
}

/** Bytes of [@start, @start + @len) that are in memory. */
static uint64_t resident(void *start, uint64_t len)
{
	size_t pages = len / CX_PAGE_SIZE;
	unsigned char *in = malloc(pages);
	uint64_t n = 0;

	if (in && mincore(start, len, in) == 0)
		for (size_t i = 0; i < pages; i++)
			n += in[i] & 1;
	free(in);
	return n * CX_PAGE_SIZE;
}

static uint64_t process_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	char line[128], *second = NULL;
	uint64_t here;

	if (f && fgets(line, sizeof(line), f))
		second = strchr(line, ' ');
	here = second ? strtoull(second, NULL, 10) : 0;
	if (f)
		fclose(f);
	return here * CX_PAGE_SIZE;
}

/** From nothing until every vCPU of @domains has made its first hypercall. */
static int bench_boot(struct bench *b, unsigned domains, unsigned vcpus)
{
	uint64_t before = process_resident(), cpu = ns(CLOCK_PROCESS_CPUTIME_ID), own;
	double ms;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < domains; i++) {
		rc = boot(b, i, vcpus, PROBE_CALLS);
		for (unsigned v = 0; rc == 0 && v < vcpus; v++)
			rc = enter(b, i, v, CX_EXIT_HYPERCALL);
	}
	ms = (double)(ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e6 / domains;
	own = process_resident() - before;
	for (unsigned i = 0; i < domains && b->vm[i]; i++) {
		own -= resident(b->vm[i]->memory, MEMORY);
		cx_vm_destroy(b->vm[i]);
		b->vm[i] = NULL;
	}
	if (rc == 0)
		printf("boot, %2u domains of %u: %.2f ms of CPU a domain (under 10), "
		       "%.0f KiB of own memory a domain (under 1024)\n",
		       domains, vcpus, ms, (double)(int64_t)own / 1024 / domains);
	return rc;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/** Median over rounds of one exit's cost, in us; negative: failed. */
static double exit_cost(struct bench *b, bool hypercall)
{
	double us[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = ns(CLOCK_MONOTONIC);

		for (int i = 0; i < EXITS; i++) {
			if (hypercall)
				cx_vm_answer(b->vm[0], 0, 0);
			if (enter(b, 0, 0, hypercall ? CX_EXIT_HYPERCALL : CX_EXIT_KICKED) < 0)
				return -1;
		}
		us[round] = (double)(ns(CLOCK_MONOTONIC) - start) / 1e3 / EXITS;
	}
	qsort(us, ROUNDS, sizeof(us[0]), by_size);
	return us[ROUNDS / 2];
}

static int bench_exits(struct bench *b)
{
	double call, bare;
	int rc = boot(b, 0, 1, PROBE_NOP);

	if (rc == 0)
		rc = enter(b, 0, 0, CX_EXIT_HYPERCALL);
	if (rc == 0) {
		call = exit_cost(b, true);
		cx_vm_kick_prepare(b->vm[0], 0);
		bare = exit_cost(b, false);
		if (call < 0 || bare < 0)
			rc = -EPROTO;
		else
			printf("hypercall: %.1f us, against %.1f us of a KVM_RUN that returns at "
			       "once: %.2f\n",
			       call, bare, call / bare);
	}
	cx_vm_destroy(b->vm[0]);
	b->vm[0] = NULL;
	return rc;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	cx_vm_kick_prepare(info->si_value.sival_ptr, 0);
}

/** A signal to the guest's own thread by a timer: from its deadline until we are back. */
static int bench_kick(struct bench *b)
{
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	double us[KICKS];
	timer_t timer;
	int rc = boot(b, 0, 1, PROBE_SPIN);

	if (rc < 0)
		return rc;
	event.sigev_value.sival_ptr = b->vm[0];
	if (sigaction(SIGUSR1, &act, NULL) < 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) < 0) {
		rc = cx_fail(&b->err, errno, "no timer: %s", strerror(errno));
		goto out;
	}
	for (int i = 0; rc == 0 && i < KICKS; i++) {
		uint64_t at = ns(CLOCK_MONOTONIC) + KICK_AFTER_NS;
		struct itimerspec when = { .it_value = { (time_t)(at / 1000000000),
							 (long)(at % 1000000000) } };

		timer_settime(timer, TIMER_ABSTIME, &when, NULL);
		rc = enter(b, 0, 0, CX_EXIT_KICKED);
		us[i] = (double)(int64_t)(ns(CLOCK_MONOTONIC) - at) / 1e3;
		cx_vm_kick_clear(b->vm[0], 0);
	}
	timer_delete(timer);
	qsort(us, KICKS, sizeof(us[0]), by_size);
	if (rc == 0)
		printf("timer kick of a running guest: p50 %.1f us, p99 %.1f us late\n",
		       us[KICKS / 2], us[KICKS * 99 / 100]);
out:
	cx_vm_destroy(b->vm[0]);
	b->vm[0] = NULL;
	return rc;
}

static int run(struct bench *b)
{
	static const struct {
		unsigned domains, vcpus;
	} sizes[] = { { 1, 1 }, { 1, 4 }, { 64, 4 } };
	int rc = 0;

	printf("backend: %s, registers by %s\n", cx_kvm_backend(b->kvm),
	       b->kvm->sync_regs ? "the shared page" : "ioctl");
	for (size_t i = 0; rc == 0 && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		rc = bench_boot(b, sizes[i].domains, sizes[i].vcpus);
	if (rc == 0)
		rc = bench_exits(b);
	return rc == 0 ? bench_kick(b) : rc;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	char path[PATH_MAX];
	int rc;

	(void)argc;
	snprintf(path, sizeof(path), "%s/../tests/guests/probe.elf", dirname(argv[0]));
	rc = cx_payload_open(path, &b.payload, &b.err);
	if (rc == 0)
		rc = cx_kvm_open(&b.kvm, &b.err);
	if (rc == 0)
		rc = run(&b);
	if (rc < 0)
		printf("%s\n", b.err.text);
	cx_kvm_close(b.kvm);
	cx_payload_close(b.payload);
	return rc < 0;
}
