/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts from files that hwloc exported, and hwloc in a process of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <hwloc/export.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_NAME "t.xml"

static char folder[] = "/tmp/cx-topology-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(FILE_NAME);
	return chdir("/") || rmdir(folder);
}

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(FILE_NAME, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* --- what hwloc exports ------------------------------------------------------------------- */

static struct cx_topology *exported(const char *description, bool v1, struct cx_error *err)
{
	struct cx_topology *topo = NULL;
	hwloc_topology_t hw;
	char *text;
	int len;

	assert_int_equal(hwloc_topology_init(&hw), 0);
	assert_int_equal(hwloc_topology_set_synthetic(hw, description), 0);
	assert_int_equal(hwloc_topology_load(hw), 0);
	assert_int_equal(hwloc_topology_export_xmlbuffer(
				 hw, &text, &len, v1 ? HWLOC_TOPOLOGY_EXPORT_XML_FLAG_V1 : 0),
			 0);
	write_file(text, (size_t)len - 1);
	hwloc_free_xmlbuffer(hw, text);
	hwloc_topology_destroy(hw);
	if (cx_topology_open(FILE_NAME, &topo, err) != 0)
		fail_msg("%s%s: %s", description, v1 ? " (v1)" : "", err->text);
	return topo;
}

static void check_same(const char *description, bool v1)
{
	struct cx_topology *ours = NULL, *topo;
	struct cx_error err = { "" };
	unsigned i;

	topo = exported(description, v1, &err);
	assert_int_equal(cx_topology_synthetic(description, &ours, &err), 0);
	assert_false(topo->is_host);
	assert_string_equal(topo->model, "unknown CPU (" FILE_NAME ")");
	assert_int_equal(topo->n_cpus, ours->n_cpus);
	assert_int_equal(topo->n_nodes, ours->n_nodes);
	assert_true(hwloc_bitmap_isequal(topo->allowed->bits, ours->allowed->bits));
	for (i = 0; i < topo->n_cpus; i++) {
		const struct cx_topology_cpu *a = &topo->cpus[i], *b = &ours->cpus[i];

		assert_int_equal(a->present, b->present);
		assert_int_equal(a->core, b->core);
		assert_int_equal(a->llc, b->llc);
		assert_int_equal(a->package, b->package);
		assert_int_equal(a->package_number, b->package_number);
		assert_int_equal(a->node, b->node);
		assert_int_equal(a->llc_level, b->llc_level);
		assert_true(a->llc_size == b->llc_size);
		assert_true(a->l2_size == b->l2_size);
	}
	for (i = 0; i < topo->n_nodes; i++) {
		assert_int_equal(topo->nodes[i].present, ours->nodes[i].present);
		assert_true(topo->nodes[i].memory == ours->nodes[i].memory);
		assert_true(
			hwloc_bitmap_isequal(topo->nodes[i].cpus->bits, ours->nodes[i].cpus->bits));
	}
	cx_topology_free(topo);
	cx_topology_free(ours);
}

static void test_exported_and_read_again(void **state)
{
	static const char *const table[] = {
		"pu:1",
		"pack:2 l3:1 core:4 pu:2",
		"numa:2 pack:1 l3:2(size=32MiB) l2:2(size=1MiB) l1:1 l1i:1 core:1 pu:2",
		"pack:2(indexes=3,1) numa:2(indexes=0,2,4,6) core:2 pu:2(indexes=2*8:1*2)",
		"core:4 l2:1 pu:2(indexes=0,2,4,6,1,3,5,65533)",
		"pack:8 numa:1 l3:8 l2:8 core:1 pu:2",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		check_same(table[i], false);
		check_same(table[i], true);
	}
	/* The old format has no memory beside memory. */
	check_same("[numa(memory=1TB)] pack:2 [numa(memory=1GB)] l3:1 core:4 pu:2", false);
}

/* --- what is wrong with a file ---------------------------------------------------------------- */

#define SETS "cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" complete_nodeset=\"0x1\""
#define HEAD "<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n"
#define MACHINE                                                                                    \
	"<object type=\"Machine\" os_index=\"0\" " SETS                                            \
	" allowed_cpuset=\"0x1\" allowed_nodeset=\"0x1\" gp_index=\"1\">\n"
#define NODE "<object type=\"NUMANode\" os_index=\"0\" " SETS " gp_index=\"2\"/>\n"
#define PU "<object type=\"PU\" os_index=\"0\" " SETS " gp_index=\"3\"/>\n"
#define TAIL "</object>\n</topology>\n"
#define GOOD HEAD MACHINE NODE PU TAIL
#define WITH(text) HEAD MACHINE NODE text TAIL
#define BITS32 " (an event names its pCPU in 16 bits)"

static void check_refused(const char *text, int rc, const char *message)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };

	write_file(text, strlen(text));
	assert_int_equal(cx_topology_open(FILE_NAME, &topo, &err), rc);
	if (strcmp(err.text, message) != 0)
		fail_msg("%s\n  said: %s\n  not:  %s", text, err.text, message);
	assert_null(topo);
	assert_int_equal(cx_topology_open(FILE_NAME, &topo, NULL), rc);
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *message;
	} table[] = {
		{ "", -EINVAL, "t.xml: is empty; name a file that `lstopo --of xml` wrote" },
		{ "pack:2 core:4", -EINVAL,
		  "t.xml:1: column 1: no XML: syntax error; name a file that "
		  "`lstopo --of xml` wrote" },
		{ HEAD MACHINE, -EINVAL,
		  "t.xml:4: found the end of the file within it: is it cut short?" },
		{ HEAD MACHINE NODE "<object type=\"PU\" os_ind", -EINVAL,
		  "t.xml:5: column 1: no XML: unclosed token; name a file that `lstopo --of xml` "
		  "wrote" },
		{ HEAD "</object>", -EINVAL,
		  "t.xml:3: column 3: no XML: mismatched tag; name a file that `lstopo --of xml` "
		  "wrote" },
		{ "<html></html>", -EINVAL,
		  "t.xml:1: found an element \"html\", allowed \"topology\", as `lstopo --of xml` "
		  "writes it" },
		{ "<topology version=\"3.0\"/>", -EINVAL,
		  "t.xml:1: \"topology\": version: found \"3.0\", allowed 1.0 to 2.x" },
		{ "<topology version=\"two\"/>", -EINVAL,
		  "t.xml:1: \"topology\": version: found \"two\", allowed 1.0 to 2.x" },
		{ "<!DOCTYPE topology [<!ENTITY a \"aaaa\">]>\n<topology>&a;</topology>", -EINVAL,
		  "t.xml:1: found declarations in the DOCTYPE, allowed none" },
		{ HEAD MACHINE NODE TAIL, -EINVAL,
		  "t.xml: found 0 CPUs (objects of type PU), allowed 1 to 65534" },
		{ WITH("<object type=\"Wheel\" os_index=\"0\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": type: found \"Wheel\", allowed Machine, Package, Core, "
		  "PU, ..." },
		{ WITH("<object/>\n"), -EINVAL,
		  "t.xml:5: \"object\": type: found \"\", allowed Machine, Package, Core, PU, "
		  "..." },
		{ WITH("<object type=\"PU\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": os_index: found \"\", allowed its number" },
		{ WITH("<object type=\"NUMANode\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": os_index: found \"\", allowed its number" },
		{ WITH("<object type=\"PU\" os_index=\"65534\"/>\n"), -ERANGE,
		  "t.xml:5: \"object\": os_index: found \"65534\", allowed 0 to 65533" BITS32 },
		{ WITH("<object type=\"PU\" os_index=\"-1\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": os_index: found \"-1\", allowed 0 to 65533" BITS32 },
		{ WITH("<object type=\"PU\" os_index=\"99999999999999999999999\"/>\n"), -ERANGE,
		  "t.xml:5: \"object\": os_index: found \"99999999999999999999999\", allowed 0 to "
		  "65533" BITS32 },
		{ WITH("<object type=\"NUMANode\" os_index=\"1024\"/>\n"), -ERANGE,
		  "t.xml:5: \"object\": os_index: found \"1024\", allowed 0 to 1023" },
		{ WITH("<object type=\"PU\" os_index=\"0\" cpuset=\"first\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": cpuset: found \"first\", allowed a set as hwloc writes it, "
		  "such as \"0x0000000f\"" },
		{ WITH("<object type=\"Core\" nodeset=\"0x1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\"/>\n"),
		  -ERANGE,
		  "t.xml:5: \"object\": nodeset: found \"0x1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\", "
		  "allowed NUMA nodes up to number 1023" },
		{ WITH("<object type=\"L2Cache\" cache_size=\"-5\"/>\n"), -EINVAL,
		  "t.xml:5: \"object\": cache_size: found \"-5\", allowed 0 to "
		  "9223372036854775807" },
		{ HEAD MACHINE NODE PU "</object>\n<distances2 nbobjs=\"100000\"/></topology>",
		  -ERANGE, "t.xml:7: \"distances2\": nbobjs: found \"100000\", allowed 0 to 4096" },
		/* What only hwloc sees. */
		{ HEAD PU "</topology>", -EINVAL,
		  "t.xml: hwloc cannot read it: objects or CPU sets are missing or do not fit each "
		  "other; name an XML file that `lstopo --of xml` wrote" },
		{ HEAD "<object type=\"Machine\">\n" PU TAIL, -EINVAL,
		  "t.xml: hwloc cannot read it: objects or CPU sets are missing or do not fit each "
		  "other; name an XML file that `lstopo --of xml` wrote" },
		{ WITH("<object type=\"PU\" os_index=\"5\" " SETS " gp_index=\"3\"/>\n"), -EINVAL,
		  "t.xml: CPU 5: its cpuset is not that one number or not within those around it, "
		  "or "
		  "there are two of it" },
		{ WITH("<object type=\"PU\" os_index=\"1\" " SETS ">" PU "</object>\n"), -EINVAL,
		  "t.xml: its CPUs are within each other" },
		{ HEAD MACHINE NODE "<object type=\"Core\" cpuset=\"0x2\" complete_cpuset=\"0x2\" "
				    "nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"9\">\n" PU
				    "</object>\n" TAIL,
		  -EINVAL,
		  "t.xml: of its 1 CPUs hwloc takes 0: the others are not in the CPU sets around "
		  "them" },
	};
	struct cx_topology *topo = NULL;
	size_t i;

	(void)state;
	write_file(GOOD, strlen(GOOD));
	assert_int_equal(cx_topology_open(FILE_NAME, &topo, NULL), 0);
	cx_topology_free(topo);
	for (i = 0; i < COUNT(table); i++)
		check_refused(table[i].text, table[i].rc, table[i].message);
}

/** @count times @text between the others. */
static char *repeated(const char *before, const char *text, size_t count, const char *after)
{
	size_t len = strlen(text), i;
	char *all = malloc(strlen(before) + len * count + strlen(after) + 1), *p;

	assert_non_null(all);
	p = stpcpy(all, before);
	for (i = 0; i < count; i++)
		p = stpcpy(p, text);
	strcpy(p, after);
	return all;
}

static void test_absurd_files(void **state)
{
	char *text;

	(void)state;
	text = repeated(HEAD MACHINE, "<object type=\"Core\">", 64, "");
	check_refused(text, -ERANGE,
		      "t.xml:4: elements are nested deeper than the 64 levels allowed");
	free(text);
	text = repeated(HEAD MACHINE, PU, 65535, TAIL);
	check_refused(text, -ERANGE, "t.xml:65538: found more CPUs than the 65534 allowed");
	free(text);
	text = repeated(HEAD MACHINE, "<info/>", 1 << 20, TAIL);
	check_refused(text, -ERANGE, "t.xml:4: found more than the 1048576 elements allowed");
	free(text);
	text = repeated(HEAD MACHINE "<info name=\"", "A", 32769, "\"/>" TAIL);
	check_refused(text, -ERANGE,
		      "t.xml:4: \"info\": name: found 32769 bytes, allowed up to 32768");
	free(text);
	text = repeated(HEAD MACHINE "<object type=\"Core\" cpuset=\"0x1", ",", 2048, "\"/>" TAIL);
	check_refused(
		text, -ERANGE,
		"t.xml:4: \"object\": cpuset: found "
		"\"0x1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,...\", allowed "
		"CPUs up to number 65533");
	free(text);
}

static void test_a_file_too_large(void **state)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };

	(void)state;
	write_file("", 0);
	assert_int_equal(truncate(FILE_NAME, (off_t)CX_TOPOLOGY_FILE_MAX + 1), 0);
	assert_int_equal(cx_topology_open(FILE_NAME, &topo, &err), -EFBIG);
	assert_string_equal(err.text, "t.xml: is larger than 64MiB; name an XML file that `lstopo "
				      "--of xml` wrote");
}

static void test_what_is_no_file(void **state)
{
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_topology_open("./", &topo, &err), -EISDIR);
	assert_string_equal(err.text, "./: is a directory; name an XML file that `lstopo --of xml` "
				      "wrote");
	assert_int_equal(cx_topology_open("absent.xml", &topo, &err), -ENOENT);
	assert_string_equal(err.text, "absent.xml: cannot open it: No such file or directory");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(cx_topology_open("fifo", &topo, &err), -EINVAL);
	assert_string_equal(err.text,
			    "fifo: is no regular file; name an XML file that `lstopo --of "
			    "xml` wrote");
	unlink("fifo");
	assert_int_equal(cx_topology_open("/proc/self/mem", &topo, &err), -EIO);
	assert_string_equal(err.text, "/proc/self/mem: cannot read it: Input/output error");
	assert_int_equal(cx_topology_open("", &topo, &err), -EINVAL);
	assert_null(topo);
}

static void found(const char *what, const char *said_in, const char *expected)
{
	struct cx_error err = { "" };
	char *path;

	assert_int_equal(cx_topology_find(what, said_in, &path, &err), 0);
	assert_string_equal(path, expected);
	free(path);
}

/* What a file names is beside it, if it is there. */
static void test_beside_a_file(void **state)
{
	static const char good[] = GOOD;

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/folder.xml", 0700), 0);
	assert_int_equal(mkfifo("d/fifo.xml", 0600), 0);
	write_file(good, sizeof(good) - 1);
	assert_int_equal(rename(FILE_NAME, "d/pack:1 pu:2"), 0);
	assert_int_equal(link("d/pack:1 pu:2", "d/host"), 0);
	assert_int_equal(link("d/pack:1 pu:2", "d/in.xml"), 0);
	found("in.xml", "d/scenario.yaml", "d/in.xml");
	found("../d/in.xml", "d/scenario.yaml", "d/../d/in.xml");
	found("pack:1 pu:2", "d/scenario.yaml", "d/pack:1 pu:2");
	found("pack:1 pu:2", "scenario.yaml", "pack:1 pu:2");
	found("pack:1 pu:4", "d/scenario.yaml", "pack:1 pu:4");
	found("absent.xml", "d/scenario.yaml", "absent.xml");
	found("folder.xml", "d/scenario.yaml", "folder.xml");
	found("fifo.xml", "d/scenario.yaml", "fifo.xml");
	found("host", "d/scenario.yaml", "host"); /* never a file's name */
	found("/in.xml", "d/scenario.yaml", "/in.xml");
	found("", "d/scenario.yaml", "");
	unlink("d/in.xml");
	unlink("d/host");
	unlink("d/pack:1 pu:2");
	unlink("d/fifo.xml");
	rmdir("d/folder.xml");
	rmdir("d");
}

/* Of every file that is cut short or has a byte changed, something is said. */
static void test_damaged_files(void **state)
{
	static const char good[] = GOOD;
	struct cx_topology *topo;
	struct cx_error err;
	char text[sizeof(good)];
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < strlen(good) - 1; i++) {
		write_file(good, i);
		err.text[0] = '\0';
		assert_int_equal(cx_topology_open(FILE_NAME, &topo, &err), -EINVAL);
		assert_true(err.text[0] && !strchr(err.text, '\n'));
	}
	for (i = 0; i < strlen(good); i += 7) {
		memcpy(text, good, sizeof(good));
		text[i] ^= 1;
		write_file(text, strlen(good));
		topo = NULL;
		err.text[0] = '\0';
		rc = cx_topology_open(FILE_NAME, &topo, &err);
		assert_int_equal(rc == 0, topo != NULL);
		assert_true(rc == 0 || err.text[0]);
		cx_topology_free(topo);
	}
}

