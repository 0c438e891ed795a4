/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema, for libcyaml.  Its messages have the line of the mapping, not of the key,
 * and come as a backtrace; so the same schema is first walked beside the document, which
 * knows each line, and libcyaml finds nothing left to refuse.
 *
 * Values are loaded as text: units and ranges need the key and the line for messages.
 */
#include "core/scenario/internal.h"

#include <cyaml/cyaml.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FIELDS_MAX 32u /* more than any mapping here has */

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, type) CYAML_FIELD_STRING_PTR(#key, OPTIONAL, type, key, 0, CYAML_UNLIMITED)
#define MUST_TEXT(key, type)                                                                       \
	CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, type, key, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

/* Mappings whose keys are not ours are ignored here and read from the document. */
static const cyaml_schema_field_t scheduler_fields[] = {
	MUST_TEXT(name, struct cx_raw_scheduler),
	CYAML_FIELD_IGNORE("params", CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t domain_fields[] = {
	MUST_TEXT(name, struct cx_raw_domain),
	TEXT(count, struct cx_raw_domain),
	TEXT(vcpus, struct cx_raw_domain),
	TEXT(memory, struct cx_raw_domain),
	TEXT(weight, struct cx_raw_domain),
	TEXT(shares, struct cx_raw_domain),
	TEXT(reservation, struct cx_raw_domain),
	TEXT(limit, struct cx_raw_domain),
	TEXT(pool, struct cx_raw_domain),
	TEXT(cpus, struct cx_raw_domain),
	TEXT(cpus_soft, struct cx_raw_domain),
	TEXT(start, struct cx_raw_domain),
	TEXT(stop, struct cx_raw_domain),
	CYAML_FIELD_SEQUENCE_COUNT("peers", OPTIONAL, struct cx_raw_domain, peers, n_peers,
				   &text_value, 0, CX_SCENARIO_PEERS_MAX),
	CYAML_FIELD_IGNORE("policy", CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_IGNORE("workload", CYAML_FLAG_DEFAULT),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t domain_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cx_raw_domain, domain_fields),
};

static const cyaml_schema_field_t pool_fields[] = {
	MUST_TEXT(name, struct cx_raw_pool),   TEXT(parent, struct cx_raw_pool),
	TEXT(weight, struct cx_raw_pool),      TEXT(shares, struct cx_raw_pool),
	TEXT(reservation, struct cx_raw_pool), TEXT(limit, struct cx_raw_pool),
	TEXT(expandable, struct cx_raw_pool),  CYAML_FIELD_END,
};

static const cyaml_schema_value_t pool_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cx_raw_pool, pool_fields),
};

static const cyaml_schema_field_t change_fields[] = {
	MUST_TEXT(at, struct cx_raw_change),
	TEXT(domain, struct cx_raw_change),
	TEXT(pool, struct cx_raw_change),
	TEXT(weight, struct cx_raw_change),
	TEXT(shares, struct cx_raw_change),
	TEXT(reservation, struct cx_raw_change),
	TEXT(limit, struct cx_raw_change),
	CYAML_FIELD_IGNORE("policy", CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_IGNORE("param", CYAML_FLAG_OPTIONAL),
	TEXT(scheduler, struct cx_raw_change),
	TEXT(pcpu, struct cx_raw_change),
	TEXT(online, struct cx_raw_change),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t change_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cx_raw_change, change_fields),
};

static const cyaml_schema_field_t scenario_fields[] = {
	TEXT(name, struct cx_raw),
	TEXT(duration, struct cx_raw),
	TEXT(seed, struct cx_raw),
	TEXT(pcpus, struct cx_raw),
	TEXT(topology, struct cx_raw),
	CYAML_FIELD_MAPPING_PTR("scheduler", OPTIONAL, struct cx_raw, scheduler, scheduler_fields),
	CYAML_FIELD_SEQUENCE_COUNT("pools", OPTIONAL, struct cx_raw, pools, n_pools, &pool_value, 0,
				   CX_SCENARIO_POOLS_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("domains", CYAML_FLAG_POINTER, struct cx_raw, domains, n_domains,
				   &domain_value, 1, CX_SCENARIO_DOMAINS_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("changes", OPTIONAL, struct cx_raw, changes, n_changes,
				   &change_value, 0, CX_SCENARIO_CHANGES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t scenario_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct cx_raw, scenario_fields),
};

/* --- what is allowed, in words -------------------------------------------- */

#define NAME_WORDS "1 to 63 letters, digits, \"_\", \"-\" or \".\", a letter or digit first"
#define CPUS_WORDS "a list of CPU numbers such as \"0-3,8,^2\""
#define WEIGHT_WORDS "a whole number from 1 to 65535, low, normal or high"
#define PERCENT_WORDS "a whole number, percent of one pCPU"
#define SHARES_WORDS "a whole number such as 1000 for each vCPU"
#define SCHEDULER_WORDS "the name of a policy, or its file with a slash"
#define PAIRS_WORDS "a mapping of names to values such as {NAME: VALUE}"

static const struct {
	const char *key;
	const char *allowed;
} words[] = {
	{ "", "a mapping with the key domains" },
	{ "name", NAME_WORDS },
	{ "duration", "a duration from 1ms to 1440m such as 10s" },
	{ "seed", "a whole number from 0 to 18446744073709551615" },
	{ "pcpus", CPUS_WORDS },
	{ "topology", "host, a description such as \"pack:1 core:4 pu:2\", or a file" },
	{ "scheduler", "a mapping such as {name: credit, params: {tslice: 30ms}}" },
	{ "scheduler.name", SCHEDULER_WORDS },
	{ "scheduler.params", PAIRS_WORDS },
	{ "scheduler.params.", "a value such as 30ms" },
	{ "pools", "a list of at most 1024 pools" },
	{ "pools[]", "a mapping such as {name: batch, weight: low}" },
	{ "pools[].name", NAME_WORDS },
	{ "pools[].parent", "the name of another pool" },
	{ "pools[].weight", "a whole number from 1 to 16777215, low, normal or high" },
	{ "pools[].shares", "a whole number such as 4000" },
	{ "pools[].reservation", PERCENT_WORDS },
	{ "pools[].limit", PERCENT_WORDS },
	{ "pools[].expandable", "yes or no" },
	{ "domains", "a list of 1 to 4096 domains" },
	{ "domains[]", "a mapping such as {name: web, workload: {name: hog}}" },
	{ "domains[].name", NAME_WORDS },
	{ "domains[].count", "a whole number from 1 to 4096" },
	{ "domains[].vcpus", "a whole number from 1 to 64" },
	{ "domains[].memory", "a size from 4MiB to 64GiB in steps of 4KiB" },
	{ "domains[].weight", WEIGHT_WORDS },
	{ "domains[].shares", SHARES_WORDS },
	{ "domains[].reservation", PERCENT_WORDS },
	{ "domains[].limit", PERCENT_WORDS },
	{ "domains[].pool", "the name of a pool" },
	{ "domains[].cpus", CPUS_WORDS },
	{ "domains[].cpus_soft", CPUS_WORDS },
	{ "domains[].start", "a duration, under that of the scenario, such as 2s" },
	{ "domains[].stop", "a duration such as 8s" },
	{ "domains[].peers", "a list of at most 256 names of other domains" },
	{ "domains[].peers[]", "the name of another domain" },
	{ "domains[].policy", PAIRS_WORDS },
	{ "domains[].policy.", "a value such as 30ms" },
	{ "domains[].workload", "a mapping such as {name: hog}" },
	{ "domains[].workload.name", "the name of a workload, or its file with a slash" },
	{ "changes", "a list of at most 4096 changes" },
	{ "changes[]", "a mapping such as {at: 5s, domain: web, weight: 512}" },
	{ "changes[].at", "a duration, under that of the scenario, such as 5s" },
	{ "changes[].domain", "the name of a domain, or of all its replicas" },
	{ "changes[].pool", "the name of a pool" },
	{ "changes[].weight", WEIGHT_WORDS },
	{ "changes[].shares", SHARES_WORDS },
	{ "changes[].reservation", PERCENT_WORDS },
	{ "changes[].limit", PERCENT_WORDS },
	{ "changes[].policy", PAIRS_WORDS },
	{ "changes[].policy.", "a value such as 30ms" },
	{ "changes[].param", PAIRS_WORDS },
	{ "changes[].param.", "a value such as 30ms" },
	{ "changes[].scheduler", SCHEDULER_WORDS },
	{ "changes[].pcpu", "the number of one CPU" },
	{ "changes[].online", "yes or no" },
};

static const char *find_words(const char *key)
{
	size_t i;

	for (i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].key, key) == 0)
			return words[i].allowed;
	return NULL;
}

const char *cx_schema_key(const char *key, char buf[CX_KEY_MAX])
{
	size_t n = 0;

	for (; *key && n + 1 < CX_KEY_MAX; key++)
		if (!isdigit((unsigned char)*key) || n == 0 || buf[n - 1] != '[')
			buf[n++] = *key;
	buf[n] = '\0';
	return buf;
}

const char *cx_schema_allowed(const char *key)
{
	char plain[CX_KEY_MAX];
	const char *allowed;

	allowed = find_words(cx_schema_key(key, plain));
	if (!allowed && strrchr(plain, '.')) {
		/* A key that somebody else names: what its kind may be. */
		strrchr(plain, '.')[1] = '\0';
		allowed = find_words(plain);
	}
	return allowed ? allowed : "another value";
}

const char *cx_allowed(const struct cx_reading *r, const char *key)
{
	return r->allowed ? r->allowed(key) : cx_schema_allowed(key);
}

/* --- the schema beside the document ---------------------------------------- */

static int check(struct cx_reading *r, const cyaml_schema_value_t *schema, const yaml_node_t *node,
		 const char *key);

static int wrong_shape(struct cx_reading *r, const yaml_node_t *node, const char *key)
{
	char found[80];

	return cx_reject(r,
			 *key         ? key
			 : r->allowed ? "YAML"
				      : "domains",
			 cx_doc_line(r, key), cx_doc_found(node, found, sizeof(found)), "%s",
			 cx_allowed(r, key));
}

static int unknown_key(struct cx_reading *r, const cyaml_schema_field_t *fields, const char *name,
		       const char *key, unsigned line)
{
	const char *names[FIELDS_MAX];
	size_t n = 0;
	char *list;
	int rc;

	for (; fields->key && n < COUNT(names); fields++)
		names[n++] = fields->key;
	list = cx_suggest_list(name, names, n);
	if (!list)
		return cx_out_of_memory(r);
	rc = cx_reject(r, key, line, "an unknown key", "%s", list);
	free(list);
	return rc;
}

static int check_fields(struct cx_reading *r, const cyaml_schema_field_t *fields,
			const yaml_node_t *map, const char *key)
{
	const cyaml_schema_field_t *field;
	char inner[CX_KEY_MAX];
	yaml_node_t *value;
	const char *name;
	unsigned line, i;
	int rc = 0;

	for (i = 0; !rc && cx_doc_pair(r, map, i, &name, &value, &line); i++) {
		for (field = fields; field->key && strcmp(field->key, name) != 0;)
			field++;
		cx_join_key(inner, sizeof(inner), key, name);
		if (!field->key)
			return unknown_key(r, fields, name, inner, line);
		rc = check(r, &field->value, value, inner);
	}
	for (field = fields; !rc && field->key; field++) {
		cx_join_key(inner, sizeof(inner), key, field->key);
		if (!(field->value.flags & CYAML_FLAG_OPTIONAL) && !cx_doc_find(r, inner))
			rc = cx_reject(r, inner, 0, "nothing", "%s", cx_allowed(r, inner));
	}
	return rc;
}

static int check_entries(struct cx_reading *r, const cyaml_schema_value_t *schema,
			 const yaml_node_t *list, const char *key)
{
	const yaml_node_item_t *start = list->data.sequence.items.start;
	size_t n = (size_t)(list->data.sequence.items.top - start), i;
	char text[CX_KEY_MAX];
	int rc = 0;

	if (n < schema->sequence.min || n > schema->sequence.max) {
		snprintf(text, sizeof(text), "%zu", n);
		return cx_reject(r, key, 0, text, "%s", cx_allowed(r, key));
	}
	for (i = 0; !rc && i < n; i++) {
		snprintf(text, sizeof(text), "%.200s[%zu]", key, i);
		rc = check(r, schema->sequence.entry,
			   yaml_document_get_node(&r->doc.yaml, start[i]), text);
	}
	return rc;
}

static int check(struct cx_reading *r, const cyaml_schema_value_t *schema, const yaml_node_t *node,
		 const char *key)
{
	switch (schema->type) {
	case CYAML_MAPPING:
		if (node->type != YAML_MAPPING_NODE)
			return wrong_shape(r, node, key);
		return check_fields(r, schema->mapping.fields, node, key);
	case CYAML_SEQUENCE:
		if (node->type != YAML_SEQUENCE_NODE)
			return wrong_shape(r, node, key);
		return check_entries(r, schema, node, key);
	case CYAML_STRING:
		return node->type == YAML_SCALAR_NODE && *cx_doc_text(node)
			       ? 0
			       : wrong_shape(r, node, key);
	default:
		return 0;
	}
}

int cx_schema_check(struct cx_reading *r, const struct cyaml_schema_value *schema)
{
	return check(r, schema, cx_doc_root(r), "");
}

/* --- loading ------------------------------------------------------------------ */

/** The first line that libcyaml logs; the others are a backtrace. */
static void keep_first_line(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct cx_error *first = ctx;

	(void)level;
	if (first->text[0])
		return;
	vsnprintf(first->text, sizeof(first->text), fmt, args);
	first->text[strcspn(first->text, "\n")] = '\0';
}

static cyaml_config_t config(struct cx_error *log)
{
	return (cyaml_config_t){
		.log_fn = keep_first_line,
		.log_ctx = log,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

int cx_schema_load(struct cx_reading *r, const char *text, size_t len)
{
	struct cx_error log = { "" };
	const cyaml_config_t cfg = config(&log);
	cyaml_err_t failed;
	int rc;

	rc = cx_schema_check(r, &scenario_value);
	if (rc)
		return rc;
	failed = cyaml_load_data((const uint8_t *)text, len, &cfg, &scenario_value,
				 (cyaml_data_t **)&r->raw, NULL);
	if (failed == CYAML_ERR_OOM)
		return cx_out_of_memory(r);
	if (failed != CYAML_OK)
		return cx_reject(r, "YAML", 1, log.text[0] ? log.text : cyaml_strerror(failed),
				 "a scenario");
	return 0;
}

void cx_schema_free(struct cx_raw *raw)
{
	struct cx_error log = { "" };
	const cyaml_config_t cfg = config(&log);

	if (raw)
		cyaml_free(&cfg, &scenario_value, raw, 0);
}
