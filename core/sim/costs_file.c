/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of costs: read with the scenario reader's document, which knows every line.
 */
#include "core/scenario/internal.h"
#include "core/sim/costs_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP_WORDS "a mapping of costs to values, such as \"switch: 11us\" in a line"

static int unknown_cost(struct cx_reading *r, const char *key, const char *name, unsigned line)
{
	char *names = cx_cost_names(name);
	int rc;

	if (!names)
		return cx_out_of_memory(r);
	rc = cx_reject(r, key, line, "an unknown cost", "%s", names);
	free(names);
	return rc;
}

static int read_pair(struct cx_reading *r, const char *name, const yaml_node_t *node, unsigned line,
		     struct cx_costs *costs)
{
	char key[CX_KEY_MAX], found[80], allowed[120];
	const char *text = cx_doc_text(node);
	int index = cx_cost_find(name);

	cx_join_key(key, sizeof(key), "", name);
	if (index < 0)
		return unknown_cost(r, key, name, line);
	if (!text || cx_cost_parse((unsigned)index, text, &costs->value[index]) < 0)
		return cx_reject(r, key, line, cx_doc_found(node, found, sizeof(found)), "%s",
				 cx_cost_allowed((unsigned)index, allowed, sizeof(allowed)));
	return 0;
}

static int read_map(struct cx_reading *r, struct cx_costs *costs)
{
	const yaml_node_t *root = cx_doc_root(r);
	char found[80];
	yaml_node_t *value;
	const char *name;
	unsigned line, i;
	int rc = 0;

	if (root->type != YAML_MAPPING_NODE)
		return cx_reject(r, "YAML", (unsigned)root->start_mark.line + 1,
				 cx_doc_found(root, found, sizeof(found)), "%s", MAP_WORDS);
	for (i = 0; !rc && cx_doc_pair(r, root, i, &name, &value, &line); i++)
		rc = read_pair(r, name, value, line, costs);
	return rc;
}

static int parse(struct cx_reading *r, const char *text, size_t len, struct cx_costs *costs)
{
	struct cx_costs read = *costs;
	int rc = cx_doc_load(r, text, len);

	if (rc && r->doc.loaded && !cx_doc_root(r)) /* what it says is of scenarios */
		rc = cx_reject(r, "YAML", 1, "an empty file", "%s", MAP_WORDS);
	if (!rc)
		rc = read_map(r, &read);
	if (!rc)
		*costs = read;
	cx_doc_free(&r->doc);
	return rc;
}

int cx_costs_load(const char *path, struct cx_costs *costs, struct cx_error *err)
{
	struct cx_reading r = { .file = path, .err = err };
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (strcmp(path, "none") == 0) {
		cx_costs_none(costs);
		return 0;
	}
	rc = cx_read_file(path, &text, &len, err);
	if (rc == -EISDIR)
		return cx_fail(err, EISDIR, "%s: is a directory; name a file of costs", path);
	if (rc == -EFBIG)
		return cx_fail(err, EFBIG, "%s: is larger than 1MiB; name a file of costs", path);
	if (!rc)
		rc = parse(&r, text, len, costs);
	free(text);
	return rc;
}
