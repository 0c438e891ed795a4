/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dispatch/loader.h"

#include "core/dispatch/params.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 31u

struct cx_loaded {
	void *handle;
	char *path;
	struct cx_plugin table; /* a copy: its size was checked */
};

static bool name_is_clean(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return name && *name && strlen(name) <= NAME_MAX_LENGTH &&
	       strspn(name, allowed) == strlen(name);
}

/* What must hold before the rest of the table may be read at all. */
static int check_header(const struct cx_plugin *table, const char *origin, struct cx_error *err)
{
	unsigned major = table->abi >> 16, minor = table->abi & 0xffff;

	if (major != CX_PLUGIN_ABI_MAJOR || minor > CX_PLUGIN_ABI_MINOR)
		return cx_fail(
			err, ELIBBAD,
			"%s: built for plug-in ABI %u.%u, this coxswain has %u.%u; rebuild it "
			"against this coxswain's <coxswain/plugin.h>",
			origin, major, minor, CX_PLUGIN_ABI_MAJOR, CX_PLUGIN_ABI_MINOR);
	if (table->struct_size < sizeof(struct cx_plugin))
		return cx_fail(
			err, ELIBBAD,
			"%s: its table has %u bytes, ABI %u.%u has %zu; set struct_size with "
			"CX_PLUGIN_HEADER and rebuild it",
			origin, table->struct_size, CX_PLUGIN_ABI_MAJOR, CX_PLUGIN_ABI_MINOR,
			sizeof(struct cx_plugin));
	return 0;
}

int cx_plugin_check(const struct cx_plugin *table, const char *origin, struct cx_error *err)
{
	int rc;

	rc = check_header(table, origin, err);
	if (rc)
		return rc;
	if (!name_is_clean(table->name))
		return cx_fail(
			err, ELIBBAD,
			"%s: its name must be 1 to %u characters of [a-z0-9_-]; mend .name and "
			"rebuild it",
			origin, NAME_MAX_LENGTH);
	if (table->flags & ~CX_PLUGIN_FLAGS_KNOWN)
		return cx_fail(err, ELIBBAD,
			       "%s: unknown flag 0x%llx; rebuild it against this coxswain's "
			       "<coxswain/plugin.h>",
			       origin, (unsigned long long)(table->flags & ~CX_PLUGIN_FLAGS_KNOWN));
	if (!table->pick)
		return cx_fail(err, ELIBBAD,
			       "%s: policy %s has no pick operation; add one and rebuild it",
			       origin, table->name);
	rc = cx_params_check(table->params, table->n_params, err);
	if (!rc)
		rc = cx_params_check(table->domain_params, table->n_domain_params, err);
	if (rc)
		return cx_fail_prefix(err, ELIBBAD, "%s: policy %s refused", origin, table->name);
	return 0;
}

static char *find_file(const char *name, const char *const *dirs, struct cx_error *err)
{
	char path[PATH_MAX], tried[600] = "";
	size_t used = 0;
	unsigned i;

	if (strchr(name, '/')) {
		if (access(name, R_OK) == 0)
			return strdup(name);
		cx_fail(err, errno, "scheduler %s: %s", name, strerror(errno));
		return NULL;
	}
	for (i = 0; dirs && dirs[i]; i++) {
		if (snprintf(path, sizeof(path), "%s/%s.so", dirs[i], name) >= (int)sizeof(path))
			continue;
		if (access(path, R_OK) == 0)
			return strdup(path);
		if (used < sizeof(tried) && access(dirs[i], F_OK) == 0)
			used += (size_t)snprintf(tried + used, sizeof(tried) - used, "%s%s",
						 used ? ", " : "", dirs[i]);
	}
	cx_fail(err, ENOENT,
		"scheduler \"%s\" not found in %s; see `coxswain schedulers`, or give a path with "
		"a "
		"slash",
		name, used ? tried : "any directory");
	return NULL;
}

int cx_plugin_load(const char *name_or_path, const char *const *dirs, struct cx_loaded **loaded,
		   struct cx_error *err)
{
	const struct cx_plugin *table;
	struct cx_loaded *l;
	int rc;

	l = calloc(1, sizeof(*l));
	if (!l)
		return cx_fail(err, ENOMEM, "scheduler %s: out of memory", name_or_path);
	l->path = find_file(name_or_path, dirs, err);
	if (!l->path) {
		rc = -ENOENT;
		goto fail;
	}
	l->handle = dlopen(l->path, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle) {
		rc = cx_fail(err, ELIBBAD, "scheduler %s cannot be loaded: %s", name_or_path,
			     dlerror());
		goto fail;
	}
	table = dlsym(l->handle, CX_PLUGIN_SYMBOL);
	if (!table) {
		rc = cx_fail(err, ELIBBAD,
			     "%s: no symbol " CX_PLUGIN_SYMBOL "; export `const struct cx_plugin "
			     "coxswain_plugin` and rebuild it",
			     l->path);
		goto fail;
	}
	rc = cx_plugin_check(table, l->path, err);
	if (rc)
		goto fail;
	l->table = *table;
	*loaded = l;
	return 0;
fail:
	cx_plugin_unload(l);
	return rc;
}

void cx_plugin_unload(struct cx_loaded *loaded)
{
	if (!loaded)
		return;
	if (loaded->handle)
		dlclose(loaded->handle);
	free(loaded->path);
	free(loaded);
}

const struct cx_plugin *cx_plugin_table(const struct cx_loaded *loaded)
{
	return &loaded->table;
}

const char *cx_plugin_path(const struct cx_loaded *loaded)
{
	return loaded->path;
}
