/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/engine.h - what executes guest code.
 *
 * The threads of a host drive guests through this table alone.  One engine is KVM
 * (engine_kvm.c, over core/vmm); tests bring others, so that threads, wake-ups and
 * hand-overs can be run under tools that cannot follow a real guest.
 */
#ifndef CX_CORE_ENGINE_H
#define CX_CORE_ENGINE_H

#include "core/vmm/vmm.h"

/** Semantics and threads as the functions of the same names in core/vmm/vmm.h. */
struct cx_engine {
	int (*enter)(void *vm, unsigned vcpu, struct cx_exit *exit, struct cx_error *err);
	void (*answer)(void *vm, unsigned vcpu, int64_t result);
	void (*kick_prepare)(void *vm, unsigned vcpu); /* async-signal-safe */
	void (*kick_clear)(void *vm, unsigned vcpu);
	bool (*post)(void *vm, unsigned vcpu, unsigned port);
	uint64_t (*take_pending)(void *vm, unsigned vcpu);
	uint64_t (*pending)(void *vm, unsigned vcpu);
	bool (*wants_upcall)(void *vm, unsigned vcpu);
	void (*set_upcall)(void *vm, unsigned vcpu, bool on);
	int (*enter_ring0)(void *vm, unsigned vcpu, struct cx_error *err);
	int (*read)(void *vm, uint64_t addr, void *buf, size_t len);
	struct cx_guest_page *(*page)(void *vm, unsigned vcpu);
};

extern const struct cx_engine cx_engine_kvm;

#endif
