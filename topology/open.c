/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST "host"

bool cx_topology_is_file(const char *what)
{
	size_t len = strlen(what);

	if (!*what || strcmp(what, HOST) == 0)
		return false;
	return strchr(what, '/') || (len >= 4 && strcmp(what + len - 4, ".xml") == 0) ||
	       access(what, F_OK) == 0;
}

int cx_topology_find(const char *what, const char *said_in, char **found, struct cx_error *err)
{
	const char *slash = strrchr(said_in, '/');
	struct stat st;

	*found = NULL;
	if (slash && *what && *what != '/' && strcmp(what, HOST) != 0) {
		if (asprintf(found, "%.*s/%s", (int)(slash - said_in), said_in, what) < 0) {
			*found = NULL;
			return cx_fail(err, ENOMEM, "topology: out of memory");
		}
		if (stat(*found, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
		free(*found);
	}
	*found = strdup(what);
	return *found ? 0 : cx_fail(err, ENOMEM, "topology: out of memory");
}

int cx_topology_open(const char *what, struct cx_topology **topo, struct cx_error *err)
{
	if (!*what)
		return cx_fail(err, EINVAL,
			       "topology: found \"\", allowed \"host\", an XML file that `lstopo "
			       "--of xml` wrote, or a description such as \"pack:2 l3:1 core:4 "
			       "pu:2\"");
	if (strcmp(what, HOST) == 0)
		return cx_topology_host(topo, err);
	if (cx_topology_is_file(what))
		return cx_topology_xml(what, topo, err);
	return cx_topology_synthetic(what, topo, err);
}
