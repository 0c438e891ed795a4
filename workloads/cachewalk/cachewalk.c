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
#include "cx_guest.h"

#define PIECE UINT64_C(256) /* accesses between two looks at the clock */
#define PS_PER_NS 1000u
#define EXIT_TOO_SMALL 2

enum { P_SIZE, P_WRITE, P_AWAY, N_PARAMS };
enum { R_WARM_PS, R_COLD_PS, R_REFILL_NS, R_RETURNS, R_WARM, R_COLD, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "cachewalk",
	.summary = "walks a working set in random order: warm against cold, the cost of moving",
	.progress_unit = "accesses",
	.n_params = N_PARAMS,
	.params =
		{
			[P_SIZE] = CX_SIZE(
				"size", 4096, INT64_C(1) << 34, INT64_C(256) * 1024,
				"working set of each vCPU; the domain's memory must hold all"),
			[P_WRITE] =
				CX_BOOL("write", 0,
					"write to each line, so that moving must write it back"),
			[P_AWAY] =
				CX_DURATION("away", 10 * CX_NSEC_PER_USEC, CX_NSEC_PER_SEC,
					    100 * CX_NSEC_PER_USEC,
					    "256 accesses that take longer mean that it was away"),
		},
	.n_results = N_RESULTS,
	.results = {[R_WARM_PS] = "warm_ps_per_access",
		    [R_COLD_PS] = "cold_ps_per_access",
		    [R_REFILL_NS] = "refill_ns",
		    [R_RETURNS] = "returns",
		    [R_WARM] = "warm_accesses",
		    [R_COLD] = "cold_accesses"},
};

struct tally {
	uint64_t warm, warm_ns; /* accesses, and what they took */
	uint64_t cold, cold_ns;
	uint64_t returns;
};

static struct cx_line *walk(struct cx_line *at, bool write)
{
	for (unsigned i = 0; i < PIECE; i++) {
		at = at->next;
		if (write)
			at->written++;
	}
	return at;
}

static uint64_t ps_per_access(uint64_t ns, uint64_t accesses)
{
	return accesses ? ns * PS_PER_NS / accesses : 0;
}

static void publish(struct cx_guest_page *page, const struct tally *tally, uint64_t lines)
{
	uint64_t warm = ps_per_access(tally->warm_ns, tally->warm);
	uint64_t cold = ps_per_access(tally->cold_ns, tally->cold);

	cx_set_result(page, R_WARM_PS, warm);
	cx_set_result(page, R_COLD_PS, cold);
	cx_set_result(page, R_REFILL_NS,
		      warm && cold > warm ? (cold - warm) * lines / PS_PER_NS : 0);
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
		cx_log("cachewalk: the working sets do not fit the domain's memory; give it more");
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
