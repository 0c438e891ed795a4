/* SPDX-License-Identifier: BSD-2-Clause */
/* Its table ends before the operations. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	.abi = CX_PLUGIN_ABI,
	.struct_size = offsetof(struct cx_plugin, init),
	.name = "short_table",
	MINIMAL_RR,
	.pick = minimal_pick,
};
