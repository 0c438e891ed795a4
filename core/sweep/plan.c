/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan's file, read with the scenario reader's document and values.  The schema says
 * which keys there are; the values are read from the document, which knows their lines.
 */
#include "core/sweep/plan.h"

#include "base/file.h"
#include "base/units.h"
#include "core/dispatch/dispatch.h"
#include "core/scenario/internal.h"
#include "core/sweep/plan_internal.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MIN_NS CX_MS
#define DURATION_MAX_NS (86400 * CX_SEC)
#define WATCHDOG_MAX_NS (3600 * CX_SEC)

/* --- shape ------------------------------------------------------------------- */

/* Nothing is loaded into it; libcyaml's tables want a place for each field. */
struct shape {
	char *text;
	char **list;
	unsigned n_list;
};

#define TEXT(key)                                                                                  \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct shape, text,  \
			       0, CYAML_UNLIMITED)
#define LIST(key, max)                                                                             \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER, struct shape, list, n_list,            \
				   &text_value, 1, max)
#define OTHER(key) CYAML_FIELD_IGNORE(key, CYAML_FLAG_OPTIONAL)

static const cyaml_schema_value_t text_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t plan_fields[] = {
	TEXT("name"),
	TEXT("machine"),
	TEXT("duration"),
	TEXT("watchdog"),
	TEXT("costs_file"),
	LIST("scenarios", CX_PLAN_SCENARIOS_MAX),
	LIST("schedulers", CX_PLAN_SCHEDULERS_MAX),
	OTHER("params"),
	OTHER("costs"),
	OTHER("set"),
	OTHER("seeds"),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t plan_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct shape, plan_fields),
};

static const char *allowed(const char *key)
{
	static const struct {
		const char *key, *words;
	} table[] = {
		{ "", "a mapping with the keys scenarios and schedulers" },
		{ "name",
		  "1 to 63 letters, digits, \"_\", \"-\" or \".\", a letter or digit first" },
		{ "machine", "sim or kvm" },
		{ "duration", "a duration from 1ms to 1440m such as 10s" },
		{ "watchdog", "a duration from 10ms to 60m such as 2s" },
		{ "costs_file", "the name of a file of costs" },
		{ "scenarios", "a list of 1 to 1000 scenarios such as [two-weights, mine.yaml]" },
		{ "scenarios[]", "the name of a shipped scenario, or a file" },
		{ "schedulers", "a list of 1 to 100 policies such as [rr, credit]" },
		{ "schedulers[]", "the name of a policy, or its file with a slash" },
		{ "params", "a mapping such as {tslice: [1ms, 30ms]}" },
		{ "costs", "a mapping such as {switch: [1us, 11us]}" },
		{ "set", "a mapping such as {domains.web.limit: [10, 20]}" },
		{ "seeds", "seeds such as 1-5 or [1, 2, 7], at most 1000000" },
		{ "seeds[]",
		  "a whole number from 0 to 18446744073709551615, or a range such as 1-5" },
	};
	char plain[CX_KEY_MAX];
	size_t i;

	cx_schema_key(key, plain);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].key, plain) == 0)
			return table[i].words;
	return "a value, or a list of 1 to 1000 values, of at most 200 bytes and one line each";
}

/* --- names -------------------------------------------------------------------- */

/** "credit" of "old/credit.so", every letter fit for a file's name. */
static char *stem_of(const char *asked, const char *suffix)
{
	const char *slash = strrchr(asked, '/'), *base = slash ? slash + 1 : asked;
	size_t len = strlen(base), end = strlen(suffix), i;
	char *stem;

	if (len > end && strcmp(base + len - end, suffix) == 0)
		len -= end;
	if (len > CX_SCENARIO_NAME_MAX)
		len = CX_SCENARIO_NAME_MAX;
	stem = strndup(len ? base : "x", len ? len : 1);
	for (i = 0; stem && stem[i]; i++)
		if (!isascii(stem[i]) ||
		    (!isalnum((unsigned char)stem[i]) && !strchr("_.-", stem[i])))
			stem[i] = '-';
	if (stem && *stem == '.')
		*stem = '-';
	return stem;
}

