/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain compare */

#include "core/cli/campaign.h"

int cx_cmd_compare(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	return cx_campaign(options, paths, true);
}
