/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain topology */

#include "core/cli/cli.h"

#include "topology/topology.h"

#include <errno.h>

int cx_cmd_topology(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct cx_topology *topo;
	struct cx_error err = { "" };
	int rc;

	(void)paths;
	rc = cx_topology_open(options->topology ? options->topology : "host", &topo, &err);
	if (rc < 0) {
		cx_complain("%s", err.text);
		return options->topology && rc != -ENOMEM ? CX_STATUS_USAGE : CX_STATUS_FAILED;
	}
	cx_topology_print(topo, stdout);
	cx_topology_free(topo);
	return CX_STATUS_DONE;
}
