/* SPDX-License-Identifier: BSD-2-Clause */
/* Built for the next major version of the contract. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	.abi = (CX_PLUGIN_ABI_MAJOR + 1) << 16,
	.struct_size = sizeof(struct cx_plugin),
	.name = "wrong_abi",
	MINIMAL_RR,
	.pick = minimal_pick,
};
