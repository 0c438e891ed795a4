/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "base/units.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".elf"
#define LISTED_MAX 64u /* workloads named in a message */

/* --- which there are, for a message ------------------------------------------ */

struct names {
	char *name[LISTED_MAX];
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_name(struct names *names, const char *file)
{
	size_t len = strlen(file), stem, i;

	if (len <= strlen(SUFFIX) || strcmp(file + len - strlen(SUFFIX), SUFFIX) != 0)
		return;
	stem = len - strlen(SUFFIX);
	for (i = 0; i < names->n; i++)
		if (strlen(names->name[i]) == stem && memcmp(names->name[i], file, stem) == 0)
			return;
	if (names->n < LISTED_MAX && (names->name[names->n] = strndup(file, stem)) != NULL)
		names->n++;
}

static void list_names(const char *const *dirs, struct names *names)
{
	names->n = 0;
	for (; *dirs; dirs++) {
		DIR *dir = opendir(*dirs);
		const struct dirent *entry;

		if (!dir)
			continue;
		while ((entry = readdir(dir)) != NULL)
			add_name(names, entry->d_name);
		closedir(dir);
	}
	qsort(names->name, names->n, sizeof(names->name[0]), by_name);
}

static int unknown_workload(struct cx_reading *r, const char *key, const char *name)
{
	char found[80], *list;
	struct names names;
	size_t i;
	int rc;

	list_names(r->payload_dirs, &names);
	list = cx_suggest_list(name, (const char *const *)names.name, names.n);
	for (i = 0; i < names.n; i++)
		free(names.name[i]);
	if (!list)
		return cx_out_of_memory(r);
	rc = cx_reject(r, key, 0, cx_quote(name, found, sizeof(found)), "%s", list);
	free(list);
	return rc;
}

/* --- its file ------------------------------------------------------------------ */

static int find_file(struct cx_reading *r, const char *key, const char *name, char **path)
{
	const char *const *dir;

	if (strchr(name, '/')) {
		*path = strdup(name);
		return *path ? 0 : cx_out_of_memory(r);
	}
	for (dir = r->payload_dirs; *dir; dir++) {
		if (asprintf(path, "%s/%s" SUFFIX, *dir, name) < 0) {
			*path = NULL;
			return cx_out_of_memory(r);
		}
		if (access(*path, F_OK) == 0)
			return 0;
		free(*path);
		*path = NULL;
	}
	return unknown_workload(r, key, name);
}

static int open_payload(struct cx_reading *r, const char *key, const char *name, const char *path,
			struct cx_payload **payload)
{
	struct cx_error why = { "" };
	char found[300];
	int rc;

