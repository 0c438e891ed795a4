/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU goes on elsewhere: what that takes beside the switch.
 *
 * One vCPU with its thread, and a thread on each of two CPUs that puts it there in turn, as
 * whoever leaves a pCPU does for the next one: set its affinity if it was elsewhere, wake it,
 * sleep.  From then until the guest's first reading of its clock, with a move and without.
 */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/machine/host.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY (16ull << 20)
#define TURNS_MAX 4000u            /* fewer than a gauge's samples */
#define AWAY_NS (150 * CX_US)      /* before a turn: the CPU does something else */
#define TURN_NS (AWAY_NS + 200000) /* about */

struct mover {
	struct cal *c;
	struct cx_vm *vm;
	uint64_t start_ns;
	unsigned cpu[2];
	sem_t put[2], run; /* who puts it on that CPU; the vCPU's thread */
	unsigned turns, turn;
	bool *side; /* of each turn: on which CPU */
	pid_t tid;  /* of the vCPU's thread */
	sem_t ready;
	uint64_t put_ns; /* this turn's beginning */
	struct cal_samples moved, stayed;
	int rc;
	struct cx_error err;
};

struct putter {
	struct mover *m;
	unsigned side;
};

static void set_affinity(struct mover *m, pid_t tid, unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set) < 0 && m->rc == 0)
		m->rc = cx_fail(&m->err, errno, "cannot put a thread on CPU %u: %s", cpu,
				strerror(errno));
}

static void *put(void *arg)
{
	struct putter *p = arg;
	struct mover *m = p->m;

	for (;;) {
		uint64_t until;

		sem_wait(&m->put[p->side]);
		if (m->turn >= m->turns)
			return NULL;
		for (until = cx_monotonic_ns() + AWAY_NS; cx_monotonic_ns() < until;)
			;
		m->put_ns = cx_monotonic_ns();
		if (m->turn && m->side[m->turn - 1] != m->side[m->turn])
			set_affinity(m, m->tid, m->cpu[p->side]);
		sem_post(&m->run);
	}
}

/* Once into the guest, until its next hypercall. */
static void take_turn(struct mover *m)
{
	struct cal_samples *s = &m->stayed;
	struct cx_exit out;
	uint64_t ran_ns;

	if (m->rc == 0)
		m->rc = cx_vm_enter(m->vm, 0, &out, &m->err);
	if (m->rc == 0 && out.kind != CX_EXIT_HYPERCALL)
		m->rc = cx_fail(&m->err, EPROTO, "calibrate: a gauge's vCPU exits with %d",
				out.kind);
	if (m->rc)
		return;
	cx_vm_answer(m->vm, 0, 0);
	/* Of the hypercall before this one: when it was back. */
	ran_ns = m->start_ns + __atomic_load_n(&cx_vm_page(m->vm, 0)->results[0], __ATOMIC_RELAXED);
	if (m->turn == 0)
		return;
	if (m->side[m->turn] != m->side[m->turn - 1])
		s = &m->moved;
	if (ran_ns > m->put_ns)
		cal_add(s, ran_ns - m->put_ns);
}

static void *run_vcpu(void *arg)
{
	struct mover *m = arg;

	m->tid = (pid_t)syscall(SYS_gettid);
	set_affinity(m, m->tid, m->cpu[m->side[0]]);
	sem_post(&m->ready);
	while (m->turn < m->turns) {
		sem_wait(&m->run);
		take_turn(m);
		if (m->rc || cal_stopped(m->c))
			m->turn = m->turns;
		else
			m->turn++;
		if (m->turn < m->turns)
			sem_post(&m->put[m->side[m->turn]]);
	}
	sem_post(&m->put[0]);
	sem_post(&m->put[1]);
	return NULL;
}

/* Everything is there: let them play. */
static int play(struct mover *m)
{
	struct putter putters[2] = { { m, 0 }, { m, 1 } };
	pthread_t threads[3];
	unsigned n = 0;
	int rc = 0;

	for (; n < 2 && rc == 0; n += rc == 0)
		rc = cal_start_on(m->c, &threads[n], put, &putters[n], m->cpu[n], &m->err);
	if (rc == 0) {
		rc = cal_start_on(m->c, &threads[n], run_vcpu, m, m->cpu[m->side[0]], &m->err);
		n += rc == 0;
	}
	if (rc) {
		m->turn = m->turns;
		sem_post(&m->put[0]);
		sem_post(&m->put[1]);
	} else {
		sem_wait(&m->ready);
		sem_post(&m->put[m->side[0]]);
	}
	while (n)
		pthread_join(threads[--n], NULL);
	return rc ? rc : m->rc;
}

