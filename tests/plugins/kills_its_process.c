/* SPDX-License-Identifier: BSD-2-Clause */
/* Its tenth pick on a pCPU ends the process in a way that no handler hears of. */
#include "minimal_rr.h"

#include <signal.h>

static struct cx_vcpu *pick_killing(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	if (minimal_pcpu(pcpu)->picks == 9)
		raise(SIGKILL);
	return minimal_pick(policy, pcpu, pick);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "kills_its_process",
	MINIMAL_RR,
	.pick = pick_killing,
};
