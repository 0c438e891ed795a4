/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain schedulers: what is installed, and one policy's parameters. */

#include "core/cli/cli.h"

#include "core/dispatch/loader.h"
#include "core/dispatch/params.h"

#include <errno.h>
#include <string.h>

#define VALUE_MAX 160

static const char baseline[] = "the baseline: the same VMs, left to the host kernel's scheduler";

static const char *type_name(enum cx_param_type type)
{
	switch (type) {
	case CX_PARAM_INT:
		return "number";
	case CX_PARAM_DURATION:
		return "time";
	case CX_PARAM_PERCENT:
		return "percent of a pCPU";
	case CX_PARAM_BOOL:
		return "yes or no";
	case CX_PARAM_ENUM:
		return "choice";
	}
	return "?";
}

static void print_params(const char *heading, const struct cx_param *params, unsigned n)
{
	char range[VALUE_MAX], def[VALUE_MAX];
	unsigned columns = cx_columns(stdout);

	if (n == 0)
		return;
	printf("\n%s\n", heading);
	for (unsigned i = 0; i < n; i++) {
		const struct cx_param *p = &params[i];
		const char *unit = p->type == CX_PARAM_INT && p->unit ? p->unit : "";

		printf("  %s = %s%s%s\n      ", p->name,
		       cx_param_format(p, p->def, def, sizeof(def)), *unit ? " " : "", unit);
		if (p->doc)
			cx_say_wrapped(stdout, p->doc, 6, 6, columns);
		else
			putchar('\n');
		if (p->type == CX_PARAM_BOOL)
			printf("      %s\n", type_name(p->type));
		else
			printf("      %s, %s\n", type_name(p->type),
			       cx_param_range(p, range, sizeof(range)));
	}
}

static void print_flags(uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} honoured[] = { { CX_PLUGIN_WEIGHT, "weight" },
			 { CX_PLUGIN_RESERVATION, "reservation" },
			 { CX_PLUGIN_LIMIT, "limit" },
			 { CX_PLUGIN_POOLS, "pools" },
			 { CX_PLUGIN_SOFT_AFFINITY, "soft affinity" } };
	const char *sep = "";

	printf("  honours   ");
	for (size_t i = 0; i < sizeof(honoured) / sizeof(*honoured); i++) {
		if (!(flags & honoured[i].flag))
			continue;
		printf("%s%s", sep, honoured[i].name);
		sep = ", ";
	}
	printf("%s\n", *sep ? "" : "hard affinity only");
	printf("  lock      %s\n",
	       flags & CX_PLUGIN_INSTANCE_LOCK ? "one for the instance" : "one a pCPU");
	printf("  idles     %s\n", flags & CX_PLUGIN_WORK_CONSERVING
					   ? "only when no vCPU waits (work-conserving)"
					   : "also while a vCPU waits");
}

static int show_one(const char *name, const struct cx_cli_paths *paths)
{
	struct cx_error err = { "" };
	struct cx_loaded *loaded;
	const struct cx_plugin *table;
	int ret;

	if (strcmp(name, "linux") == 0) {
		printf("linux - %s\n\nIt is no plug-in and has no parameters.\n", baseline);
		return CX_STATUS_DONE;
	}
	ret = cx_plugin_load(name, cx_dirs(paths->plugin_dirs), &loaded, &err);
	if (ret < 0) {
		cx_complain("%s", err.text);
		return ret == -ENOENT ? CX_STATUS_USAGE : CX_STATUS_FAILED;
	}
	table = cx_plugin_table(loaded);
	printf("%s - %s\n\n", table->name, table->summary ? table->summary : "");
	print_flags(table->flags);
	printf("  file      %s\n", cx_plugin_path(loaded));
	print_params("Parameters (--param NAME=VALUE, or scheduler: params: in a scenario):",
		     table->params, table->n_params);
	print_params("Parameters of a domain (in a scenario's domain):", table->domain_params,
		     table->n_domain_params);
	if (table->n_params + table->n_domain_params == 0)
		printf("\nNo parameters.\n");
	cx_plugin_unload(loaded);
	return CX_STATUS_DONE;
}

static int show_all(const struct cx_cli_paths *paths)
{
	int status = CX_STATUS_DONE, n;
	char **names;

	n = cx_paths_list(paths->plugin_dirs, ".so", &names);
	if (n < 0) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	printf("%-12s %s\n", "linux", baseline);
	for (int i = 0; i < n; i++) {
		struct cx_error err = { "" };
		struct cx_loaded *loaded;
		const char *summary;

		if (cx_plugin_load(names[i], cx_dirs(paths->plugin_dirs), &loaded, &err) < 0) {
			cx_complain("%s", err.text);
			status = CX_STATUS_FAILED;
			continue;
		}
		summary = cx_plugin_table(loaded)->summary;
		printf("%-12s %s\n", names[i], summary ? summary : "");
		cx_plugin_unload(loaded);
	}
	cx_names_free(names, n);
	return status;
}

int cx_cmd_schedulers(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	return options->n_args ? show_one(options->args[0], paths) : show_all(paths);
}