static bool has_label(const struct cx_plan_entry *entries, unsigned n, const char *label)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(entries[i].label, label) == 0)
			return true;
	return false;
}

/** As stem_of(), with "-2" and so on behind it if that is taken. */
static char *label_of(const struct cx_plan_entry *entries, unsigned n, const char *asked,
		      const char *suffix)
{
	char *stem = stem_of(asked, suffix), *label = stem ? strdup(stem) : NULL;
	unsigned copies = 1;

	while (label && has_label(entries, n, label)) {
		free(label);
		if (asprintf(&label, "%s-%u", stem, ++copies) < 0)
			label = NULL;
	}
	free(stem);
	return label;
}

static int read_entries(struct cx_reading *r, const char *key, const char *suffix,
			struct cx_plan_entry **entries, unsigned *n)
{
	const yaml_node_t *list = cx_doc_find(r, key), *item;
	size_t room = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
	char inner[CX_KEY_MAX];
	unsigned i, k;

	*entries = calloc(room, sizeof(**entries));
	if (!*entries)
		return cx_out_of_memory(r);
	for (i = 0; i < room; i++) {
		struct cx_plan_entry *e = &(*entries)[i];
		const char *text;

		snprintf(inner, sizeof(inner), "%s[%u]", key, i);
		item = cx_doc_find(r, inner);
		text = cx_doc_text(item);
		if (!cx_plan_one_line(text))
			return cx_reject_value(r, inner, text);
		for (k = 0; k < i; k++)
			if (strcmp((*entries)[k].asked, text) == 0)
				return cx_plan_twice(r, inner, text, (*entries)[k].line);
		e->line = cx_doc_line(r, inner);
		e->label = label_of(*entries, i, text, suffix);
		e->asked = strdup(text);
		*n = i + 1;
		if (!e->label || !e->asked)
			return cx_out_of_memory(r);
	}
	return 0;
}

/* --- the rest ------------------------------------------------------------------ */

static const char *text_at(struct cx_reading *r, const char *key)
{
	const yaml_node_t *node = cx_doc_find(r, key);

	return node ? cx_doc_text(node) : NULL;
}

static int read_name(struct cx_reading *r, struct cx_plan *plan)
{
	const char *text = text_at(r, "name");

	if (text)
		return cx_value_name(r, "name", text, &plan->name);
	plan->name = stem_of(r->file, ".yaml");
	if (plan->name && !isalnum((unsigned char)*plan->name))
		*plan->name = 'x';
	return plan->name ? 0 : cx_out_of_memory(r);
}

static int read_machine(struct cx_reading *r, struct cx_plan *plan)
{
	const char *text = text_at(r, "machine");

	plan->simulated = !text || strcmp(text, "sim") == 0;
	if (!plan->simulated && strcmp(text, "kvm") != 0)
		return cx_reject_value(r, "machine", text);
	return 0;
}

static int read_costs_file(struct cx_reading *r, struct cx_plan *plan)
{
	const char *text = text_at(r, "costs_file");

	if (!text)
		return 0;
	if (!cx_plan_one_line(text))
		return cx_reject_value(r, "costs_file", text);
	plan->costs_line = cx_doc_line(r, "costs_file");
	plan->costs_file = strdup(text);
	return plan->costs_file ? 0 : cx_out_of_memory(r);
}

