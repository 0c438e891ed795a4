/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion for bash, from the tables.  Needs nothing but bash itself. */

#include "core/cli/cli.h"

#include <string.h>

static const char prologue[] =
	"# bash completion for coxswain; made by `coxswain help --completion'\n"
	"_coxswain_words()\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
	"}\n"
	"_coxswain_names()\n"
	"{\n"
	"\t\"${COMP_WORDS[0]}\" help --names \"$1\" 2>/dev/null\n"
	"}\n"
	"# names of the program's own, folders, and files ending in $2\n"
	"_coxswain_files()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"; compgen -d -- \"$cur\";\n"
	"\t\tcompgen -f -X \"!*$2\" -- \"$cur\")\n"
	"}\n"
	"# the last of a comma-separated list\n"
	"_coxswain_list()\n"
	"{\n"
	"\tlocal last=${cur##*,}\n"
	"\tlocal head=${cur%\"$last\"}\n"
	"\tcompopt -o nospace 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$1\" -- \"$last\")\n"
	"}\n"
	"_coxswain()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=\"\" i\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-*) ;;\n"
	"\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	"\t\tesac\n"
	"\tdone\n";

static const char epilogue[] = "}\ncomplete -F _coxswain coxswain\n";

static void put_action(FILE *out, enum cx_cli_complete complete, const char *choices)
{
	switch (complete) {
	case CX_COMPLETE_CHOICES:
		fprintf(out, "_coxswain_words \"%s\"", choices);
		break;
	case CX_COMPLETE_SCHEDULER:
		fputs("_coxswain_files \"$(_coxswain_names schedulers)\" .so", out);
		break;
	case CX_COMPLETE_SCHEDULERS:
		fputs("_coxswain_list \"$(_coxswain_names schedulers)\"", out);
		break;
	case CX_COMPLETE_SCENARIO:
		fputs("_coxswain_files \"$(_coxswain_names scenarios)\" .yaml", out);
		break;
	case CX_COMPLETE_PLAN:
		fputs("_coxswain_files \"$(_coxswain_names plans)\" .yaml", out);
		break;
	case CX_COMPLETE_TOPOLOGY:
		fputs("_coxswain_files host .xml", out);
		break;
	case CX_COMPLETE_DIRECTORY:
		fputs("_coxswain_files \"\" /", out);
		break;
	case CX_COMPLETE_FILE:
		fputs("_coxswain_files \"\" \"\"", out);
		break;
	case CX_COMPLETE_COMMAND:
		fputs("_coxswain_words \"", out);
		for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
			fprintf(out, "%s%s", c == cx_cli_commands ? "" : " ", c->name);
		fputc('"', out);
		break;
	case CX_COMPLETE_NOTHING:
		fputc(':', out);
		break;
	}
}

/* Has a row before @option the same name?  What they take is completed alike. */
static bool named_before(const struct cx_cli_option *option)
{
	for (const struct cx_cli_option *o = cx_cli_options; o != option; o++)
		if (strcmp(o->name, option->name) == 0)
			return true;
	return false;
}

/* The value of an option that takes one. */
static void put_values(FILE *out)
{
	fputs("\tcase $prev in\n", out);
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++) {
		if (!o->arg || named_before(o))
			continue;
		fputc('\t', out);
		/* -s means another option in another command: told apart by the long name */
		if (o->letter && o->complete != CX_COMPLETE_SCHEDULERS &&
		    o->complete != CX_COMPLETE_SCHEDULER)
			fprintf(out, "-%c|", o->letter);
		fprintf(out, "--%s) ", o->name);
		put_action(out, o->complete, o->choices);
		fputs("; return ;;\n", out);
	}
	fputs("\tesac\n", out);
}

static void put_command(FILE *out, const struct cx_cli_command *c)
{
	const char *sep = "";

	fprintf(out, "\t%s)\n", c->name);
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++) {
		if (!(o->commands & c->bit) || !o->arg || !o->letter)
			continue;
		if (o->complete != CX_COMPLETE_SCHEDULERS && o->complete != CX_COMPLETE_SCHEDULER)
			continue;
		fprintf(out, "\t\tif [[ $prev == -%c ]]; then ", o->letter);
		put_action(out, o->complete, o->choices);
		fputs("; return; fi\n", out);
	}
	fputs("\t\tif [[ $cur == -* ]]; then _coxswain_words \"", out);
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++) {
		if (!(o->commands & c->bit))
			continue;
		fprintf(out, "%s--%s", sep, o->name);
		sep = " ";
	}
	fputs("\"; else ", out);
	put_action(out, c->complete, NULL);
	fputs("; fi ;;\n", out);
}

void cx_help_completion(FILE *out)
{
	fputs(prologue, out);
	put_values(out);
	fputs("\tcase $command in\n\t'') ", out);
	put_action(out, CX_COMPLETE_COMMAND, NULL);
	fputs(" ;;\n", out);
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
		put_command(out, c);
	fputs("\tesac\n", out);
	fputs(epilogue, out);
}
