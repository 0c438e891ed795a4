/* SPDX-License-Identifier: BSD-2-Clause */
/* The topology reader: what begins with '<' as an XML file, all else as a description. */
#include "tests/fuzz/harness.h"

#include "topology/internal.h"

#define PAIRS 64u /* of CPUs that are asked for their distance */

static void check_distances(const struct cx_topology *topo)
{
	unsigned step = cx_topology_cpus(topo) / PAIRS + 1, a, b;

	for (a = 0; a < cx_topology_cpus(topo); a += step) {
		REQUIRE(cx_topology_core(topo, a) < cx_topology_cpus(topo));
		REQUIRE(cx_topology_llc(topo, a) < cx_topology_cpus(topo));
		REQUIRE(cx_topology_distance(topo, a, a) == 0);
		for (b = 0; b < cx_topology_cpus(topo); b += step) {
			REQUIRE(cx_topology_distance(topo, a, b) ==
				cx_topology_distance(topo, b, a));
			REQUIRE(a == b || cx_topology_distance(topo, a, b) > 0);
		}
	}
}

static void check_print(const struct cx_topology *topo)
{
	char *text = NULL, *p;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	REQUIRE(out);
	cx_topology_print(topo, out);
	REQUIRE(fclose(out) == 0);
	for (p = text; p < text + len; p++)
		REQUIRE(*p == '\n' || (*p >= ' ' && *p < 0x7f));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	char path[40], *text;
	int fd, rc;

	if (size > 0 && data[0] == '<') {
		fd = cx_fuzz_file(data, size, path, sizeof(path));
		rc = cx_topology_open(path, &topo, &err);
		close(fd);
	} else {
		text = strndup((const char *)data, size);
		REQUIRE(text);
		rc = cx_topology_synthetic(text, &topo, &err);
		free(text);
	}
	if (rc < 0) {
		REQUIRE(!topo);
		cx_fuzz_check_error(&err);
		return 0;
	}
	REQUIRE(cx_topology_check(topo, &err) == 0);
	REQUIRE(cx_topology_cpus(topo) >= 1 && cx_topology_cpus(topo) <= CX_TOPOLOGY_CPUS_MAX);
	check_distances(topo);
	check_print(topo);
	cx_topology_free(topo);
	return 0;
}
