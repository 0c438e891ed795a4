/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/scenario_files.h - a folder to try scenario files in, with payloads that
 * need no guest.
 */
#ifndef CX_TEST_SCENARIO_FILES_H
#define CX_TEST_SCENARIO_FILES_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/scenario/internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_NAME "s.yaml" /* what cx_load_bytes() writes and reads */

#define HOG "    workload: {name: hog}\n"
#define ONE "domains:\n  - name: a\n" HOG
#define WITH(line) ONE "    " line "\n"

/** A valid file with every key in it. */
extern const char cx_whole_scenario[];

extern const char *const cx_payload_dirs[];
/** hog, sleeper; lock with parameters of every type; odd with one of no type; broken. */
extern const struct cx_payload_reader cx_fake_payloads;

/** For cmocka: make the folder and go there; and away again. */
int cx_scenario_files(void **state);
int cx_scenario_files_gone(void **state);

/** Load @len bytes as a file; also checks that every payload was closed. */
int cx_load_bytes(const char *bytes, size_t len, struct cx_scenario **scenario,
		  struct cx_error *err);
/** The same with @overrides. */
int cx_load_overridden(const char *bytes, size_t len, const struct cx_setting *overrides,
		       unsigned n_overrides, struct cx_scenario **scenario, struct cx_error *err);
/** Load what is right; fails the test if it is refused. */
struct cx_scenario *cx_load_good(const char *text);

#endif
