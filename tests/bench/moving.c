/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What moving a vCPU to another pCPU costs before its guest runs there: our way, in which the
 * vCPU keeps its thread and the thread changes CPUs, beside the way that suggests itself, a
 * thread per pCPU that enters whichever vCPU is next.  KVM notes which thread a vCPU belongs
 * to, and before 6.13 waits for an RCU grace period when that changes.
 */
#include "tests/guests/probe.h"
#include "tests/support/bench.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#define MOVES 200u
#define MEMORY (16ull << 20)

/* One of two threads that take turns. */
struct mover {
	struct bench *b;
	struct cx_vm *vm;
	struct cx_hist *hist;
	sem_t *mine, *others;
	unsigned cpu, turns;
	int rc;
};

static int enter(struct bench *b, struct cx_vm *vm)
{
	struct cx_exit out;
	int rc = cx_vm_enter(vm, 0, &out, &b->err);

	if (rc == 0 && out.kind != CX_EXIT_HYPERCALL)
		rc = cx_fail(&b->err, EPROTO, "exit %d: %s", out.kind, out.text);
	if (rc == 0)
		cx_vm_answer(vm, 0, 0);
	return rc;
}

static int boot(struct bench *b, struct cx_vm **vm)
{
	char path[PATH_MAX + 64];
	struct cx_payload *payload;
	struct cx_vm_config config = { .name = "moves",
				       .vcpus = 1,
				       .memory = MEMORY,
				       .params = { PROBE_NOP },
				       .tsc_mult = 1 };
	int rc;

	snprintf(path, sizeof(path), "%s/tests/guests/probe.elf", b->build);
	rc = cx_payload_open(path, &payload, &b->err);
	if (rc)
		return rc;
	config.payload = payload;
	rc = cx_vm_create(b->kvm, &config, vm, &b->err);
	if (rc == 0 && (rc = enter(b, *vm)))
		cx_vm_destroy(*vm);
	cx_payload_close(payload);
	return rc;
}

/** @apart: on two CPUs in turn; else always on the first. */
static int one_thread(struct bench *b, struct cx_vm *vm, bool apart, struct cx_hist *hist)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < MOVES; i++) {
		uint64_t since = bench_now(CLOCK_MONOTONIC);

		rc = bench_pin(b->cpus[apart && i % 2 ? b->n_cpus - 1 : 0]);
		if (rc == 0)
			rc = enter(b, vm);
		cx_hist_add(hist, bench_now(CLOCK_MONOTONIC) - since);
	}
	return rc;
}

static void *take_turns(void *arg)
{
	struct mover *m = arg;

	m->rc = bench_pin(m->cpu);
	for (unsigned i = 0; i < m->turns; i++) {
		uint64_t since;

		sem_wait(m->mine);
		since = bench_now(CLOCK_MONOTONIC);
		if (m->rc == 0)
			m->rc = enter(m->b, m->vm);
		if (m->rc == 0)
			cx_hist_add(m->hist, bench_now(CLOCK_MONOTONIC) - since);
		sem_post(m->others);
	}
	return NULL;
}

static int two_threads(struct bench *b, struct cx_vm *vm, struct cx_hist *hist)
{
	sem_t turn[2];
	pthread_t thread;
	struct mover m[2];
	int rc;

	for (unsigned i = 0; i < 2; i++) {
		sem_init(&turn[i], 0, i == 0);
		m[i] = (struct mover){ .b = b,
				       .vm = vm,
				       .hist = hist,
				       .mine = &turn[i],
				       .others = &turn[!i],
				       .cpu = b->cpus[i ? b->n_cpus - 1 : 0],
				       .turns = MOVES / 2 };
	}
	rc = pthread_create(&thread, NULL, take_turns, &m[1]);
	if (rc == 0) {
		take_turns(&m[0]);
		pthread_join(thread, NULL);
		rc = m[0].rc ? m[0].rc : m[1].rc;
	} else {
		rc = cx_fail(&b->err, rc, "no thread: %s", strerror(rc));
	}
	for (unsigned i = 0; i < 2; i++)
		sem_destroy(&turn[i]);
	return rc;
}

/** The best tenth too: what is left where a busy host puts off most of the moves. */
static void print(struct bench *b, const char *figure, const struct cx_hist *hist)
{
	char name[80];
	struct bench_row best = { .figure = name,
				  .unit = "ns",
				  .value = (double)cx_hist_percentile(hist, 10),
				  .peer = NAN,
				  .goal = BENCH_SHOWN,
				  .steal = NAN };

	snprintf(name, sizeof(name), "%s, p10", figure);
	bench_print(b, &best);
	bench_print_hist(b, figure, hist, NAN, NAN, NAN);
}

static int body(struct bench *b)
{
	struct cx_hist stays = { 0 }, ours = { 0 }, threads = { 0 };
	struct cx_vm *vm;
	int rc;

	if (b->n_cpus < 2) {
		bench_note("one CPU: there is nowhere to move to");
		return 0;
	}
	rc = boot(b, &vm);
	if (rc)
		return rc;
	rc = one_thread(b, vm, false, &stays);
	if (rc == 0)
		rc = one_thread(b, vm, true, &ours);
	if (rc == 0)
		rc = two_threads(b, vm, &threads);
	cx_vm_destroy(vm);
	if (rc)
		return rc;
	print(b, "enter, no move", &stays);
	print(b, "move with its thread", &ours);
	print(b, "move between threads", &threads);
	return 0;
}

int main(void)
{
	return bench_main("moving a vCPU to another pCPU", body);
}
