/* SPDX-License-Identifier: BSD-2-Clause */
/* coxswain calibrate: what things cost on this host, as a file for the simulator. */

#include "core/cli/campaign.h"

#include "core/calibrate/calibrate.h"

#include <errno.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- where the table goes ------------------------------------------------------------ */

/** A file that takes its place only when it is whole. */
struct output {
	const char *path; /* NULL = standard output */
	char *new_path;   /* what is written meanwhile; NULL = @path itself, or standard output */
	FILE *file;
};

static int no_file(const struct output *o, int error)
{
	cx_complain("%s: cannot write it: %s; name another file with --out", o->path,
		    strerror(error));
	return -error;
}

/* Before anything is measured: a file that cannot be written is found out at once. */
static int open_output(struct output *o)
{
	struct stat st;
	int fd;

	if (!o->path)
		return 0;
	if (stat(o->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			return no_file(o, EISDIR);
		o->file = fopen(o->path, "we"); /* a pipe, a terminal */
		return o->file ? 0 : no_file(o, errno);
	}
	if (asprintf(&o->new_path, "%s.XXXXXX", o->path) < 0) {
		o->new_path = NULL;
		return no_file(o, ENOMEM);
	}
	fd = mkstemp(o->new_path);
	if (fd < 0) {
		free(o->new_path);
		o->new_path = NULL;
		return no_file(o, errno);
	}
	fchmod(fd, 0644);
	o->file = fdopen(fd, "w");
	if (o->file)
		return 0;
	close(fd);
	return no_file(o, errno);
}

/* @good: put it where it belongs; else leave nothing behind. */
static int close_output(struct output *o, bool good)
{
	int error = 0;

	if (o->file) {
		if (ferror(o->file) || fflush(o->file) != 0)
			error = errno ? errno : EIO;
		if (fclose(o->file) != 0 && !error)
			error = errno;
	}
	if (o->new_path && good && !error && rename(o->new_path, o->path) < 0)
		error = errno;
	if (o->new_path && (!good || error))
		unlink(o->new_path);
	free(o->new_path);
	return good && error ? no_file(o, error) : 0;
}

/* --- what is said -------------------------------------------------------------------- */

static void on_begin(void *arg, const char *what, unsigned part, unsigned parts)
{
	struct cx_progress *progress = arg;

	progress->scheduler = what;
	progress->run = part;
	progress->runs = parts;
}

static void add_u64(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

static struct json_object *describe(unsigned cost, const struct cx_measured *m)
{
	static const char *const units[] = {
		[CX_COST_DURATION] = "ns",
		[CX_COST_PICOSECONDS] = "ps",
		[CX_COST_PERCENT] = "percent",
		[CX_COST_RATE] = "iterations/us",
	};
	struct json_object *o = json_object_new_object();

	add_u64(o, "value", m->value);
	add_text(o, "unit", units[cx_cost_table[cost].type]);
	json_object_object_add(o, "measured", json_object_new_boolean(m->measured));
	if (m->measured) {
		add_text(o, "value_is", cx_calibrate_value_name(m->is));
		add_u64(o, "samples", m->samples);
		add_u64(o, "p10", m->p10);
		add_u64(o, "p50", m->p50);
		add_u64(o, "p90", m->p90);
	} else {
		add_text(o, "why_not", m->why_not);
	}
	return o;
}

static void print_json(const struct cx_calibration *c)
{
	struct json_object *root = json_object_new_object(), *costs = json_object_new_object();

	add_text(root, "host", c->host);
	add_text(root, "backend", c->backend);
	add_u64(root, "duration_ns", c->duration_ns);
	json_object_object_add(root, "steal_percent", json_object_new_double(c->steal));
	json_object_object_add(root, "stolen_percent", json_object_new_double(c->stolen));
	for (unsigned i = 0; i < CX_COSTS; i++)
		json_object_object_add(costs, cx_cost_table[i].name, describe(i, &c->cost[i]));
	json_object_object_add(root, "costs", costs);
	puts(json_object_to_json_string_ext(root,
					    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED));
	json_object_put(root);
}

static void remark(const struct cx_calibration *c)
{
	if (c->steal > CX_CALIBRATE_NOISY || c->stolen > CX_CALIBRATE_NOISY)
		cx_complain(
			"NOISY HOST: others had the CPU for %.1f %% of the guests' time, and the "
			"host itself did not run for %.1f %%; measure again when it is quiet, "
			"or with --realtime",
			c->steal, c->stolen);
	for (unsigned i = 0; i < CX_COSTS; i++)
		if (!c->cost[i].measured)
			cx_complain("%s: not measured, keeps its default: %s",
				    cx_cost_table[i].name, c->cost[i].why_not);
}

/* --- the command ------------------------------------------------------------------------ */

static int measure(const struct cx_cli_options *options, const struct cx_cli_paths *paths,
		   struct cx_calibration *c)
{
	struct cx_progress progress;
	struct cx_calibrate_options how = {
		.plugin_dirs = cx_dirs(paths->plugin_dirs),
		.payload_dirs = cx_dirs(paths->payload_dirs),
		.duration_ns = options->duration_ns,
		.realtime = options->realtime,
		.stop = cx_stop_on_signals(),
		.begin = on_begin,
		.progress = cx_progress_show,
		.arg = &progress,
	};
	struct cx_error err = { "" };
	int rc;

	cx_progress_init(&progress, options);
	progress.scenario = "calibrate";
	progress.all_ns = how.duration_ns ? how.duration_ns : CX_CALIBRATE_DEFAULT_NS;
	rc = cx_calibrate(&how, c, &err);
	cx_progress_free(&progress);
	if (rc == -EINTR)
		cx_complain("interrupted: nothing is written");
	else if (rc < 0)
		cx_complain("%s", err.text);
	return rc;
}

int cx_cmd_calibrate(const struct cx_cli_options *options, const struct cx_cli_paths *paths)
{
	struct output out = { .path = options->out };
	struct cx_calibration calibration = { 0 };
	int rc = open_output(&out);

	if (rc == 0)
		rc = measure(options, paths, &calibration);
	if (rc < 0) {
		close_output(&out, false);
		return CX_STATUS_FAILED;
	}
	if (options->json)
		print_json(&calibration);
	if (out.file)
		cx_calibration_write(out.file, &calibration);
	else if (!options->json)
		cx_calibration_write(stdout, &calibration);
	rc = close_output(&out, true);
	if (!options->quiet)
		remark(&calibration);
	cx_calibration_free(&calibration);
	return rc < 0 ? CX_STATUS_FAILED : CX_STATUS_DONE;
}
