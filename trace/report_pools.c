/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource pools: the tree as it was at the start of the run, and what each received.
 */
#include "trace/report_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 40u
#define INDENT 2u
#define DEPTH_MAX 8u /* deeper ones are not set in further */
#define NAME_MIN 14u
#define NAME_MAX 40u
#define PERCENT 100.0

struct pool_rows {
	unsigned n;
	unsigned *pool, *depth; /* of each row */
};

/** The first @most pools, each with what is in it behind it; siblings in their order. */
static bool in_order(const struct cx_record *r, unsigned most, struct pool_rows *rows)
{
	/* Those to be shown, the next on top. */
	unsigned *stack = calloc(r->n_pools + 1, sizeof(*stack)), n = 0, i;

	rows->pool = calloc(r->n_pools + 1, sizeof(*rows->pool));
	rows->depth = calloc(r->n_pools + 1, sizeof(*rows->depth));
	if (!stack || !rows->pool || !rows->depth) {
		free(stack);
		return false;
	}
	for (i = r->n_pools; i-- > 0;)
		if (r->pools[i].parent >= i)
			stack[n++] = i;
	while (n > 0 && rows->n < most) {
		unsigned pool = stack[--n], up, depth = 0;

		for (up = pool; r->pools[up].parent < up; up = r->pools[up].parent)
			depth++;
		rows->pool[rows->n] = pool;
		rows->depth[rows->n++] = depth;
		for (i = r->n_pools; i-- > pool + 1;)
			if (r->pools[i].parent == pool)
				stack[n++] = i;
	}
	free(stack);
	return true;
}

unsigned cx_pools_first(const struct cx_record *record, unsigned most, unsigned *pool)
{
	struct pool_rows rows = { 0 };

	if (record->n_pools && in_order(record, most, &rows))
		memcpy(pool, rows.pool, rows.n * sizeof(*pool));
	free(rows.pool);
	free(rows.depth);
	return rows.n;
}

static unsigned indent_of(unsigned depth)
{
	return INDENT * (depth < DEPTH_MAX ? depth : DEPTH_MAX);
}

static unsigned domains_in(const struct cx_record *r, unsigned pool)
{
	unsigned d, n = 0;

	for (d = 0; d < r->n_domains; d++)
		n += r->domains[d].pool == pool;
	return n;
}

double cx_pool_percent(const struct cx_record *record, uint64_t ns)
{
	return record->duration_ns ? PERCENT * (double)ns / (double)record->duration_ns : 0;
}

static void put_figures(FILE *out, const struct cx_record *r, const struct cx_metrics_pool *p)
{
	char entitled[CX_SHORT], received[CX_SHORT], shortfall[CX_SHORT], over[CX_SHORT];

	fprintf(out, " %8s %8s %7s %7s",
		cx_fmt_percent(cx_pool_percent(r, p->entitled_ns), entitled),
		cx_fmt_percent(cx_pool_percent(r, p->run_ns), received),
		cx_fmt_bound(&p->bounds.shortfall, shortfall),
		cx_fmt_bound(&p->bounds.overshoot, over));
}

static void put_row(FILE *out, const struct cx_record *r, const struct cx_metrics *m, unsigned pool,
		    unsigned depth, unsigned width)
{
	const struct cx_record_pool *p = &r->pools[pool];
	char limit[CX_SHORT] = "none";

	if (p->limit)
		snprintf(limit, sizeof(limit), "%" PRIu32, p->limit);
	fprintf(out, "%*s", (int)indent_of(depth), "");
	cx_put_cell(out, cx_or_empty(p->name), width - indent_of(depth), false);
	fprintf(out, " %8" PRIu32 " %11" PRIu32 " %7s %10s %7u", p->weight, p->reservation, limit,
		p->expandable ? "yes" : "no", domains_in(r, pool));
	if (m)
		put_figures(out, r, &m->pools[pool]);
	fputc('\n', out);
}

void cx_pools_text(const struct cx_record *record, const struct cx_metrics *metrics, FILE *out)
{
	struct pool_rows rows = { 0 };
	unsigned i, w, width = NAME_MIN;

	if (record->n_pools == 0)
		return;
	if (!in_order(record, ROWS_MAX, &rows)) {
		fputs("\nout of memory: no table of pools\n", out);
		free(rows.pool);
		free(rows.depth);
		return;
	}
	for (i = 0; i < rows.n; i++) {
		w = indent_of(rows.depth[i]) +
		    cx_text_width(cx_or_empty(record->pools[rows.pool[i]].name));
		width = w > width ? w : width;
	}
	if (width > NAME_MAX)
		width = NAME_MAX;
	fputc('\n', out);
	cx_put_cell(out, "pool", width, false);
	fprintf(out, " %8s %11s %7s %10s %7s", "weight", "reservation", "limit", "expandable",
		"domains");
	if (metrics)
		fprintf(out, " %8s %8s %7s %7s", "entitled", "received", "short", "over");
	fputc('\n', out);
	for (i = 0; i < rows.n; i++)
		put_row(out, record, metrics, rows.pool[i], rows.depth[i], width);
	if (rows.n < record->n_pools)
		fprintf(out, "and %u more\n", record->n_pools - rows.n);
	free(rows.pool);
	free(rows.depth);
}

void cx_html_pools(FILE *out, const struct cx_record *record)
{
	char *text = NULL, *line, *rest = NULL;
	size_t size = 0;
	FILE *mem;

	if (record->n_pools == 0)
		return;
	mem = open_memstream(&text, &size);
	if (!mem)
		return;
	cx_pools_text(record, NULL, mem);
	if (fclose(mem) == 0) {
		fputs("<h2 id=\"pools\">Resource pools</h2>\n<pre>", out);
		for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			cx_put_html(out, line);
			fputc('\n', out);
		}
		fputs("</pre>\n", out);
	}
	free(text);
}