/* Half of the turns elsewhere than the one before, in no order. */
static bool *choose_sides(unsigned turns)
{
	bool *side = calloc(turns, sizeof(*side));
	uint64_t x = 1;

	for (unsigned i = 0; side && i < turns; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull; /* Knuth's MMIX */
		side[i] = x >> 63;
	}
	return side;
}

static int find_payload(struct cal *c, const char *name, struct cx_payload **payload)
{
	const char *const *dirs = c->options->payload_dirs;
	char path[PATH_MAX];
	int rc = cx_fail(c->err, ENOENT, "calibrate: no payload %s found", name);

	for (; *dirs && rc == -ENOENT; dirs++) {
		snprintf(path, sizeof(path), "%s/%s.elf", *dirs, name);
		rc = cx_payload_open(path, payload, c->err);
	}
	return rc;
}

static int boot(struct mover *m, struct cx_payload **payload)
{
	struct cx_tsc_clock clock;
	struct cx_vm_config config = { .name = "gauge", .vcpus = 1, .memory = MEMORY };
	const struct cx_workload_info *info;
	int rc = find_payload(m->c, "gauge", payload);

	if (rc)
		return rc;
	info = cx_payload_info(*payload);
	for (unsigned i = 0; i < info->n_params; i++) {
		config.params[i] = info->params[i].def;
		if (strcmp(info->params[i].name, "what") == 0)
			config.params[i] = CAL_CALL;
		else if (strcmp(info->params[i].name, "samples") == 0)
			config.params[i] = info->params[i].max;
	}
	m->start_ns = cx_monotonic_ns();
	cx_tsc_clock(m->start_ns, &clock);
	config.payload = *payload;
	config.tsc_base = clock.base;
	config.tsc_mult = clock.mult;
	config.tsc_shift = clock.shift;
	return cx_vm_create(m->c->kvm, &config, &m->vm, m->c->err);
}

static int measure_pair(struct cal *c, unsigned a, unsigned b, uint64_t ns, enum cx_cost_index cost)
{
	struct mover m = { .c = c, .cpu = { a, b } };
	struct cx_payload *payload = NULL;
	uint64_t stay;
	int rc;

	m.turns = ns / TURN_NS < TURNS_MAX ? (unsigned)(ns / TURN_NS) + 2 : TURNS_MAX;
	m.side = choose_sides(m.turns);
	if (!m.side)
		return cx_fail(c->err, ENOMEM, "out of memory");
	sem_init(&m.put[0], 0, 0);
	sem_init(&m.put[1], 0, 0);
	sem_init(&m.run, 0, 0);
	sem_init(&m.ready, 0, 0);
	rc = boot(&m, &payload);
	if (rc == 0 && (rc = play(&m)) != 0)
		*c->err = m.err;
	if (rc == 0)
		rc = cal_check_stop(c);
	stay = cal_median(&m.stayed);
	cal_less(&m.moved, stay);
	for (size_t i = 0; rc == 0 && stay && i < m.moved.n; i++)
		cal_add(&c->cost[cost], m.moved.at[i]);
	c->cost[cost].lost |= m.moved.lost | m.stayed.lost;
	cal_samples_free(&m.moved);
	cal_samples_free(&m.stayed);
	if (m.vm)
		cx_vm_destroy(m.vm);
	cx_payload_close(payload);
	free(m.side);
	return rc;
}

int cal_moving(struct cal *c, uint64_t ns)
{
	static const struct {
		enum cx_cost_index cost;
		unsigned distance;
		const char *wanted;
	} moves[] = {
		{ CX_COST_MOVE_SMT, CX_DIST_SMT, "two threads of one core" },
		{ CX_COST_MOVE_LLC, CX_DIST_LLC, "two cores with one last-level cache" },
		{ CX_COST_MOVE_NODE, CX_DIST_NODE, "two last-level caches of one NUMA node" },
		{ CX_COST_MOVE_REMOTE, CX_DIST_REMOTE, "two NUMA nodes" },
	};
	unsigned a, b;
	int rc = 0;

	for (unsigned i = 0; i < 4 && rc == 0; i++) {
		if (!cal_pair(c, moves[i].distance, &a, &b))
			cal_not_measured(c, moves[i].cost, CAL_NO_PAIR, moves[i].wanted);
		else if (!c->clock)
			cal_not_measured(c, moves[i].cost,
					 "this host's time stamp counter is no clock");
		else
			rc = measure_pair(c, a, b, ns, moves[i].cost);
	}
	return rc;
}
