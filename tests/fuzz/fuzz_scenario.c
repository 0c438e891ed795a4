/* SPDX-License-Identifier: BSD-2-Clause */
/* The scenario reader: any bytes as a file, with payloads that are not looked for on disk. */
#include "tests/fuzz/harness.h"

#include "core/scenario/internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct cx_payload {
	struct cx_workload_info info;
};

static const struct cx_workload_info workloads[] = {
	{ .name = "hog" },
	{ .name = "lock",
	  .n_params = 4,
	  .params = {
		  { "critical", "", CX_WORKLOAD_DURATION, 0, 1000, 1000000000, 5000, "" },
		  { "rounds", "rounds", CX_WORKLOAD_INT, 0, -5, 1000000, 100, "" },
		  { "size", "", CX_WORKLOAD_SIZE, 0, 4096, 1 << 30, 65536, "" },
		  { "fair", "", CX_WORKLOAD_BOOL, 0, 0, 1, 1, "" },
	  } },
};

/** A folder with empty files, which the reader looks for; gone at the end. */
static char folder[] = "/tmp/cx-fuzz-XXXXXX";
static const char *const folders[] = { folder, NULL };

static void file_of(size_t i, char *path, size_t len)
{
	snprintf(path, len, "%s/%s.elf", folder, workloads[i].name);
}

static void remove_folder(void)
{
	char path[64];
	size_t i;

	for (i = 0; i < COUNT(workloads); i++) {
		file_of(i, path, sizeof(path));
		unlink(path);
	}
	rmdir(folder);
}

static void make_folder(void)
{
	char path[64];
	size_t i;

	if (!strstr(folder, "XXXXXX"))
		return; /* made before */
	REQUIRE(mkdtemp(folder));
	atexit(remove_folder);
	for (i = 0; i < COUNT(workloads); i++) {
		FILE *f;

		file_of(i, path, sizeof(path));
		f = fopen(path, "w");
		REQUIRE(f && fclose(f) == 0);
	}
}

static int open_payload(const char *path, struct cx_payload **payload, struct cx_error *err)
{
	const char *base = strrchr(path, '/');
	size_t i;

	for (i = 0; base && i < COUNT(workloads); i++) {
		size_t len = strlen(workloads[i].name);

		if (strncmp(base + 1, workloads[i].name, len) || strcmp(base + 1 + len, ".elf"))
			continue;
		*payload = malloc(sizeof(**payload));
		REQUIRE(*payload);
		(*payload)->info = workloads[i];
		return 0;
	}
	return cx_fail(err, 8 /* ENOEXEC */, "not an ELF file");
}

static void close_payload(struct cx_payload *payload)
{
	free(payload);
}

static const struct cx_workload_info *payload_info(const struct cx_payload *payload)
{
	return &payload->info;
}

/** What scenario.h promises of every scenario that was loaded. */
static void check(const struct cx_scenario *s)
{
	unsigned i, j;

	REQUIRE(s->n_domains >= 1 && s->n_domains <= CX_SCENARIO_DOMAINS_MAX);
	REQUIRE(s->name && s->text && s->path && s->duration_ns > 0);
	REQUIRE(!s->pcpus || cx_cpuset_count(s->pcpus) > 0);
	for (i = 0; i < s->n_domains; i++) {
		const struct cx_scenario_domain *d = &s->domains[i];

		REQUIRE(d->name && d->workload && d->workload_path && d->workload_text);
		REQUIRE(d->vcpus >= 1 && d->vcpus <= CX_GUEST_VCPUS_MAX);
		REQUIRE(d->weight >= 1 && d->weight <= 65535);
		REQUIRE(d->start_ns < d->stop_ns && d->start_ns < s->duration_ns);
		REQUIRE(!d->cpus || cx_cpuset_count(d->cpus) > 0);
		for (j = 0; j < d->n_peers; j++)
			REQUIRE(d->peers[j] < s->n_domains);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cx_payload_reader payloads = { open_payload, close_payload,
							   payload_info };
	static const struct cx_setting overrides[] = { { "duration", "7s", 0 },
						       { "domains.a.workload.rounds", "3", 0 },
						       { "domains.a.policy.x", "y: \"z", 0 } };
	char path[40];
	unsigned n;
	int fd;

	make_folder();
	fd = cx_fuzz_file(data, size, path, sizeof(path));
	for (n = 0; n <= COUNT(overrides); n += COUNT(overrides)) {
		struct cx_scenario *scenario = NULL;
		struct cx_error err = { "" };

		REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
		if (cx_scenario_load_with(path, folders, &payloads, overrides, n, &scenario,
					  &err) == 0)
			check(scenario);
		else
			cx_fuzz_check_error(&err);
		cx_scenario_free(scenario);
	}
	close(fd);
	return 0;
}
