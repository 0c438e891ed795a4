/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a domain costs before its guest does anything: CPU time to boot it, and memory of
 * our own beside the guest's.
 *
 * Memory is what the process has resident afterwards and did not have before, less the
 * pages of guest memory in it.  Kernel memory (KVM's page tables, file descriptors,
 * kernel stacks) is no part of it.
 */
#include "tests/guests/probe.h"
#include "tests/support/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAINS 64u
#define ROUNDS 5u
#define MEMORY (16ull << 20)
#define MEMORY_TEXT "16MiB"
#define PAGE_BYTES 4096u
#define GOAL_MS 10
#define GOAL_KIB 1024
#define SETTLE_NS (CX_SEC / 2)
#define RUN_NS CX_SEC
#define LINE_MAX_BYTES 512

/* Resident bytes: of the whole process, and of those the guests' memory. */
struct resident {
	uint64_t all, guests;
};

/* A mapping's size in /proc/self/smaps tells guest memory: nothing else is as large as
 * MEMORY and a multiple of it. */
static int resident(struct bench *b, struct resident *r)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[LINE_MAX_BYTES];
	unsigned long long from, to, kib;
	bool guest = false;

	*r = (struct resident){ 0 };
	if (!f)
		return cx_fail(&b->err, errno, "/proc/self/smaps: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			guest = (to - from) >= MEMORY && (to - from) % MEMORY == 0;
		else if (sscanf(line, "Rss: %llu kB", &kib) == 1)
			*(guest ? &r->guests : &r->all) += kib * 1024;
	}
	fclose(f);
	r->all += r->guests;
	return 0;
}

struct cost {
	double ms, kib;
};

static double own_kib(const struct resident *before, const struct resident *after, unsigned domains)
{
	return ((double)(after->all - after->guests) - (double)(before->all - before->guests)) /
	       1024 / domains;
}

static void print_cost(struct bench *b, const char *what, struct cost *costs)
{
	double ms[ROUNDS];
	char figure[80];

	for (unsigned i = 0; i < ROUNDS; i++)
		ms[i] = costs[i].ms;
	snprintf(figure, sizeof(figure), "%s, CPU time a domain", what);
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = "ms",
			       .value = bench_median(ms, ROUNDS),
			       .peer = NAN,
			       .goal = BENCH_BELOW,
			       .target = GOAL_MS,
			       .steal = NAN,
		       });
	/* The first round is the one that memory is new in: later ones find it freed. */
	snprintf(figure, sizeof(figure), "%s, own memory a domain", what);
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = "KiB",
			       .value = costs[0].kib,
			       .peer = NAN,
			       .goal = BENCH_BELOW,
			       .target = GOAL_KIB,
			       .steal = NAN,
		       });
}

/* --- the VMM alone: until every vCPU has made its first hypercall ------------------ */

static int boot_one(struct bench *b, const struct cx_payload *payload, unsigned index,
		    unsigned vcpus, struct cx_vm **vm)
{
	struct cx_vm_config config = {
		.name = "boot",
		.payload = payload,
		.index = index,
		.vcpus = vcpus,
		.memory = MEMORY,
		.params = { PROBE_CALLS, 1 },
		.tsc_mult = 1,
	};
	struct cx_exit out;
	int rc = cx_vm_create(b->kvm, &config, vm, &b->err);

	for (unsigned v = 0; rc == 0 && v < vcpus; v++) {
		rc = cx_vm_enter(*vm, v, &out, &b->err);
		if (rc == 0 && out.kind != CX_EXIT_HYPERCALL)
			rc = cx_fail(&b->err, EPROTO, "unexpected exit %d: %s", out.kind,
				     out.kind == CX_EXIT_CRASH ? out.text : "");
	}
	return rc;
}

static int boot_all(struct bench *b, const struct cx_payload *payload, unsigned vcpus,
		    struct cost *cost)
{
	struct cx_vm *vms[DOMAINS] = { NULL };
	struct resident before, after;
	uint64_t used;
	int rc = resident(b, &before);

