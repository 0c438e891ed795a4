/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain sweep: a plan's grid of points, run, resumed and told. */

#include "core/cli/campaign.h"

#include "core/sweep/harvest.h"
#include "core/sweep/pool.h"
#include "core/sweep/spread.h"
#include "core/vmm/vmm.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PARENT "coxswain-out"
#define REDRAW_NS 100000000u
#define OTHERS_NAP_NS 10000000 /* others who begin in the same folder need a moment, */
#define OTHERS_NAPS 100u       /* and no more than so many of these */
#define ROWS_PRINTED 100u      /* of the table; all are in summary.txt */

struct sweeping {
	const struct cx_cli_options *options;
	const struct cx_cli_paths *paths;
	struct cx_plan *plan;
	struct cx_sweep *sweep;
	char *dir;
	bool made; /* the folder, by us */
	struct cx_store *store;
	struct cx_numbers todo;
	struct cx_progress progress;
	const char *doing;
	uint64_t began_ns, drawn_ns;
	const atomic_bool *stop;
};

/* ---- saying ------------------------------------------------------------------ */

/* From this process or a child of it, which has its own copy of what is drawn. */
static void say(void *arg, const char *line)
{
	struct sweeping *s = arg;
	const char *own = CX_CLI_NAME ": ";

	cx_progress_clear(&s->progress);
	if (strncmp(line, own, strlen(own)) == 0) /* from the log of another process of ours */
		line += strlen(own);
	cx_complain("%s", line);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void show(void *arg, uint64_t done, uint64_t all)
{
	struct sweeping *s = arg;
	struct cx_progress *p = &s->progress;
	uint64_t now = now_ns();

	if (!p->shown || (done < all && now - s->drawn_ns < REDRAW_NS))
		return;
	s->drawn_ns = now;
	p->scenario = s->plan->name;
	p->scheduler = s->doing;
	p->run = (unsigned)done;
	p->runs = (unsigned)all;
	/* What is left takes as long as what is done did, each. */
	p->before_ns = now - s->began_ns;
	p->all_ns = done ? (uint64_t)((double)p->before_ns * (double)all / (double)done)
			 : CX_PROGRESS_UNKNOWN;
	cx_progress_show(p, 0, 1);
}

static void begin(struct sweeping *s, const char *doing)
{
	s->doing = doing;
	s->began_ns = now_ns();
	s->drawn_ns = 0;
}

/* ---- before anything runs ---------------------------------------------------- */

static int find_scenario(void *arg, const char *name, char **path, struct cx_error *err)
{
	return cx_paths_scenario(arg, name, path, err);
}

static int read_plan(struct sweeping *s)
{
	struct cx_error err = { "" };
	char *path;
	int ret;

	ret = cx_paths_plan(s->paths, s->options->args[0], &path, &err);
	if (ret == 0) {
		ret = cx_plan_read(path, &s->plan, &err);
		free(path);
	}
	if (ret == 0) {
		if (s->options->out)
			s->dir = strdup(s->options->out);
		else if (asprintf(&s->dir, PARENT "/%s", s->plan->name) < 0)
			s->dir = NULL;
		if (!s->dir)
			ret = cx_fail(&err, ENOMEM, "out of memory");
	}
	return cx_complain_of(cx_status_of(ret), &err);
}

/* Is the plan that was named the copy in the folder itself? */
static bool is_copy(const struct sweeping *s)
{
	struct stat plan, copy;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/plan.yaml", s->dir);
	return stat(s->plan->path, &plan) == 0 && stat(path, &copy) == 0 &&
	       plan.st_dev == copy.st_dev && plan.st_ino == copy.st_ino;
}

static int look_up(struct sweeping *s)
{
	struct cx_sweep_dirs dirs = { .payloads = cx_dirs(s->paths->payload_dirs),
				      .policies = cx_dirs(s->paths->plugin_dirs),
				      .scenario = find_scenario,
				      .arg = (void *)s->paths };
	bool there = cx_store_exists(s->dir) &&
		     (is_copy(s) || (s->options->points && cx_store_is_whole(s->dir)));
	struct cx_error err = { "" };
	int ret;

	ret = cx_sweep_new(s->plan, &dirs, there ? s->dir : NULL, &s->sweep, &err);
	if (ret == 0 && !there) {
		begin(s, "checking");
		ret = cx_sweep_check(s->sweep, s->stop, show, s, &err);
		cx_progress_clear(&s->progress);
	}
	return cx_complain_of(cx_status_of(ret), &err);
}

static int list_points(const struct sweeping *s)
{
	struct cx_point point;

	for (uint64_t i = 1; i <= s->sweep->n_points; i++) {
		cx_grid_point(s->sweep, i, &point);
		printf("%" PRIu64 " ", i);
		cx_grid_key(s->sweep, &point, stdout);
		putchar('\n');
	}
	fflush(stdout);
	if (!s->options->quiet)
		fprintf(stderr, "%" PRIu64 " points\n", s->sweep->n_points);
	return CX_STATUS_DONE;
}

static int check_machine(const struct sweeping *s)
{
	struct cx_error err = { "" };
	struct cx_kvm *kvm;

	if (s->plan->simulated || s->options->via != CX_CLI_HERE)
		return CX_STATUS_DONE;
	if (cx_kvm_open(&kvm, &err) < 0)
		return cx_complain_of(CX_STATUS_FAILED, &err);
	cx_kvm_close(kvm);
	return CX_STATUS_DONE;
}

/* ---- the folder ---------------------------------------------------------------- */

static int drop_failed(struct sweeping *s, struct cx_error *err)
{
	int ret = 0;

	for (uint64_t i = 1; i <= s->sweep->n_points && ret == 0; i++) {
		struct cx_result result;

		if (cx_result_read(s->sweep, s->store, i, &result, NULL) < 0)
			continue;
		if (result.outcome == CX_OUTCOME_FAILED)
			ret = cx_store_drop(s->store, i, err);
		cx_result_free(&result);
	}
	return ret;
}

/* Which points: those asked for, or all that have no result. */
static int choose_points(struct sweeping *s, struct cx_error *err)
{
	int ret = cx_numbers_init(&s->todo, s->sweep->n_points, err);

	if (ret == 0 && s->options->points) {
		ret = cx_numbers_parse(s->options->points, &s->todo, err);
		return ret < 0 ? cx_fail_prefix(err, EINVAL, "--points") : 0;
	}
	if (ret == 0 && s->options->retry)
		ret = drop_failed(s, err);
	return ret == 0 ? cx_store_missing(s->store, &s->todo, err) : ret;
}

/* A folder that is not empty and no sweep's may be one that somebody else begins in just now. */
static int make_folder(struct sweeping *s, struct cx_error *err)
{
	const struct timespec nap = { .tv_nsec = OTHERS_NAP_NS };
	int ret = 0;

	for (unsigned i = 0; !cx_store_exists(s->dir); i++) {
		ret = cx_outdir_make(s->dir, err);
		s->made = ret == 0;
		if (ret != -EEXIST || i == OTHERS_NAPS)
			return ret > 0 ? 0 : ret;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int open_folder(struct sweeping *s)
{
	struct cx_error err = { "" };
	int ret;

	ret = make_folder(s, &err);
	if (ret == 0)
		ret = cx_store_open(s->dir, s->sweep, &s->store, &err);
	if (ret == 0 && !s->options->points) {
		ret = cx_store_lead(s->store, &err);
		if (ret == 0) {
			cx_store_stop(s->store, false);
			cx_store_tidy(s->store);
		}
	}
	if (ret == 0)
		ret = choose_points(s, &err);
	return cx_complain_of(cx_status_of(ret), &err);
}

/* ---- the runs ------------------------------------------------------------------- */

static unsigned cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (unsigned)CPU_COUNT(&set);
}

static unsigned jobs_of(const struct sweeping *s)
{
	if (s->options->jobs)
		return s->options->jobs;
	return s->plan->simulated && !s->options->points ? cpus() : 1;
}

static int run_points(struct sweeping *s, struct cx_error *err)
{
	struct cx_work work = { .sweep = s->sweep,
				.store = s->store,
				.jobs = jobs_of(s),
				.stop = s->stop,
				.obeys = s->options->points != NULL,
				.say = say,
				.progress = show,
				.arg = s };
	struct cx_spread spread = { .hosts = s->options->hosts, .jobs = s->options->jobs };
	char program[PATH_MAX];
	ssize_t len;

	begin(s, "points");
	if (s->options->via == CX_CLI_HERE)
		return cx_pool_run(&work, &s->todo, err);
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len < 0)
		return cx_fail(err, errno, "/proc/self/exe: %s; is /proc mounted?",
			       strerror(errno));
	program[len] = '\0';
	spread.program = program;
	spread.via = s->options->via == CX_CLI_SLURM ? CX_VIA_SLURM : CX_VIA_PARALLEL;
	return cx_spread_run(&work, &s->todo, &spread, err);
}

/* What ended it before its time; how to go on is said once the results are. */
static int run_all(struct sweeping *s)
{
	struct cx_error err = { "" };
	int ret;

	if (s->todo.count == 0)
		return CX_STATUS_DONE;
	ret = run_points(s, &err);
	cx_progress_clear(&s->progress);
	if (ret == 0)
		return CX_STATUS_DONE;
	/* Who could not do its work has said why; a stop was asked for. */
	if (ret != -ECHILD && ret != -ECANCELED)
		cx_complain("%s", err.text);
	return CX_STATUS_FAILED;
}

/* ---- telling --------------------------------------------------------------------- */

static int write_summary(const struct cx_harvest *h, const char *dir, struct cx_error *err)
{
	char path[PATH_MAX];
	FILE *out;
	int failed;

	snprintf(path, sizeof(path), "%s/summary.txt", dir);
	out = fopen(path, "we");
	if (!out)
		return cx_fail(err, errno, "%s: cannot write it: %s", path, strerror(errno));
	cx_harvest_text(h, 0, out);
	failed = ferror(out);
	if (fclose(out) || failed)
		return cx_fail(err, errno ? errno : EIO, "%s: cannot write it: %s", path,
			       strerror(errno ? errno : EIO));
	return 0;
}

static int print_harvest(struct sweeping *s, const struct cx_harvest *h, struct cx_error *err)
{
	if (s->options->json)
		return cx_harvest_json(h, stdout, err);
	cx_harvest_text(h, ROWS_PRINTED, stdout);
	fflush(stdout);
	return 0;
}

static int outcome_status(const struct cx_harvest *h)
{
	if (h->outcomes[CX_OUTCOME_FAILED] || h->missing)
		return CX_STATUS_FAILED;
	return h->outcomes[CX_OUTCOME_DEGRADED] ? CX_STATUS_DEGRADED : CX_STATUS_DONE;
}

static int tell(struct sweeping *s)
{
	struct cx_error err = { "" };
	struct cx_harvest h;
	int ret, status;

	ret = cx_harvest_read(s->sweep, s->store, &h, &err);
	if (ret == 0)
		ret = print_harvest(s, &h, &err);
	if (ret == 0)
		ret = cx_harvest_means(&h, &err);
	if (ret == 0)
		ret = write_summary(&h, s->dir, &err);
	if (ret == 0)
		ret = cx_harvest_plots(&h, &err);
	status = ret < 0 && ret != -ENOENT ? CX_STATUS_FAILED : outcome_status(&h);
	if (ret < 0)
		cx_complain("%s", err.text);
	if (h.missing)
		cx_complain("%" PRIu64 " of %" PRIu64 " points are finished; the same command goes "
			    "on from there",
			    s->sweep->n_points - h.missing, s->sweep->n_points);
	fprintf(s->options->json ? stderr : stdout, "Sweep: %s\n", s->dir);
	cx_harvest_free(&h);
	return status;
}

/* ---- the whole ---------------------------------------------------------------------- */

static int sweep(struct sweeping *s)
{
	int status = read_plan(s);

	if (status == CX_STATUS_DONE)
		status = look_up(s);
	if (status == CX_STATUS_DONE && s->options->dry_run)
		return list_points(s);
	if (status == CX_STATUS_DONE)
		status = check_machine(s);
	if (status == CX_STATUS_DONE)
		status = open_folder(s);
	if (status != CX_STATUS_DONE)
		return status;
	status = run_all(s);
	return s->options->points ? status : cx_status_worse(status, tell(s));
}

int cx_cmd_sweep(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct sweeping s = { .options = options, .paths = paths };
	int status;

	signal(SIGPIPE, SIG_IGN);
	s.stop = cx_stop_on_signals();
	cx_progress_init(&s.progress, options);
	status = sweep(&s);
	cx_progress_free(&s.progress);
	cx_numbers_free(&s.todo);
	cx_store_close(s.store);
	if (s.made && !s.store)
		cx_outdir_abandon(s.dir);
	cx_sweep_free(s.sweep);
	cx_plan_free(s.plan);
	free(s.dir);
	return status;
}
