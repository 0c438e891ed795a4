/* SPDX-License-Identifier: BSD-2-Clause */
/* This host, as its kernel reports it. */
#include "topology/internal.h"

#include <errno.h>
#include <string.h>

static int make_host(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	hwloc_topology_t hw;
	int rc;

	(void)arg;
	if (hwloc_topology_init(&hw) < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	/* The others as well: who shares a cache does not depend on what we may use. */
	if (hwloc_topology_set_flags(hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
	    hwloc_topology_load(hw) < 0) {
		int code = errno ? errno : EIO;

		hwloc_topology_destroy(hw);
		return cx_fail(err, code,
			       "topology: hwloc cannot read this host: %s; is /sys there?",
			       strerror(code));
	}
	rc = cx_topology_from_hwloc(hw, true, NULL, topo, err);
	return rc ? cx_fail_prefix(err, -rc, "topology of this host") : 0;
}

int cx_topology_host(struct cx_topology **topo, struct cx_error *err)
{
	return cx_topology_isolated(make_host, NULL, "topology of this host",
				    CX_TOPOLOGY_TIMEOUT_MS, topo, err);
}
