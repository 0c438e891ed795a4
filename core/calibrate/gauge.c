/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of gauges: a scenario made up here, and what they log, read back. */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/run/run.h"
#include "core/scenario/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_DEFAULT (16ull << 20)
/* After they end they log; a slow host takes its time. */
#define LOGGING_NS (30 * CX_SEC)
#define SAMPLES "4096"
/* The last reading before an absence may be so much later than the event that made it:
 * the two clocks are compared at the beginning of a run, and drift by 1 us a second. */
#define SLACK_NS 3000u

/* --- the scenario ------------------------------------------------------------------ */

static void write_gauge(FILE *f, const struct cal *c, const struct cal_plan *plan, unsigned i)
{
	const struct cal_gauge *g = &plan->gauges[i];

	fprintf(f, "  - {name: g%u, memory: %" PRIu64 "KiB, ", i,
		(uint64_t)(g->memory ? g->memory : MEMORY_DEFAULT) >> 10);
	if (!g->anywhere)
		fprintf(f, "cpus: \"%u\", ", c->cpus[0]);
	fprintf(f, "workload: {name: gauge, what: %d, samples: " SAMPLES ", length: %" PRIu64 "ns",
		g->what, plan->until_ns);
	if (g->piece)
		fprintf(f, ", piece: %" PRIu64, g->piece);
	if (g->size)
		fprintf(f, ", size: %" PRIu64 "B", g->size);
	if (g->nap_ns)
		fprintf(f, ", nap: %" PRIu64 "ns", g->nap_ns);
	fprintf(f, "}}\n");
}

static void write_scenario(FILE *f, const struct cal *c, const struct cal_plan *plan)
{
	fprintf(f, "name: calibrate\nduration: %" PRIu64 "ns\npcpus: \"",
		(uint64_t)(plan->until_ns + LOGGING_NS));
	for (unsigned i = 0; i < plan->n_cpus; i++)
		fprintf(f, "%s%u", i ? "," : "", c->cpus[i]);
	fprintf(f, "\"\ndomains:\n");
	for (unsigned i = 0; i < plan->n_gauges; i++)
		write_gauge(f, c, plan, i);
}

