/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/dispatch/loader.h - find a policy's shared object, load it, check its table.
 */
#ifndef CX_CORE_LOADER_H
#define CX_CORE_LOADER_H

#include "base/error.h"
#include "trace/event.h"

#include <coxswain/plugin.h>

struct cx_loaded;

/**
 * Load a policy.
 * @name_or_path  with a slash: that file; else NAME.so in the first of @dirs that has it
 * Returns 0; -ENOENT not found (the message lists where); -ELIBBAD refused: no symbol,
 * wrong ABI, short table, unknown flag, missing pick, bad parameters; the message says
 * which, and what to rebuild.
 */
int cx_plugin_load(const char *name_or_path, const char *const *dirs, struct cx_loaded **loaded,
		   struct cx_error *err);
/** No instance of it may exist any more. */
void cx_plugin_unload(struct cx_loaded *loaded);

const struct cx_plugin *cx_plugin_table(const struct cx_loaded *loaded);
const char *cx_plugin_path(const struct cx_loaded *loaded);

/** Check a table as cx_plugin_load() does; @origin names it in messages. */
int cx_plugin_check(const struct cx_plugin *table, const char *origin, struct cx_error *err);

#endif
