/* SPDX-License-Identifier: BSD-2-Clause */
/* A host from a file that hwloc exported there. */
#include "topology/internal.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHAT "an XML file that `lstopo --of xml` wrote"

struct file {
	const char *path;
	const char *text;
	size_t len;
	unsigned cpus; /* of cx_topology_xml_check() */
};

static int make_xml(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	const struct file *file = arg;
	const char *slash = strrchr(file->path, '/');
	hwloc_topology_t hw;
	int rc, n;

	if (hwloc_topology_init(&hw) < 0)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	/* Everything that counts CPUs; devices and remarks only cost time. */
	if (hwloc_topology_set_flags(hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
	    hwloc_topology_set_io_types_filter(hw, HWLOC_TYPE_FILTER_KEEP_NONE) < 0 ||
	    hwloc_topology_set_type_filter(hw, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE) < 0 ||
	    hwloc_topology_set_xmlbuffer(hw, file->text, (int)file->len + 1) < 0 ||
	    hwloc_topology_load(hw) < 0) {
		hwloc_topology_destroy(hw);
		return cx_fail(err, EINVAL,
			       "%s: hwloc cannot read it: objects or CPU sets are missing or do "
			       "not fit each other; name " WHAT,
			       file->path);
	}
	n = hwloc_get_nbobjs_by_type(hw, HWLOC_OBJ_PU);
	if (n < 0 || (file->cpus && n != (int)file->cpus)) {
		hwloc_topology_destroy(hw);
		if (n < 0)
			return cx_fail(err, EINVAL, "%s: its CPUs are within each other",
				       file->path);
		return cx_fail(err, EINVAL,
			       "%s: of its %u CPUs hwloc takes %d: the others are not in the CPU "
			       "sets around them",
			       file->path, file->cpus, n);
	}
	rc = cx_topology_from_hwloc(hw, false, slash ? slash + 1 : file->path, topo, err);
	return rc ? cx_fail_prefix(err, -rc, "%s", file->path) : 0;
}

int cx_topology_xml(const char *path, struct cx_topology **topo, struct cx_error *err)
{
	struct file file = { .path = path };
	char *text;
	int rc;

	rc = cx_file_read(path, CX_TOPOLOGY_FILE_MAX, false, WHAT, &text, &file.len, err);
	if (rc)
		return rc;
	file.text = text;
	rc = cx_topology_xml_check(path, text, file.len, &file.cpus, err);
	if (!rc)
		rc = cx_topology_isolated(make_xml, &file, path, CX_TOPOLOGY_TIMEOUT_MS, topo, err);
	free(text);
	return rc;
}
