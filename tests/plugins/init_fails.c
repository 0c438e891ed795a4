/* SPDX-License-Identifier: BSD-2-Clause */
/* Its instance cannot be made. */
#include "minimal_rr.h"

#include <errno.h>

static int refuse(struct cx_policy *policy)
{
	(void)policy;
	return -ENODEV;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER, .name = "init_fails", .init = refuse, MINIMAL_RR, .pick = minimal_pick,
};
