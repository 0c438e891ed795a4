/* SPDX-License-Identifier: BSD-2-Clause */
/* This host, as its kernel reports it. */
#include "topology/internal.h"

#include <errno.h>
#include <string.h>

static int load_host(hwloc_topology_t *hw, struct cx_error *err)
{
	if (hwloc_topology_init(hw) < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	/* The others as well: who shares a cache does not depend on what we may use. */
	if (hwloc_topology_set_flags(*hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
	    hwloc_topology_load(*hw) < 0) {
		int code = errno ? errno : EIO;

		hwloc_topology_destroy(*hw);
		return cx_fail(err, code,
			       "topology: hwloc cannot read this host: %s; is /sys there?",
			       strerror(code));
	}
	return 0;
}

/* @path is where it is to be written as well, or NULL. */
static int make_host(const void *path, struct cx_topology **topo, struct cx_error *err)
{
	hwloc_topology_t hw;
	int rc;

	rc = load_host(&hw, err);
	if (rc)
		return rc;
	if (path && hwloc_topology_export_xml(hw, path, 0) < 0) {
		int code = errno ? errno : EIO;

		hwloc_topology_destroy(hw);
		return cx_fail(err, code, "%s: hwloc cannot write it: %s", (const char *)path,
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

int cx_topology_host_write(const char *path, struct cx_error *err)
{
	struct cx_topology *topo = NULL;
	int rc = cx_topology_isolated(make_host, path, "topology of this host",
				      CX_TOPOLOGY_TIMEOUT_MS, &topo, err);

	cx_topology_free(topo);
	return rc;
}
