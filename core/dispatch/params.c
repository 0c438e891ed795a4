/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dispatch/params.h"

#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static unsigned count_choices(const struct cx_param *param)
{
	unsigned n = 0;

	while (param->choices && param->choices[n])
		n++;
	return n;
}

static int64_t lowest(const struct cx_param *param)
{
	return param->type == CX_PARAM_BOOL || param->type == CX_PARAM_ENUM ? 0 : param->min;
}

static int64_t highest(const struct cx_param *param)
{
	if (param->type == CX_PARAM_BOOL)
		return 1;
	if (param->type == CX_PARAM_ENUM)
		return (int64_t)count_choices(param) - 1;
	return param->max;
}

bool cx_param_allows(const struct cx_param *param, int64_t value)
{
	return value >= lowest(param) && value <= highest(param);
}

static bool name_is_clean(const char *name)
{
	return name && *name &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static int check_one(const struct cx_param *param, struct cx_error *err)
{
	if (!name_is_clean(param->name))
		return cx_fail(err, EINVAL, "a parameter's name must be of [a-z0-9_], found \"%s\"",
			       param->name ? param->name : "(null)");
	if (!param->doc)
		return cx_fail(err, EINVAL, "parameter %s has no doc line", param->name);
	if ((unsigned)param->type > CX_PARAM_ENUM)
		return cx_fail(err, EINVAL, "parameter %s has unknown type %d", param->name,
			       (int)param->type);
	if (param->type == CX_PARAM_ENUM && count_choices(param) == 0)
		return cx_fail(err, EINVAL, "parameter %s has no choices", param->name);
	if (lowest(param) > highest(param))
		return cx_fail(err, EINVAL, "parameter %s: minimum above maximum", param->name);
	if (param->type == CX_PARAM_DURATION && lowest(param) < 0)
		return cx_fail(err, EINVAL, "parameter %s: a duration below 0", param->name);
	if (!cx_param_allows(param, param->def))
		return cx_fail(err, EINVAL, "parameter %s: its default is out of its range",
			       param->name);
	return 0;
}

int cx_params_check(const struct cx_param *params, unsigned n, struct cx_error *err)
{
	unsigned i, j;
	int rc;

	if (n > 0 && !params)
		return cx_fail(err, EINVAL, "%u parameters promised, no table given", n);
	for (i = 0; i < n; i++) {
		rc = check_one(&params[i], err);
		if (rc)
			return rc;
		for (j = 0; j < i; j++)
			if (strcmp(params[i].name, params[j].name) == 0)
				return cx_fail(err, EINVAL, "parameter %s stands twice",
					       params[i].name);
	}
	return 0;
}

int cx_param_find(const struct cx_param *params, unsigned n, const char *name, struct cx_error *err)
{
	char known[512] = "";
	size_t len = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (strcmp(params[i].name, name) == 0)
			return (int)i;
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						i ? ", " : "", params[i].name);
	}
	return cx_fail(err, ENOENT, "no parameter \"%s\"; known: %s", name,
		       n ? known : "none, it has no parameters");
}

static int parse_bool(const char *text, int64_t *value)
{
	static const char *const yes[] = { "yes", "on", "true", "1" };
	static const char *const no[] = { "no", "off", "false", "0" };
	unsigned i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			*value = 1;
			return 0;
		}
		if (strcasecmp(text, no[i]) == 0) {
			*value = 0;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_enum(const struct cx_param *param, const char *text, int64_t *value)
{
	unsigned i;

	for (i = 0; i < count_choices(param); i++)
		if (strcmp(text, param->choices[i]) == 0) {
			*value = i;
			return 0;
		}
	return -EINVAL;
}

static int parse_int(const char *text, bool percent, int64_t *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || errno == ERANGE)
		return -EINVAL;
	if (percent && *end == '%')
		end++;
	if (*end)
		return -EINVAL;
	*value = v;
	return 0;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789.") == strlen(text);
}

int cx_param_parse(const struct cx_param *param, const char *text, int64_t *value,
		   struct cx_error *err)
{
	char range[256];
	uint64_t ns = 0;
	int64_t v = 0;
	int rc;

	switch (param->type) {
	case CX_PARAM_DURATION:
		rc = cx_parse_duration(text, &ns);
		v = (int64_t)ns;
		break;
	case CX_PARAM_BOOL:
		rc = parse_bool(text, &v);
		break;
	case CX_PARAM_ENUM:
		rc = parse_enum(param, text, &v);
		break;
	default:
		rc = parse_int(text, param->type == CX_PARAM_PERCENT, &v);
		break;
	}
	if (rc || !cx_param_allows(param, v))
		return cx_fail(err, rc ? EINVAL : ERANGE, "%s: found \"%s\", allowed %s%s",
			       param->name, text, cx_param_range(param, range, sizeof(range)),
			       rc && param->type == CX_PARAM_DURATION && is_number(text)
				       ? ", with its unit: ns, us, ms, s or m"
				       : "");
	*value = v;
	return 0;
}

const char *cx_param_format(const struct cx_param *param, int64_t value, char *buf, size_t len)
{
	switch (param->type) {
	case CX_PARAM_DURATION:
		return cx_format_duration((uint64_t)value, buf, len);
	case CX_PARAM_BOOL:
		snprintf(buf, len, "%s", value ? "yes" : "no");
		break;
	case CX_PARAM_ENUM:
		snprintf(buf, len, "%s",
			 value >= 0 && value < count_choices(param) ? param->choices[value] : "?");
		break;
	default:
		snprintf(buf, len, "%" PRId64, value);
		break;
	}
	return buf;
}

const char *cx_param_range(const struct cx_param *param, char *buf, size_t len)
{
	char lo[40], hi[40];
	size_t used = 0;
	unsigned i;

	switch (param->type) {
	case CX_PARAM_BOOL:
		snprintf(buf, len, "yes or no");
		return buf;
	case CX_PARAM_ENUM:
		buf[0] = '\0';
		for (i = 0; i < count_choices(param) && used < len; i++)
			used += (size_t)snprintf(buf + used, len - used, "%s%s", i ? " | " : "",
						 param->choices[i]);
		return buf;
	default:
		cx_param_format(param, param->min, lo, sizeof(lo));
		cx_param_format(param, param->max, hi, sizeof(hi));
		snprintf(buf, len, "%s .. %s%s%s", lo, hi,
			 param->type == CX_PARAM_PERCENT || param->unit ? " " : "",
			 param->type == CX_PARAM_PERCENT ? "%" : (param->unit ? param->unit : ""));
		return buf;
	}
}
