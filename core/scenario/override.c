/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes are made in the document: nodes keep their lines, so that messages still show the
 * place in the file.  The text that libcyaml reads is written from a second document that is
 * changed alike, because writing one consumes it.
 */
#include "core/scenario/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES                                                                                     \
	"duration, pcpus, topology, domains.NAME.KEY, domains.NAME.workload.PARAM, "               \
	"domains.NAME.policy.PARAM or pools.NAME.KEY"
#define DOMAINS "domains"
#define POOLS "pools"
#define ROOT 1 /* index of a document's root */

/** Nodes go by their index: adding one may move them all. */
typedef int node_index;

static yaml_node_t *node(yaml_document_t *doc, node_index index)
{
	return yaml_document_get_node(doc, index);
}

static yaml_node_pair_t *find_pair(yaml_document_t *doc, node_index map, const char *name)
{
	yaml_node_pair_t *pair;

	if (node(doc, map)->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node(doc, map)->data.mapping.pairs.start;
	     pair < node(doc, map)->data.mapping.pairs.top; pair++) {
		const char *text = cx_doc_text(node(doc, pair->key));

		if (text && strcmp(text, name) == 0)
			return pair;
	}
	return NULL;
}

static node_index find(yaml_document_t *doc, node_index map, const char *name)
{
	const yaml_node_pair_t *pair = find_pair(doc, map, name);

	return pair ? pair->value : 0;
}

/* --- the domain or the pool that a place names ------------------------------ */

/** Names may have dots in them: of those in list @in that @place begins with, the longest. */
static node_index find_named(yaml_document_t *doc, const char *in, const char *place, size_t *len)
{
	node_index list = find(doc, ROOT, in), best = 0;
	const yaml_node_item_t *item;

	*len = 0;
	if (!list || node(doc, list)->type != YAML_SEQUENCE_NODE)
		return 0;
	for (item = node(doc, list)->data.sequence.items.start;
	     item < node(doc, list)->data.sequence.items.top; item++) {
		node_index named = find(doc, *item, "name");
		const char *name = named ? cx_doc_text(node(doc, named)) : NULL;
		size_t n = name ? strlen(name) : 0;

		if (n > *len && strncmp(place, name, n) == 0 && place[n] == '.') {
			*len = n;
			best = *item;
		}
	}
	return best;
}

static int nothing_named(struct cx_reading *r, const char *in, const struct cx_setting *over)
{
	const yaml_node_t *list = cx_doc_find(r, in);
	char key[CX_KEY_MAX], text[CX_ERROR_MAX / 2] = "";
	unsigned i;

	for (i = 0; list && i < CX_SCENARIO_DOMAINS_MAX; i++) {
		const yaml_node_t *name;
		size_t n = strlen(text);

		snprintf(key, sizeof(key), "%s[%u].name", in, i);
		name = cx_doc_find(r, key);
		if (!name)
			break;
		if (cx_doc_text(name) && n < sizeof(text))
			snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
				 cx_doc_text(name));
	}
	/* Nobody has looked at the names yet. */
	for (i = 0; text[i]; i++)
		if (iscntrl((unsigned char)text[i]))
			text[i] = '?';
	return cx_fail(r->err, ENOENT, "%s: has no %.*s for \"%.200s\"; it has %s", r->file,
		       (int)strlen(in) - 1, in, over->name, *text ? text : "none");
}

static int no_place(struct cx_reading *r, const struct cx_setting *over)
{
	return cx_fail(r->err, EINVAL, "found \"%.200s\", allowed " PLACES, over->name);
}

/* --- changing ------------------------------------------------------------------ */

static bool set(yaml_document_t *doc, node_index map, const char *name, node_index value)
{
	yaml_node_pair_t *pair = find_pair(doc, map, name);
	node_index key;

	if (!value)
		return false;
	node(doc, value)->start_mark = node(doc, map)->start_mark;
	if (pair) {
		node(doc, value)->start_mark = node(doc, pair->value)->start_mark;
		pair->value = value;
		return true;
	}
	key = yaml_document_add_scalar(doc, NULL, (const yaml_char_t *)name, -1,
				       YAML_ANY_SCALAR_STYLE);
	if (!key)
		return false;
	node(doc, key)->start_mark = node(doc, map)->start_mark;
	return yaml_document_append_mapping_pair(doc, map, key, value);
}

static bool set_text(yaml_document_t *doc, node_index map, const char *name, const char *text)
{
	return set(doc, map, name,
		   yaml_document_add_scalar(doc, NULL, (const yaml_char_t *)text, -1,
					    YAML_ANY_SCALAR_STYLE));
}

/** What stands under @name in @map, or an empty mapping put there; 0 = no memory. */
static node_index inner_map(yaml_document_t *doc, node_index map, const char *name)
{
	node_index inner = find(doc, map, name);

	if (inner)
		return inner;
	inner = yaml_document_add_mapping(doc, NULL, YAML_FLOW_MAPPING_STYLE);
	return inner && set(doc, map, name, inner) ? inner : 0;
}

