/* SPDX-License-Identifier: BSD-2-Clause */
/* Has no name. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	MINIMAL_RR,
	.pick = minimal_pick,
};