/* --- in a process of its own ---------------------------------------------------------------- */

static int crashes(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	(void)arg;
	(void)topo;
	(void)err;
	abort();
}

static int crashes_otherwise(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	(void)topo;
	(void)err;
	return raise(*(const int *)arg);
}

static int hangs(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	while (sleep(*(const unsigned *)arg) == 0)
		;
	return cx_topology_synthetic("pu:1", topo, err);
}

static int refuses(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	(void)topo;
	return cx_fail(err, EDOM, "%s", (const char *)arg);
}

/** Succeeds only without the caller's environment and standard streams. */
static int looks_around(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	struct stat null, st;
	int fd;

	(void)arg;
	assert_int_equal(stat("/dev/null", &null), 0);
	for (fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) < 0 || st.st_rdev != null.st_rdev || st.st_ino != null.st_ino)
			return cx_fail(err, EDOM, "stream %d is open", fd);
	if (getenv("HWLOC_XMLFILE"))
		return cx_fail(err, EDOM, "the environment is there");
	return cx_topology_synthetic("core:2 pu:2", topo, err);
}

/** Tables that do not fit each other. */
static int misleads(const void *arg, struct cx_topology **topo, struct cx_error *err)
{
	int rc = cx_topology_synthetic("core:2 pu:2", topo, err);
	const unsigned *wrong = arg;

	if (rc == 0) {
		(*topo)->cpus[3].core = wrong[0];
		(*topo)->cpus[3].node = wrong[1];
	}
	return rc;
}

