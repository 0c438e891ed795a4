/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/scenario_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- payloads that need no guest ---------------------------------------------- */

struct cx_payload {
	struct cx_workload_info info;
};

static const struct cx_workload_info workloads[] = {
	{ .name = "hog" },
	{ .name = "lock",
	  .n_params = 5,
	  .params = {
		  { "critical", "", CX_WORKLOAD_DURATION, 0, 1000, 1000000000, 5000, "" },
		  { "rounds", "rounds", CX_WORKLOAD_INT, 0, -5, 1000000, 100, "" },
		  { "size", "", CX_WORKLOAD_SIZE, 0, 4096, 1 << 30, 65536, "" },
		  { "fair", "", CX_WORKLOAD_BOOL, 0, 0, 1, 1, "" },
		  { "level", "", CX_WORKLOAD_INT, 0, 0, 9, 3, "" },
	  } },
	{ .name = "sleeper" },
	{ .name = "odd",
	  .n_params = 1,
	  .params = { { "what", "", 77, 0, 0, 1, 0, "" } } },
};

static int payloads_open;

static int fake_open(const char *path, struct cx_payload **payload, struct cx_error *err)
{
	const char *base = strrchr(path, '/') + 1;
	size_t i;

	for (i = 0; i < COUNT(workloads); i++) {
		size_t len = strlen(workloads[i].name);

		if (strncmp(base, workloads[i].name, len) != 0 || strcmp(base + len, ".elf") != 0)
			continue;
		*payload = malloc(sizeof(**payload));
		assert_non_null(*payload);
		(*payload)->info = workloads[i];
		payloads_open++;
		return 0;
	}
	return cx_fail(err, ENOEXEC, "%s: not an ELF file", path);
}

static void fake_close(struct cx_payload *payload)
{
	payloads_open--;
	free(payload);
}

static const struct cx_workload_info *fake_info(const struct cx_payload *payload)
{
	return &payload->info;
}

const struct cx_payload_reader cx_fake_payloads = { fake_open, fake_close, fake_info };
const char *const cx_payload_dirs[] = { "missing", "p1", "p2", NULL };

/* --- a folder for the files ------------------------------------------------------ */

static const char *const files[] = { "p1/hog.elf",     "p1/lock.elf", "p1/broken.elf", "p2/hog.elf",
				     "p2/sleeper.elf", "p2/odd.elf",  "p2/readme.txt", FILE_NAME };
static char folder[] = "/tmp/cx-scenario-XXXXXX";

static void write_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

int cx_scenario_files(void **state)
{
	size_t i;

	(void)state;
	if (!mkdtemp(folder) || chdir(folder) || mkdir("p1", 0700) || mkdir("p2", 0700))
		return -1;
	for (i = 0; i < COUNT(files); i++)
		write_bytes(files[i], "", 0);
	return 0;
}

int cx_scenario_files_gone(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(files); i++)
		unlink(files[i]);
	return rmdir("p1") || rmdir("p2") || chdir("/") || rmdir(folder);
}

int cx_load_overridden(const char *bytes, size_t len, const struct cx_setting *overrides,
		       unsigned n_overrides, struct cx_scenario **scenario, struct cx_error *err)
{
	int rc;

	err->text[0] = '\0';
	write_bytes(FILE_NAME, bytes, len);
	rc = cx_scenario_load_with(FILE_NAME, cx_payload_dirs, &cx_fake_payloads, overrides,
				   n_overrides, scenario, err);
	assert_int_equal(payloads_open, 0);
	return rc;
}

int cx_load_bytes(const char *bytes, size_t len, struct cx_scenario **scenario,
		  struct cx_error *err)
{
	return cx_load_overridden(bytes, len, NULL, 0, scenario, err);
}

struct cx_scenario *cx_load_good(const char *text)
{
	struct cx_scenario *scenario = NULL;
	struct cx_error err;

	if (cx_load_bytes(text, strlen(text), &scenario, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(err.text, "");
	assert_non_null(scenario);
	return scenario;
}

const char cx_whole_scenario[] =
	"# SPDX-License-Identifier: BSD-2-Clause\n"
	"# Question: does all of it arrive?\n"
	"#\n"
	"name: all.of-it_1\n"
	"duration: 1.5m\n"
	"seed: 18446744073709551615\n"
	"pcpus: \"0-3,^2\"\n"
	"topology: \"pack:1 core:4 pu:2\"\n"
	"scheduler:\n"
	"  name: credit\n"
	"  params:\n"
	"    tslice: 30ms\n"
	"    \"odd name\": 'yes'\n"
	"domains:\n"
	"  - name: web\n"
	"    count: 2\n"
	"    vcpus: 2\n"
	"    memory: 4MiB\n"
	"    weight: 65535\n"
	"    reservation: 150\n"
	"    limit: 200\n"
	"    cpus: 0-1\n"
	"    cpus_soft: \"0\"\n"
	"    start: 100us\n"
	"    stop: 0.2ms\n"
	"    peers: [db, web.0x]\n"
	"    policy: {boost: no, depth: 3}\n"
	"    workload: {fair: off, name: lock, rounds: -5, critical: 3us}\n"
	"  - name: db\n"
	"    count: 2\n"
	"    peers: [web]\n"
	"    workload: {name: sleeper}\n"
	"  - name: web.0x\n"
	"    count: 1\n"
	"    peers: [web.1, db.0]\n"
	"    workload: {name: p2/hog.elf}\n";
