/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain: parse the command line, hand over to the command. */

#include "core/cli/cli.h"

#include <string.h>

static int usage(const struct cx_cli_command *command, const char *why)
{
	cx_complain("%s", why);
	if (command)
		fprintf(stderr, "Try '%s %s --help'.\n", CX_CLI_NAME, command->name);
	else
		fprintf(stderr, "Try '%s --help'.\n", CX_CLI_NAME);
	return CX_STATUS_USAGE;
}

static int run_command(const struct cx_cli_command *command, int argc, char **argv)
{
	struct cx_cli_options options;
	struct cx_cli_paths paths;
	struct cx_error err = { "" };
	int status;

	if (cx_cli_parse(command, argc, argv, &options, &err) < 0) {
		status = usage(command, err.text);
	} else if (options.help) {
		cx_help_command(command, stdout);
		status = CX_STATUS_DONE;
	} else if (cx_paths_find(&paths, &err) < 0) {
		cx_complain("%s", err.text);
		status = CX_STATUS_FAILED;
	} else {
		status = command->run(&options, &paths);
		cx_paths_free(&paths);
	}
	cx_cli_options_free(&options);
	return cx_say_finish(status);
}

int main(int argc, char **argv)
{
	const struct cx_cli_command *command;
	const char *first = argc > 1 ? argv[1] : NULL;
	char why[160];

	if (!first)
		return usage(NULL, "what shall I do? First things to try: "
				   "'coxswain compare two-weights', 'coxswain schedulers'");
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		cx_help_program(stdout);
		return cx_say_finish(CX_STATUS_DONE);
	}
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
		first = "version";
	command = cx_cli_command_find(first);
	if (!command) {
		snprintf(why, sizeof(why),
			 *first == '-' ? "'%.64s': give the command before its options"
				       : "no command '%.64s'",
			 first);
		return usage(NULL, why);
	}
	return run_command(command, argc - 1, argv + 1);
}
