/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cachewalk - walks a working set in random order, over and over, and tells the price of
 * an access while it stayed on the CPU (warm) from that of the first round after it had
 * been away (cold): what a switch or a migration costs it.
 *
 * It was away when a short piece of the walk took far longer than it could; that piece
 * itself, which holds the absence, is not counted.
 */
#include "cycle.h"
#include "tally.h"
#include "cx_guest.h"
#include "table.h"

static struct cx_line *walk(struct cx_line *at, bool write)
{
	for (unsigned i = 0; i < PIECE; i++) {
		at = at->next;
		if (write)
			at->written++;
	}
	return at;
}

static void publish(struct cx_guest_page *page, const struct tally *tally, uint64_t lines)
{
	uint64_t warm = ps_per_access(tally->warm_ns, tally->warm);
	uint64_t cold = ps_per_access(tally->cold_ns, tally->cold);

	cx_set_result(page, R_WARM_PS, warm);
	cx_set_result(page, R_COLD_PS, cold);
	cx_set_result(page, R_REFILL_NS, refill_ns(warm, cold, lines));
	cx_set_result(page, R_RETURNS, tally->returns);
	cx_set_result(page, R_WARM, tally->warm);
	cx_set_result(page, R_COLD, tally->cold);
}

/** Enter one piece of @ns; *since counts the accesses since the last return. */
static void count_piece(struct tally *tally, uint64_t ns, uint64_t lines, uint64_t *since)
{
	if (*since >= lines) {
		tally->warm += PIECE;
		tally->warm_ns += ns;
	} else {
		/* Before the first return the working set is new, which is another matter. */
		if (tally->returns) {
			tally->cold += PIECE;
			tally->cold_ns += ns;
		}
		*since += PIECE;
	}
}

int cx_main(struct cx_guest_page *page)
{
	uint64_t lines = (uint64_t)page->params[P_SIZE] / CX_LINE_SIZE, heap_size;
	uint64_t away = (uint64_t)page->params[P_AWAY], since = 0, accesses = 0;
	bool write = page->params[P_WRITE];
	struct cx_line *at = cx_heap(page, &heap_size);
	struct tally tally = { 0 };
	struct cx_random random;
	uint64_t then, now;

	if (lines * CX_LINE_SIZE > heap_size) {
		cx_log(TOO_SMALL);
		return EXIT_TOO_SMALL;
	}
	cx_random_init(&random, page->seed);
	cx_cycle_make(at, lines, &random);
	then = cx_now(page);
	for (;;) {
		at = walk(at, write);
		now = cx_now(page);
		if (now - then > away) {
			since = 0;
			tally.returns++;
			publish(page, &tally, lines);
		} else {
			count_piece(&tally, now - then, lines, &since);
		}
		accesses += PIECE;
		cx_set_progress(page, accesses);
		if (accesses % (PIECE * 1024) == 0)
			publish(page, &tally, lines);
		then = cx_now(page);
	}
}
