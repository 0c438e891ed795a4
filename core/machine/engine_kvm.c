/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/machine/engine.h"

static int enter(void *vm, unsigned vcpu, struct cx_exit *exit, struct cx_error *err)
{
	return cx_vm_enter(vm, vcpu, exit, err);
}

static void answer(void *vm, unsigned vcpu, int64_t result)
{
	cx_vm_answer(vm, vcpu, result);
}

static void kick_prepare(void *vm, unsigned vcpu)
{
	cx_vm_kick_prepare(vm, vcpu);
}

static void kick_clear(void *vm, unsigned vcpu)
{
	cx_vm_kick_clear(vm, vcpu);
}

static bool post(void *vm, unsigned vcpu, unsigned port)
{
	return cx_vm_post(vm, vcpu, port);
}

static uint64_t take_pending(void *vm, unsigned vcpu)
{
	return cx_vm_take_pending(vm, vcpu);
}

static uint64_t pending(void *vm, unsigned vcpu)
{
	return cx_vm_pending(vm, vcpu);
}

static bool wants_upcall(void *vm, unsigned vcpu)
{
	return cx_vm_wants_upcall(vm, vcpu);
}

static void set_upcall(void *vm, unsigned vcpu, bool on)
{
	cx_vm_set_upcall(vm, vcpu, on);
}

static int enter_ring0(void *vm, unsigned vcpu, struct cx_error *err)
{
	return cx_vm_enter_ring0(vm, vcpu, err);
}

static int read_memory(void *vm, uint64_t addr, void *buf, size_t len)
{
	return cx_vm_read(vm, addr, buf, len);
}

static struct cx_guest_page *page(void *vm, unsigned vcpu)
{
	return cx_vm_page(vm, vcpu);
}

const struct cx_engine cx_engine_kvm = {
	.enter = enter,
	.answer = answer,
	.kick_prepare = kick_prepare,
	.kick_clear = kick_clear,
	.post = post,
	.take_pending = take_pending,
	.pending = pending,
	.wants_upcall = wants_upcall,
	.set_upcall = set_upcall,
	.enter_ring0 = enter_ring0,
	.read = read_memory,
	.page = page,
};
