/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcyaml forgets where a value stood; the document of libyaml remembers it.
 */
#include "core/scenario/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YAML_KEY "YAML" /* where an error has no key */

static unsigned line_of(yaml_mark_t mark)
{
	return (unsigned)mark.line + 1;
}

/* --- what the parser says ------------------------------------------------- */

static unsigned line_at(const char *text, size_t offset)
{
	unsigned line = 1;
	size_t i;

	for (i = 0; i < offset && text[i]; i++)
		line += text[i] == '\n';
	return line;
}

/** Is the blank before the first other character of line @line a tab, even in part? */
static bool indented_by_tab(const char *text, unsigned line)
{
	while (line > 1 && (text = strchr(text, '\n')) != NULL) {
		text++;
		line--;
	}
	while (text && *text == ' ')
		text++;
	return text && *text == '\t';
}

static int parser_failed(struct cx_reading *r, const yaml_parser_t *parser, const char *text)
{
	const char *problem = parser->problem ? parser->problem : "a broken document";
	unsigned line = line_of(parser->problem_mark);
	char found[200];

	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		return cx_out_of_memory(r);
	case YAML_READER_ERROR:
		snprintf(found, sizeof(found), "byte 0x%02x (%s)",
			 (unsigned)parser->problem_value & 0xffu, problem);
		return cx_reject(r, YAML_KEY, line_at(text, parser->problem_offset), found,
				 "UTF-8 text");
	default:
		if (indented_by_tab(text, line))
			return cx_reject(r, YAML_KEY, line, "a tab", "spaces as indentation");
		if (parser->context)
			snprintf(found, sizeof(found), "an error (%s %s from line %u)", problem,
				 parser->context, line_of(parser->context_mark));
		else
			snprintf(found, sizeof(found), "an error (%s)", problem);
		return cx_reject(r, YAML_KEY, line, found, "well-formed YAML");
	}
}

/* --- what YAML has and a scenario has not ---------------------------------- */

static const char *anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static int check_event(struct cx_reading *r, const yaml_event_t *event, unsigned *depth,
		       unsigned *documents)
{
	const char *anchor = anchor_of(event);
	unsigned line = line_of(event->start_mark);
	char name[80], found[100];

	if (event->type == YAML_ALIAS_EVENT) {
		cx_quote((const char *)event->data.alias.anchor, name, sizeof(name));
		snprintf(found, sizeof(found), "the alias %s", name);
		return cx_reject(r, YAML_KEY, line, found, "values written out");
	}
	if (anchor) {
		cx_quote(anchor, name, sizeof(name));
		snprintf(found, sizeof(found), "the anchor %s", name);
		return cx_reject(r, YAML_KEY, line, found, "values written out");
	}
	if (event->type == YAML_DOCUMENT_START_EVENT && ++*documents > 1)
		return cx_reject(r, YAML_KEY, line, "a second document", "one document a file");
	if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) {
		if (++*depth > CX_SCENARIO_DEPTH_MAX)
			return cx_reject(r, YAML_KEY, line, "deeper nesting",
					 "%u levels of lists and mappings", CX_SCENARIO_DEPTH_MAX);
	} else if (event->type == YAML_SEQUENCE_END_EVENT ||
		   event->type == YAML_MAPPING_END_EVENT) {
		--*depth;
	}
	return 0;
}

/** UTF-8 alone: the text is shown and recorded as it is. */
static bool start_parser(yaml_parser_t *parser, const char *text, size_t len)
{
	if (!yaml_parser_initialize(parser))
		return false;
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)text, len);
	return true;
}

static int check_events(struct cx_reading *r, const char *text, size_t len)
{
	unsigned depth = 0, documents = 0;
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int rc = 0;

	if (!start_parser(&parser, text, len))
		return cx_out_of_memory(r);
	while (!rc && !ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			rc = parser_failed(r, &parser, text);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		rc = check_event(r, &event, &depth, &documents);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}

/* --- mappings --------------------------------------------------------------- */

static int check_node(struct cx_reading *r, const yaml_node_t *node, const char *key);

static int check_key(struct cx_reading *r, const yaml_node_t *map, const yaml_node_t *name,
		     const char *key)
{
	yaml_document_t *doc = &r->doc.yaml;
	const char *text = cx_doc_text(name);
	const yaml_node_pair_t *pair;
	char found[100];

	if (!text)
		return cx_reject(r, key, line_of(name->start_mark),
				 cx_doc_found(name, found, sizeof(found)), "a word as key");
	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *earlier = yaml_document_get_node(doc, pair->key);

		if (earlier == name)
			break;
		if (cx_doc_text(earlier) && strcmp(cx_doc_text(earlier), text) == 0) {
			snprintf(found, sizeof(found), "it again (first in line %u)",
				 line_of(earlier->start_mark));
			return cx_reject(r, key, line_of(name->start_mark), found, "one");
		}
	}
	return 0;
}

