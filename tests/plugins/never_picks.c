/* SPDX-License-Identifier: BSD-2-Clause */
/* Never picks anybody. */
#include "minimal_rr.h"

static struct cx_vcpu *pick_nobody(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	(void)policy;
	minimal_requeue(pcpu, pick);
	return NULL;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "never_picks",
	MINIMAL_RR,
	.pick = pick_nobody,
};
