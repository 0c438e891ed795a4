/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coxswain/model.h - what a workload's model and the simulator agree on.
 *
 * A model does in virtual time what its payload does in a guest: the same parameters,
 * the same results, the same hypercalls in the same order.  It never computes; it says
 * what would be computed, and the simulator says how long that takes.
 *
 * The life of a simulated vCPU:
 *
 *	model->init(v)                             its domain starts
 *	loop:
 *	    model->next(v, &step)                  it runs: what does it do next?
 *	    WORK   the pCPU is its own for step.ns of undisturbed work; however often it is
 *	           preempted meanwhile, model->worked(v, ns, took) hears of each part
 *	    SPIN   it burns the pCPU until a sibling calls cx_model_release(), or for step.ns
 *	    BLOCK, YIELD, TIMER, SEND              hypercalls
 *	    EXIT   it is no more
 *	model->publish(v)                          at its end or that of the run
 *
 * next() and worked() are called with the simulator's time at the instant in question;
 * init() and next() take no virtual time, so a model must not go on for ever without a
 * step that does.  Models are pure: no clock, no I/O, no allocation, no state but their
 * private areas, so the same scenario and seed give the same run on every host.
 *
 * Nothing here may be called but from within these operations, for the vCPU given.
 */
#ifndef COXSWAIN_MODEL_H
#define COXSWAIN_MODEL_H

#include <coxswain/guest_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One simulated vCPU. */
struct cx_model_vcpu;

enum cx_model_op {
	CX_MODEL_WORK, /* compute for `ns` of the time that warm, undisturbed work takes */
	CX_MODEL_SPIN, /* until released, or `ns` of run time have passed */
	CX_MODEL_BLOCK, /* CX_HC_BLOCK: until an event, or `ns` from now at the latest; 0 = events only */
	CX_MODEL_YIELD, /* CX_HC_YIELD */
	CX_MODEL_TIMER, /* CX_HC_SET_TIMER: in `ns` from now; 0 cancels */
	CX_MODEL_SEND,  /* CX_HC_SEND to `port` of vCPU `vcpu` of `peer` (0 = its own domain) */
	CX_MODEL_EXIT   /* CX_HC_EXIT with status `ns` */
};

#define CX_MODEL_FOREVER UINT64_MAX

struct cx_model_step {
	enum cx_model_op op;
	uint64_t ns;
	unsigned peer, vcpu, port; /* SEND */
};

/**
 * The table of one model.  info, name and next are mandatory.
 */
struct cx_model {
	/** The payload's own table, from the file that both include.  A payload whose table
	 *  differs is another workload: the run is refused. */
	const struct cx_workload_info *info;
	/** Private areas, zeroed before init(): of each vCPU, and common to a domain's.  Bytes. */
	size_t vcpu_size, domain_size;

	/** Its domain starts; parameters and seed are there.  Default: nothing. */
	void (*init)(struct cx_model_vcpu *v);
	/** It runs, and what it did last is done: what is next?  Sets *step. */
	void (*next)(struct cx_model_vcpu *v, struct cx_model_step *step);
	/** It has done @ns of its step WORK, which took @took_ns of run time: more than @ns while
	 *  its working set was cold.  All of the calls for one step add up to its ns.  A part
	 *  that is still under way when the run ends is told of before publish().
	 *  Default: nothing. */
	void (*worked)(struct cx_model_vcpu *v, uint64_t ns, uint64_t took_ns);
	/** Bring progress and results up to date.  May come at any time.  Default: nothing. */
	void (*publish)(struct cx_model_vcpu *v);
	/** Bytes that its work touches over and over; asked once, after init().  Default: 0. */
	uint64_t (*working_set)(struct cx_model_vcpu *v);
};

/** The models of all shipped workloads; ends with NULL.  In workloads/models.c. */
extern const struct cx_model *const cx_models[];

/* --- what a model is told ------------------------------------------------------- */

void *cx_model_priv(const struct cx_model_vcpu *v);
void *cx_model_domain_priv(const struct cx_model_vcpu *v);
/** Parameter @index, in the order of the table; out of range reads 0. */
int64_t cx_model_param(const struct cx_model_vcpu *v, unsigned index);
/** As cx_guest_page.seed: the same number as on the kvm machine. */
uint64_t cx_model_seed(const struct cx_model_vcpu *v);
unsigned cx_model_index(const struct cx_model_vcpu *v); /* in its domain */
unsigned cx_model_vcpus(const struct cx_model_vcpu *v); /* of its domain */
/** Bytes of this vCPU's part of the heap, as cx_heap() gives them to a payload. */
uint64_t cx_model_heap(const struct cx_model_vcpu *v);
/** Nanoseconds since the start of the run. */
uint64_t cx_model_now(const struct cx_model_vcpu *v);
/** The ports that its last BLOCK returned; 0: the time had passed. */
uint64_t cx_model_ports(const struct cx_model_vcpu *v);
/** Did its last SPIN end by a release (else its time was up)? */
bool cx_model_released(const struct cx_model_vcpu *v);
/** Iterations of cx_work() in a microsecond of work, at least 1. */
uint64_t cx_model_work_rate(const struct cx_model_vcpu *v);
/** Iterations of a spinning loop (load, compare, pause) in a microsecond, at least 1. */
uint64_t cx_model_spin_rate(const struct cx_model_vcpu *v);
/** What an access of a random walk through its working set costs, all of it being where
 *  it fits best, in picoseconds, at least 1.  Not in init() and working_set(). */
uint64_t cx_model_access_ps(const struct cx_model_vcpu *v);

/* --- what a model does ------------------------------------------------------------ */

/** End the present SPIN of sibling @index, now if it runs, else when it runs again.
 *  Nothing happens to one that does not spin, or is no more. */
void cx_model_release(struct cx_model_vcpu *v, unsigned index);
void cx_model_set_progress(struct cx_model_vcpu *v, uint64_t progress);
/** Out of range: ignored. */
void cx_model_set_result(struct cx_model_vcpu *v, unsigned index, uint64_t value);
/** CX_HC_LOG: one line of at most 200 bytes. */
void cx_model_log(struct cx_model_vcpu *v, const char *line);

#endif
