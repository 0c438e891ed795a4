/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gauge - measures, from within a guest, what things cost there: for `coxswain calibrate`.
 *
 * It does one thing over and over and notes when each time began and ended.  At the end it
 * logs all of them: what they mean together with the dispatcher's events, who asked knows.
 *
 *	gauge START LENGTH [GAP LENGTH]...     ns, hexadecimal; GAP from the end of the one before
 */
#include "../cachewalk/cycle.h"
#include "cx_guest.h"
#include "cx_work.h"

#define EXIT_TOO_SMALL 2
#define SAMPLES_MAX 4096
#define LINE_MAX 200 /* bytes that CX_HC_LOG takes */
#define HEX_MAX 17   /* of a number, and a blank */

enum what { WATCH, SLEEP, CALL, WORK, SPIN, WALK, WHATS };
enum { P_WHAT, P_SAMPLES, P_LENGTH, P_PIECE, P_SIZE, P_NAP, N_PARAMS };
enum { R_BACK_NS, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "gauge",
	.summary = "measures what things cost a guest, for coxswain calibrate",
	.progress_unit = "samples",
	.n_params = N_PARAMS,
	.params =
		{
			[P_WHAT] = CX_INT("what", "", 0, WHATS - 1, WATCH,
					  "0 watch the clock for absences, 1 sleep, 2 hypercalls, "
					  "3 work, 4 spin, 5 walk"),
			[P_SAMPLES] = CX_INT("samples", "", 1, SAMPLES_MAX, 1000,
					     "after so many it logs them and ends"),
			[P_LENGTH] = CX_DURATION("length", 0, CX_HOUR_NS, CX_HOUR_NS,
						"or after so long"),
			[P_PIECE] = CX_INT("piece", "iterations", 1, INT64_C(1) << 32, 1000,
					   "of work, spin or walk in one sample"),
			[P_SIZE] = CX_SIZE("size", 4096, INT64_C(1) << 34, INT64_C(16) * 1024,
					   "working set of the walk"),
			[P_NAP] = CX_DURATION(
				"nap", CX_NSEC_PER_USEC, CX_NSEC_PER_SEC, CX_NSEC_PER_MSEC,
				"how long it sleeps; what shorter an absence it does not note"),
		},
	.n_results = N_RESULTS,
	.results = {[R_BACK_NS] = "back_ns"},
};

struct sample {
	uint64_t begin, end;
};

struct gauge {
	struct cx_guest_page *page;
	struct sample *samples;
	uint64_t n, max, until, piece, nap;
	struct cx_line *at; /* where the walk is */
};

/* ---- one of each ----------------------------------------------------------- */

/* A loop that waits, as payloads do. */
static void spin(uint64_t rounds)
{
	uint64_t zero = 0;

	while (rounds-- && !cx_load(&zero))
		cx_pause();
}

static void walk(struct gauge *g)
{
	struct cx_line *at = g->at;

	for (uint64_t i = 0; i < g->piece; i++)
		at = at->next;
	/* Kept, so that the compiler walks it. */
	__asm__ volatile("" : "+r"(at));
	g->at = at;
}

static void once(struct gauge *g, enum what what)
{
	switch (what) {
	case SLEEP:
		cx_block(g->nap);
		break;
	case CALL:
		cx_hypercall(CX_HC_NOP, 0, 0, 0);
		break;
	case WORK:
		cx_work(g->piece);
		break;
	case SPIN:
		spin(g->piece);
		break;
	case WALK:
		walk(g);
		break;
	default:
		break;
	}
}

static void note(struct gauge *g, uint64_t begin, uint64_t end)
{
	g->samples[g->n++] = (struct sample){ begin, end };
	cx_set_progress(g->page, g->n);
	cx_set_result(g->page, R_BACK_NS, end);
}

/** Everything but WATCH. */
static void repeat(struct gauge *g, enum what what)
{
	uint64_t begin = cx_now(g->page), end;

	while (g->n < g->max && begin < g->until) {
		once(g, what);
		end = cx_now(g->page);
		note(g, begin, end);
		begin = cx_now(g->page);
	}
}

/** What shows while the clock is read again and again: the last time before each absence, and
 *  the first after it. */
static void watch(struct gauge *g)
{
	uint64_t then = cx_now(g->page), now = then;

	while (g->n < g->max && now < g->until) {
		now = cx_now(g->page);
		if (now - then > g->nap)
			note(g, then, now);
		then = now;
	}
}

/* ---- what came out ----------------------------------------------------------- */

static char *put_hex(char *to, uint64_t value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	*to++ = ' ';
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[value >> shift & 15];
	return to;
}

static void log_samples(const struct gauge *g)
{
	static const char head[] = "gauge";
	char line[LINE_MAX], *end = line;

	for (uint64_t i = 0; i < g->n; i++) {
		const struct sample *s = &g->samples[i];

		if (end == line) {
			memcpy(line, head, sizeof(head) - 1);
			end = put_hex(line + sizeof(head) - 1, s->begin);
		} else {
			end = put_hex(end, s->begin - s[-1].end);
		}
		end = put_hex(end, s->end - s->begin);
		if (i + 1 == g->n || end + 2 * HEX_MAX > line + sizeof(line)) {
			cx_hypercall(CX_HC_LOG, (uint64_t)(uintptr_t)line, (uint64_t)(end - line),
				     0);
			end = line;
		}
	}
}

/* ---- */

/* One cycle through @lines, walked once. */
static void make_walk(struct gauge *g, struct cx_line *lines, uint64_t n)
{
	struct cx_random random;
	uint64_t piece = g->piece;

	cx_random_init(&random, g->page->seed);
	cx_cycle_make(lines, n, &random);
	g->at = lines;
	g->piece = n;
	walk(g);
	g->piece = piece;
}

int cx_main(struct cx_guest_page *page)
{
	enum what what = (enum what)page->params[P_WHAT];
	uint64_t lines = (uint64_t)page->params[P_SIZE] / CX_LINE_SIZE, size;
	struct gauge g = {
		.page = page,
		.samples = cx_heap(page, &size),
		.max = (uint64_t)page->params[P_SAMPLES],
		.piece = (uint64_t)page->params[P_PIECE],
		.nap = (uint64_t)page->params[P_NAP],
	};

	if ((SAMPLES_MAX * sizeof(struct sample)) + lines * CX_LINE_SIZE > size) {
		cx_log("gauge: its walk does not fit the domain's memory; give it more");
		return EXIT_TOO_SMALL;
	}
	/* Not when it measures: a page that is new is brought by the host. */
	memset(g.samples, 0, g.max * sizeof(struct sample));
	if (what == WALK)
		make_walk(&g, (struct cx_line *)(void *)&g.samples[SAMPLES_MAX], lines);
	g.until = cx_now(page) + (uint64_t)page->params[P_LENGTH];
	if (what == WATCH)
		watch(&g);
	else
		repeat(&g, what);
	log_samples(&g);
	return 0;
}
