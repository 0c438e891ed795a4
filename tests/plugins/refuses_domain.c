/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes no domain that starts later than the run: there is no room for it. */
#include "minimal_rr.h"

#include <errno.h>

#define EARLY_NS 1000000000ull /* 1 s */

static int attach_early(struct cx_policy *policy, struct cx_domain *dom, uint64_t now)
{
	(void)policy;
	(void)dom;
	return now > EARLY_NS ? -ENOSPC : 0;
}

const struct cx_plugin coxswain_plugin = {
	CX_PLUGIN_HEADER,     .name = "refuses_domain", MINIMAL_RR, .domain_attach = attach_early,
	.pick = minimal_pick,
};