static int check_mapping(struct cx_reading *r, const yaml_node_t *map, const char *key)
{
	size_t n = (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
	yaml_document_t *doc = &r->doc.yaml;
	const yaml_node_pair_t *pair;
	int rc = 0;

	if (n > CX_SCENARIO_KEYS_MAX)
		return cx_reject(r, *key ? key : YAML_KEY, line_of(map->start_mark),
				 "too many keys", "%u keys in one mapping", CX_SCENARIO_KEYS_MAX);
	for (pair = map->data.mapping.pairs.start; !rc && pair < map->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *name = yaml_document_get_node(doc, pair->key);
		const char *text = cx_doc_text(name);
		char inner[CX_KEY_MAX];

		cx_join_key(inner, sizeof(inner), key, text ? text : "?");
		rc = check_node(r, name, inner);
		if (!rc)
			rc = check_key(r, map, name, inner);
		if (!rc)
			rc = check_node(r, yaml_document_get_node(doc, pair->value), inner);
	}
	return rc;
}

static int check_node(struct cx_reading *r, const yaml_node_t *node, const char *key)
{
	const char *text = cx_doc_text(node);
	yaml_node_item_t *item;
	unsigned i = 0;
	int rc = 0;

	switch (node->type) {
	case YAML_SCALAR_NODE:
		if (text && strlen(text) != node->data.scalar.length)
			return cx_reject(r, key, line_of(node->start_mark), "a NUL character",
					 "text");
		return 0;
	case YAML_SEQUENCE_NODE:
		for (item = node->data.sequence.items.start;
		     !rc && item < node->data.sequence.items.top; item++) {
			char inner[CX_KEY_MAX];

			snprintf(inner, sizeof(inner), "%.200s[%u]", key, i++);
			rc = check_node(r, yaml_document_get_node(&r->doc.yaml, *item), inner);
		}
		return rc;
	case YAML_MAPPING_NODE:
		return check_mapping(r, node, key);
	default:
		return 0;
	}
}

int cx_doc_parse(struct cx_reading *r, const char *text, size_t len, yaml_document_t *doc)
{
	yaml_parser_t parser;
	int rc = 0;

	if (!start_parser(&parser, text, len))
		return cx_out_of_memory(r);
	if (!yaml_parser_load(&parser, doc))
		rc = parser_failed(r, &parser, text);
	yaml_parser_delete(&parser);
	return rc;
}

int cx_doc_load(struct cx_reading *r, const char *text, size_t len)
{
	int rc;

	rc = check_events(r, text, len);
	if (!rc)
		rc = cx_doc_parse(r, text, len, &r->doc.yaml);
	if (rc)
		return rc;
	r->doc.loaded = true;
	if (!cx_doc_root(r))
		return cx_reject(r, r->allowed ? YAML_KEY : "domains", 1, "an empty file", "%s",
				 cx_allowed(r, r->allowed ? "" : "domains"));
	return check_node(r, cx_doc_root(r), "");
}

void cx_doc_free(struct cx_doc *doc)
{
	if (doc->loaded)
		yaml_document_delete(&doc->yaml);
	doc->loaded = false;
}

yaml_node_t *cx_doc_root(struct cx_reading *r)
{
	return yaml_document_get_root_node(&r->doc.yaml);
}

/* --- finding ------------------------------------------------------------------ */

/** The pair of @map with the name @name of @len bytes. */
static const yaml_node_pair_t *find_pair(struct cx_reading *r, const yaml_node_t *map,
					 const char *name, size_t len)
{
	const yaml_node_pair_t *pair;

	if (map->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const char *text = cx_doc_text(yaml_document_get_node(&r->doc.yaml, pair->key));

		if (text && strlen(text) == len && memcmp(text, name, len) == 0)
			return pair;
	}
	return NULL;
}

static yaml_node_t *find_item(struct cx_reading *r, const yaml_node_t *list, unsigned long index)
{
	if (list->type != YAML_SEQUENCE_NODE ||
	    index >= (unsigned long)(list->data.sequence.items.top -
				     list->data.sequence.items.start))
		return NULL;
	return yaml_document_get_node(&r->doc.yaml, list->data.sequence.items.start[index]);
}

/** Walk down @key; *line follows to the last thing that was there. */
static yaml_node_t *walk(struct cx_reading *r, const char *key, unsigned *line)
{
	yaml_node_t *node = cx_doc_root(r);

	*line = line_of(node->start_mark);
	while (node && *key) {
		if (*key == '[') {
			char *end;

			node = find_item(r, node, strtoul(key + 1, &end, 10));
			if (node)
				*line = line_of(node->start_mark);
			key = *end ? end + 1 : end;
		} else {
			size_t len = strcspn(key, ".[");
			const yaml_node_pair_t *pair = find_pair(r, node, key, len);

			if (!pair)
				return NULL;
			*line = line_of(
				yaml_document_get_node(&r->doc.yaml, pair->key)->start_mark);
			node = yaml_document_get_node(&r->doc.yaml, pair->value);
			key += len;
		}
		if (*key == '.')
			key++;
	}
	return node;
}

yaml_node_t *cx_doc_find(struct cx_reading *r, const char *key)
{
	unsigned line;

	return walk(r, key, &line);
}

unsigned cx_doc_line(struct cx_reading *r, const char *key)
{
	unsigned line;

	walk(r, key, &line);
	return line;
}

bool cx_doc_pair(struct cx_reading *r, const yaml_node_t *map, unsigned i, const char **name,
		 yaml_node_t **value, unsigned *line)
{
	const yaml_node_pair_t *pair = map->data.mapping.pairs.start + i;
	const yaml_node_t *key;

	if (pair >= map->data.mapping.pairs.top)
		return false;
	key = yaml_document_get_node(&r->doc.yaml, pair->key);
	*name = cx_doc_text(key);
	*value = yaml_document_get_node(&r->doc.yaml, pair->value);
	*line = line_of(key->start_mark);
	return true;
}

const char *cx_doc_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

const char *cx_doc_found(const yaml_node_t *node, char *buf, size_t len)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		if (node->data.scalar.length == 0 &&
		    node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
			return "nothing";
		return cx_quote((const char *)node->data.scalar.value, buf, len);
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	default:
		return "nothing";
	}
}
