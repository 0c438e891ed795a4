/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sweep/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LEADER 0
#define SETTING_UP ((off_t)1 << 40) /* beyond every point */

/* --- locks ----------------------------------------------------------------------- */

static int lock(const struct cx_store *store, int how, short type, off_t byte)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	int ret;

	do {
		ret = fcntl(store->lock, how, &l);
	} while (ret < 0 && errno == EINTR && how == F_SETLKW);
	if (ret == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

int cx_store_set_up(struct cx_store *store, bool begin)
{
	return begin ? lock(store, F_SETLKW, F_WRLCK, SETTING_UP)
		     : lock(store, F_SETLK, F_UNLCK, SETTING_UP);
}

static int lock_failed(const struct cx_store *store, int code, struct cx_error *err)
{
	return cx_fail(err, code,
		       "%s/" CX_DIR_LOCK ": cannot lock it: %s; a sweep needs a file system that "
		       "knows locks: choose another folder with --out",
		       store->dir, strerror(code));
}

int cx_store_lead(struct cx_store *store, struct cx_error *err)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LEADER, .l_len = 1 };
	char who[64] = "";
	int ret = lock(store, F_SETLK, F_WRLCK, LEADER);

	if (ret == 0)
		return 0;
	if (ret != -EAGAIN)
		return lock_failed(store, -ret, err);
	if (fcntl(store->lock, F_GETLK, &l) == 0 && l.l_type != F_UNLCK && l.l_pid > 0)
		snprintf(who, sizeof(who), ", process %d", (int)l.l_pid);
	return cx_fail(err, EAGAIN,
		       "%s: a sweep is running there already%s: wait for it or stop it, or choose "
		       "another folder with --out",
		       store->dir, who);
}

/** Forget what a network's file system may remember of names that were not there. */
static void look_again(const struct cx_store *store)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/" CX_DIR_POINTS, store->dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

int cx_store_claim(struct cx_store *store, uint64_t number, struct cx_error *err)
{
	int ret = lock(store, F_SETLK, F_WRLCK, (off_t)number);

	if (ret == 0)
		look_again(store);
	if (ret < 0 && ret != -EAGAIN)
		return lock_failed(store, -ret, err);
	return ret;
}

void cx_store_release(struct cx_store *store, uint64_t number)
{
	lock(store, F_SETLK, F_UNLCK, (off_t)number);
}

bool cx_store_claimed(struct cx_store *store, uint64_t number)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)number, .l_len = 1
	};

	return fcntl(store->lock, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

/* --- files ------------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int failed(const char *path, const char *verb, int code, struct cx_error *err)
{
	bool full = code == ENOSPC || code == EDQUOT;

	return cx_fail(err, code, "%s: cannot %s: %s%s", path, verb, strerror(code),
		       full ? "; make room there: what is finished stays, and the same command "
			      "goes on from it"
			    : "");
}

/** A name must be on the disk as well as what it names. */
static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	/* Some file systems cannot, and need not. */
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		ret = -errno;
	close(fd);
	return ret;
}

int cx_store_write(const struct cx_store *store, const char *folder, const char *name,
		   const char *text, size_t len, struct cx_error *err)
{
	char path[PATH_MAX], final[PATH_MAX], dir[PATH_MAX];
	int fd, ret, closed;

	snprintf(dir, sizeof(dir), "%s%s%s", store->dir, *folder ? "/" : "", folder);
	if (snprintf(final, sizeof(final), "%s/%s", dir, name) >= (int)sizeof(final) ||
	    snprintf(path, sizeof(path), "%s/" CX_TEMPORARY "%s-%d-%s", dir, store->host,
		     (int)getpid(), name) >= (int)sizeof(path))
		return failed(name, "write it", ENAMETOOLONG, err);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return failed(final, "write it", errno, err);
	ret = write_all(fd, text, len);
	if (!ret && fsync(fd) < 0)
		ret = -errno;
	closed = close(fd);
	if (!ret && closed < 0)
		ret = -errno;
	if (!ret && rename(path, final) < 0)
		ret = -errno;
	if (!ret)
		ret = sync_folder(dir);
	else
		unlink(path);
	return ret ? failed(final, "write it", -ret, err) : 0;
}

/* --- stopping others --- */

static void stop_path(const struct cx_store *store, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" CX_DIR_STOP, store->dir);
}

void cx_store_stop(struct cx_store *store, bool stop)
{
	char path[PATH_MAX];
	int fd;

	stop_path(store, path);
	if (!stop) {
		unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0)
		close(fd);
}

bool cx_store_stopping(const struct cx_store *store)
{
	char path[PATH_MAX];

	stop_path(store, path);
	return access(path, F_OK) == 0;
}

/* --- results ----------------------------------------------------------------------- */

static void result_name(uint64_t number, char name[32])
{
	snprintf(name, 32, "%06" PRIu64 ".json", number);
}

char *cx_store_path(const struct cx_store *store, uint64_t number)
{
	char name[32], *path;

	result_name(number, name);
	return asprintf(&path, "%s/" CX_DIR_POINTS "/%s", store->dir, name) < 0 ? NULL : path;
}

