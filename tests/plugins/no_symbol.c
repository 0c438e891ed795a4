/* SPDX-License-Identifier: BSD-2-Clause */
/* Exports its table under a name that nobody looks for. */
#include "minimal_rr.h"

extern const struct cx_plugin no_symbol_plugin __attribute__((visibility("default")));

const struct cx_plugin no_symbol_plugin = {
	CX_PLUGIN_HEADER,
	.name = "no_symbol",
	MINIMAL_RR,
	.pick = minimal_pick,
};
