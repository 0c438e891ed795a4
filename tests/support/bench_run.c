/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of the whole program, and of a bare guest beside them. */
#include "tests/support/bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARAMS_MAX 8u
#define TRIES 2u /* of a run that is to be quiet */
#define BARE_MEMORY (16ull << 20)
#define BARE_SIGNAL (SIGRTMIN + 1)

/* --- scenarios -------------------------------------------------------------------- */

int bench_scenario(struct bench *b, struct cx_scenario **scenario, const char *fmt, ...)
{
	const char *dirs[] = { b->payloads, NULL };
	char path[] = "/tmp/coxswain-bench.XXXXXX.yaml";
	int fd = mkstemps(path, (int)strlen(".yaml")), rc;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	va_list ap;

	if (!f)
		return cx_fail(&b->err, errno, "%s: %s", path, strerror(errno));
	fprintf(f, "name: bench\nduration: 1s\n");
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	if (fclose(f) != 0)
		rc = cx_fail(&b->err, errno, "%s: %s", path, strerror(errno));
	else
		rc = cx_scenario_load(path, dirs, scenario, &b->err);
	unlink(path);
	return rc;
}

int bench_shipped(struct bench *b, const char *name, unsigned n_cpus, struct cx_scenario **scenario)
{
	const char *dirs[] = { b->payloads, NULL };
	char path[PATH_MAX + 64], cpus[BENCH_CPUS_MAX * 8] = "";
	struct cx_setting pcpus = { .name = (char *)"pcpus", .value = cpus };
	int n = 0;

	for (unsigned i = 0; i < n_cpus && i < b->n_cpus; i++)
		n += snprintf(cpus + n, sizeof(cpus) - (size_t)n, "%s%u", i ? "," : "", b->cpus[i]);
	snprintf(path, sizeof(path), "%s/share/coxswain/scenarios/%s.yaml", b->build, name);
	return cx_scenario_load_overridden(path, dirs, &pcpus, 1, scenario, &b->err);
}

/* "a=1 b=2" in @text, which is cut up. */
static unsigned split(char *text, struct cx_setting *params)
{
	unsigned n = 0;
	char *save, *word;

	for (word = strtok_r(text, " ", &save); word && n < PARAMS_MAX;
	     word = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(word, '=');

		if (!equals)
			continue;
		*equals = '\0';
		params[n++] = (struct cx_setting){ .name = word, .value = equals + 1 };
	}
	return n;
}

int bench_run(struct bench *b, const struct cx_scenario *scenario, const struct bench_run *run,
	      struct cx_record **record)
{
	const char *dirs[] = { b->plugins, NULL };
	struct cx_setting params[PARAMS_MAX];
	char *text = strdup(run->params ? run->params : "");
	struct cx_run_options options = {
		.scheduler = run->scheduler,
		.plugin_dirs = dirs,
		.duration_ns = run->duration_ns,
		.params = params,
		.sink = run->sink,
		.sim = run->sim,
		.progress = run->progress,
		.arg = run->arg,
	};
	int rc;

	if (!text)
		return cx_fail(&b->err, ENOMEM, "out of memory");
	options.n_params = split(text, params);
	rc = cx_run(scenario, &options, record, &b->err);
	free(text);
	if (rc == 0 && (*record)->degraded) {
		rc = cx_fail(&b->err, EPROTO, "%s: degraded: %s", run->scheduler,
			     (*record)->degraded_why);
		cx_record_free(*record);
		*record = NULL;
	}
	return rc;
}

double bench_steal(const struct cx_record *record, uint64_t busy_ns)
{
	double used = 0;

	for (unsigned i = 0; i < record->n_vcpus; i++)
		used += (double)record->vcpus[i].host_cpu_ns;
	return busy_ns ? fmax(0, 100 * (1 - used / (double)busy_ns)) : 0;
}

int bench_run_quiet(struct bench *b, const char *label, const struct cx_scenario *scenario,
		    const struct bench_run *run, struct cx_record **record, double *steal)
{
	*record = NULL;
	if (run->sim) {
		*steal = NAN;
		return bench_run(b, scenario, run, record);
	}
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t busy_ns = 0;
		int rc;

		cx_record_free(*record);
		*record = NULL;
		rc = bench_run(b, scenario, run, record);
		if (rc < 0)
			return rc;
		for (unsigned p = 0; p < (*record)->n_pcpus; p++)
			busy_ns += (*record)->pcpus[p].busy_ns;
		*steal = bench_steal(*record, busy_ns);
		if (*steal <= BENCH_STEAL_MAX)
			break;
		if (i + 1 < TRIES)
			bench_note("%s: %.1f %% steal, measured again", label, *steal);
	}
	return 0;
}

double bench_progress(const struct cx_record *record)
{
	double sum = 0;

	for (unsigned i = 0; i < record->n_vcpus; i++)
		sum += (double)record->vcpus[i].progress;
	return sum / ((double)record->duration_ns / 1e9);
}

void bench_watch_cpu(void *arg, uint64_t elapsed_ns, uint64_t duration_ns)
{
	struct bench_cpu *cpu = arg;

	(void)duration_ns;
	if (elapsed_ns < cpu->from_ns)
		return;
	cpu->end_at_ns = elapsed_ns;
	cpu->end_ns = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	if (cpu->begun)
		return;
	cpu->begun = true;
	cpu->begin_at_ns = cpu->end_at_ns;
	cpu->begin_ns = cpu->end_ns;
}

