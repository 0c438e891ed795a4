/* SPDX-License-Identifier: BSD-2-Clause */
/* Its tenth pick on a pCPU does not return. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_hanging(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	volatile bool for_ever = minimal_pcpu(pcpu)->picks == 9;

	while (for_ever)
		;
	return minimal_pick(policy, pcpu, pick);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "hangs_in_pick",
	MINIMAL_RR,
	.pick = pick_hanging,
};
