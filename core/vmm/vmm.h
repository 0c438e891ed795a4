/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/vmm/vmm.h - virtual machines on KVM: memory, boot, exits, events.
 *
 * Knows nothing of scheduling, threads or time: its caller decides who enters the
 * guest, when, and on which thread.  One struct cx_vm is one domain.  Without an
 * in-kernel irqchip, so that a halted vCPU comes back to the caller.
 *
 * Locks: cx_vm_enter() is called by the vCPU's own thread only; cx_vm_post() and
 * cx_vm_kick_prepare() from any thread.  Create and destroy while no vCPU runs.
 */
#ifndef CX_CORE_VMM_H
#define CX_CORE_VMM_H

#include "base/error.h"

#include <coxswain/guest_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cx_kvm; /* /dev/kvm, opened and checked once */
struct cx_vm;

/**
 * Open /dev/kvm and check what is needed of it.
 * Returns 0; -ENOENT (no /dev/kvm), -EACCES (no permission), -EOPNOTSUPP (a capability
 * or the API version is missing), each with a message that says what to do.
 */
int cx_kvm_open(struct cx_kvm **kvm, struct cx_error *err);
void cx_kvm_close(struct cx_kvm *kvm);
/** "vmx", "svm", "pvm" or "kvm" when it cannot be told; from the loaded modules. */
const char *cx_kvm_backend(const struct cx_kvm *kvm);

/**
 * The host's time stamp counter as a clock: ns = ((tsc - base) * mult) >> shift, with a
 * 128-bit product.  Every vCPU's counter is made equal to the host's, so that this is
 * the guest's clock too.  mult is 0 where the host itself does not trust its counter to
 * keep time: KVM then changes a guest's counter whenever its vCPU moves, by milliseconds.
 */
struct cx_tsc_clock {
	uint64_t base, mult;
	unsigned shift;
};
#define CX_TSC_SHIFT 32 /* mult is then exact to 1e-9; ns overflow after 500 years */

/**
 * Compare the counter with CLOCK_MONOTONIC and find the clock that shows the nanoseconds
 * since @start_ns of CLOCK_MONOTONIC.  Takes 20 ms, asleep; drifts from CLOCK_MONOTONIC
 * by about 1 us a second.  All 0 where the counter is no clock; guests ask then.
 */
void cx_tsc_clock(uint64_t start_ns, struct cx_tsc_clock *clock);

/** A payload, read and checked once, loaded into many domains. */
struct cx_payload;

/**
 * Read the payload file @path: a static ELF64 x86-64 program with a workload section.
 * Every header field is checked against the file's size.
 * Returns 0, -errno of the read, or -ENOEXEC with what is wrong with it.
 */
int cx_payload_open(const char *path, struct cx_payload **payload, struct cx_error *err);
void cx_payload_close(struct cx_payload *payload);
/** Its description of itself; strings are terminated, counts are within bounds. */
const struct cx_workload_info *cx_payload_info(const struct cx_payload *payload);
/** Bytes of heap that each of @vcpus finds in @memory bytes, as cx_heap() gives them to it;
 *  0 when there is no room for the payload and its vCPUs. */
uint64_t cx_guest_heap(const struct cx_payload *payload, uint64_t memory, unsigned vcpus);

/** What a vCPU finds as its seed, of a run with @seed: the same on every machine. */
uint64_t cx_guest_seed(uint64_t seed, unsigned domain, unsigned vcpu);

struct cx_vm_config {
	const char *name;
	const struct cx_payload *payload; /* must outlive the domain */
	uint32_t index;                   /* the domain's number in the run */
	unsigned vcpus;                   /* 1 .. CX_GUEST_VCPUS_MAX */
	uint64_t memory;                  /* bytes, a multiple of 4 KiB, >= 4 MiB, <= 64 GiB */
	unsigned peers;                   /* for the guest page; CX_HC_SEND is the caller's */
	uint64_t seed;
	int64_t params[CX_GUEST_PARAMS];
	uint64_t tsc_base, tsc_mult; /* the guest's clock: cx_tsc_clock() */
	unsigned tsc_shift;
};

int cx_vm_create(struct cx_kvm *kvm, const struct cx_vm_config *config, struct cx_vm **vm,
		 struct cx_error *err);
void cx_vm_destroy(struct cx_vm *vm);

enum cx_exit_kind {
	CX_EXIT_KICKED,    /* a signal or cx_vm_kick_prepare(): no guest business */
	CX_EXIT_HYPERCALL, /* number and args; answer with cx_vm_answer() before re-entry */
	CX_EXIT_HALT,      /* the guest executed HLT: wait until an event is pending */
	CX_EXIT_CRASH      /* `text` says how: the domain is not to be entered again */
};

struct cx_exit {
	enum cx_exit_kind kind;
	uint32_t kvm_reason; /* KVM_EXIT_*, for the trace */
	uint64_t number, args[3];
	char text[160];
};

/**
 * Run vCPU @vcpu until it exits to us.  Exits that the VMM settles by itself (the
 * interrupt window) are settled here, and pending upcalls are injected when the
 * guest can take them.
 * Returns 0 with *out filled in, or a negative errno with a message if KVM_RUN
 * itself failed.
 */
int cx_vm_enter(struct cx_vm *vm, unsigned vcpu, struct cx_exit *out, struct cx_error *err);
/** The hypercall's result, put in the guest's rax at the next entry. */
void cx_vm_answer(struct cx_vm *vm, unsigned vcpu, int64_t result);

/**
 * Kicks: the running thread is sent a signal whose handler calls this (async-signal-
 * safe: one store), which makes the KVM_RUN in progress or the next one return at
 * once.  The owner calls cx_vm_kick_clear() before it checks its reasons to leave and
 * enters, so that a kick between the check and KVM_RUN is not lost.
 */
void cx_vm_kick_prepare(struct cx_vm *vm, unsigned vcpu);
void cx_vm_kick_clear(struct cx_vm *vm, unsigned vcpu);

/** Make @port pending at @vcpu; any thread.  Returns true if no port was pending before. */
bool cx_vm_post(struct cx_vm *vm, unsigned vcpu, unsigned port);
/** Clear and return the pending ports. */
uint64_t cx_vm_take_pending(struct cx_vm *vm, unsigned vcpu);
uint64_t cx_vm_pending(const struct cx_vm *vm, unsigned vcpu);
/** Did the guest ask for upcalls (so that a running vCPU must be kicked on a post)? */
bool cx_vm_wants_upcall(const struct cx_vm *vm, unsigned vcpu);
void cx_vm_set_upcall(struct cx_vm *vm, unsigned vcpu, bool on);
/** CX_HC_RING0: the vCPU goes on in ring 0 after the hypercall. */
int cx_vm_enter_ring0(struct cx_vm *vm, unsigned vcpu, struct cx_error *err);

/**
 * Copy @len bytes at guest address @addr.  Returns 0, or -EFAULT unless all of it lies
 * in the domain's memory.
 */
int cx_vm_read(const struct cx_vm *vm, uint64_t addr, void *buf, size_t len);

/** The vCPU's shared page, as mapped in this process. */
struct cx_guest_page *cx_vm_page(struct cx_vm *vm, unsigned vcpu);
/** Bytes of this process's own memory used for the domain, guest memory not counted. */
size_t cx_vm_overhead(const struct cx_vm *vm);

#endif
