/* SPDX-License-Identifier: BSD-2-Clause */
/* Help for a person at a terminal, and the command `help`. */

#include "core/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include <coxswain/plugin.h>

#define EXAMPLE_WIDTH 46 /* of a command line in a list of examples */

static void print_text(const char *const *text, unsigned columns, FILE *out)
{
	for (; *text; text++) {
		fputc('\n', out);
		cx_say_wrapped(out, *text, 0, 0, columns);
	}
}

static void print_examples(const struct cx_cli_example *e, FILE *out)
{
	for (; e->line; e++)
		fprintf(out, "  %-*s %s\n", EXAMPLE_WIDTH, e->line, e->what);
}

static void print_option(const struct cx_cli_option *o, unsigned columns, FILE *out)
{
	const unsigned indent = 6;

	fputs("  ", out);
	if (o->letter)
		fprintf(out, "-%c, ", o->letter);
	fprintf(out, "--%s%s%s\n%*s", o->name, o->arg ? " " : "", o->arg ? o->arg : "", (int)indent,
		"");
	cx_say_wrapped(out, o->doc, indent, indent, columns);
}

void cx_help_program(FILE *out)
{
	unsigned columns = cx_columns(out);

	fprintf(out, "%s - %s\n", CX_CLI_NAME, cx_cli_tagline);
	print_text(cx_cli_about, columns, out);
	fprintf(out, "\nUsage: %s COMMAND [ARGUMENT...] [OPTION...]\n\nFirst things to try:\n",
		CX_CLI_NAME);
	print_examples(cx_cli_first, out);
	fputs("\nCommands:\n", out);
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
		fprintf(out, "  %-10s %-12s %s\n", c->name, c->args, c->summary);
	fputs("\nOptions of run and compare (those of a command: " CX_CLI_NAME
	      " COMMAND --help):\n",
	      out);
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++)
		if (o->commands & (CX_CMD_RUN | CX_CMD_COMPARE))
			print_option(o, columns, out);
	fputs("\nExit status:\n", out);
	for (const struct cx_cli_term *t = cx_cli_exits; t->term; t++) {
		fprintf(out, "  %3s  ", t->term);
		cx_say_wrapped(out, t->what, 7, 7, columns);
	}
}

void cx_help_command(const struct cx_cli_command *command, FILE *out)
{
	unsigned columns = cx_columns(out);

	fprintf(out, "%s %s - ", CX_CLI_NAME, command->name);
	cx_say_wrapped(out, command->summary,
		       (unsigned)(sizeof(CX_CLI_NAME) + strlen(command->name) + 3), 0, columns);
	fprintf(out, "\nUsage: %s %s%s%s [OPTION...]\n", CX_CLI_NAME, command->name,
		*command->args ? " " : "", command->args);
	print_text(command->text, columns, out);
	fputs("\nExamples:\n", out);
	for (const struct cx_cli_example *e = command->examples; e->line; e++)
		fprintf(out, "  %s\n      %s\n", e->line, e->what);
	fputs("\nOptions:\n", out);
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++)
		if (o->commands & command->bit)
			print_option(o, columns, out);
}

static int print_names(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	bool schedulers = strcmp(options->names, "schedulers") == 0;
	bool plans = strcmp(options->names, "plans") == 0;
	char **names;
	int n;

	n = cx_paths_list(schedulers ? paths->plugin_dirs
			  : plans    ? paths->plan_dirs
				     : paths->scenario_dirs,
			  schedulers ? ".so" : ".yaml", &names);
	if (n < 0) {
		cx_complain("out of memory");
		return CX_STATUS_FAILED;
	}
	if (schedulers)
		puts("linux");
	for (int i = 0; i < n; i++)
		puts(names[i]);
	cx_names_free(names, n);
	return CX_STATUS_DONE;
}

int cx_cmd_help(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	const struct cx_cli_command *command;

	if (options->names)
		return print_names(options, paths);
	if (options->man) {
		cx_help_man(stdout);
	} else if (options->completion) {
		cx_help_completion(stdout);
	} else if (options->n_args == 0) {
		cx_help_program(stdout);
	} else {
		command = cx_cli_command_find(options->args[0]);
		if (!command) {
			cx_complain("no command '%s'; '%s help' lists them", options->args[0],
				    CX_CLI_NAME);
			return CX_STATUS_USAGE;
		}
		cx_help_command(command, stdout);
	}
	return CX_STATUS_DONE;
}

int cx_cmd_version(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	(void)options;
	(void)paths;
	printf("%s %s, plug-in interface %u.%u\n", CX_CLI_NAME, CX_VERSION, CX_PLUGIN_ABI_MAJOR,
	       CX_PLUGIN_ABI_MINOR);
	return CX_STATUS_DONE;
}
