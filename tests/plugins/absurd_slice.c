/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices of nothing, of a nanosecond and of centuries, in turn. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_absurd(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	static const uint64_t slices[] = { 0, 1, UINT64_MAX };
	struct cx_vcpu *v = minimal_pick(policy, pcpu, pick);

	pick->slice_ns = slices[minimal_pcpu(pcpu)->picks % 3];
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "absurd_slice",
	MINIMAL_RR,
	.pick = pick_absurd,
};
