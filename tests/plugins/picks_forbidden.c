/* SPDX-License-Identifier: BSD-2-Clause */
/* Picks a vCPU that waits on another pCPU and may not run on this one, whenever one does. */
#include "minimal_rr.h"

static struct cx_vcpu *forbidden_on(const struct cx_pcpu *pcpu, const struct cx_pcpu *peer)
{
	struct cx_node *node;

	cx_list_for_each (node, &minimal_pcpu(peer)->queue) {
		struct cx_vcpu *v = cx_entry(node, struct minimal_vcpu, node)->v;

		if (!cx_vcpu_allowed(v, pcpu))
			return v;
	}
	return NULL;
}

static struct cx_vcpu *pick_forbidden(struct cx_policy *policy, struct cx_pcpu *pcpu,
				      struct cx_pick *pick)
{
	struct cx_vcpu *v = NULL;
	struct cx_pcpu *peer;

	for (unsigned rank = 1; !v && (peer = cx_pcpu_near(pcpu, rank)); rank++)
		v = forbidden_on(pcpu, peer);
	if (!v)
		return minimal_pick(policy, pcpu, pick);
	minimal_requeue(pcpu, pick);
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "picks_forbidden",
	MINIMAL_RR,
	.pick = pick_forbidden,
};
