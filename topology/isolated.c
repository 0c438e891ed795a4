/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hwloc in a child process.  It asserts, prints, recurses and allocates as a file tells it to,
 * and asks the environment (HWLOC_XMLFILE and many more) what to read and how; a child can
 * have all that without harm to the caller or to its threads.  The tables come back through
 * shared memory, and are checked before they are believed.
 */
#include "topology/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_BYTES (4ull << 30) /* that the child may have beyond what we have */
#define BITS_OF_LONG (8 * sizeof(unsigned long))
#define SET_LONGS (CX_TOPOLOGY_CPUS_MAX / BITS_OF_LONG + 1)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOWED 1 /* terabytes are mapped already, and more is to come */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOWED 1
#endif
#endif
#ifndef SHADOWED
#define SHADOWED 0
#endif

/** A topology without a pointer; only what is used of it takes memory. */
struct image {
	bool done;
	int code; /* 0: the rest is filled in */
	struct cx_error err;
	bool is_host;
	char model[CX_TOPOLOGY_MODEL_MAX + 1];
	unsigned n_cpus, n_nodes;
	unsigned long allowed[SET_LONGS];
	struct cx_topology_cpu cpus[CX_TOPOLOGY_CPUS_MAX];
	struct {
		bool present;
		uint64_t memory;
		unsigned long cpus[SET_LONGS];
	} nodes[CX_TOPOLOGY_NODES_MAX];
	unsigned distances[CX_TOPOLOGY_NODES_MAX * CX_TOPOLOGY_NODES_MAX];
};

/* --- in the child ------------------------------------------------------------------ */

static void put_set(const struct cx_cpuset *set, unsigned long *longs)
{
	int cpu;

	for (cpu = -1; (cpu = cx_cpuset_next(set, cpu)) >= 0;) {
		if ((unsigned)cpu >= CX_TOPOLOGY_CPUS_MAX)
			break;
		longs[(unsigned)cpu / BITS_OF_LONG] |= 1ul << ((unsigned)cpu % BITS_OF_LONG);
	}
}

static void put(const struct cx_topology *topo, struct image *image)
{
	unsigned i;

	image->is_host = topo->is_host;
	strncpy(image->model, topo->model, CX_TOPOLOGY_MODEL_MAX);
	image->n_cpus = topo->n_cpus;
	image->n_nodes = topo->n_nodes;
	put_set(topo->allowed, image->allowed);
	memcpy(image->cpus, topo->cpus, topo->n_cpus * sizeof(*topo->cpus));
	for (i = 0; i < topo->n_nodes; i++) {
		image->nodes[i].present = topo->nodes[i].present;
		image->nodes[i].memory = topo->nodes[i].memory;
		put_set(topo->nodes[i].cpus, image->nodes[i].cpus);
	}
	memcpy(image->distances, topo->node_distances,
	       (size_t)topo->n_nodes * topo->n_nodes * sizeof(*topo->node_distances));
}

/** CHILD_BYTES more than are mapped now: the caller's guests may be many times that. */
static void bound_memory(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	struct rlimit bound;

	if (SHADOWED || fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	bound.rlim_cur = strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + CHILD_BYTES;
	bound.rlim_max = bound.rlim_cur;
	setrlimit(RLIMIT_AS, &bound);
}

static _Noreturn void child(cx_topology_maker maker, const void *arg, struct image *image)
{
	/* hwloc's own reader of XML, whatever plug-ins are installed: one file, one result. */
	char plain[] = "HWLOC_LIBXML=0", *variables[] = { plain, NULL };
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP };
	const struct rlimit none = { 0, 0 };
	struct cx_topology *topo = NULL;
	size_t i;
	int null = open("/dev/null", O_RDWR);

	/* A crash is expected here: no core, no word of it on the terminal. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], SIG_DFL); /* the caller's handlers would go on as the caller */
	if (null < 0)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	bound_memory();
	environ = variables; /* not by unsetenv(), whose lock a thread of ours may have held */
	image->code = maker(arg, &topo, &image->err);
	if (image->code == 0)
		put(topo, image);
	image->done = true;
	_exit(0);
}

/* --- in the parent ------------------------------------------------------------------- */

static void take_set(const unsigned long *longs, unsigned n, struct cx_cpuset *set)
{
	unsigned cpu;

	for (cpu = 0; cpu < n; cpu++)
		if (longs[cpu / BITS_OF_LONG] >> (cpu % BITS_OF_LONG) & 1)
			cx_cpuset_add(set, cpu);
}

static int take(const struct image *image, struct cx_topology **topo, struct cx_error *err)
{
	struct cx_topology *t = NULL;
	unsigned i;
	int rc;

	if (image->n_nodes == 0)
		return cx_fail(err, EBADMSG, "a host without a node");
	rc = cx_topology_new(image->n_cpus, image->n_nodes, image->model, &t, err);
	if (rc)
		return rc;
	t->is_host = image->is_host;
	take_set(image->allowed, t->n_cpus, t->allowed);
	memcpy(t->cpus, image->cpus, t->n_cpus * sizeof(*t->cpus));
	for (i = 0; i < t->n_nodes; i++) {
		t->nodes[i].present = image->nodes[i].present;
		t->nodes[i].memory = image->nodes[i].memory;
		take_set(image->nodes[i].cpus, t->n_cpus, t->nodes[i].cpus);
	}
	memcpy(t->node_distances, image->distances,
	       (size_t)t->n_nodes * t->n_nodes * sizeof(*t->node_distances));
	rc = cx_topology_check(t, err);
	if (rc)
		cx_topology_free(t);
	else
		*topo = t;
	return rc;
}

/** Until @pid has ended.  0 or -ETIMEDOUT, and then it is killed. */
static int await(pid_t pid, int timeout_ms)
{
	struct pollfd ended = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int n = 1;

	while (ended.fd >= 0 && (n = poll(&ended, 1, timeout_ms)) < 0 && errno == EINTR)
		;
	if (ended.fd >= 0)
		close(ended.fd);
	if (n == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int outcome(int rc, struct image *image, const char *what, int timeout_ms,
		   struct cx_topology **topo, struct cx_error *err)
{
	if (rc == -ETIMEDOUT)
		return cx_fail(err, ETIMEDOUT, "%s: hwloc did not come to an end with it in %d s",
			       what, timeout_ms / 1000);
	if (!image->done)
		return cx_fail(err, EBADMSG,
			       "%s: hwloc crashed on it: it is damaged, or not of hwloc's making",
			       what);
	image->model[CX_TOPOLOGY_MODEL_MAX] = '\0';
	image->err.text[CX_ERROR_MAX - 1] = '\0';
	if (image->code < 0)
		return cx_fail(err, -image->code, "%s", image->err.text);
	rc = take(image, topo, err);
	return rc ? cx_fail_prefix(err, -rc, "%s", what) : 0;
}

int cx_topology_isolated(cx_topology_maker maker, const void *arg, const char *what, int timeout_ms,
			 struct cx_topology **topo, struct cx_error *err)
{
	struct image *image = mmap(NULL, sizeof(*image), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pid_t pid;
	int rc;

	if (image == MAP_FAILED)
		return cx_fail(err, ENOMEM, "%s: out of memory", what);
	pid = fork();
	if (pid == 0)
		child(maker, arg, image);
	if (pid < 0) {
		rc = cx_fail(err, errno, "%s: cannot start a process to read it: %s", what,
			     strerror(errno));
	} else {
		rc = await(pid, timeout_ms);
		rc = outcome(rc, image, what, timeout_ms, topo, err);
	}
	munmap(image, sizeof(*image));
	return rc;
}
