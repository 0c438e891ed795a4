/* SPDX-License-Identifier: BSD-2-Clause */
/* Its tenth pick on a pCPU finds that an assertion of its own does not hold. */
#include "minimal_rr.h"

#include <stdlib.h>

static struct cx_vcpu *pick_aborting(struct cx_policy *policy, struct cx_pcpu *pcpu,
				     struct cx_pick *pick)
{
	if (minimal_pcpu(pcpu)->picks == 9)
		abort();
	return minimal_pick(policy, pcpu, pick);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "aborts_in_pick",
	MINIMAL_RR,
	.pick = pick_aborting,
};
