/* SPDX-License-Identifier: BSD-2-Clause */
/* Who takes part: the schedulers asked for, and the --param settings of each. */

#include "core/cli/campaign.h"

#include "core/dispatch/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BASELINE "linux"
#define PLUGIN_SUFFIX ".so"

static int no_memory(struct cx_error *err)
{
	return cx_fail(err, ENOMEM, "out of memory");
}

/* ---- names ----------------------------------------------------------------- */

/* "credit", or "mine" for "./mine.so"; "-2" and so on behind it if that is taken. */
static char *make_label(const struct cx_lineup *lineup, const char *asked)
{
	const char *slash = strrchr(asked, '/');
	char *base = cx_outdir_safe_name(slash ? slash + 1 : asked);
	size_t len = base ? strlen(base) : 0, suffix = strlen(PLUGIN_SUFFIX);
	char *label = NULL;
	unsigned copies = 1;

	if (slash && len > suffix && strcmp(base + len - suffix, PLUGIN_SUFFIX) == 0)
		base[len - suffix] = '\0';
	if (base)
		label = strdup(base);
	for (unsigned i = 0; label && i < lineup->n; i++) {
		if (strcmp(lineup->entrants[i].label, label))
			continue;
		free(label);
		if (asprintf(&label, "%s-%u", base, ++copies) < 0)
			label = NULL;
		i = (unsigned)-1; /* the new one may be taken as well */
	}
	free(base);
	return label;
}

static int add(struct cx_lineup *lineup, const char *asked, const struct cx_cli_paths *paths,
	       struct cx_error *err)
{
	struct cx_entrant *grown, *e;

	grown = realloc(lineup->entrants, (lineup->n + 1) * sizeof(*grown));
	if (!grown)
		return no_memory(err);
	lineup->entrants = grown;
	e = &grown[lineup->n];
	*e = (struct cx_entrant){ .asked = strdup(asked), .label = make_label(lineup, asked) };
	lineup->n++;
	if (!e->asked || !e->label)
		return no_memory(err);
	if (strcmp(asked, BASELINE) == 0)
		return 0;
	return cx_plugin_load(asked, cx_dirs(paths->plugin_dirs), &e->plugin, err);
}

static int add_all(struct cx_lineup *lineup, const char *names, const struct cx_cli_paths *paths,
		   struct cx_error *err)
{
	char *list = strdup(names), *at = list, *name;
	int ret = list ? 0 : no_memory(err);

	while (ret == 0 && (name = strsep(&at, ","))) {
		if (!*name)
			ret = cx_fail(err, EINVAL,
				      "--schedulers: found '%s'; allowed: names or paths with a "
				      "comma between them, such as linux,rr,credit",
				      names);
		else
			ret = add(lineup, name, paths, err);
	}
	free(list);
	return ret;
}

/* ---- settings -------------------------------------------------------------- */

static int set(struct cx_entrant *e, const char *name, const char *value, struct cx_error *err)
{
	struct cx_setting *grown, *s;

	grown = realloc(e->settings, (e->n_settings + 1) * sizeof(*grown));
	if (!grown)
		return no_memory(err);
	e->settings = grown;
	s = &grown[e->n_settings];
	*s = (struct cx_setting){ .name = strdup(name), .value = strdup(value) };
	if (!s->name || !s->value) {
		free(s->name);
		free(s->value);
		return no_memory(err);
	}
	e->n_settings++;
	return 0;
}

/* 1 = set, 0 = it has no such parameter, or a negative errno. */
static int try_set(struct cx_entrant *e, const char *name, const char *value, struct cx_error *err)
{
	const struct cx_plugin *table = e->plugin ? cx_plugin_table(e->plugin) : NULL;
	int64_t number;
	int index, ret;

	if (!table) {
		cx_fail(err, ENOENT, "%s has no parameters", e->asked);
		return 0;
	}
	index = cx_param_find(table->params, table->n_params, name, err);
	if (index < 0)
		return 0;
	ret = cx_param_parse(&table->params[index], value, &number, err);
	if (ret < 0)
		return cx_fail_prefix(err, EINVAL, "--param, of %s", e->label);
	ret = set(e, name, value, err);
	return ret < 0 ? ret : 1;
}

static bool is_called(const struct cx_entrant *e, const char *name, size_t len)
{
	const char *own = e->plugin ? cx_plugin_table(e->plugin)->name : BASELINE;

	return (strlen(e->label) == len && strncmp(e->label, name, len) == 0) ||
	       (strlen(e->asked) == len && strncmp(e->asked, name, len) == 0) ||
	       (strlen(own) == len && strncmp(own, name, len) == 0);
}

/* @text is "NAME=VALUE" or "SCHEDULER.NAME=VALUE". */
static int apply(struct cx_lineup *lineup, const char *text, struct cx_error *err)
{
	char *left = strndup(text, strcspn(text, "="));
	const char *value = strchr(text, '=') + 1, *name, *dot;
	unsigned reached = 0, named = 0;
	int ret = 0;

	if (!left)
		return no_memory(err);
	dot = strrchr(left, '.');
	name = dot ? dot + 1 : left;
	for (unsigned i = 0; i < lineup->n && ret >= 0; i++) {
		if (dot && !is_called(&lineup->entrants[i], left, (size_t)(dot - left)))
			continue;
		named++;
		ret = try_set(&lineup->entrants[i], name, value, err);
		reached += ret > 0;
	}
	if (ret >= 0 && named == 0)
		ret = cx_fail(err, EINVAL,
			      "--param: found '%s'; allowed: a scheduler of this run "
			      "before the dot",
			      text);
	else if (ret >= 0 && reached == 0 && named == 1)
		ret = cx_fail_prefix(err, EINVAL, "--param: found '%s'", text);
	else if (ret >= 0 && reached == 0)
		ret = cx_fail(err, EINVAL,
			      "--param: found '%s'; none of these schedulers has a "
			      "parameter '%s': see 'coxswain schedulers NAME'",
			      text, name);
	free(left);
	return ret < 0 ? ret : 0;
}

int cx_lineup_make(const char *names, const struct cx_cli_options *options,
		   const struct cx_cli_paths *paths, struct cx_lineup *lineup, struct cx_error *err)
{
	int ret;

	*lineup = (struct cx_lineup){ 0 };
	ret = add_all(lineup, names, paths, err);
	for (unsigned i = 0; i < options->n_params && ret == 0; i++)
		ret = apply(lineup, options->params[i], err);
	return ret;
}

void cx_lineup_free(struct cx_lineup *lineup)
{
	for (unsigned i = 0; i < lineup->n; i++) {
		struct cx_entrant *e = &lineup->entrants[i];

		for (unsigned j = 0; j < e->n_settings; j++) {
			free(e->settings[j].name);
			free(e->settings[j].value);
		}
		free(e->settings);
		if (e->plugin)
			cx_plugin_unload(e->plugin);
		free(e->label);
		free(e->asked);
	}
	free(lineup->entrants);
	*lineup = (struct cx_lineup){ 0 };
}
