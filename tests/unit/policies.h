/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies that several tests of the dispatcher use: small ones in the test, shipped ones. */
#ifndef CX_TEST_POLICIES_H
#define CX_TEST_POLICIES_H

#include "tests/support/spy.h"
#include "tests/support/vmachine.h"
#include "tests/unit/host_rig.h"

#include <errno.h>

/* Nothing but a pick: the ring of those assigned here, in turn. */
static inline struct cx_vcpu *ring_pick(struct cx_policy *policy, struct cx_pcpu *pcpu,
					struct cx_pick *pick)
{
	struct cx_vcpu *v = cx_pcpu_next_vcpu(pcpu, pick->prev), *first = v;

	(void)policy;
	while (v && (!cx_vcpu_runnable(v) || cx_vcpu_parked(v))) {
		v = cx_pcpu_next_vcpu(pcpu, v);
		if (v == first)
			return NULL;
	}
	return v;
}

static const struct cx_plugin ring_plugin = { CX_PLUGIN_HEADER, .name = "ring", .pick = ring_pick };

/* A policy of the build; @loaded is to be unloaded. */
static inline const struct cx_plugin *shipped(const char *name, struct cx_loaded **loaded)
{
	char relative[64], path[PATH_MAX];
	struct cx_error err = { "" };

	snprintf(relative, sizeof(relative), "lib/coxswain/schedulers/%s.so", name);
	if (cx_plugin_load(rig_build_path(relative, path, sizeof(path)), NULL, loaded, &err))
		fail_msg("%s", err.text);
	return cx_plugin_table(*loaded);
}

static inline uint64_t time_in(const struct vm *m, unsigned vcpu, enum cx_state state)
{
	return m->record->vcpus[vcpu].time_ns[state];
}

#endif
