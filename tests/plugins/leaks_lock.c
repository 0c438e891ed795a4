/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes its neighbour's lock in every pick and does not give it back. */
#include <coxswain/plugin.h>

static struct cx_vcpu *pick_locked(struct cx_policy *policy, struct cx_pcpu *pcpu,
				   struct cx_pick *pick)
{
	struct cx_vcpu *v = cx_pcpu_next_vcpu(pcpu, pick->prev), *first = v;
	struct cx_pcpu *peer = cx_pcpu_near(pcpu, 1);

	(void)policy;
	if (peer)
		(void)cx_trylock(peer);
	while (v && !cx_vcpu_runnable(v)) {
		v = cx_pcpu_next_vcpu(pcpu, v);
		if (v == first)
			return NULL;
	}
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "leaks_lock",
	.pick = pick_locked,
};
