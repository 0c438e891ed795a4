/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of a plan: values of what is set, and seeds.
 */
#include "core/sweep/plan_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cx_axis_section(enum cx_axis_kind kind)
{
	static const char *const names[] = { "params", "costs", "set" };

	return names[kind];
}

int cx_plan_twice(struct cx_reading *r, const char *key, const char *word, unsigned first)
{
	char found[120];

	cx_quote(word, found, 80);
	snprintf(found + strlen(found), sizeof(found) - strlen(found), " again (first in line %u)",
		 first);
	return cx_reject(r, key, 0, found, "each once");
}

/** How many there are in a value or a list of them. */
static size_t count(const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return 1;
	return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

/** The @i-th of them, and its key under @key. */
static const yaml_node_t *item(struct cx_reading *r, const yaml_node_t *node, const char *key,
			       size_t i, char inner[CX_KEY_MAX])
{
	if (node->type != YAML_SEQUENCE_NODE) {
		snprintf(inner, CX_KEY_MAX, "%s", key);
		return node;
	}
	snprintf(inner, CX_KEY_MAX, "%.200s[%zu]", key, i);
	return yaml_document_get_node(&r->doc.yaml, node->data.sequence.items.start[i]);
}

static int reject_node(struct cx_reading *r, const char *key, unsigned line,
		       const yaml_node_t *node)
{
	bool empty = (node->type == YAML_SEQUENCE_NODE && count(node) == 0) ||
		     (node->type == YAML_MAPPING_NODE &&
		      node->data.mapping.pairs.top == node->data.mapping.pairs.start);
	char found[80];
	const char *what = cx_doc_found(node, found, sizeof(found));

	if (empty)
		what = node->type == YAML_SEQUENCE_NODE ? "an empty list" : "an empty mapping";
	return cx_reject(r, key, line, what, "%s", cx_allowed(r, key));
}

/* --- values ------------------------------------------------------------------- */

bool cx_plan_one_line(const char *text)
{
	if (!text || !*text || strlen(text) > CX_PLAN_TEXT_MAX)
		return false;
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

static int read_values(struct cx_reading *r, const yaml_node_t *node, const char *key,
		       struct cx_axis *axis)
{
	size_t n = count(node), i, k;
	char inner[CX_KEY_MAX], found[32];

	if (n < 1 || n > CX_PLAN_VALUES_MAX) {
		snprintf(found, sizeof(found), "%zu values", n);
		return cx_reject(r, key, axis->line, found, "%s", cx_allowed(r, key));
	}
	axis->values = calloc(n, sizeof(*axis->values));
	if (!axis->values)
		return cx_out_of_memory(r);
	for (i = 0; i < n; i++) {
		const yaml_node_t *one = item(r, node, key, i, inner);
		const char *text = cx_doc_text(one);

		if (!cx_plan_one_line(text))
			return reject_node(r, inner, (unsigned)one->start_mark.line + 1, one);
		for (k = 0; k < i; k++)
			if (strcmp(axis->values[k], text) == 0)
				return cx_plan_twice(r, key, text, axis->line);
		axis->values[i] = strdup(text);
		axis->n = (unsigned)i + 1;
		if (!axis->values[i])
			return cx_out_of_memory(r);
	}
	return 0;
}

static int read_axis(struct cx_reading *r, struct cx_plan *plan, enum cx_axis_kind kind,
		     const char *name, const yaml_node_t *node, unsigned line)
{
	struct cx_axis *axis = &plan->axes[plan->n_axes];
	char key[CX_KEY_MAX], found[80];
	int columned;

	cx_join_key(key, sizeof(key), cx_axis_section(kind), name);
	if (plan->n_axes == CX_PLAN_AXES_MAX)
		return cx_reject(r, key, line, "one more", "%u settings in all", CX_PLAN_AXES_MAX);
	if (!cx_plan_one_line(name))
		return cx_reject(r, key, line, cx_quote(name, found, sizeof(found)),
				 "a name of at most %u bytes", CX_PLAN_TEXT_MAX);
	*axis = (struct cx_axis){ .kind = kind, .line = line, .name = strdup(name) };
	plan->n_axes++;
	columned = asprintf(&axis->column, "%s%s", kind == CX_AXIS_COST ? "costs." : "", name);
	if (columned < 0)
		axis->column = NULL;
	if (!axis->name || !axis->column)
		return cx_out_of_memory(r);
	return read_values(r, node, key, axis);
}

int cx_plan_axes(struct cx_reading *r, struct cx_plan *plan)
{
	enum cx_axis_kind kind;
	yaml_node_t *map, *node;
	const char *name;
	unsigned line, i;
	int rc = 0;

	plan->axes = calloc(CX_PLAN_AXES_MAX, sizeof(*plan->axes));
	if (!plan->axes)
		return cx_out_of_memory(r);
	for (kind = CX_AXIS_PARAM; kind <= CX_AXIS_SET; kind++) {
		map = cx_doc_find(r, cx_axis_section(kind));
		if (!map)
			continue;
		if (map->type != YAML_MAPPING_NODE || !cx_doc_pair(r, map, 0, &name, &node, &line))
			return reject_node(r, cx_axis_section(kind), 0, map);
		for (i = 0; !rc && cx_doc_pair(r, map, i, &name, &node, &line); i++)
			rc = read_axis(r, plan, kind, name, node, line);
	}
	return rc;
}

/* --- seeds --------------------------------------------------------------------- */

/** "7" is 7 to 7. */
static bool read_range(const char *text, uint64_t *first, uint64_t *last)
{
	const char *dash = strchr(text, '-');
	char low[32];

	if (!dash)
		return cx_text_to_u64(text, first) && cx_text_to_u64(text, last);
	if ((size_t)(dash - text) >= sizeof(low))
		return false;
	memcpy(low, text, (size_t)(dash - text));
	low[dash - text] = '\0';
	return cx_text_to_u64(low, first) && cx_text_to_u64(dash + 1, last) && *first <= *last;
}

static int add_seeds(struct cx_reading *r, struct cx_plan *plan, const char *key, uint64_t first,
		     uint64_t last)
{
	uint64_t n = last - first + 1, i, *grown;

	if (last - first >= CX_PLAN_POINTS_MAX - plan->n_seeds)
		return cx_reject(r, key, 0, "more", "at most %u seeds", CX_PLAN_POINTS_MAX);
	grown = reallocarray(plan->seeds, plan->n_seeds + n, sizeof(*grown));
	if (!grown)
		return cx_out_of_memory(r);
	plan->seeds = grown;
	for (i = 0; i < n; i++)
		plan->seeds[plan->n_seeds++] = first + i;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int check_seeds(struct cx_reading *r, const struct cx_plan *plan)
{
	uint64_t *sorted = malloc(plan->n_seeds * sizeof(*sorted));
	char found[64] = "";
	unsigned i;

	if (!sorted)
		return cx_out_of_memory(r);
	memcpy(sorted, plan->seeds, plan->n_seeds * sizeof(*sorted));
	qsort(sorted, plan->n_seeds, sizeof(*sorted), by_value);
	for (i = 1; i < plan->n_seeds && !*found; i++)
		if (sorted[i] == sorted[i - 1])
			snprintf(found, sizeof(found), "%llu twice", (unsigned long long)sorted[i]);
	free(sorted);
	return *found ? cx_reject(r, "seeds", 0, found, "each seed once") : 0;
}

int cx_plan_seeds(struct cx_reading *r, struct cx_plan *plan)
{
	const yaml_node_t *node = cx_doc_find(r, "seeds");
	char key[CX_KEY_MAX];
	uint64_t first, last;
	size_t i;
	int rc = 0;

	if (!node)
		return add_seeds(r, plan, "seeds", 1, 1);
	if (node->type == YAML_MAPPING_NODE || count(node) == 0)
		return reject_node(r, "seeds", 0, node);
	for (i = 0; !rc && i < count(node); i++) {
		const yaml_node_t *one = item(r, node, "seeds", i, key);

		if (!cx_doc_text(one) || !read_range(cx_doc_text(one), &first, &last))
			return reject_node(r, key, (unsigned)one->start_mark.line + 1, one);
		rc = add_seeds(r, plan, key, first, last);
	}
	return rc ? rc : check_seeds(r, plan);
}
