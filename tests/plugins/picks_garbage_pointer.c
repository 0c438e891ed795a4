/* SPDX-License-Identifier: BSD-2-Clause */
/* Every other pick is no vCPU: memory of another kind, no memory at all, the middle of one. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_garbage(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	struct cx_vcpu *v = minimal_pick(policy, pcpu, pick);

	if (!v || minimal_pcpu(pcpu)->picks % 2)
		return v;
	minimal_enqueue(pcpu, v);
	switch (minimal_pcpu(pcpu)->picks / 2 % 3) {
	case 0:
		return cx_pcpu_priv(pcpu);
	case 1:
		return (struct cx_vcpu *)(uintptr_t)0x123456789a0;
	default:
		return (struct cx_vcpu *)((uintptr_t)v + sizeof(void *));
	}
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "picks_garbage_pointer",
	MINIMAL_RR,
	.pick = pick_garbage,
};
