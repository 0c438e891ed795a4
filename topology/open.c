/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_file(const char *what)
{
	size_t len = strlen(what);

	return strchr(what, '/') || (len >= 4 && strcmp(what + len - 4, ".xml") == 0) ||
	       access(what, F_OK) == 0;
}

int cx_topology_open(const char *what, struct cx_topology **topo, struct cx_error *err)
{
	if (!*what)
		return cx_fail(err, EINVAL,
			       "topology: found \"\", allowed \"host\", an XML file that `lstopo "
			       "--of xml` wrote, or a description such as \"pack:2 l3:1 core:4 "
			       "pu:2\"");
	if (strcmp(what, "host") == 0)
		return cx_topology_host(topo, err);
	if (is_file(what))
		return cx_topology_xml(what, topo, err);
	return cx_topology_synthetic(what, topo, err);
}