	used = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; rc == 0 && i < DOMAINS; i++)
		rc = boot_one(b, payload, i, vcpus, &vms[i]);
	cost->ms = (double)(bench_now(CLOCK_PROCESS_CPUTIME_ID) - used) / 1e6 / DOMAINS;
	if (rc == 0)
		rc = resident(b, &after);
	if (rc == 0)
		cost->kib = own_kib(&before, &after, DOMAINS);
	for (unsigned i = 0; i < DOMAINS; i++)
		if (vms[i])
			cx_vm_destroy(vms[i]);
	return rc;
}

static int measure_vmm(struct bench *b, const struct cx_payload *payload, unsigned vcpus)
{
	struct cost costs[ROUNDS];
	char what[64];
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < ROUNDS; i++)
		rc = boot_all(b, payload, vcpus, &costs[i]);
	if (rc == 0) {
		snprintf(what, sizeof(what), "VMM, %u domains of %u", DOMAINS, vcpus);
		print_cost(b, what, costs);
	}
	return rc;
}

/* --- the whole program: with threads, dispatcher, history --------------------------- */

struct look {
	struct bench *b;
	struct resident now;
	bool taken;
	int rc;
};

static void look(void *arg, uint64_t elapsed_ns, uint64_t duration_ns)
{
	struct look *l = arg;

	(void)duration_ns;
	if (l->taken || elapsed_ns < SETTLE_NS)
		return;
	l->rc = resident(l->b, &l->now);
	l->taken = true;
}

static int run_once(struct bench *b, const struct cx_scenario *scenario, struct cost *cost)
{
	struct look during = { .b = b };
	struct bench_run run = {
		.scheduler = "credit", .duration_ns = RUN_NS, .progress = look, .arg = &during
	};
	struct resident before;
	struct cx_record *record;
	uint64_t used;
	int rc = resident(b, &before);

	used = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	if (rc == 0)
		rc = bench_run(b, scenario, &run, &record);
	if (rc < 0)
		return rc;
	/* Its guests block at once, so all of it is set-up, boot and tear-down. */
	cost->ms = (double)(bench_now(CLOCK_PROCESS_CPUTIME_ID) - used) / 1e6 / DOMAINS;
	cost->kib = own_kib(&before, &during.now, DOMAINS);
	cx_record_free(record);
	return during.taken ? during.rc : cx_fail(&b->err, ENODATA, "the run was too short");
}

static int measure_run(struct bench *b, unsigned vcpus)
{
	struct cost costs[ROUNDS];
	struct cx_scenario *scenario = NULL;
	char what[64];
	int rc = bench_scenario(b, &scenario,
				"domains:\n"
				"  - {name: d, count: %u, vcpus: %u, memory: " MEMORY_TEXT
				", workload: {name: \"%s/tests/guests/probe.elf\", what: %d}}\n",
				DOMAINS, vcpus, b->build, PROBE_BLOCK);

	for (unsigned i = 0; rc == 0 && i < ROUNDS; i++)
		rc = run_once(b, scenario, &costs[i]);
	if (rc == 0) {
		snprintf(what, sizeof(what), "program, %u domains of %u", DOMAINS, vcpus);
		print_cost(b, what, costs);
	}
	cx_scenario_free(scenario);
	return rc;
}

static int body(struct bench *b)
{
	static const unsigned sizes[] = { 1, 4 };
	struct cx_payload *payload = NULL;
	char path[PATH_MAX + 32];
	int rc;

	snprintf(path, sizeof(path), "%s/tests/guests/probe.elf", b->build);
	rc = cx_payload_open(path, &payload, &b->err);
	for (unsigned i = 0; rc == 0 && i < 2; i++)
		rc = measure_vmm(b, payload, sizes[i]);
	for (unsigned i = 0; rc == 0 && i < 2; i++)
		rc = measure_run(b, sizes[i]);
	cx_payload_close(payload);
	return rc;
}

int main(void)
{
	return bench_main("booting 64 domains: CPU time and memory of the VMM a domain", body);
}
