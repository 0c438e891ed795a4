/* SPDX-License-Identifier: BSD-2-Clause */
/* Its tenth pick on a pCPU writes where there is no memory. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_crashing(struct cx_policy *policy, struct cx_pcpu *pcpu,
				     struct cx_pick *pick)
{
	char *volatile nowhere = (char *)(uintptr_t)0x10;

	if (minimal_pcpu(pcpu)->picks == 9)
		*nowhere = 0;
	return minimal_pick(policy, pcpu, pick);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "crashes_in_pick",
	MINIMAL_RR,
	.pick = pick_crashing,
};
