/* SPDX-License-Identifier: BSD-2-Clause */
/* Lacks the one operation that is mandatory. */
#include "minimal_rr.h"

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,
	.name = "no_pick",
	MINIMAL_RR,
};
