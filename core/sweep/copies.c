/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sweep began with: the plan, its scenarios, its policies.  Runs use the copies, so
 * that a file edited meanwhile changes nothing; and a sweep goes on only with files that are
 * the same.
 */
#include "core/sweep/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((off_t)1 << 30)

/** The whole file, terminated; NULL with errno. */
static char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), code;
	struct stat st;
	char *text = NULL;
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size <= FILE_MAX)
		text = malloc((size_t)st.st_size + 1);
	while (text && n > 0 && have < (size_t)st.st_size) {
		n = read(fd, text + have, (size_t)st.st_size - have);
		if (n > 0)
			have += (size_t)n;
	}
	code = errno;
	close(fd);
	if (!text || n < 0) {
		free(text);
		errno = text ? code : ENOMEM;
		return NULL;
	}
	text[have] = '\0';
	*len = have;
	return text;
}

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
	char path[PATH_MAX], shown[300];
	size_t there_len = 0;
	char *there;
	int ret = 0;

	snprintf(shown, sizeof(shown), "%s%s%s", folder, *folder ? "/" : "", name);
	snprintf(path, sizeof(path), "%s/%s", store->dir, shown);
	there = slurp(path, &there_len);
	if (!there) {
		if (errno != ENOENT)
			return cx_fail(err, errno, "%s: cannot read it: %s", path, strerror(errno));
		return cx_store_write(store, folder, name, text, len, err);
	}
	if (there_len != len || memcmp(there, text, len) != 0)
		ret = differs(store, shown, what,
			      lines ? differing_line(there, there_len, text, len) : 0, err);
	free(there);
	return ret;
}

static int keep_file(const struct cx_store *store, const char *folder, const char *name,
		     const char *what, bool lines, char **file, struct cx_error *err)
{
	size_t len = 0;
	char *text = slurp(*file, &len), *copy;
	int ret;

	if (!text)
		return cx_fail(err, errno, "%s: cannot read it: %s", *file, strerror(errno));
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

static int keep_entries(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	char name[CX_SCENARIO_NAME_MAX + 32];
	unsigned i;
	int ret = 0;

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

int cx_store_fill(struct cx_store *store, struct cx_sweep *sweep, struct cx_error *err)
{
	const struct cx_plan *plan = sweep->plan;
	int ret;

	ret = keep(store, "", CX_DIR_PLAN, "plan", plan->text, plan->len, true, err);
	if (ret || sweep->copied)
		return ret;
	ret = keep_entries(store, sweep, err);
	if (!ret)
		ret = keep_grid(store, sweep, err);
	sweep->copied = !ret;
	return ret;
}
