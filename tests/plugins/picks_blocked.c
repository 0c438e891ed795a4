/* SPDX-License-Identifier: BSD-2-Clause */
/* Picks a vCPU that sleeps, whenever one of this pCPU does. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_blocked(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	struct cx_vcpu *first = cx_pcpu_next_vcpu(pcpu, NULL), *v = first;

	while (v) {
		if (!cx_vcpu_runnable(v)) {
			minimal_requeue(pcpu, pick);
			return v;
		}
		v = cx_pcpu_next_vcpu(pcpu, v);
		if (v == first)
			break;
	}
	return minimal_pick(policy, pcpu, pick);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "picks_blocked",
	MINIMAL_RR,
	.pick = pick_blocked,
};
