/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shipped policies ask of the program: the services, and nothing else.  No
 * clock, no I/O, no thread, no allocation, so that a decision can be replayed.
 *
 * Run from the top of the tree; the policies are those built beside this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAP_FILE "core/plugin.map"
#define HEADER_FILE "core/include/coxswain/plugin.h"
#define NAME_MAX_LEN 128
#define SERVICES_MAX 256

struct services {
	char name[SERVICES_MAX][NAME_MAX_LEN];
	unsigned n;
};

/* What the compiler puts in by itself. */
static const char *const compilers_own[] = {
	"memcpy",
	"memmove",
	"memset",
	"memcmp",
	"_GLOBAL_OFFSET_TABLE_",
	"__cxa_finalize",
	"__gmon_start__",
	"_ITM_deregisterTMCloneTable",
	"_ITM_registerTMCloneTable",
	"__stack_chk_fail",
};

/* For what grows with the number of domains; only where plugin.h lets a policy allocate. */
static const char *const allocation[] = { "calloc", "malloc", "realloc", "free" };

static bool is_listed(const struct services *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->name[i], name))
			return true;
	return false;
}

static bool is_allowed(const struct services *s, const char *name)
{
	for (size_t i = 0; i < sizeof(compilers_own) / sizeof(compilers_own[0]); i++)
		if (!strcmp(compilers_own[i], name))
			return true;
	for (size_t i = 0; i < sizeof(allocation) / sizeof(allocation[0]); i++)
		if (!strcmp(allocation[i], name))
			return true;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	if (!strncmp(name, "__asan_", 7) || !strncmp(name, "__ubsan_", 8) ||
	    !strncmp(name, "__tsan_", 7))
		return true;
#endif
	return is_listed(s, name);
}

static void add(struct services *s, const char *name, size_t len)
{
	assert_true(s->n < SERVICES_MAX && len < NAME_MAX_LEN);
	snprintf(s->name[s->n++], NAME_MAX_LEN, "%.*s", (int)len, name);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f)
		fail_msg("%s: cannot be read; run this from the top of the tree", path);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Every cx_... in @path that is followed by @end. */
static void read_names(struct services *s, const char *path, char end)
{
	char *text = slurp(path), *p = text;

	while ((p = strstr(p, "cx_"))) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");

		if ((p == text || !in_name(p[-1])) && p[len] == end) {
			char name[NAME_MAX_LEN];

			snprintf(name, sizeof(name), "%.*s", (int)len, p);
			if (!is_listed(s, name))
				add(s, p, len);
		}
		p += len;
	}
	free(text);
	assert_true(s->n > 10);
}

/* The undefined symbols of @path; fails on one that is not allowed.  Returns how many. */
static unsigned check_plugin(const struct services *s, const char *path)
{
	char cmd[PATH_MAX + 64], line[512];
	unsigned n = 0;
	FILE *nm;

	snprintf(cmd, sizeof(cmd), "nm -D --undefined-only '%s'", path);
	nm = popen(cmd, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		char type, name[NAME_MAX_LEN];

		assert_int_equal(sscanf(line, " %c %127s", &type, name), 2);
		name[strcspn(name, "@")] = '\0';
		if (!is_allowed(s, name))
			fail_msg("%s uses %s, which a policy must not", path, name);
		n++;
	}
	assert_int_equal(pclose(nm), 0);
	return n;
}

static void find_policies(glob_t *found)
{
	char exe[PATH_MAX], pattern[PATH_MAX + 64];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(len > 0);
	exe[len] = '\0';
	snprintf(pattern, sizeof(pattern), "%s/../lib/coxswain/schedulers/*.so", dirname(exe));
	assert_int_equal(glob(pattern, 0, NULL, found), 0);
}

static void test_shipped_policies_use_services_only(void **state)
{
	struct services *services = calloc(1, sizeof(*services));
	bool rr = false, credit = false;
	glob_t found;

	(void)state;
	assert_non_null(services);
	read_names(services, MAP_FILE, ';');
	find_policies(&found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_true(check_plugin(services, found.gl_pathv[i]) > 3);
		rr |= strstr(found.gl_pathv[i], "/rr.so") != NULL;
		credit |= strstr(found.gl_pathv[i], "/credit.so") != NULL;
	}
	assert_true(rr && credit);
	globfree(&found);
	free(services);
}

static void test_the_list_forbids(void **state)
{
	static const char *const forbidden[] = {
		"clock_gettime",   "mmap", "printf", "random", "pthread_mutex_lock",
		"cx_dispatch_wake"
	};
	struct services *services = calloc(1, sizeof(*services));

	(void)state;
	assert_non_null(services);
	read_names(services, MAP_FILE, ';');
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		assert_false(is_allowed(services, forbidden[i]));
	assert_true(is_allowed(services, "cx_kick"));
	free(services);
}

/* What the header offers is what the program exports. */
static void test_header_and_map_agree(void **state)
{
	struct services *map = calloc(1, sizeof(*map)), *header = calloc(1, sizeof(*header));

	(void)state;
	assert_non_null(map);
	assert_non_null(header);
	read_names(map, MAP_FILE, ';');
	read_names(header, HEADER_FILE, '(');
	for (unsigned i = 0; i < map->n; i++)
		if (!is_listed(header, map->name[i]))
			fail_msg("%s is exported but not declared", map->name[i]);
	for (unsigned i = 0; i < header->n; i++)
		if (!is_listed(map, header->name[i]))
			fail_msg("%s is declared but not exported", header->name[i]);
	free(header);
	free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_policies_use_services_only),
		cmocka_unit_test(test_the_list_forbids),
		cmocka_unit_test(test_header_and_map_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
