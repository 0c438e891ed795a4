/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/harness.h - what the fuzzers of the readers share.
 *
 * Each tests/fuzz/fuzz_NAME.c has one LLVMFuzzerTestOneInput().  `make fuzz` builds it with
 * clang's libFuzzer, which makes inputs up; every other build links it with replay.c, which
 * reads those in tests/fuzz/corpus/NAME (tests/unit/test_fuzz_corpus.c).
 */
#ifndef CX_TEST_FUZZ_HARNESS_H
#define CX_TEST_FUZZ_HARNESS_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** One input; 0, whatever comes of it.  A crash, a hang or REQUIRE() is what is looked for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/** What a failure leaves for a person: one line. */
static inline void cx_fuzz_check_error(const struct cx_error *err)
{
	const char *p;

	REQUIRE(err->text[0] != '\0' && memchr(err->text, '\0', sizeof(err->text)));
	for (p = err->text; *p; p++)
		REQUIRE((unsigned char)*p >= ' ' && *p != 0x7f);
}

/** A file in memory with these bytes; its name goes to @path.  Close what it returns. */
static inline int cx_fuzz_file(const uint8_t *data, size_t size, char *path, size_t len)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	REQUIRE(fd >= 0);
	REQUIRE(size == 0 || write(fd, data, size) == (ssize_t)size);
	snprintf(path, len, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