/* The reader wants a file; one in memory needs no place on disk. */
static int make_scenario(struct cal *c, const struct cal_plan *plan, struct cx_scenario **scenario)
{
	int fd = memfd_create("coxswain-calibrate", MFD_CLOEXEC), rc;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	char path[64];

	if (!f) {
		rc = cx_fail(c->err, errno, "no file in memory for a scenario: %s",
			     strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	write_scenario(f, c, plan);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fflush(f) != 0)
		rc = cx_fail(c->err, errno, "%s: %s", path, strerror(errno));
	else
		rc = cx_scenario_load(path, c->options->payload_dirs, scenario, c->err);
	fclose(f);
	return rc;
}

/* --- what they log --------------------------------------------------------------------- */

static void add_span(struct cal_spans *s, uint64_t begin, uint64_t end)
{
	size_t room = s->room ? s->room * 2 : 1024;
	struct cal_span *at;

	if (s->n == s->room) {
		at = realloc(s->at, room * sizeof(*at));
		if (!at) {
			s->lost = true;
			return;
		}
		s->at = at;
		s->room = room;
	}
	s->at[s->n++] = (struct cal_span){ begin, end };
}

/* " HEX": false when there is none. */
static bool read_hex(const char **text, uint64_t *value)
{
	char *end;

	if (**text != ' ')
		return false;
	errno = 0;
	*value = strtoull(*text + 1, &end, 16);
	if (errno || end == *text + 1)
		return false;
	*text = end;
	return true;
}

/* "g3/0: gauge START LENGTH [GAP LENGTH]..." */
bool cal_parse_line(const char *line, struct cal_run *run)
{
	unsigned gauge;
	uint64_t at, length, gap;
	int used = 0;

	if (sscanf(line, "g%u/0: gauge%n", &gauge, &used) != 1 || !used || gauge >= run->n)
		return false;
	line += used;
	if (!read_hex(&line, &at))
		return false;
	while (read_hex(&line, &length)) {
		add_span(&run->gauge[gauge], at, at + length);
		at += length;
		if (!*line)
			return true;
		if (!read_hex(&line, &gap))
			return false;
		at += gap;
	}
	return false;
}

const struct cal_span *cal_span_at(const struct cal_run *run, unsigned gauge, uint64_t t_ns)
{
	const struct cal_spans *s;
	size_t low = 0, high;

	if (gauge >= run->n)
		return NULL;
	s = &run->gauge[gauge];
	for (high = s->n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (s->at[middle].begin_ns <= t_ns + SLACK_NS)
			low = middle + 1;
		else
			high = middle;
	}
	return low && s->at[low - 1].end_ns >= t_ns ? &s->at[low - 1] : NULL;
}

/* --- the run ------------------------------------------------------------------------------ */

struct listener {
	struct cal *c;
	struct cal_run *run;
	char said[160]; /* a line that is not a sample */
};

bool cal_of_a_gauge(const char *line)
{
	int used = 0;

	/* "(so many lines were too many to keep)": of theirs. */
	return *line == '(' || (sscanf(line, "g%*u/0: %n", &used) == 0 && used);
}

static void on_log(void *arg, const char *line)
{
	struct listener *l = arg;

	/* What the run itself says (guests have to ask for the time, say) is no trouble. */
	if (!cal_parse_line(line, l->run) && cal_of_a_gauge(line) && !l->said[0])
		snprintf(l->said, sizeof(l->said), "%.150s", line);
}

static void on_progress(void *arg, uint64_t elapsed_ns, uint64_t duration_ns)
{
	(void)elapsed_ns;
	(void)duration_ns;
	cal_show_progress(((struct listener *)arg)->c);
}

static void count_steal(struct cal *c, const struct cx_record *record)
{
	for (unsigned i = 0; i < record->n_pcpus; i++)
		c->busy_ns += record->pcpus[i].busy_ns;
	c->steal_ns += record->host_steal_ns;
}

static int check(struct cal *c, const struct listener *l)
{
	const struct cx_record *record = l->run->record;

	if (record->interrupted)
		return cx_fail(c->err, EINTR, "interrupted");
	if (record->degraded)
		return cx_fail(c->err, EPROTO, "calibrate: %s is degraded: %s", record->scheduler,
			       record->degraded_why);
	for (unsigned i = 0; i < l->run->n; i++) {
		if (record->domains[i].end != CX_END_EXIT)
			return cx_fail(
				c->err, EPROTO, "calibrate: a gauge did not come to its end%s%s",
				record->domains[i].end_text ? ": " : "",
				record->domains[i].end_text ? record->domains[i].end_text : "");
		if (l->run->gauge[i].lost)
			return cx_fail(c->err, ENOMEM, "out of memory");
	}
	if (l->said[0])
		return cx_fail(c->err, EPROTO, "calibrate: a gauge says: %s", l->said);
	return 0;
}

static int run_it(struct cal *c, const struct cal_plan *plan, const struct cx_scenario *scenario,
		  struct cal_run *run)
{
	struct listener listener = { .c = c, .run = run };
	struct cx_setting params[3];
	struct cx_run_options options = {
		.scheduler = plan->scheduler,
		.plugin_dirs = c->options->plugin_dirs,
		.params = params,
		.realtime = c->options->realtime,
		.stop = c->options->stop,
		.progress = on_progress,
		.log = on_log,
		.arg = &listener,
	};
	int rc;

	for (unsigned i = 0; i < 3 && plan->params[i][0]; i++)
		params[options.n_params++] = (struct cx_setting){
			.name = (char *)plan->params[i][0],
			.value = (char *)plan->params[i][1],
		};
	rc = cx_run(scenario, &options, &run->record, c->err);
	if (rc == 0)
		rc = check(c, &listener);
	if (rc == 0)
		count_steal(c, run->record);
	return rc;
}

int cal_run(struct cal *c, const struct cal_plan *plan, struct cal_run *run)
{
	struct cx_scenario *scenario = NULL;
	int rc = cal_check_stop(c);

	*run = (struct cal_run){ .n = plan->n_gauges, .until_ns = plan->until_ns };
	if (rc)
		return rc;
	run->gauge = calloc(plan->n_gauges, sizeof(*run->gauge));
	if (!run->gauge)
		return cx_fail(c->err, ENOMEM, "out of memory");
	rc = make_scenario(c, plan, &scenario);
	if (rc == 0)
		rc = run_it(c, plan, scenario, run);
	cx_scenario_free(scenario);
	if (rc)
		cal_run_free(run);
	return rc;
}

void cal_run_free(struct cal_run *run)
{
	for (unsigned i = 0; run->gauge && i < run->n; i++)
		free(run->gauge[i].at);
	free(run->gauge);
	cx_record_free(run->record);
	*run = (struct cal_run){ 0 };
}
