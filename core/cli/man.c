/* SPDX-License-Identifier: BSD-2-Clause */
/* The manual page, from the tables. */

#include "core/cli/cli.h"

#include <ctype.h>
#include <string.h>

/* One piece of running text: roff's own characters escaped, hyphens kept as typed so
 * that options can be copied. */
static void put_some(FILE *out, const char *text, size_t len)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out); /* at the start of a line they would be a request */
	for (const char *c = text; c < text + len; c++) {
		if (*c == '\\')
			fputs("\\e", out);
		else if (*c == '-')
			fputs("\\-", out);
		else if (*c == '\'')
			fputs("\\(aq", out);
		else if (*c == '`')
			fputs("\\(ga", out);
		else if (*c == '~')
			fputs("\\(ti", out);
		else if (*c == '^')
			fputs("\\(ha", out);
		else
			fputc(*c, out);
	}
}

static void put_text(FILE *out, const char *text)
{
	put_some(out, text, strlen(text));
}

static void put_bold(FILE *out, const char *text)
{
	fputs("\\fB", out);
	put_text(out, text);
	fputs("\\fR", out);
}

static void put_line(FILE *out, const char *text)
{
	put_text(out, text);
	fputc('\n', out);
}

/* A paragraph, one sentence a line so that roff spaces them rightly. */
static void put_paragraph(FILE *out, const char *text)
{
	const char *start = text;

	for (const char *c = text; *c; c++) {
		if (*c != ' ' || c == text || !strchr(".?", c[-1]) || !isupper((unsigned char)c[1]))
			continue;
		put_some(out, start, (size_t)(c - start));
		fputc('\n', out);
		start = c + 1;
	}
	put_line(out, start);
}

static void put_paragraphs(FILE *out, const char *const *text)
{
	for (; *text; text++) {
		fputs(".PP\n", out);
		put_paragraph(out, *text);
	}
}

static void put_heading(FILE *out, const char *text)
{
	fprintf(out, ".SH \"%s\"\n", text);
}

static void put_synopsis(FILE *out)
{
	put_heading(out, "SYNOPSIS");
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++) {
		if (c != cx_cli_commands)
			fputs(".br\n", out);
		put_bold(out, CX_CLI_NAME " ");
		put_bold(out, c->name);
		fputs(" \\fI", out);
		put_text(out, c->args);
		fputs("\\fR", out);
		if (c->bit & ~(unsigned)(CX_CMD_TOPOLOGY | CX_CMD_VERSION))
			fputs(" [option...]", out);
		fputc('\n', out);
	}
}

static void put_examples(FILE *out, const struct cx_cli_example *e)
{
	for (; e->line; e++) {
		fputs(".TP\n", out);
		put_bold(out, e->line);
		fputc('\n', out);
		put_line(out, e->what);
	}
}

static void put_terms(FILE *out, const char *heading, const struct cx_cli_term *t)
{
	put_heading(out, heading);
	for (; t->term; t++) {
		fputs(".TP\n", out);
		put_bold(out, t->term);
		fputc('\n', out);
		put_paragraph(out, t->what);
	}
}

static void put_command(FILE *out, const struct cx_cli_command *c)
{
	fputs(".SS \"", out);
	put_text(out, c->name);
	if (*c->args) {
		fputc(' ', out);
		put_text(out, c->args);
	}
	fputs("\"\n", out);
	put_paragraphs(out, c->text);
}

static void put_option(FILE *out, const struct cx_cli_option *o)
{
	const char *sep = "";

	fputs(".TP\n", out);
	if (o->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
	fputs("\\fB\\-\\-", out);
	put_text(out, o->name);
	fputs("\\fR", out);
	if (o->arg) {
		fputs(" \\fI", out);
		put_text(out, o->arg);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_paragraph(out, o->doc);
	if (o->commands == CX_CMD_ALL)
		return;
	fputs("(Of ", out);
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++) {
		if (!(o->commands & c->bit))
			continue;
		fputs(sep, out);
		put_bold(out, c->name);
		sep = ", ";
	}
	fputs(".)\n", out);
}

void cx_help_man(FILE *out)
{
	fprintf(out,
		".\\\" Made by `%s help --man'; edit the tables in core/cli instead.\n"
		".TH COXSWAIN 1 \"\" \"%s %s\" \"User Commands\"\n",
		CX_CLI_NAME, CX_CLI_NAME, CX_VERSION);
	put_heading(out, "NAME");
	fprintf(out, "%s \\- %s\n", CX_CLI_NAME, cx_cli_tagline);
	put_synopsis(out);
	put_heading(out, "DESCRIPTION");
	put_paragraphs(out, cx_cli_about);
	fputs(".PP\nFirst things to try:\n", out);
	put_examples(out, cx_cli_first);
	put_heading(out, "COMMANDS");
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
		put_command(out, c);
	put_heading(out, "OPTIONS");
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++)
		put_option(out, o);
	put_heading(out, "EXAMPLES");
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
		put_examples(out, c->examples);
	put_terms(out, "EXIT STATUS", cx_cli_exits);
	put_terms(out, "ENVIRONMENT", cx_cli_environment);
	put_terms(out, "FILES", cx_cli_files);
	put_heading(out, "SEE ALSO");
	put_line(out, cx_cli_see_also);
}
