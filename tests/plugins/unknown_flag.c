/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets a flag that nobody has defined. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "unknown_flag",
	.pcpu_size = sizeof(struct minimal_pcpu),
	.vcpu_size = sizeof(struct minimal_vcpu),
	.flags = CX_PLUGIN_INSTANCE_LOCK | 1ull << 63,
	.pcpu_online = minimal_pcpu_online,
	.migrate = minimal_migrate,
	.wake = minimal_wake,
	.block = minimal_block,
	.pick = minimal_pick,
};
