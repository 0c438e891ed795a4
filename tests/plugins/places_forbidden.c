/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses for a waking vCPU a pCPU that its affinity forbids, if there is one. */
#include "minimal_rr.h"

static struct cx_pcpu *place_forbidden(struct cx_policy *policy, struct cx_vcpu *v, uint64_t now)
{
	(void)now;
	for (unsigned i = 0; i < cx_pcpu_limit(policy); i++) {
		struct cx_pcpu *pcpu = cx_pcpu_at(policy, i);

		if (pcpu && !cx_vcpu_allowed(v, pcpu))
			return pcpu;
	}
	return NULL;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,     .name = "places_forbidden",
	MINIMAL_RR,           .choose_pcpu = place_forbidden,
	.pick = minimal_pick,
};
