/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLOT_LABEL 44u /* longer names are cut in plots: there is no room for them */

static void three_digits(double value, const char *unit, char buf[CX_SHORT])
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(buf, CX_SHORT, "%.*f%s", decimals, value, unit);
}

const char *cx_fmt_ns(uint64_t ns, char buf[CX_SHORT])
{
	if (ns < 1000)
		snprintf(buf, CX_SHORT, "%uns", (unsigned)ns);
	else if (ns < 999500)
		three_digits((double)ns / 1e3, "us", buf);
	else if (ns < 999500000)
		three_digits((double)ns / 1e6, "ms", buf);
	else
		three_digits((double)ns / 1e9, "s", buf);
	return buf;
}

const char *cx_fmt_signed_ns(int64_t ns, char buf[CX_SHORT])
{
	char size[CX_SHORT];

	if (ns == 0)
		snprintf(buf, CX_SHORT, "0");
	else
		snprintf(buf, CX_SHORT, "%s%.30s", ns < 0 ? "-" : "",
			 cx_fmt_ns(ns < 0 ? -(uint64_t)ns : (uint64_t)ns, size));
	return buf;
}

const char *cx_fmt_count(double n, char buf[CX_SHORT])
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
	unsigned i = 0;

	while (n >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1000;
		i++;
	}
	if (i == 0 && n == floor(n))
		snprintf(buf, CX_SHORT, "%.0f", n);
	else
		three_digits(n, units[i], buf);
	return buf;
}

const char *cx_fmt_percent(double percent, char buf[CX_SHORT])
{
	if (percent >= 0.0005 && percent < 0.95)
		snprintf(buf, CX_SHORT, percent < 0.095 ? "%.3f" : "%.2f", percent);
	else
		snprintf(buf, CX_SHORT, "%.1f", percent);
	return buf;
}

const char *cx_or_empty(const char *text)
{
	return text ? text : "";
}

/** Length of the valid UTF-8 sequence at @s, of a printable character; 0 = show '?'. */
static unsigned printable(const unsigned char *s)
{
	unsigned n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2, i;
	uint32_t code;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	code = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (n > 2 && code < (n == 3 ? 0x800u : 0x10000u))
		return 0; /* longer than it need be */
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || code < 0xa0 ||
	    (code >= 0x200b && code < 0x2010) || (code >= 0x2028 && code < 0x202f) ||
	    (code >= 0xfff0 && code < 0x10000))
		return 0; /* not a character, a control, or one that turns the direction */
	return n;
}

enum style { TEXT, HTML, CSV, GNUPLOT, TIC };

static const char *escape(unsigned char c, enum style style)
{
	switch (style) {
	case HTML:
		return c == '&'    ? "&amp;"
		       : c == '<'  ? "&lt;"
		       : c == '>'  ? "&gt;"
		       : c == '"'  ? "&quot;"
		       : c == '\'' ? "&#39;"
				   : NULL;
	case CSV:
		return c == '"' ? "\"\"" : NULL;
	case TIC: /* tic labels go through a printf of gnuplot's own */
		if (c == '%')
			return "%%";
		/* fallthrough */
	case GNUPLOT: /* a back-quote runs commands in other kinds of strings: never one */
		return c == '\'' ? "''" : c == '`' ? "?" : NULL;
	default:
		return NULL;
	}
}

static void put(FILE *out, const char *text, enum style style)
{
	const unsigned char *s = (const unsigned char *)cx_or_empty(text);

	while (*s) {
		unsigned n = printable(s);
		const char *other = n == 1 ? escape(*s, style) : NULL;

		if (n == 0)
			fputc('?', out);
		else if (other)
			fputs(other, out);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
}

void cx_put_text(FILE *out, const char *text)
{
	put(out, text, TEXT);
}

void cx_put_html(FILE *out, const char *text)
{
	put(out, text, HTML);
}

void cx_put_csv(FILE *out, const char *text)
{
	/* A spreadsheet takes a text that begins so for a formula. */
	const char *guard = text && *text && strchr("=+-@", *text) ? "'" : "";

	fprintf(out, "\"%s", guard);
	put(out, text, CSV);
	fputc('"', out);
}

static void put_quoted(FILE *out, const char *text, enum style style)
{
	char *cut = NULL;
	size_t len;
	FILE *mem = open_memstream(&cut, &len);
	unsigned width = cx_text_width(text);

	fputc('\'', out);
	if (mem) {
		cx_put_cell(mem, text, width < PLOT_LABEL ? width : PLOT_LABEL, false);
		fclose(mem);
		put(out, cut, style);
		free(cut);
	}
	fputc('\'', out);
}

void cx_put_gnuplot(FILE *out, const char *text)
{
	put_quoted(out, text, GNUPLOT);
}

void cx_put_title(FILE *out, const char *text)
{
	fputc('\'', out);
	put(out, text, GNUPLOT);
	fputc('\'', out);
}

void cx_put_tic(FILE *out, const char *text)
{
	put_quoted(out, text, TIC);
}

unsigned cx_text_width(const char *text)
{
	const unsigned char *s = (const unsigned char *)cx_or_empty(text);
	unsigned width = 0;

	while (*s) {
		unsigned n = printable(s);

		s += n ? n : 1;
		width++;
	}
	return width;
}

void cx_put_cell(FILE *out, const char *text, unsigned width, bool right)
{
	const unsigned char *s = (const unsigned char *)cx_or_empty(text);
	unsigned full = cx_text_width(text), i;
	unsigned shown = full <= width ? full : width ? width - 1 : 0;

	for (i = full; right && i < width; i++)
		fputc(' ', out);
	for (i = 0; i < shown; i++) {
		unsigned n = printable(s);

		if (n)
			fwrite(s, 1, n, out);
		else
			fputc('?', out);
		s += n ? n : 1;
	}
	if (shown < full && width)
		fputc('~', out);
	for (i = full; !right && i < width; i++)
		fputc(' ', out);
}