int bench_run_side(struct bench *b, void *arg, struct bench_sample *out)
{
	struct bench_run_side *side = arg;
	struct bench_cpu cpu = { .from_ns = 0 };
	struct bench_run run = side->run;
	struct cx_record *record;
	double seconds;
	int rc;

	run.progress = bench_watch_cpu;
	run.arg = &cpu;
	rc = bench_run(b, side->scenario, &run, &record);
	if (rc < 0)
		return rc;
	seconds = (double)record->duration_ns / 1e9;
	out->rate = bench_progress(record);
	out->per_cpu = out->rate * seconds / ((double)(cpu.end_ns - cpu.begin_ns) / 1e9);
	out->steal = bench_steal(record, record->duration_ns * side->busy_cpus);
	out->switches = (double)record->switches / seconds;
	cx_hist_merge(&side->decide, &record->decide_ns);
	cx_hist_merge(&side->gap, &record->gap_ns);
	cx_record_free(record);
	return 0;
}

int bench_bare_side(struct bench *b, void *arg, struct bench_sample *out)
{
	const struct bench_bare_side *side = arg;

	return bench_bare(b, side->n_cpus, side->duration_ns, out);
}

/* --- the bare guest ---------------------------------------------------------------- */

struct bare {
	struct cx_vm *vm;
	pthread_t thread;
	unsigned cpu;
	pthread_barrier_t *start;
	atomic_bool stop;
	uint64_t cpu_ns;
	int rc;
	struct cx_error err;
};

static __thread struct cx_vm *this_vm;

static void on_signal(int signo)
{
	(void)signo;
	if (this_vm)
		cx_vm_kick_prepare(this_vm, 0);
}

static void *bare_main(void *arg)
{
	struct bare *g = arg;
	struct cx_exit out;
	uint64_t cpu_ns;

	this_vm = g->vm;
	g->rc = bench_pin(g->cpu);
	pthread_barrier_wait(g->start);
	cpu_ns = bench_now(CLOCK_THREAD_CPUTIME_ID);
	while (g->rc == 0) {
		cx_vm_kick_clear(g->vm, 0);
		if (atomic_load(&g->stop))
			break;
		g->rc = cx_vm_enter(g->vm, 0, &out, &g->err);
		if (g->rc == 0 && out.kind != CX_EXIT_KICKED)
			g->rc = cx_fail(&g->err, EPROTO, "bare guest: exit %d: %s", out.kind,
					out.kind == CX_EXIT_CRASH ? out.text : "");
	}
	g->cpu_ns = bench_now(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	this_vm = NULL;
	return NULL;
}

static int bare_create(struct bench *b, struct cx_payload *payload, struct bare *g)
{
	const struct cx_workload_info *info = cx_payload_info(payload);
	struct cx_vm_config config = {
		.name = "bare",
		.payload = payload,
		.vcpus = 1,
		.memory = BARE_MEMORY,
		.seed = 1,
		.tsc_mult = 1,
	};

	for (unsigned i = 0; i < info->n_params; i++)
		config.params[i] = info->params[i].def;
	return cx_vm_create(b->kvm, &config, &g->vm, &b->err);
}

static uint64_t bare_progress(struct bare *g, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += __atomic_load_n(&cx_vm_page(g[i].vm, 0)->progress, __ATOMIC_RELAXED);
	return sum;
}

/* All threads exist and wait at the barrier. */
static void bare_measure(struct bench *b, struct bare *g, unsigned n, uint64_t duration_ns,
			 struct bench_sample *out)
{
	struct timespec rest = { (time_t)(duration_ns / CX_SEC), (long)(duration_ns % CX_SEC) };
	uint64_t begin, wall, used = bench_now(CLOCK_PROCESS_CPUTIME_ID), threads = 0;

	(void)b;
	pthread_barrier_wait(g->start);
	begin = bench_now(CLOCK_MONOTONIC);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
	wall = bench_now(CLOCK_MONOTONIC) - begin;
	for (unsigned i = 0; i < n; i++) {
		atomic_store(&g[i].stop, true);
		pthread_kill(g[i].thread, BARE_SIGNAL);
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(g[i].thread, NULL);
		threads += g[i].cpu_ns;
	}
	used = bench_now(CLOCK_PROCESS_CPUTIME_ID) - used;
	out->rate = (double)bare_progress(g, n) / ((double)wall / 1e9);
	out->per_cpu = (double)bare_progress(g, n) / ((double)used / 1e9);
	out->steal = fmax(0, 100 * (1 - (double)threads / ((double)wall * n)));
	out->switches = 0;
}

int bench_bare(struct bench *b, unsigned n, uint64_t duration_ns, struct bench_sample *out)
{
	struct bare *g = calloc(n, sizeof(*g));
	struct sigaction act = { .sa_handler = on_signal };
	struct cx_payload *payload = NULL;
	pthread_barrier_t start;
	char path[PATH_MAX + 16];
	int rc = g ? 0 : cx_fail(&b->err, ENOMEM, "out of memory");

	snprintf(path, sizeof(path), "%s/hog.elf", b->payloads);
	if (rc == 0)
		rc = cx_payload_open(path, &payload, &b->err);
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = bare_create(b, payload, &g[i]);
	if (rc == 0) {
		sigaction(BARE_SIGNAL, &act, NULL);
		pthread_barrier_init(&start, NULL, n + 1);
		for (unsigned i = 0; i < n; i++) {
			g[i].start = &start;
			g[i].cpu = b->cpus[i];
			/* With no thread the barrier would never open: nothing to go on with. */
			if (pthread_create(&g[i].thread, NULL, bare_main, &g[i]) != 0)
				abort();
		}
		bare_measure(b, g, n, duration_ns, out);
		pthread_barrier_destroy(&start);
	}
	for (unsigned i = 0; g && i < n; i++) {
		if (rc == 0 && g[i].rc < 0) {
			rc = g[i].rc;
			b->err = g[i].err;
		}
		if (g[i].vm)
			cx_vm_destroy(g[i].vm);
	}
	cx_payload_close(payload);
	free(g);
	return rc;
}
