/* SPDX-License-Identifier: BSD-2-Clause */
/* Parks the first vCPU of the run and goes on picking it. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_parked(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	struct cx_vcpu *v = minimal_pick(policy, pcpu, pick);

	if (v && cx_vcpu_id(v) == 0) {
		cx_park(v, CX_PARK_LIMIT, pick->now_ns);
		minimal_enqueue(pcpu, v);
	}
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "picks_parked",
	MINIMAL_RR,
	.pick = pick_parked,
};