bool cx_store_has(const struct cx_store *store, uint64_t number)
{
	char path[PATH_MAX], name[32];

	result_name(number, name);
	snprintf(path, sizeof(path), "%s/" CX_DIR_POINTS "/%s", store->dir, name);
	return access(path, F_OK) == 0;
}

int cx_store_put(struct cx_store *store, uint64_t number, const char *text, size_t len,
		 struct cx_error *err)
{
	char name[32];

	result_name(number, name);
	return cx_store_write(store, CX_DIR_POINTS, name, text, len, err);
}

int cx_store_drop(struct cx_store *store, uint64_t number, struct cx_error *err)
{
	char *path = cx_store_path(store, number);
	int ret = 0;

	if (!path)
		return cx_fail(err, ENOMEM, "out of memory");
	if (unlink(path) < 0 && errno != ENOENT)
		ret = failed(path, "remove it", errno, err);
	free(path);
	return ret;
}

uint64_t cx_store_number_of(const char *name)
{
	char again[32];
	uint64_t number = strtoull(name, NULL, 10);

	if (number < 1 || number > CX_PLAN_POINTS_MAX)
		return 0;
	result_name(number, again);
	return strcmp(name, again) == 0 ? number : 0;
}

/** Call @each with every name in DIR/points. */
static int walk(const struct cx_store *store, void (*each)(void *arg, const char *name), void *arg,
		struct cx_error *err)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof(path), "%s/" CX_DIR_POINTS, store->dir);
	d = opendir(path);
	if (!d)
		return failed(path, "read it", errno, err);
	errno = 0;
	while ((entry = readdir(d)) != NULL)
		each(arg, entry->d_name);
	closedir(d);
	return 0;
}

static void tick_off(void *missing, const char *name)
{
	cx_numbers_remove(missing, cx_store_number_of(name));
}

int cx_store_missing(const struct cx_store *store, struct cx_numbers *missing, struct cx_error *err)
{
	uint64_t i;

	for (i = 1; i <= missing->n; i++)
		cx_numbers_add(missing, i);
	return walk(store, tick_off, missing, err);
}

/* --- the log --------------------------------------------------------------------------- */

int cx_store_note(struct cx_store *store, uint64_t number, const char *what, struct cx_error *err)
{
	char path[PATH_MAX], line[256], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int fd, ret, n;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	n = snprintf(line, sizeof(line), "%" PRIu64 " %s %d %s\n", number, what, (int)getpid(),
		     stamp);
	snprintf(path, sizeof(path), "%s/" CX_DIR_LOG "/%s.log", store->dir, store->host);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return failed(path, "write it", errno, err);
	/* In one go: processes of this host write to it side by side. */
	ret = write(fd, line, (size_t)n) == n ? 0 : failed(path, "write it", ENOSPC, err);
	close(fd);
	return ret;
}

/* --- opening ----------------------------------------------------------------------------- */

const char *cx_store_dir(const struct cx_store *store)
{
	return store->dir;
}

static bool has(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

bool cx_store_exists(const char *dir)
{
	return has(dir, CX_DIR_LOCK);
}

bool cx_store_is_whole(const char *dir)
{
	return has(dir, CX_DIR_GRID); /* the last to be made: cx_store_fill() */
}

static int open_lock(struct cx_store *store, struct cx_error *err)
{
	char path[PATH_MAX];
	int ret;

	if (snprintf(path, sizeof(path), "%s/" CX_DIR_LOCK, store->dir) >= PATH_MAX - 300)
		return failed(store->dir, "use it", ENAMETOOLONG, err);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (store->lock < 0)
		return failed(path, "open it", errno, err);
	ret = cx_store_set_up(store, true);
	return ret < 0 ? lock_failed(store, -ret, err) : 0;
}

static int make_folders(const struct cx_store *store, struct cx_error *err)
{
	static const char *const names[] = { CX_DIR_SCENARIOS, CX_DIR_SCHEDULERS, CX_DIR_POINTS,
					     CX_DIR_LOG };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", store->dir, names[i]);
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return failed(path, "make the folder", errno, err);
	}
	return 0;
}

int cx_store_open(const char *dir, struct cx_sweep *sweep, struct cx_store **store,
		  struct cx_error *err)
{
	struct cx_store *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return cx_fail(err, ENOMEM, "out of memory");
	s->lock = -1;
	s->dir = strdup(dir);
	if (gethostname(s->host, sizeof(s->host) - 1) < 0 || strchr(s->host, '/') || !*s->host)
		strcpy(s->host, "host");
	ret = s->dir ? open_lock(s, err) : cx_fail(err, ENOMEM, "out of memory");
	if (!ret)
		ret = make_folders(s, err);
	if (!ret)
		ret = cx_store_fill(s, sweep, err);
	if (!ret)
		cx_store_set_up(s, false);
	if (ret)
		cx_store_close(s);
	else
		*store = s;
	return ret;
}

void cx_store_close(struct cx_store *store)
{
	if (!store)
		return;
	if (store->lock >= 0)
		close(store->lock);
	free(store->dir);
	free(store);
}
