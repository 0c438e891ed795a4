/* SPDX-License-Identifier: BSD-2-Clause */
/* Never picks the first vCPU of the run. */
#include "minimal_rr.h"

static void wake_but_one(struct cx_policy *policy, struct cx_vcpu *v, enum cx_wake_why why,
			 uint64_t now)
{
	if (cx_vcpu_id(v) != 0)
		minimal_wake(policy, v, why, now);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "starves_one",
	.flags = CX_PLUGIN_INSTANCE_LOCK,
	.pcpu_size = sizeof(struct minimal_pcpu),
	.vcpu_size = sizeof(struct minimal_vcpu),
	.pcpu_online = minimal_pcpu_online,
	.migrate = minimal_migrate,
	.wake = wake_but_one,
	.block = minimal_block,
	.pick = minimal_pick,
};
