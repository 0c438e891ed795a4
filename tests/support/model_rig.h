/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model_rig.h - a stand-in for the simulator that runs one domain's models: virtual time, a
 * few pCPUs that take ready vCPUs in turn, slices.  Nothing costs time but work, spinning
 * and being cold, so a test can say what must come out.
 *
 * At one instant: deadlines of blocked vCPUs, then steps that end, then slices, each by
 * index; then idle pCPUs take who is ready, first come, first served.
 */
#ifndef CX_TEST_MODEL_RIG_H
#define CX_TEST_MODEL_RIG_H

#include "tests/support/model_names.h"

#include <coxswain/model.h>

#define RIG_US UINT64_C(1000)
#define RIG_MS UINT64_C(1000000)
#define RIG_SEC UINT64_C(1000000000)

#define RIG_VCPUS 8u
#define RIG_PARAMS 6u
#define RIG_NEVER UINT64_MAX

struct rig_config {
	const char *workload;
	struct {
		const char *name;
		int64_t value;
	} params[RIG_PARAMS];     /* the others have their defaults */
	unsigned vcpus, pcpus;    /* 0 = 1 */
	uint64_t slice_ns;        /* 0 = for ever */
	uint64_t seed;            /* of vCPU i: seed + i */
	uint64_t work_rate;       /* 0 = 750, so that a unit of work takes 1 us */
	uint64_t spin_rate;       /* 0 = 100 */
	uint64_t access_ps, heap; /* 0 = 2000 ps, without bound */
	/* After another has run on its pCPU so much work takes the double, once. */
	uint64_t cold_ns;
};

enum rig_state { RIG_READY, RIG_RUNS, RIG_BLOCKED, RIG_GONE };

struct cx_model_vcpu {
	struct rig *rig;
	void *priv;
	unsigned index;
	enum rig_state state;
	struct cx_model_step step;
	bool stepping, released;
	uint64_t left_ns; /* of the step */
	uint64_t cold_ns; /* work to be done at half speed */
	bool half;        /* a nanosecond of run time that is not half a nanosecond of work */
	uint64_t due_ns;  /* of its BLOCK */
	uint64_t ready_since;
	uint64_t progress, results[CX_GUEST_RESULTS];
	/* What it has done. */
	uint64_t ran_ns, works, spins, blocks, yields, releases, longest_wait_ns;
	uint64_t status, left_at_ns;
};

struct rig_pcpu {
	struct cx_model_vcpu *on, *last;
	uint64_t until_ns;
};

struct rig {
	struct rig_config config;
	const struct cx_model *model;
	uint64_t now_ns, turn;
	int64_t params[CX_GUEST_PARAMS];
	void *domain_priv;
	struct cx_model_vcpu vcpus[RIG_VCPUS];
	struct rig_pcpu pcpus[RIG_VCPUS];
	char log[256]; /* its last line */
	unsigned n_log;
};

/** The model of that name, NULL if there is none. */
const struct cx_model *rig_model(const char *name);
/** The domain is ready to start; unknown names fail the test. */
void rig_init(struct rig *rig, const struct rig_config *config);
/** Go on until that time, or until all vCPUs are gone; then publish. */
void rig_run(struct rig *rig, uint64_t until_ns);
void rig_fini(struct rig *rig);
/** Change the length of slices from now on. */
void rig_set_slice(struct rig *rig, uint64_t slice_ns);
/** A result by its name. */
uint64_t rig_result(const struct rig *rig, unsigned vcpu, const char *name);

#endif