static void test_isolated(void **state)
{
	static const unsigned wrong[][2] = { { 3000000000u, 0 }, { 1, 0 }, { 2, 1 } };
	struct cx_topology *topo = NULL;
	struct cx_error err = { "" };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGKILL };
	const unsigned long_time = 1000;
	size_t i;

	(void)state;
	assert_int_equal(cx_topology_isolated(crashes, NULL, "x", 60000, &topo, &err), -EBADMSG);
	assert_string_equal(err.text, "x: hwloc crashed on it: it is damaged, or not of hwloc's "
				      "making");
	for (i = 0; i < COUNT(signals); i++)
		assert_int_equal(cx_topology_isolated(crashes_otherwise, &signals[i], "x", 60000,
						      &topo, &err),
				 -EBADMSG);
	assert_int_equal(cx_topology_isolated(hangs, &long_time, "x", 1000, &topo, &err),
			 -ETIMEDOUT);
	assert_string_equal(err.text, "x: hwloc did not come to an end with it in 1 s");
	assert_int_equal(cx_topology_isolated(refuses, "no", "x", 60000, &topo, &err), -EDOM);
	assert_string_equal(err.text, "no");
	for (i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(cx_topology_isolated(misleads, wrong[i], "x", 60000, &topo, &err),
				 -EINVAL);
		assert_string_equal(err.text, "x: CPU 3: its core, cache, package and node do not "
					      "fit those of the other CPUs");
	}
	assert_null(topo);
	setenv("HWLOC_XMLFILE", "/nowhere.xml", 1);
	if (cx_topology_isolated(looks_around, NULL, "x", 60000, &topo, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(cx_topology_cpus(topo), 4);
	cx_topology_free(topo);
}

/* This host is this host, and a file that file, whatever the environment says. */
static void test_the_environment(void **state)
{
	static const char *const names[] = { "HWLOC_SYNTHETIC", "HWLOC_XMLFILE", "HWLOC_FSROOT",
					     "HWLOC_COMPONENTS" };
	static const char *const values[] = { "pu:77", "/nowhere.xml", "/nowhere", "no_os,stop" };
	struct cx_topology *before = NULL, *after = NULL;
	struct cx_error err = { "" };
	size_t i;

	(void)state;
	assert_int_equal(cx_topology_open("host", &before, &err), 0);
	assert_true(before->is_host);
	for (i = 0; i < COUNT(names); i++) {
		setenv(names[i], values[i], 1);
		assert_int_equal(cx_topology_open("host", &after, &err), 0);
		assert_string_equal(after->model, before->model);
		assert_int_equal(after->n_cpus, before->n_cpus);
		cx_topology_free(after);
		check_same("pack:2 l3:1 core:4 pu:2", false);
		unsetenv(names[i]);
	}
	cx_topology_free(before);
}

/* --- by several threads at once ---------------------------------------------------------------- */

#define THREADS 6
#define TIMES 5

/*
 * The child allocates.  glibc's allocator is whole in the child of a process with threads;
 * those of the sanitizers are not (a thread in malloc() at the time of the fork leaves its lock
 * locked there for ever), so that with them only one thread opens at a time, and with
 * ThreadSanitizer this program is not run at all.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IN_TURN 1
#else
#define IN_TURN 0
#endif

struct opener {
	pthread_barrier_t *together; /* nor may one begin or end while another forks */
	pthread_mutex_t *turn;
	struct cx_error err;
};

