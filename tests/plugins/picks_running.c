/* SPDX-License-Identifier: BSD-2-Clause */
/* Picks the vCPU that runs on the next pCPU, whenever one does. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_running(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	struct cx_pcpu *peer = cx_pcpu_near(pcpu, 1);
	struct cx_vcpu *theirs = peer ? cx_pcpu_current(peer) : NULL;

	if (!theirs)
		return minimal_pick(policy, pcpu, pick);
	minimal_requeue(pcpu, pick);
	return theirs;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "picks_running",
	MINIMAL_RR,
	.pick = pick_running,
};
