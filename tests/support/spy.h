/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spy.h - hold the dispatcher to what <coxswain/plugin.h> promises a policy.
 *
 * A spy stands in front of a policy's table: it checks every call against the contract,
 * notes it, and passes it on.  A broken promise fails the test at once.
 *
 * The operations have no argument for it, so there is one spy at a time.  Several threads
 * may call it: it has a lock of its own.
 */
#ifndef CX_TEST_SPY_H
#define CX_TEST_SPY_H

#include "trace/event.h"

#include <coxswain/plugin.h>
#include <pthread.h>

#define SPY_VCPUS 512u
#define SPY_PCPUS 16u
#define SPY_DOMAINS 512u
#define SPY_SCRIPT 4096u

enum spy_op {
	SPY_INIT,
	SPY_FINI,
	SPY_PARAM_SET,
	SPY_PCPU_ONLINE,
	SPY_PCPU_OFFLINE,
	SPY_DOMAIN_ATTACH,
	SPY_DOMAIN_ADJUST,
	SPY_DOMAIN_DETACH,
	SPY_POOL_ADJUST,
	SPY_VCPU_ATTACH,
	SPY_VCPU_DETACH,
	SPY_CHOOSE_PCPU,
	SPY_MIGRATE,
	SPY_WAKE,
	SPY_BLOCK,
	SPY_YIELD,
	SPY_PICK,
	SPY_TICK,
	SPY_TIMER,
	SPY_DUMP,
	SPY_OPS
};

struct spy_vcpu {
	bool attached, awake;
	uint64_t wakes, blocks;
};

struct spy_pcpu {
	bool online;
	uint64_t last_ns;       /* of any operation on it */
	struct cx_vcpu *picked; /* the policy's last choice */
	uint64_t picked_ns;     /* when it was put there */
	uint64_t period_ns;     /* of its tick, as the test says; 0 = unknown */
	uint64_t ticks;
};

struct spy {
	const struct cx_plugin *inner;
	struct cx_plugin table; /* the one to give to the dispatcher */
	pthread_mutex_t lock;
	bool faulty; /* the policy errs, so who runs is not what it picked */
	/* On threads a vCPU taken from a pCPU that read the clock later begins then. */
	bool threaded;
	bool begun;
	uint64_t calls[SPY_OPS];
	struct spy_vcpu vcpus[SPY_VCPUS];
	struct spy_pcpu pcpus[SPY_PCPUS];
	bool domains[SPY_DOMAINS];
	/* What was called, in order: "init online0 attach(d0) ..." */
	char script[SPY_SCRIPT];
	unsigned used;
};

/** A spy before @inner; all it is asked for.  @flags are added to the table's. */
struct spy *spy_new(const struct cx_plugin *inner, uint64_t flags);
/** Everything that was begun has ended.  Fails the test otherwise. */
void spy_check_ended(const struct spy *spy);
void spy_free(struct spy *spy);

#endif
