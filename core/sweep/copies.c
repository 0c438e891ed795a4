/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sweep began with: the plan, its scenarios, its policies, what they name.  Runs use the copies, so
 * that a file edited meanwhile changes nothing; and a sweep goes on only with files that are
 * the same.
 */
#include "core/sweep/store_internal.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1u << 30) /* bytes of what is copied */

/** The first line in which they differ. */
static unsigned differing_line(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i, least = a_len < b_len ? a_len : b_len;
	unsigned line = 1;

	for (i = 0; i < least && a[i] == b[i]; i++)
		line += a[i] == '\n';
	return line;
}

static int differs(const struct cx_store *store, const char *name, const char *what, unsigned line,
		   struct cx_error *err)
{
	char where[40] = "";

	if (line)
		snprintf(where, sizeof(where), " (line %u differs)", line);
	return cx_fail(err, EEXIST,
		       "%s/%s: the sweep there began with another %s%s; its points are not to be "
		       "mixed with others: choose another folder with --out, or remove that one",
		       store->dir, name, what, where);
}

/** Put @text there as @folder/@name, or compare it with what is there. */
static int keep(const struct cx_store *store, const char *folder, const char *name,
		const char *what, const char *text, size_t len, bool lines, struct cx_error *err)
{
	char path[PATH_MAX], shown[PATH_MAX / 2];
	size_t there_len = 0;
	char *there;
	int ret;

	snprintf(shown, sizeof(shown), "%s%s%s", folder, *folder ? "/" : "", name);
	snprintf(path, sizeof(path), "%s/%s", store->dir, shown);
	ret = cx_file_read(path, FILE_MAX, false, "a file", &there, &there_len, err);
	if (ret == -ENOENT)
		return cx_store_write(store, folder, name, text, len, err);
	if (ret)
		return ret;
	if (there_len != len || memcmp(there, text, len) != 0)
		ret = differs(store, shown, what,
			      lines ? differing_line(there, there_len, text, len) : 0, err);
	free(there);
	return ret;
}

static int keep_file(const struct cx_store *store, const char *folder, const char *name,
		     const char *what, bool lines, char **file, struct cx_error *err)
{
	char *text, *copy;
	size_t len = 0;
	int ret;

	ret = cx_file_read(*file, FILE_MAX, false, "a file", &text, &len, err);
	if (ret)
		return ret;
	ret = keep(store, folder, name, what, text, len, lines, err);
	free(text);
	if (ret)
		return ret;
	if (asprintf(&copy, "%s/%s%s%s", store->dir, folder, *folder ? "/" : "", name) < 0)
		return cx_fail(err, ENOMEM, "out of memory");
	free(*file);
	*file = copy;
	return 0;
}

static int make_folder(const struct cx_store *store, const char *name, struct cx_error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", store->dir, name);
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return cx_fail(err, errno, "%s: cannot make the folder: %s", path, strerror(errno));
}

static int keep_hosts(const struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	unsigned i;
	int ret = 0;

	for (i = 0; i < sweep->n_hosts && !ret; i++) {
		struct cx_sweep_host *h = &sweep->hosts[i];
		const char *slash = h->file ? strrchr(h->file, '/') : NULL;

		if (!h->file)
			continue;
		ret = make_folder(store, CX_DIR_TOPOLOGIES, err);
		if (!ret)
			ret = make_folder(store, h->folder, err);
		if (!ret) /* by its own name, which is in the results */
			ret = keep_file(store, h->folder, slash ? slash + 1 : h->file, "topology",
					true, &h->file, err);
	}
	return ret;
}

static int keep_entries(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	char name[CX_SCENARIO_NAME_MAX + 32];
	unsigned i;
	int ret;

	/* Before the scenarios: if those are there, what they name is. */
	ret = keep_hosts(store, sweep, err);
	for (i = 0; i < plan->n_scenarios && !ret; i++) {
		snprintf(name, sizeof(name), "%s.yaml", plan->scenarios[i].label);
		ret = keep_file(store, CX_DIR_SCENARIOS, name, "scenario", true,
				&sweep->scenarios[i].file, err);
	}
	for (i = 0; i < plan->n_schedulers && !ret; i++) {
		if (!sweep->policies[i].file)
			continue;
		snprintf(name, sizeof(name), "%s.so", plan->schedulers[i].label);
		ret = keep_file(store, CX_DIR_SCHEDULERS, name, "policy", false,
				&sweep->policies[i].file, err);
	}
	if (!ret && sweep->costs_file)
		ret = keep_file(store, "", CX_DIR_COSTS, "file of costs", true, &sweep->costs_file,
				err);
	return ret;
}

/** The points as a table. */
static int keep_grid(struct cx_store *store, const struct cx_sweep *sweep, struct cx_error *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct cx_point point;
	uint64_t i;
	int ret;

	if (!out)
		return cx_fail(err, ENOMEM, "out of memory");
	fputs("point,", out);
	cx_grid_csv_head(sweep, out);
	fputs(",seed\n", out);
	for (i = 1; i <= sweep->n_points; i++) {
		cx_grid_point(sweep, i, &point);
		fprintf(out, "%" PRIu64 ",", i);
		cx_grid_csv(sweep, &point, out);
		fprintf(out, ",%" PRIu64 "\n", point.seed);
	}
	ret = fclose(out) ? cx_fail(err, ENOMEM, "out of memory")
			  : keep(store, "", CX_DIR_GRID, "grid", text, len, true, err);
	free(text);
	return ret;
}

/** This host, for points of which nothing else is said; kept as the one that began had it. */
static int keep_topology(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	char path[PATH_MAX], half[PATH_MAX];
	char *text;
	size_t len;
	int ret = 0;

	if (!sweep->host)
		return 0;
	snprintf(path, sizeof(path), "%s/" CX_DIR_TOPOLOGY, store->dir);
	snprintf(half, sizeof(half), "%s/.new-" CX_DIR_TOPOLOGY, store->dir);
	if (access(path, F_OK) < 0) {
		ret = cx_topology_host_write(half, err);
		if (!ret)
			ret = cx_file_read(half, FILE_MAX, false, "a file", &text, &len, err);
		if (!ret) {
			ret = cx_store_write(store, "", CX_DIR_TOPOLOGY, text, len, err);
			free(text);
		}
		unlink(half);
	}
	if (ret)
		return ret;
	sweep->topology = strdup(path);
	return sweep->topology ? 0 : cx_fail(err, ENOMEM, "out of memory");
}

int cx_store_fill(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	int ret;

	ret = keep(store, "", CX_DIR_PLAN, "plan", plan->text, plan->len, true, err);
	if (!ret)
		ret = keep_topology(store, sweep, err);
	if (ret || sweep->copied)
		return ret;
	ret = keep_entries(store, sweep, err);
	if (!ret)
		ret = keep_grid(store, sweep, err);
	sweep->copied = !ret;
	return ret;
}
