/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_DEFAULT_NS (10 * CX_SEC)
#define DURATION_MIN_NS CX_MS
#define DURATION_MAX_NS (86400 * CX_SEC)
#define SEED_DEFAULT 1u
#define QUESTION_PREFIX "Question:"

void cx_scenario_free(struct cx_scenario *scenario)
{
	unsigned i;

	if (!scenario)
		return;
	for (i = 0; i < scenario->n_domains; i++)
		cx_domain_clear(&scenario->domains[i]);
	for (i = 0; i < scenario->n_changes; i++)
		cx_change_clear(&scenario->changes[i]);
	for (i = 0; i < scenario->n_pools; i++)
		cx_pool_clear(&scenario->pools[i]);
	free(scenario->pools);
	free(scenario->changes);
	cx_settings_free(scenario->params, scenario->n_params);
	free(scenario->domains);
	free(scenario->path);
	free(scenario->text);
	free(scenario->name);
	free(scenario->question);
	free(scenario->topology);
	free(scenario->scheduler);
	cx_cpuset_free(scenario->pcpus);
	free(scenario);
}

/** The words of the comment line at @line, of *len bytes; NULL if it is something else. */
static const char *comment_words(const char *line, size_t *len)
{
	const char *end = line + strcspn(line, "\r\n");

	if (*line != '#')
		return NULL;
	while (*line == '#' || *line == ' ' || *line == '\t')
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*len = end > line ? (size_t)(end - line) : 0;
	return line;
}

/** The question that the comment at the top of @text asks, or its first line. */
static int read_question(struct cx_reading *r, const char *text)
{
	const char *words, *best = NULL;
	size_t len, best_len = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		words = comment_words(text, &len);
		if (!words && *text != '\n' && *text != '\r')
			break;
		if (!words || len == 0 || strncmp(words, "SPDX-", 5) == 0)
			continue;
		if (len > strlen(QUESTION_PREFIX) &&
		    strncasecmp(words, QUESTION_PREFIX, strlen(QUESTION_PREFIX)) == 0) {
			best = words + strlen(QUESTION_PREFIX);
			best_len = len - strlen(QUESTION_PREFIX);
			for (; *best == ' ' || *best == '\t'; best_len--)
				best++;
			break;
		}
		if (!best) {
			best = words;
			best_len = len;
		}
	}
	if (!best)
		return 0;
	r->out->question = strndup(best, best_len);
	return r->out->question ? 0 : cx_out_of_memory(r);
}

/** A file's name makes a scenario's: without folder and ending, strange letters as "-". */
static char *name_of_file(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t len = strcspn(base, "."), i;
	char *name;

	if (len == 0)
		return strdup("scenario");
	name = strndup(base, len < CX_SCENARIO_NAME_MAX ? len : CX_SCENARIO_NAME_MAX);
	for (i = 0; name && name[i]; i++)
		if (!isascii(name[i]) || (!isalnum((unsigned char)name[i]) && name[i] != '_'))
			name[i] = '-';
	return name;
}

static int read_scheduler(struct cx_reading *r)
{
	if (!r->raw->scheduler)
		return 0;
	r->out->scheduler = strdup(r->raw->scheduler->name);
	if (!r->out->scheduler)
		return cx_out_of_memory(r);
	return cx_value_settings(r, "scheduler.params", &r->out->params, &r->out->n_params);
}

/** Which host it means, the run finds out; here it is only fit to be printed. */
static int read_topology(struct cx_reading *r)
{
	const char *text = r->raw->topology, *p;

	if (!*text || strlen(text) > CX_TOPOLOGY_TEXT_MAX)
		return cx_reject_value(r, "topology", text);
	for (p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			return cx_reject_value(r, "topology", text);
	r->out->topology = strdup(text);
	if (!r->out->topology)
		return cx_out_of_memory(r);
	r->out->topology_line = cx_doc_line(r, "topology");
	return 0;
}

static int read_top(struct cx_reading *r)
{
	const struct cx_raw *raw = r->raw;
	struct cx_scenario *out = r->out;
	int rc;

	out->duration_ns = DURATION_DEFAULT_NS;
	out->seed = SEED_DEFAULT;
	if (raw->name) {
		rc = cx_value_name(r, "name", raw->name, &out->name);
	} else {
		out->name = name_of_file(r->file);
		rc = out->name ? 0 : cx_out_of_memory(r);
	}
	if (!rc)
		rc = cx_value_duration(r, "duration", raw->duration, DURATION_MIN_NS,
				       DURATION_MAX_NS, &out->duration_ns);
	if (!rc)
		rc = cx_value_u64(r, "seed", raw->seed, &out->seed);
	if (!rc)
		rc = cx_value_cpus(r, "pcpus", raw->pcpus, NULL, &out->pcpus);
	if (!rc && out->pcpus)
		out->pcpus_line = cx_doc_line(r, "pcpus");
	if (!rc && raw->topology)
		rc = read_topology(r);
	if (!rc)
		rc = read_scheduler(r);
	return rc;
}

static int parse(struct cx_reading *r, size_t len, const struct cx_setting *overrides,
		 unsigned n_overrides)
{
	int rc;

	rc = cx_doc_load(r, r->out->text, len);
	if (!rc && n_overrides) {
		rc = cx_override(r, overrides, n_overrides);
		len = rc ? 0 : strlen(r->out->text);
	}
	if (!rc)
		rc = cx_schema_load(r, r->out->text, len);
	if (!rc)
		rc = read_question(r, r->out->text);
	if (!rc)
		rc = read_top(r);
	if (!rc)
		rc = cx_pools_read(r);
	if (!rc)
		rc = cx_domains_read(r);
	if (!rc)
		rc = cx_peers_read(r);
	if (!rc)
		rc = cx_changes_read(r);
	return rc;
}

int cx_scenario_load_with(const char *path, const char *const *payload_dirs,
			  const struct cx_payload_reader *payloads,
			  const struct cx_setting *overrides, unsigned n_overrides,
			  struct cx_scenario **scenario, struct cx_error *err)
{
	struct cx_reading r = {
		.file = path,
		.payload_dirs = payload_dirs,
		.payloads = payloads,
		.err = err,
	};
	size_t len = 0;
	int rc;

	r.out = calloc(1, sizeof(*r.out));
	if (!r.out)
		return cx_out_of_memory(&r);
	r.out->path = strdup(path);
	rc = r.out->path ? cx_read_file(path, &r.out->text, &len, err) : cx_out_of_memory(&r);
	if (!rc)
		rc = parse(&r, len, overrides, n_overrides);
	cx_doc_free(&r.doc);
	cx_schema_free(r.raw);
	free(r.entry_of);
	free(r.replicas);
	free(r.names);
	if (rc)
		cx_scenario_free(r.out);
	else
		*scenario = r.out;
	return rc;
}
