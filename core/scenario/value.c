/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LETTERS 60 /* of a key shown in a message */

int cx_reject(struct cx_reading *r, const char *key, unsigned line, const char *found,
	      const char *allowed, ...)
{
	char words[CX_ERROR_MAX];
	va_list ap;

	va_start(ap, allowed);
	vsnprintf(words, sizeof(words), allowed, ap);
	va_end(ap);
	if (line == 0)
		line = cx_doc_line(r, key);
	return cx_fail(r->err, EINVAL, "%s:%u: %s: found %s, allowed %s", r->file, line, key, found,
		       words);
}

int cx_out_of_memory(struct cx_reading *r)
{
	return cx_fail(r->err, ENOMEM, "%s: out of memory", r->file);
}

void cx_join_key(char *buf, size_t len, const char *outer, const char *inner)
{
	char clean[KEY_LETTERS + sizeof("\"...\"")];

	cx_quote(inner, clean, sizeof(clean));
	clean[strlen(clean) - 1] = '\0'; /* without the quotes */
	snprintf(buf, len, "%.150s%s%s", outer, *outer ? "." : "", clean + 1);
}

int cx_reject_value(struct cx_reading *r, const char *key, const char *text)
{
	char found[80];

	return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)), "%s", cx_allowed(r, key));
}

bool cx_text_to_u64(const char *text, uint64_t *value)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text) || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return false;
	}
	*value = number;
	return true;
}

bool cx_text_to_bool(const char *text, int64_t *value)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*value = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

int cx_value_u64(struct cx_reading *r, const char *key, const char *text, uint64_t *value)
{
	return !text || cx_text_to_u64(text, value) ? 0 : cx_reject_value(r, key, text);
}

int cx_value_uint(struct cx_reading *r, const char *key, const char *text, unsigned min,
		  unsigned max, unsigned *value)
{
	uint64_t number;

	if (!text)
		return 0;
	if (!cx_text_to_u64(text, &number) || number < min || number > max)
		return cx_reject_value(r, key, text);
	*value = (unsigned)number;
	return 0;
}

int cx_value_duration(struct cx_reading *r, const char *key, const char *text, uint64_t min,
		      uint64_t max, uint64_t *value)
{
	uint64_t ns;

	if (!text)
		return 0;
	if (cx_parse_duration(text, &ns) || ns < min || ns > max)
		return cx_reject_value(r, key, text);
	*value = ns;
	return 0;
}

int cx_value_moment(struct cx_reading *r, const char *key, const char *text, uint64_t *value)
{
	char found[80], duration[40];
	uint64_t ns;

	if (!text)
		return 0;
	if (cx_parse_duration(text, &ns) || ns >= r->out->duration_ns)
		return cx_reject(
			r, key, 0, cx_quote(text, found, sizeof(found)),
			"a time from 0s, under the scenario's duration, %s",
			cx_format_duration(r->out->duration_ns, duration, sizeof(duration)));
	*value = ns;
	return 0;
}

int cx_value_name(struct cx_reading *r, const char *key, const char *text, char **value)
{
	const char *p;

	if (!isascii(*text) || !isalnum((unsigned char)*text) ||
	    strlen(text) > CX_SCENARIO_NAME_MAX)
		return cx_reject_value(r, key, text);
	for (p = text; *p; p++)
		if (!isascii(*p) || (!isalnum((unsigned char)*p) && !strchr("_-.", *p)))
			return cx_reject_value(r, key, text);
	*value = strdup(text);
	return *value ? 0 : cx_out_of_memory(r);
}

static int check_within(struct cx_reading *r, const char *key, const char *text,
			const struct cx_cpuset *set, const struct cx_cpuset *within)
{
	char found[80], *list;
	int cpu, rc;

	for (cpu = cx_cpuset_next(set, -1); cpu >= 0; cpu = cx_cpuset_next(set, cpu))
		if (!cx_cpuset_has(within, (unsigned)cpu))
			break;
	if (cpu < 0)
		return 0;
	list = cx_cpuset_format(within);
	if (!list)
		return cx_out_of_memory(r);
	rc = cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)), "CPUs of pcpus, \"%s\"",
		       list);
	free(list);
	return rc;
}

int cx_value_cpus(struct cx_reading *r, const char *key, const char *text,
		  const struct cx_cpuset *within, struct cx_cpuset **value)
{
	struct cx_error why = { "" };
	char found[80];
	int rc;

	if (!text)
		return 0;
	*value = cx_cpuset_new();
	if (!*value)
		return cx_out_of_memory(r);
	rc = cx_cpuset_parse(text, CX_SCENARIO_CPU_MAX, *value, &why);
	if (rc == -ENOMEM)
		return cx_out_of_memory(r);
	if (rc == -ERANGE)
		return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)),
				 "CPU numbers from 0 to %u", CX_SCENARIO_CPU_MAX);
	if (rc)
		return cx_reject_value(r, key, text);
	return within ? check_within(r, key, text, *value, within) : 0;
}

int cx_value_settings(struct cx_reading *r, const char *key, struct cx_setting **settings,
		      unsigned *n)
{
	yaml_node_t *map = cx_doc_find(r, key), *node;
	char inner[CX_KEY_MAX], found[80];
	const char *name;
	unsigned line, i;

	if (!map)
		return 0;
	if (map->type != YAML_MAPPING_NODE)
		return cx_reject(r, key, 0, cx_doc_found(map, found, sizeof(found)), "%s",
				 cx_allowed(r, key));
	*settings = calloc(CX_SCENARIO_KEYS_MAX, sizeof(**settings));
	if (!*settings)
		return cx_out_of_memory(r);
	for (i = 0; cx_doc_pair(r, map, i, &name, &node, &line); i++) {
		struct cx_setting *setting = &(*settings)[i];
		const char *text = cx_doc_text(node);

		cx_join_key(inner, sizeof(inner), key, name);
		if (!text || !*text)
			return cx_reject(r, inner, line, cx_doc_found(node, found, sizeof(found)),
					 "%s", cx_allowed(r, inner));
		*n = i + 1;
		setting->line = line;
		setting->name = strdup(name);
		setting->value = strdup(text);
		if (!setting->name || !setting->value)
			return cx_out_of_memory(r);
	}
	return 0;
}
