/* SPDX-License-Identifier: BSD-2-Clause */
/* The models of all workloads, one line each. */
#include "models.h"

const struct cx_model *const cx_models[] = {
	&cx_model_barrier, &cx_model_bursty, &cx_model_cachewalk, &cx_model_hog,
	&cx_model_lock,    &cx_model_server, &cx_model_sleeper,   NULL,
};
