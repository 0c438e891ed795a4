/* SPDX-License-Identifier: BSD-2-Clause */
/* Declares a parameter whose default lies outside its own range. */
#include "minimal_rr.h"

static const struct cx_param params[] = {
	{ "slice", CX_PARAM_DURATION, NULL, 100000, 1000000, 10000000, "longest turn", NULL },
};

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER, .name = "bad_params", .params = params,
	.n_params = 1,    MINIMAL_RR,           .pick = minimal_pick,
};