	rc = r->payloads->open(path, payload, &why);
	if (rc == 0)
		return 0;
	if (rc == -ENOMEM)
		return cx_out_of_memory(r);
	cx_quote(name, found, 80);
	snprintf(found + strlen(found), sizeof(found) - strlen(found), " (%.200s)",
		 why.text[0] ? why.text : strerror(-rc));
	return cx_reject(r, key, 0, found, "a workload whose file can be loaded");
}

/* --- its parameters ---------------------------------------------------------------- */

static int unknown_param(struct cx_reading *r, const struct cx_workload_info *info, const char *key,
			 unsigned line, const char *name)
{
	const char *names[CX_GUEST_PARAMS];
	unsigned i;
	char *list;
	int rc;

	for (i = 0; i < info->n_params && i < CX_GUEST_PARAMS; i++)
		names[i] = info->params[i].name;
	list = cx_suggest_list(name, names, i);
	if (!list)
		return cx_out_of_memory(r);
	rc = cx_reject(r, key, line, "an unknown parameter", "%s", list);
	free(list);
	return rc;
}

static bool read_int(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t number;

	if (!cx_text_to_u64(text + negative, &number) || number > (uint64_t)INT64_MAX)
		return false;
	*value = negative ? -(int64_t)number : (int64_t)number;
	return true;
}

static bool read_param(const struct cx_workload_param *param, const char *text, int64_t *value)
{
	uint64_t number;

	switch (param->type) {
	case CX_WORKLOAD_INT:
		if (!read_int(text, value))
			return false;
		break;
	case CX_WORKLOAD_DURATION:
		if (cx_parse_duration(text, &number))
			return false;
		*value = (int64_t)number;
		break;
	case CX_WORKLOAD_SIZE:
		if (cx_parse_size(text, &number))
			return false;
		*value = (int64_t)number;
		break;
	case CX_WORKLOAD_BOOL:
		return cx_text_to_bool(text, value);
	default:
		return false;
	}
	return *value >= param->min && *value <= param->max;
}

/** "a duration from 1us to 10s", from the payload's table. */
static void param_words(const struct cx_workload_param *param, char *buf, size_t len)
{
	uint64_t min = param->min > 0 ? (uint64_t)param->min : 0;
	uint64_t max = param->max > 0 ? (uint64_t)param->max : 0;
	char low[32], high[32];

	switch (param->type) {
	case CX_WORKLOAD_INT:
		snprintf(buf, len, "a whole number from %" PRId64 " to %" PRId64 "%s%s", param->min,
			 param->max, param->unit[0] ? " " : "", param->unit);
		break;
	case CX_WORKLOAD_DURATION:
		snprintf(buf, len, "a duration from %s to %s",
			 cx_format_duration(min, low, sizeof(low)),
			 cx_format_duration(max, high, sizeof(high)));
		break;
	case CX_WORKLOAD_SIZE:
		snprintf(buf, len, "a size from %s to %s", cx_format_size(min, low, sizeof(low)),
			 cx_format_size(max, high, sizeof(high)));
		break;
	case CX_WORKLOAD_BOOL:
		snprintf(buf, len, "yes or no, on or off, true or false, 1 or 0");
		break;
	default:
		snprintf(buf, len, "nothing (its type %u is not known)", param->type);
	}
}

/** A workload's parameters on their way from the file. */
struct params {
	const struct cx_workload_info *info;
	int64_t *values;
	FILE *text;
};

static int read_pair(struct cx_reading *r, struct params *params, const char *key, unsigned line,
		     const char *name, const yaml_node_t *node)
{
	const struct cx_workload_info *info = params->info;
	const char *value = cx_doc_text(node);
	char found[80], words[120];
	unsigned i;

	for (i = 0; i < info->n_params && i < CX_GUEST_PARAMS; i++)
		if (strcmp(info->params[i].name, name) == 0)
			break;
	if (i == info->n_params || i == CX_GUEST_PARAMS)
		return unknown_param(r, info, key, line, name);
	if (!value || !read_param(&info->params[i], value, &params->values[i])) {
		param_words(&info->params[i], words, sizeof(words));
		return cx_reject(r, key, line, cx_doc_found(node, found, sizeof(found)), "%s",
				 words);
	}
	fprintf(params->text, " %s=%s", name, value);
	return 0;
}

/** Every key of the mapping @key but its name. */
static int read_params(struct cx_reading *r, struct params *params, const char *key)
{
	const yaml_node_t *map = cx_doc_find(r, key);
	char inner[CX_KEY_MAX];
	yaml_node_t *node;
	const char *name;
	unsigned line, i;
	int rc = 0;

	for (i = 0; !rc && cx_doc_pair(r, map, i, &name, &node, &line); i++) {
		if (strcmp(name, "name") == 0)
			continue;
		cx_join_key(inner, sizeof(inner), key, name);
		rc = read_pair(r, params, inner, line, name, node);
	}
	return rc;
}

static int read_table(struct cx_reading *r, const struct cx_workload_info *info, const char *key,
		      struct cx_scenario_domain *domain)
{
	struct params params = { .info = info, .values = domain->params };
	size_t size;
	unsigned i;
	int rc;

	for (i = 0; i < info->n_params && i < CX_GUEST_PARAMS; i++)
		domain->params[i] = info->params[i].def;
	params.text = open_memstream(&domain->workload_text, &size);
	if (!params.text)
		return cx_out_of_memory(r);
	fputs(strchr(domain->workload, '/') ? info->name : domain->workload, params.text);
	rc = read_params(r, &params, key);
	if (fclose(params.text) != 0 && !rc)
		rc = cx_out_of_memory(r);
	return rc;
}

int cx_workload_read(struct cx_reading *r, unsigned entry, struct cx_scenario_domain *domain)
{
	char key[CX_KEY_MAX], name_key[CX_KEY_MAX], found[80];
	struct cx_payload *payload;
	yaml_node_t *node;
	const char *name;
	int rc;

	snprintf(key, sizeof(key), "domains[%u].workload", entry);
	node = cx_doc_find(r, key);
	if (!node || node->type != YAML_MAPPING_NODE)
		return cx_reject(r, key, 0,
				 node ? cx_doc_found(node, found, sizeof(found)) : "nothing", "%s",
				 cx_schema_allowed(key));
	snprintf(name_key, sizeof(name_key), "domains[%u].workload.name", entry);
	node = cx_doc_find(r, name_key);
	name = node ? cx_doc_text(node) : NULL;
	if (!name || !*name)
		return cx_reject(r, name_key, 0,
				 node ? cx_doc_found(node, found, sizeof(found)) : "nothing", "%s",
				 cx_schema_allowed(name_key));
	domain->workload = strdup(name);
	if (!domain->workload)
		return cx_out_of_memory(r);
	rc = find_file(r, name_key, name, &domain->workload_path);
	if (!rc)
		rc = open_payload(r, name_key, name, domain->workload_path, &payload);
	if (rc)
		return rc;
	rc = read_table(r, r->payloads->info(payload), key, domain);
	r->payloads->close(payload);
	return rc;
}
