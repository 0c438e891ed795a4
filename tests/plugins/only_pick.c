/* SPDX-License-Identifier: BSD-2-Clause */
/* No sin: nothing but a name and a pick, so that every default is used. */
#include <coxswain/plugin.h>

static struct cx_vcpu *pick_next(struct cx_policy *policy, struct cx_pcpu *pcpu,
				 struct cx_pick *pick)
{
	struct cx_vcpu *v = cx_pcpu_next_vcpu(pcpu, pick->prev), *first = v;

	(void)policy;
	while (v && !cx_vcpu_runnable(v)) {
		v = cx_pcpu_next_vcpu(pcpu, v);
		if (v == first)
			return NULL;
	}
	return v;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "only_pick",
	.pick = pick_next,
};
