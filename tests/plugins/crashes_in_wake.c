/* SPDX-License-Identifier: BSD-2-Clause */
/* The first wake-up after the start writes where there is no memory. */
#include "minimal_rr.h"

static void wake_crashing(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			  uint64_t now)
{
	char *volatile nowhere = (char *)(uintptr_t)0x10;

	if (why != CX_WAKE_START)
		*nowhere = 0;
	minimal_wake(policy, v, why, now);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "crashes_in_wake",
	.flags = CX_PLUGIN_INSTANCE_LOCK,
	.pcpu_size = sizeof(struct minimal_pcpu),
	.vcpu_size = sizeof(struct minimal_vcpu),
	.pcpu_online = minimal_pcpu_online,
	.migrate = minimal_migrate,
	.wake = wake_crashing,
	.block = minimal_block,
	.pick = minimal_pick,
};
