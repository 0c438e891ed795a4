/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The topology reader again, behind the reader of XML: the bytes say which objects with which
 * sets a well-formed file of hwloc's has, so that most inputs get as far as hwloc and to what is
 * made of its tree.
 */
#include "tests/fuzz/harness.h"

#include "topology/internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DEPTH_MAX 60u

struct bytes {
	const uint8_t *at, *end;
};

static unsigned take(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static const char *const types[] = { "Machine", "Package", "Core",    "PU",       "NUMANode",
				     "L3Cache", "L2Cache", "L1Cache", "L1iCache", "Group",
				     "Die",     "Cache",   "Misc",    "Socket",   "MemCache" };

/* One take() a statement: the order in which arguments are worked out is the compiler's. */

static void put_number(FILE *f, const char *name, unsigned value)
{
	fprintf(f, " %s=\"%u\"", name, value);
}

static void put_sets(FILE *f, struct bytes *b, unsigned which)
{
	unsigned cpus = take(b), nodes = take(b);

	if (which & 1)
		fprintf(f, " cpuset=\"0x%x\"", cpus);
	if (which & 16)
		cpus |= take(b);
	if (which & 2)
		fprintf(f, " complete_cpuset=\"0x%x\"", cpus);
	if (which & 4)
		fprintf(f, " nodeset=\"0x%x\"", nodes & 15);
	if (which & 8)
		fprintf(f, " complete_nodeset=\"%s\"", which & 32 ? "0xf...f" : "0xf");
}

static void put_object(FILE *f, struct bytes *b, bool root)
{
	unsigned type = take(b), sets = take(b), extra = take(b);

	type %= COUNT(types);
	fprintf(f, "<object type=\"%s\"", root ? "Machine" : types[type]);
	if (!(extra & 1) || strcmp(types[type], "PU") == 0 || strcmp(types[type], "NUMANode") == 0)
		put_number(f, "os_index", take(b) & 7);
	put_sets(f, b, sets ^ 15); /* all four unless it says otherwise */
	if (root)
		fprintf(f, " allowed_cpuset=\"0x%x\" allowed_nodeset=\"0xf\"", 255 - take(b));
	if (extra & 2) {
		put_number(f, "cache_size", take(b) << 10);
		put_number(f, "depth", take(b) & 7);
		put_number(f, "cache_type", take(b) & 3);
	}
	if (extra & 4)
		put_number(f, "gp_index", take(b));
	if (extra & 8)
		put_number(f, "local_memory", take(b) << 20);
	fputs(">\n", f);
	if (extra & 16)
		fprintf(f, "<info name=\"CPUModel\" value=\"%.*s\"/>\n", (int)(take(b) & 7),
			"Model 12");
	if (extra & 32)
		fprintf(f, "<page_type size=\"4096\" count=\"%u\"/>\n", take(b));
}

/** One that is right in itself. */
static void put_pu(FILE *f, struct bytes *b)
{
	unsigned number = take(b) & 7;

	fprintf(f,
		"<object type=\"PU\" os_index=\"%u\" cpuset=\"0x%x\" complete_cpuset=\"0x%x\" "
		"nodeset=\"0x1\" complete_nodeset=\"0x1\"/>\n",
		number, 1u << number, 1u << number);
}

/** Of format 1: within an object. */
static void put_old_distances(FILE *f, struct bytes *b)
{
	unsigned n = take(b) & 7, i;

	fputs("<distances", f);
	put_number(f, "nbobjs", n);
	put_number(f, "relative_depth", take(b) & 3);
	put_number(f, "latency_base", take(b));
	fputs(">\n", f);
	for (i = 0; i < n * n; i++)
		fprintf(f, "<latency value=\"%u\"/>\n", take(b));
	fputs("</distances>\n", f);
}

/** Of format 2: after all objects. */
static void put_distances(FILE *f, struct bytes *b)
{
	unsigned n = take(b) & 7, flags = take(b), i;

	fprintf(f, "<distances2 type=\"%s\"", flags & 1 ? "PU" : "NUMANode");
	put_number(f, "nbobjs", n);
	put_number(f, "kind", flags >> 2 & 31);
	fprintf(f, " indexing=\"%s\">\n<indexes length=\"%u\">", flags & 2 ? "gp" : "os", 2 * n);
	for (i = 0; i < n; i++)
		fprintf(f, "%u ", take(b) & 7);
	fprintf(f, "</indexes>\n<u64values length=\"%u\">", 2 * n * n);
	for (i = 0; i < n * n; i++)
		fprintf(f, "%u ", take(b) % 10);
	fputs("</u64values>\n</distances2>\n", f);
}

static void put_objects(FILE *f, struct bytes *b, bool v1)
{
	unsigned depth = 1;

	put_object(f, b, true);
	while (b->at < b->end) {
		unsigned what = take(b) & 7;

		if (what == 7 && v1) {
			put_old_distances(f, b);
		} else if (what >= 3 && what < 5) {
			put_pu(f, b);
		} else if (what < 3 && depth < DEPTH_MAX) {
			put_object(f, b, false);
			depth++;
		} else if (what < 7 && depth > 1) {
			fputs("</object>\n", f);
			depth--;
		}
	}
	while (depth-- > 0)
		fputs("</object>\n", f);
}

static void put_file(FILE *f, struct bytes *b)
{
	unsigned form = take(b);
	struct bytes distances = *b;
	FILE *nowhere;

	if (form & 1) {
		fputs("<topology>\n", f);
		put_objects(f, b, true);
	} else {
		fputs("<topology version=\"2.0\">\n", f);
		if (form & 2) { /* their bytes come first */
			nowhere = fopen("/dev/null", "w");
			REQUIRE(nowhere);
			put_distances(nowhere, b);
			fclose(nowhere);
		}
		put_objects(f, b, false);
		if (form & 2)
			put_distances(f, &distances);
	}
	fputs("</topology>\n", f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, data + (size < 300 ? size : 300) };
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	char path[40], *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int fd, rc;

	REQUIRE(f);
	put_file(f, &bytes);
	REQUIRE(fclose(f) == 0);
	fd = cx_fuzz_file((uint8_t *)text, len, path, sizeof(path));
	rc = cx_topology_open(path, &topo, &err);
	close(fd);
	if (getenv("CX_FUZZ_SHOW"))
		fprintf(stderr, "%s%s\n", text, rc ? err.text : "read");
	free(text);
	if (rc) {
		cx_fuzz_check_error(&err);
		return 0;
	}
	REQUIRE(cx_topology_check(topo, &err) == 0);
	cx_topology_free(topo);
	return 0;
}