/** Opens this host and a file by turns.  NULL, or the first error. */
static void *opens(void *arg)
{
	struct opener *me = arg;
	struct cx_topology *topo;
	int i, rc = 0;

	pthread_barrier_wait(me->together);
	for (i = 0; i < TIMES && rc == 0; i++) {
		if (IN_TURN)
			pthread_mutex_lock(me->turn);
		rc = cx_topology_open(i & 1 ? "host" : FILE_NAME, &topo, &me->err);
		if (rc == 0)
			cx_topology_free(topo);
		if (IN_TURN)
			pthread_mutex_unlock(me->turn);
	}
	pthread_barrier_wait(me->together);
	return rc ? &me->err : NULL;
}

static void test_in_several_threads(void **state)
{
	pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	struct opener openers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t together;
	void *failed;
	int i;

	(void)state;
	write_file(GOOD, strlen(GOOD));
	assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
	for (i = 0; i < THREADS; i++) {
		openers[i].together = &together;
		openers[i].turn = &turn;
		assert_int_equal(pthread_create(&threads[i], NULL, opens, &openers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		if (failed)
			fail_msg("%s", openers[i].err.text);
	}
	pthread_barrier_destroy(&together);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exported_and_read_again),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_absurd_files),
		cmocka_unit_test(test_a_file_too_large),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_beside_a_file),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_isolated),
		cmocka_unit_test(test_the_environment),
		cmocka_unit_test(test_in_several_threads),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