/** Two words for one thing, or words that do not go together. */
static int check_together(struct cx_reading *r, const struct cx_plan *plan)
{
	char key[CX_KEY_MAX];
	unsigned i, k;

	if (!plan->simulated && plan->costs_file)
		return cx_reject(r, "costs_file", 0, "costs of the simulator",
				 "them on sim, not on kvm");
	for (i = 0; i < plan->n_axes; i++) {
		const struct cx_axis *a = &plan->axes[i];

		cx_join_key(key, sizeof(key), cx_axis_section(a->kind), a->name);
		if (a->kind == CX_AXIS_COST && !plan->simulated)
			return cx_reject(r, key, a->line, "a cost of the simulator",
					 "them on sim, not on kvm");
		if (a->kind == CX_AXIS_SET && plan->duration_ns && strcmp(a->name, "duration") == 0)
			return cx_reject(r, key, a->line, "the duration again", "one of the two");
		for (k = 0; k < i; k++)
			if (strcmp(plan->axes[k].column, a->column) == 0)
				return cx_plan_twice(r, key, a->name, plan->axes[k].line);
	}
	return 0;
}

static int read_all(struct cx_reading *r, struct cx_plan *plan)
{
	int rc;

	rc = cx_doc_load(r, plan->text, plan->len);
	if (!rc)
		rc = cx_schema_check(r, &plan_value);
	if (!rc)
		rc = read_name(r, plan);
	if (!rc)
		rc = read_machine(r, plan);
	if (!rc)
		rc = cx_value_duration(r, "duration", text_at(r, "duration"), DURATION_MIN_NS,
				       DURATION_MAX_NS, &plan->duration_ns);
	if (!rc)
		rc = cx_value_duration(r, "watchdog", text_at(r, "watchdog"), CX_WATCHDOG_MIN_NS,
				       WATCHDOG_MAX_NS, &plan->watchdog_ns);
	if (!rc)
		rc = read_costs_file(r, plan);
	if (!rc)
		rc = read_entries(r, "scenarios", ".yaml", &plan->scenarios, &plan->n_scenarios);
	if (!rc)
		rc = read_entries(r, "schedulers", ".so", &plan->schedulers, &plan->n_schedulers);
	if (!rc)
		rc = cx_plan_axes(r, plan);
	if (!rc)
		rc = cx_plan_seeds(r, plan);
	if (!rc)
		rc = check_together(r, plan);
	return rc;
}

int cx_plan_parse(const char *path, const char *text, size_t len, struct cx_plan **plan,
		  struct cx_error *err)
{
	struct cx_reading r = { .file = path, .allowed = allowed, .err = err };
	struct cx_plan *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return cx_out_of_memory(&r);
	p->path = strdup(path);
	p->text = malloc(len + 1);
	p->len = len;
	if (p->text) {
		memcpy(p->text, text, len);
		p->text[len] = '\0';
	}
	rc = p->path && p->text ? read_all(&r, p) : cx_out_of_memory(&r);
	cx_doc_free(&r.doc);
	if (rc)
		cx_plan_free(p);
	else
		*plan = p;
	return rc;
}

int cx_plan_read(const char *path, struct cx_plan **plan, struct cx_error *err)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	rc = cx_file_read(path, CX_SCENARIO_BYTES_MAX, true, "a plan", &text, &len, err);
	if (!rc)
		rc = cx_plan_parse(path, text, len, plan, err);
	free(text);
	return rc;
}

static void free_entries(struct cx_plan_entry *entries, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		free(entries[i].asked);
		free(entries[i].label);
	}
	free(entries);
}

void cx_plan_free(struct cx_plan *plan)
{
	unsigned i, k;

	if (!plan)
		return;
	free_entries(plan->scenarios, plan->n_scenarios);
	free_entries(plan->schedulers, plan->n_schedulers);
	for (i = 0; i < plan->n_axes; i++) {
		for (k = 0; k < plan->axes[i].n; k++)
			free(plan->axes[i].values[k]);
		free(plan->axes[i].values);
		free(plan->axes[i].name);
		free(plan->axes[i].column);
	}
	free(plan->axes);
	free(plan->seeds);
	free(plan->costs_file);
	free(plan->name);
	free(plan->text);
	free(plan->path);
	free(plan);
}

int cx_plan_blame(const struct cx_plan *plan, unsigned line, const char *key, struct cx_error *err)
{
	return cx_fail_prefix(err, EINVAL, "%s:%u: %s", plan->path, line, key);
}