static int override_domain(struct cx_reading *r, yaml_document_t *doc,
			   const struct cx_setting *over)
{
	const char *place = over->name + strlen(DOMAINS "."), *key, *dot;
	node_index map;
	size_t len;

	map = find_named(doc, DOMAINS, place, &len);
	if (!map)
		return nothing_named(r, DOMAINS, over);
	key = place + len + 1;
	if (strcmp(key, "name") == 0 || strcmp(key, "workload") == 0 || strcmp(key, "policy") == 0)
		return no_place(r, over);
	dot = strchr(key, '.');
	if (dot) {
		char outer[16];

		snprintf(outer, sizeof(outer), "%.*s", (int)(dot - key), key);
		if ((strcmp(outer, "workload") != 0 && strcmp(outer, "policy") != 0) || !dot[1])
			return no_place(r, over);
		map = inner_map(doc, map, outer);
		if (!map)
			return cx_out_of_memory(r);
		if (node(doc, map)->type != YAML_MAPPING_NODE)
			return 0; /* its reader has a message for it */
		key = dot + 1;
	}
	if (!*key)
		return no_place(r, over);
	return set_text(doc, map, key, over->value) ? 0 : cx_out_of_memory(r);
}

static int override_pool(struct cx_reading *r, yaml_document_t *doc, const struct cx_setting *over)
{
	const char *place = over->name + strlen(POOLS "."), *key;
	node_index map;
	size_t len;

	map = find_named(doc, POOLS, place, &len);
	if (!map)
		return nothing_named(r, POOLS, over);
	key = place + len + 1;
	if (!*key || strcmp(key, "name") == 0 || strchr(key, '.'))
		return no_place(r, over);
	return set_text(doc, map, key, over->value) ? 0 : cx_out_of_memory(r);
}

static int override_one(struct cx_reading *r, yaml_document_t *doc, const struct cx_setting *over)
{
	static const char *const top[] = { "duration", "pcpus", "topology" };
	size_t i;

	if (strncmp(over->name, DOMAINS ".", strlen(DOMAINS ".")) == 0)
		return override_domain(r, doc, over);
	if (strncmp(over->name, POOLS ".", strlen(POOLS ".")) == 0)
		return override_pool(r, doc, over);
	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (strcmp(over->name, top[i]) == 0)
			return set_text(doc, ROOT, over->name, over->value) ? 0
									    : cx_out_of_memory(r);
	return no_place(r, over);
}

static int override_all(struct cx_reading *r, yaml_document_t *doc,
			const struct cx_setting *overrides, unsigned n)
{
	unsigned i;
	int rc = 0;

	if (node(doc, ROOT)->type != YAML_MAPPING_NODE)
		return 0; /* the schema has a message for it */
	for (i = 0; i < n && !rc; i++)
		rc = override_one(r, doc, &overrides[i]);
	return rc;
}

/* --- writing ---------------------------------------------------------------------- */

static int put(void *out, unsigned char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, out) == len;
}

/** The comments at the top: the question is among them. */
static size_t comments(const char *text)
{
	size_t len = 0;

	while (text[len] == '#' || text[len] == '\n' || text[len] == '\r') {
		len += strcspn(text + len, "\n");
		len += text[len] == '\n';
	}
	return len;
}

static bool write_text(yaml_document_t *doc, const char *before, char **text)
{
	yaml_emitter_t emitter;
	size_t size = 0;
	bool good;
	FILE *out = open_memstream(text, &size);

	if (!out)
		return false;
	fwrite(before, 1, comments(before), out);
	good = yaml_emitter_initialize(&emitter);
	if (!good) {
		fclose(out);
		return false;
	}
	yaml_emitter_set_output(&emitter, put, out);
	yaml_emitter_set_width(&emitter, -1);
	yaml_emitter_set_unicode(&emitter, 1);
	good = yaml_emitter_open(&emitter);
	/* It frees the document, whatever comes of it, but only once it is open. */
	if (good)
		good = yaml_emitter_dump(&emitter, doc) && yaml_emitter_close(&emitter);
	else
		yaml_document_delete(doc);
	yaml_emitter_delete(&emitter);
	return fclose(out) == 0 && good;
}

int cx_override(struct cx_reading *r, const struct cx_setting *overrides, unsigned n)
{
	yaml_document_t copy;
	char *text = NULL;
	int rc;

	rc = override_all(r, &r->doc.yaml, overrides, n);
	if (!rc)
		rc = cx_doc_parse(r, r->out->text, strlen(r->out->text), &copy);
	if (rc)
		return rc;
	rc = override_all(r, &copy, overrides, n);
	if (rc) {
		yaml_document_delete(&copy);
		return rc;
	}
	if (!write_text(&copy, r->out->text, &text)) {
		free(text);
		return cx_out_of_memory(r);
	}
	free(r->out->text);
	r->out->text = text;
	return 0;
}
