/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * standin.h - a stand-in for KVM_RUN: guests that are C functions, on the real threads,
 * dispatcher and policies.  For tools that cannot follow a real guest, and for speed.
 *
 * A guest function is called with its vCPU's state; it computes until it wants something
 * of the VMM and returns the exit.  One that wants nothing looks at `kicked` now and then.
 */
#ifndef CX_TEST_STANDIN_H
#define CX_TEST_STANDIN_H

#include "core/machine/engine.h"

#include <stdatomic.h>
#include <string.h>

struct standin_vcpu;
typedef void (*standin_guest)(struct standin_vcpu *vcpu, struct cx_exit *exit);

struct standin_vcpu {
	standin_guest guest;
	void *arg;
	unsigned index;
	atomic_bool kicked;
	_Atomic uint64_t pending;
	atomic_bool upcall;
	int64_t answer;
	bool answered;
	uint64_t entries;
	struct cx_guest_page page;
};

struct standin_vm {
	unsigned n;
	struct standin_vcpu vcpu[CX_GUEST_VCPUS_MAX];
};

static inline bool standin_kicked(struct standin_vcpu *v)
{
	return atomic_load_explicit(&v->kicked, memory_order_acquire);
}

static inline struct standin_vcpu *standin_of(void *vm, unsigned vcpu)
{
	return &((struct standin_vm *)vm)->vcpu[vcpu];
}

static inline int standin_enter(void *vm, unsigned vcpu, struct cx_exit *exit, struct cx_error *err)
{
	struct standin_vcpu *v = standin_of(vm, vcpu);

	(void)err;
	memset(exit, 0, sizeof(*exit));
	/* As KVM_RUN with immediate_exit set. */
	if (standin_kicked(v)) {
		exit->kind = CX_EXIT_KICKED;
		return 0;
	}
	v->entries++;
	v->guest(v, exit);
	v->answered = false;
	return 0;
}

static inline void standin_answer(void *vm, unsigned vcpu, int64_t result)
{
	standin_of(vm, vcpu)->answer = result;
	standin_of(vm, vcpu)->answered = true;
}

static inline void standin_kick_prepare(void *vm, unsigned vcpu)
{
	atomic_store_explicit(&standin_of(vm, vcpu)->kicked, true, memory_order_release);
}

static inline void standin_kick_clear(void *vm, unsigned vcpu)
{
	atomic_store(&standin_of(vm, vcpu)->kicked, false);
}

static inline bool standin_post(void *vm, unsigned vcpu, unsigned port)
{
	return atomic_fetch_or(&standin_of(vm, vcpu)->pending, 1ull << port) == 0;
}

static inline uint64_t standin_take_pending(void *vm, unsigned vcpu)
{
	return atomic_exchange(&standin_of(vm, vcpu)->pending, 0);
}

static inline uint64_t standin_pending(void *vm, unsigned vcpu)
{
	return atomic_load(&standin_of(vm, vcpu)->pending);
}

static inline bool standin_wants_upcall(void *vm, unsigned vcpu)
{
	return atomic_load(&standin_of(vm, vcpu)->upcall);
}

static inline void standin_set_upcall(void *vm, unsigned vcpu, bool on)
{
	atomic_store(&standin_of(vm, vcpu)->upcall, on);
}

static inline int standin_enter_ring0(void *vm, unsigned vcpu, struct cx_error *err)
{
	(void)vm;
	(void)vcpu;
	(void)err;
	return 0;
}

static inline int standin_read(void *vm, uint64_t addr, void *buf, size_t len)
{
	(void)vm;
	(void)addr;
	memset(buf, 'x', len);
	return 0;
}

static inline struct cx_guest_page *standin_page(void *vm, unsigned vcpu)
{
	return &standin_of(vm, vcpu)->page;
}

static const struct cx_engine standin_engine = {
	.enter = standin_enter,
	.answer = standin_answer,
	.kick_prepare = standin_kick_prepare,
	.kick_clear = standin_kick_clear,
	.post = standin_post,
	.take_pending = standin_take_pending,
	.pending = standin_pending,
	.wants_upcall = standin_wants_upcall,
	.set_upcall = standin_set_upcall,
	.enter_ring0 = standin_enter_ring0,
	.read = standin_read,
	.page = standin_page,
};

#endif
