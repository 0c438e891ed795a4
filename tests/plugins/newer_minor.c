/* SPDX-License-Identifier: BSD-2-Clause */
/* Built against a later header of the same major version. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	.abi = CX_PLUGIN_ABI + 1,
	.struct_size = sizeof(struct cx_plugin),
	.name = "newer_minor",
	MINIMAL_RR,
	.pick = minimal_pick,
};
