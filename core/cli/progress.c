/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on the terminal that tells how far a run is; and the run's log. */

#include "core/cli/cli.h"

#include "base/units.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_MAX 40u
#define BAR_MIN 8u
#define LINE_MAX_BYTES 512

void cx_progress_init(struct cx_progress *progress, const struct cx_cli_options *options)
{
	const char *term = getenv("TERM");

	*progress = (struct cx_progress){ 0 };
	progress->shown = !options->quiet && !options->json && isatty(STDERR_FILENO) &&
			  !(term && strcmp(term, "dumb") == 0);
	progress->verbose = options->verbose;
}

static void forget_log(struct cx_progress *progress)
{
	for (unsigned i = 0; i < CX_PROGRESS_LOG; i++) {
		free(progress->log[i]);
		progress->log[i] = NULL;
	}
	progress->log_lines = 0;
}

void cx_progress_begin(struct cx_progress *progress, const char *scenario, const char *scheduler)
{
	forget_log(progress);
	progress->scenario = scenario;
	progress->scheduler = scheduler;
	progress->run++;
}

/* "two-weights  credit 3/3  [####....]  4 s left" */
void cx_progress_show(void *arg, uint64_t elapsed_ns, uint64_t duration_ns)
{
	struct cx_progress *p = arg;
	char line[LINE_MAX_BYTES], left[32];
	unsigned columns, bar, full;
	uint64_t done;
	int head;

	if (!p->shown)
		return;
	if (elapsed_ns > duration_ns)
		elapsed_ns = duration_ns;
	done = p->before_ns + elapsed_ns;
	if (p->all_ns == CX_PROGRESS_UNKNOWN)
		snprintf(left, sizeof(left), "? s left");
	else
		snprintf(left, sizeof(left), "%llu s left",
			 done < p->all_ns
				 ? (unsigned long long)((p->all_ns - done + CX_SEC - 1) / CX_SEC)
				 : 0ull);
	columns = cx_columns(stderr);
	head = snprintf(line, sizeof(line), "%s  %s %u/%u", p->scenario, p->scheduler, p->run,
			p->runs);
	if (head < 0 || (size_t)head >= sizeof(line))
		head = sizeof(line) - 1;
	if ((unsigned)head + BAR_MIN + strlen(left) + 7 > columns) {
		fprintf(stderr, "\r\033[K%.*s", (int)columns - 1, line);
	} else {
		bar = columns - (unsigned)head - (unsigned)strlen(left) - 7;
		bar = bar > BAR_MAX ? BAR_MAX : bar;
		full = p->all_ns ? (unsigned)((double)done * bar / (double)p->all_ns) : 0;
		fprintf(stderr, "\r\033[K%s  [", line);
		for (unsigned i = 0; i < bar; i++)
			fputc(i < full ? '#' : '.', stderr);
		fprintf(stderr, "]  %s", left);
	}
	fflush(stderr);
	p->drawn = true;
}

void cx_progress_clear(struct cx_progress *progress)
{
	if (progress->drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		progress->drawn = false;
	}
}

void cx_progress_log(void *arg, const char *line)
{
	struct cx_progress *p = arg;
	unsigned long at = p->log_lines % CX_PROGRESS_LOG;

	if (p->verbose) {
		cx_progress_clear(p);
		fprintf(stderr, "%s\n", line);
		return;
	}
	free(p->log[at]);
	p->log[at] = strdup(line);
	p->log_lines++;
}

void cx_progress_explain(struct cx_progress *progress)
{
	unsigned long first = 0, n = progress->log_lines;

	if (n > CX_PROGRESS_LOG) {
		first = n - CX_PROGRESS_LOG;
		fprintf(stderr, "(%lu earlier lines of the log: see them with --verbose)\n", first);
	}
	for (unsigned long i = first; i < n; i++)
		if (progress->log[i % CX_PROGRESS_LOG])
			fprintf(stderr, "%s\n", progress->log[i % CX_PROGRESS_LOG]);
	forget_log(progress);
}

void cx_progress_free(struct cx_progress *progress)
{
	cx_progress_clear(progress);
	forget_log(progress);
}
