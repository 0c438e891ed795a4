/* SPDX-License-Identifier: BSD-2-Clause */
/* What fuzzing found, and what reaches all of a reader: each input once (tests/fuzz). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus"
#define FUZZERS_MAX 16
#define INPUTS_MIN 5
#define INPUTS_MAX 1024

/** Names in @folder in a fixed order; how many. */
static int names_in(const char *folder, struct dirent ***names)
{
	int n = scandir(folder, names, NULL, alphasort), kept = 0, i;

	if (n < 0)
		fail_msg("%s: %s; run it in the root of the tree", folder, strerror(errno));
	for (i = 0; i < n; i++) {
		if ((*names)[i]->d_name[0] == '.')
			free((*names)[i]);
		else
			(*names)[kept++] = (*names)[i];
	}
	return kept;
}

static void free_names(struct dirent **names, int n)
{
	while (n-- > 0)
		free(names[n]);
	free(names);
}

/** BUILD/fuzz/fuzz_NAME, where this program is BUILD/tests/test_fuzz_corpus. */
static void find_fuzzer(const char *name, char *path, size_t len)
{
	ssize_t n = readlink("/proc/self/exe", path, len - 1);
	int i;

	assert_true(n > 0);
	path[n] = '\0';
	for (i = 0; i < 2; i++)
		*strrchr(path, '/') = '\0';
	n = (ssize_t)strlen(path);
	snprintf(path + n, len - (size_t)n, "/fuzz/fuzz_%s", name);
	if (access(path, X_OK) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

static void run_all(void **state)
{
	char *name = *state, *argv[INPUTS_MAX + 2] = { 0 }, path[4096], folder[256];
	struct dirent **inputs;
	int n, i, status;
	pid_t pid;

	find_fuzzer(name, path, sizeof(path));
	snprintf(folder, sizeof(folder), CORPUS "/%s", name);
	n = names_in(folder, &inputs);
	assert_in_range(n, INPUTS_MIN, INPUTS_MAX);
	argv[0] = path;
	for (i = 0; i < n; i++)
		assert_true(asprintf(&argv[i + 1], "%s/%s", folder, inputs[i]->d_name) > 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execv(path, argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (i = 0; i < n; i++)
		free(argv[i + 1]);
	free_names(inputs, n);
	/* It says which input it was. */
	assert_int_equal(status, 0);
}

/** A fuzzer whose inputs nobody kept would not run here. */
static void every_fuzzer_has_a_corpus(void **state)
{
	struct dirent **files;
	int n = names_in("tests/fuzz", &files), i;
	char folder[256];

	(void)state;
	for (i = 0; i < n; i++) {
		const char *name = files[i]->d_name;
		size_t len = strlen(name);

		if (strncmp(name, "fuzz_", 5) != 0 || strcmp(name + len - 2, ".c") != 0)
			continue;
		snprintf(folder, sizeof(folder), CORPUS "/%.*s", (int)(len - 7), name + 5);
		if (access(folder, F_OK) < 0)
			fail_msg("tests/fuzz/%s has no %s", name, folder);
	}
	free_names(files, n);
}

int main(void)
{
	struct CMUnitTest tests[FUZZERS_MAX] = { 0 };
	struct dirent **names;
	int n = names_in(CORPUS, &names), i, rc;

	if (n < 3 || n >= FUZZERS_MAX)
		return 1;
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ .name = names[i]->d_name,
						.test_func = run_all,
						.initial_state = names[i]->d_name };
	tests[n] = (struct CMUnitTest)cmocka_unit_test(every_fuzzer_has_a_corpus);
	rc = _cmocka_run_group_tests("corpus", tests, (size_t)n + 1, NULL, NULL);
	free_names(names, n);
	return rc;
}
