/* SPDX-License-Identifier: BSD-2-Clause */
/* Its fifth tick calls itself until the stack is used up. */
#include "minimal_rr.h"

#define TICK_NS 1000000ull /* 1 ms */

static struct cx_vcpu *pick_ticking(struct cx_policy *policy, struct cx_pcpu *pcpu,
				    struct cx_pick *pick)
{
	if (minimal_pcpu(pcpu)->picks == 4)
		cx_tick_every(pcpu, TICK_NS);
	return minimal_pick(policy, pcpu, pick);
}

/* Deeper than any stack: a billion calls of a KiB each. */
static unsigned deeper(unsigned depth)
{
	volatile unsigned here[256];

	here[0] = depth;
	if (depth == 1000000000u)
		return 0;
	return deeper(depth + 1) + here[0]; /* used after the call, so that it is one */
}

static void tick_overflowing(struct cx_policy *policy, struct cx_pcpu *pcpu, uint64_t now)
{
	(void)policy;
	(void)now;
	if (minimal_pcpu(pcpu)->picks > 8)
		minimal_pcpu(pcpu)->picks += deeper(0);
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,     .name = "overflows_in_tick", MINIMAL_RR,
	.pick = pick_ticking, .tick = tick_overflowing,
};
