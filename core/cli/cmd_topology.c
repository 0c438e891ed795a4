/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain topology */

#include "core/cli/cli.h"

#include "topology/topology.h"

int cx_cmd_topology(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct cx_topology *topo;
	struct cx_error err = { "" };

	(void)options;
	(void)paths;
	if (cx_topology_host(&topo, &err) < 0) {
		cx_complain("%s", err.text);
		return CX_STATUS_FAILED;
	}
	cx_topology_print(topo, stdout);
	cx_topology_free(topo);
	return CX_STATUS_DONE;
}
