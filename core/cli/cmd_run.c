/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain run */

#include "core/cli/campaign.h"

#include <string.h>

int cx_cmd_run(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	if (options->scheduler && strchr(options->scheduler, ',')) {
		cx_complain("--scheduler: found '%s'; allowed: one scheduler; '%s compare' runs "
			    "several",
			    options->scheduler, CX_CLI_NAME);
		return CX_STATUS_USAGE;
	}
	return cx_campaign(options, paths, false);
}
