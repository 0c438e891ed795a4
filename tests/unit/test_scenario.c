/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "core/scenario/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_NAME "s.yaml"

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

static const struct cx_payload_reader fakes = { fake_open, fake_close, fake_info };
static const char *const dirs[] = { "missing", "p1", "p2", NULL };

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

static int set_up(void **state)
{
	size_t i;

	(void)state;
	if (!mkdtemp(folder) || chdir(folder) || mkdir("p1", 0700) || mkdir("p2", 0700))
		return -1;
	for (i = 0; i < COUNT(files); i++)
		write_bytes(files[i], "", 0);
	return 0;
}

static int tear_down(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(files); i++)
		unlink(files[i]);
	return rmdir("p1") || rmdir("p2") || chdir("/") || rmdir(folder);
}

static int load_bytes(const char *bytes, size_t len, struct cx_scenario **scenario,
		      struct cx_error *err)
{
	int rc;

	err->text[0] = '\0';
	write_bytes(FILE_NAME, bytes, len);
	rc = cx_scenario_load_with(FILE_NAME, dirs, &fakes, scenario, err);
	assert_int_equal(payloads_open, 0);
	return rc;
}

static struct cx_scenario *load_good(const char *text)
{
	struct cx_scenario *scenario = NULL;
	struct cx_error err;

	if (load_bytes(text, strlen(text), &scenario, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(err.text, "");
	assert_non_null(scenario);
	return scenario;
}

/* --- what is wrong, and what is said ------------------------------------------------ */

struct bad {
	const char *text;
	const char *message; /* after "s.yaml:" */
};

#define HOG "    workload: {name: hog}\n"
#define ONE "domains:\n  - name: a\n" HOG
#define LOCK(params) "domains:\n  - name: a\n    workload: {name: lock, " params "}\n"
#define WITH(line) ONE "    " line "\n"
#define NAME_WORDS "1 to 63 letters, digits, \"_\", \"-\" or \".\", a letter or digit first"
#define NAME64 "a123456789a123456789a123456789a123456789a123456789a123456789a123"
#define CPU_WORDS "a list of CPU numbers such as \"0-3,8,^2\""
#define TOP_KEYS "name, duration, seed, pcpus, topology, scheduler, domains"
#define DOMAIN_KEYS                                                                                \
	"name, count, vcpus, memory, weight, shares, reservation, limit, cpus, cpus_soft, start, " \
	"stop, peers, policy, workload"
#define DURATION_WORDS "a duration from 1ms to 1440m such as 10s"
#define MEMORY_WORDS "a size from 4MiB to 64GiB in steps of 4KiB"
#define WEIGHT_WORDS "a whole number from 1 to 65535, low, normal or high"
#define PEER_WORDS "the name of another domain"
#define PAIRS_WORDS "a mapping of names to values such as {NAME: VALUE}"

static void check_bad(const struct bad *table, size_t n)
{
	struct cx_scenario *scenario = NULL;
	char expected[CX_ERROR_MAX];
	struct cx_error err;
	size_t i;

	for (i = 0; i < n; i++) {
		int rc = load_bytes(table[i].text, strlen(table[i].text), &scenario, &err);

		snprintf(expected, sizeof(expected), "%s:%s", FILE_NAME, table[i].message);
		if (rc != -EINVAL || strcmp(err.text, expected) != 0)
			fail_msg("for\n%sexpected %s\ngot      %s (%d)", table[i].text, expected,
				 err.text, rc);
		assert_null(scenario);
	}
}

static void test_broken_yaml(void **state)
{
	static const struct bad table[] = {
		{ "", "1: domains: found an empty file, allowed a list of 1 to 4096 domains" },
		{ "# only\n\n",
		  "1: domains: found an empty file, allowed a list of 1 to 4096 domains" },
		{ "---\n", "2: domains: found nothing, allowed a mapping with the key domains" },
		{ "hello\n",
		  "1: domains: found \"hello\", allowed a mapping with the key domains" },
		{ "- a\n", "1: domains: found a list, allowed a mapping with the key domains" },
		{ "name: a\n\tseed: 1\n", "2: YAML: found a tab, allowed spaces as indentation" },
		{ "domains:\n  \t- name: a\n",
		  "2: YAML: found a tab, allowed spaces as indentation" },
		{ "name: [a\n" ONE,
		  "2: YAML: found an error (did not find expected ',' or ']' while "
		  "parsing a flow sequence from line 1), allowed well-formed YAML" },
		{ "name: 'a\n" ONE,
		  "5: YAML: found an error (found unexpected end of stream while scanning a quoted "
		  "scalar from line 1), allowed well-formed YAML" },
		{ "name: a\n`\n", "2: YAML: found an error (found character that cannot start any "
				  "token while scanning for the next token from line 2), allowed "
				  "well-formed YAML" },
		{ ONE "name: b\nname: c\n",
		  "5: name: found it again (first in line 4), allowed one" },
		{ ONE "    vcpus: 1\n    weight: 1\n    vcpus: 2\n",
		  "6: domains[0].vcpus: found it again (first in line 4), allowed one" },
		{ "domains:\n  - name: a\n    workload:\n      name: hog\n      name: hog\n",
		  "5: domains[0].workload.name: found it again (first in line 4), allowed one" },
		{ "name: &here a\n" ONE,
		  "1: YAML: found the anchor \"here\", allowed values written out" },
		{ "domains: &list\n  - name: a\n" HOG,
		  "1: YAML: found the anchor \"list\", allowed values written out" },
		{ "scheduler: &map {name: rr}\n" ONE,
		  "1: YAML: found the anchor \"map\", allowed values written out" },
		{ WITH("peers: *here"),
		  "4: YAML: found the alias \"here\", allowed values written out" },
		{ ONE "---\nname: b\n", "4: YAML: found a second document, allowed one document a "
					"file" },
		{ "name: [[[[[[[[[1]]]]]]]]]\n",
		  "1: YAML: found deeper nesting, allowed 8 levels of lists and mappings" },
		{ "? [a]\n: b\n", "1: ?: found a list, allowed a word as key" },
		{ "name: \"a\\0b\"\n" ONE, "1: name: found a NUL character, allowed text" },
		{ "name: b\nseed: \377\376\n",
		  "2: YAML: found byte 0xff (invalid leading UTF-8 octet), allowed UTF-8 text" },
		{ "\x7f"
		  "ELF\x02\x01\x01\n",
		  "1: YAML: found byte 0x7f (control characters are not allowed), allowed UTF-8 "
		  "text" },
		{ "\377\376n\n",
		  "1: YAML: found byte 0xff (invalid leading UTF-8 octet), allowed UTF-8 text" },
		{ "%YAML 3.0\n---\n" ONE,
		  "1: YAML: found an error (found incompatible YAML document), "
		  "allowed well-formed YAML" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_keys_and_shapes(void **state)
{
	static const struct bad table[] = {
		{ "nmae: x\n" ONE,
		  "1: nmae: found an unknown key, allowed " TOP_KEYS " (did you mean \"name\"?)" },
		{ ONE "durration: 1s\n", "4: durration: found an unknown key, allowed " TOP_KEYS
					 " (did you mean \"duration\"?)" },
		{ ONE "zzz: 1s\n", "4: zzz: found an unknown key, allowed " TOP_KEYS },
		{ "<<: {a: b}\n" ONE, "1: <<: found an unknown key, allowed " TOP_KEYS },
		{ "\"a\\nb\": c\n" ONE, "1: a?b: found an unknown key, allowed " TOP_KEYS },
		{ WITH("wieght: 3"),
		  "4: domains[0].wieght: found an unknown key, allowed " DOMAIN_KEYS
		  " (did you mean \"weight\"?)" },
		{ WITH("cpu_soft: 3"),
		  "4: domains[0].cpu_soft: found an unknown key, allowed " DOMAIN_KEYS
		  " (did you mean \"cpus_soft\"?)" },
		{ "scheduler: {name: rr, parms: {}}\n" ONE,
		  "1: scheduler.parms: found an unknown key, allowed name, params (did you mean "
		  "\"params\"?)" },
		{ "name: a\n", "1: domains: found nothing, allowed a list of 1 to 4096 domains" },
		{ "\n\nname: a\n",
		  "3: domains: found nothing, allowed a list of 1 to 4096 domains" },
		{ "name: a\ndomains: []\n",
		  "2: domains: found 0, allowed a list of 1 to 4096 domains" },
		{ "domains:\n", "1: domains: found nothing, allowed a list of 1 to 4096 domains" },
		{ "domains: many\n",
		  "1: domains: found \"many\", allowed a list of 1 to 4096 domains" },
		{ "domains: {name: a}\n",
		  "1: domains: found a mapping, allowed a list of 1 to 4096 domains" },
		{ "domains:\n  - a\n",
		  "2: domains[0]: found \"a\", allowed a mapping such as {name: "
		  "web, workload: {name: hog}}" },
		{ "domains:\n  - name: a\n" HOG "  -\n",
		  "4: domains[1]: found nothing, allowed a mapping such as {name: web, workload: "
		  "{name: hog}}" },
		{ "domains:\n  - vcpus: 1\n" HOG,
		  "2: domains[0].name: found nothing, allowed " NAME_WORDS },
		{ "domains:\n  - name: a\n",
		  "2: domains[0].workload: found nothing, allowed a mapping such as {name: hog}" },
		{ "name: [a, b]\n" ONE, "1: name: found a list, allowed " NAME_WORDS },
		{ "name: {a: b}\n" ONE, "1: name: found a mapping, allowed " NAME_WORDS },
		{ "name:\n" ONE, "1: name: found nothing, allowed " NAME_WORDS },
		{ "name: ''\n" ONE, "1: name: found \"\", allowed " NAME_WORDS },
		{ "topology:\n" ONE,
		  "1: topology: found nothing, allowed a synthetic topology such as "
		  "\"pack:1 core:4 pu:2\" or a file" },
		{ "scheduler: credit\n" ONE, "1: scheduler: found \"credit\", allowed a mapping "
					     "such as {name: credit, params: "
					     "{tslice: 30ms}}" },
		{ "scheduler: {params: {a: b}}\n" ONE, "1: scheduler.name: found nothing, allowed "
						       "the name of a policy, or its file with "
						       "a slash" },
		{ "scheduler: {name: rr, params: [a]}\n" ONE,
		  "1: scheduler.params: found a list, allowed " PAIRS_WORDS },
		{ "scheduler:\n  name: rr\n  params:\n    a: 1\n    b: [1]\n" ONE,
		  "5: scheduler.params.b: found a list, allowed a value such as 30ms" },
		{ "scheduler:\n  name: rr\n  params:\n    a:\n" ONE,
		  "4: scheduler.params.a: found nothing, allowed a value such as 30ms" },
		{ WITH("policy: fast"),
		  "4: domains[0].policy: found \"fast\", allowed " PAIRS_WORDS },
		{ WITH("policy: {a: {b: c}}"),
		  "4: domains[0].policy.a: found a mapping, allowed a value such as 30ms" },
		{ WITH("peers: b"),
		  "4: domains[0].peers: found \"b\", allowed a list of at most 256 "
		  "names of other domains" },
		{ WITH("peers: [[b]]"),
		  "4: domains[0].peers[0]: found a list, allowed " PEER_WORDS },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_values(void **state)
{
	static const struct bad table[] = {
		{ "name: 'a b'\n" ONE, "1: name: found \"a b\", allowed " NAME_WORDS },
		{ "name: ../up\n" ONE, "1: name: found \"../up\", allowed " NAME_WORDS },
		{ "name: \"a\\nb\"\n" ONE, "1: name: found \"a?b\", allowed " NAME_WORDS },
		{ "name: k\303\244se\n" ONE,
		  "1: name: found \"k\303\244se\", allowed " NAME_WORDS },
		{ "name: " NAME64 "\n" ONE,
		  "1: name: found \"a123456789a123456789a123456789a123456789a123456789a123456789"
		  "...\", allowed " NAME_WORDS },
		{ "duration: 10\n" ONE, "1: duration: found \"10\", allowed " DURATION_WORDS },
		{ "duration: 10 s\n" ONE, "1: duration: found \"10 s\", allowed " DURATION_WORDS },
		{ "duration: 10h\n" ONE, "1: duration: found \"10h\", allowed " DURATION_WORDS },
		{ "duration: -1s\n" ONE, "1: duration: found \"-1s\", allowed " DURATION_WORDS },
		{ "duration: 0\n" ONE, "1: duration: found \"0\", allowed " DURATION_WORDS },
		{ "duration: 0.9ms\n" ONE,
		  "1: duration: found \"0.9ms\", allowed " DURATION_WORDS },
		{ "duration: 1441m\n" ONE,
		  "1: duration: found \"1441m\", allowed " DURATION_WORDS },
		{ "duration: 99999999999999999999s\n" ONE,
		  "1: duration: found \"99999999999999999999s\", allowed " DURATION_WORDS },
		{ "seed: -1\n" ONE, "1: seed: found \"-1\", allowed a whole number from 0 to "
				    "18446744073709551615" },
		{ "seed: 18446744073709551616\n" ONE,
		  "1: seed: found \"18446744073709551616\", allowed a whole number from 0 to "
		  "18446744073709551615" },
		{ "seed: 0x10\n" ONE, "1: seed: found \"0x10\", allowed a whole number from 0 to "
				      "18446744073709551615" },
		{ "pcpus: all\n" ONE, "1: pcpus: found \"all\", allowed " CPU_WORDS },
		{ "pcpus: 3-1\n" ONE, "1: pcpus: found \"3-1\", allowed " CPU_WORDS },
		{ "pcpus: '1,^1'\n" ONE, "1: pcpus: found \"1,^1\", allowed " CPU_WORDS },
		{ "pcpus: '0-65535'\n" ONE,
		  "1: pcpus: found \"0-65535\", allowed CPU numbers from 0 to 65534" },
		{ "domains:\n  - name: -a\n" HOG,
		  "2: domains[0].name: found \"-a\", allowed " NAME_WORDS },
		{ WITH("count: 0"),
		  "4: domains[0].count: found \"0\", allowed a whole number from 1 to 4096" },
		{ WITH("count: 4097"),
		  "4: domains[0].count: found \"4097\", allowed a whole number from 1 to 4096" },
		{ WITH("count: two"),
		  "4: domains[0].count: found \"two\", allowed a whole number from 1 to 4096" },
		{ ONE "  - name: b\n    count: 4096\n" HOG,
		  "5: domains[1].count: found 4096 more, allowed 4096 domains in all, replicas "
		  "counted" },
		{ WITH("vcpus: 0"),
		  "4: domains[0].vcpus: found \"0\", allowed a whole number from 1 to 64" },
		{ WITH("vcpus: 65"),
		  "4: domains[0].vcpus: found \"65\", allowed a whole number from 1 to 64" },
		{ WITH("vcpus: 1.5"),
		  "4: domains[0].vcpus: found \"1.5\", allowed a whole number from 1 to 64" },
		{ WITH("vcpus: 99999999999999999999"),
		  "4: domains[0].vcpus: found \"99999999999999999999\", allowed a whole number "
		  "from "
		  "1 to 64" },
		{ WITH("memory: 16"), "4: domains[0].memory: found \"16\", allowed " MEMORY_WORDS },
		{ WITH("memory: 16MB"),
		  "4: domains[0].memory: found \"16MB\", allowed " MEMORY_WORDS },
		{ WITH("memory: 3MiB"),
		  "4: domains[0].memory: found \"3MiB\", allowed " MEMORY_WORDS },
		{ WITH("memory: 65GiB"),
		  "4: domains[0].memory: found \"65GiB\", allowed " MEMORY_WORDS },
		{ WITH("memory: 16777217B"),
		  "4: domains[0].memory: found \"16777217B\", allowed " MEMORY_WORDS },
		{ WITH("weight: 0"), "4: domains[0].weight: found \"0\", allowed " WEIGHT_WORDS },
		{ WITH("weight: 65536"),
		  "4: domains[0].weight: found \"65536\", allowed " WEIGHT_WORDS },
		{ WITH("weight: heavy"),
		  "4: domains[0].weight: found \"heavy\", allowed " WEIGHT_WORDS },
		{ WITH("weight: ~"), "4: domains[0].weight: found \"~\", allowed " WEIGHT_WORDS },
		{ WITH("weight: 1\n    shares: 1000"),
		  "5: domains[0].shares: found \"1000\", allowed either weight or shares" },
		{ WITH("shares: 0"),
		  "4: domains[0].shares: found \"0\", allowed a whole number from 1 to 255999" },
		{ WITH("shares: 512000\n    vcpus: 2"), "4: domains[0].shares: found \"512000\", "
							"allowed a whole number from 1 to 511999" },
		{ WITH("shares: normal"), "4: domains[0].shares: found \"normal\", allowed a whole "
					  "number from 1 to 255999" },
		{ WITH("limit: 101"),
		  "4: domains[0].limit: found \"101\", allowed a whole number from "
		  "0 to 100, 100 for each of its vCPUs" },
		{ WITH("limit: 201\n    vcpus: 2"), "4: domains[0].limit: found \"201\", allowed a "
						    "whole number from 0 to 200, 100 for "
						    "each of its vCPUs" },
		{ WITH("limit: 50%"),
		  "4: domains[0].limit: found \"50%\", allowed a whole number from "
		  "0 to 100, 100 for each of its vCPUs" },
		{ WITH("reservation: 101"),
		  "4: domains[0].reservation: found \"101\", allowed a whole number from 0 to 100, "
		  "100 for each of its vCPUs" },
		{ WITH("reservation: 60\n    limit: 50"),
		  "4: domains[0].reservation: found \"60\", allowed a whole number from 0 to 50, "
		  "its "
		  "limit" },
		{ WITH("reservation: -1"),
		  "4: domains[0].reservation: found \"-1\", allowed a whole number from 0 to 100, "
		  "100 for each of its vCPUs" },
		{ WITH("cpus: 0-"), "4: domains[0].cpus: found \"0-\", allowed " CPU_WORDS },
		{ WITH("cpus: '0-3'\npcpus: '0-1'"),
		  "4: domains[0].cpus: found \"0-3\", allowed CPUs of pcpus, \"0-1\"" },
		{ WITH("cpus_soft: 5\npcpus: '0-3,^2'"),
		  "4: domains[0].cpus_soft: found \"5\", allowed CPUs of pcpus, \"0-1,3\"" },
		{ WITH("start: soon"),
		  "4: domains[0].start: found \"soon\", allowed a duration, under "
		  "that of the scenario, such as 2s" },
		{ WITH("start: 5s\nduration: 5s"),
		  "4: domains[0].start: found \"5s\", allowed a duration, under that of the "
		  "scenario, such as 2s" },
		{ WITH("stop: 5"),
		  "4: domains[0].stop: found \"5\", allowed a duration such as 8s" },
		{ WITH("stop: 0"),
		  "4: domains[0].stop: found \"0\", allowed a duration after its start, 0s" },
		{ WITH("start: 2s\n    stop: 1s"),
		  "5: domains[0].stop: found \"1s\", allowed a duration after its start, 2s" },
		{ WITH("start: 2s\n    stop: 2000ms"),
		  "5: domains[0].stop: found \"2000ms\", allowed a duration after its start, 2s" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_names_and_peers(void **state)
{
	static const struct bad table[] = {
		{ ONE "  - name: a\n" HOG,
		  "4: domains[1].name: found \"a\" again (first in line 2), "
		  "allowed a name of its own for each domain" },
		{ "domains:\n  - name: a\n    count: 2\n" HOG "  - name: a.1\n" HOG,
		  "5: domains[1].name: found \"a.1\" again (first in line 2), allowed a name of "
		  "its "
		  "own for each domain" },
		{ "domains:\n  - name: a.1\n" HOG "  - name: a\n    count: 2\n" HOG,
		  "4: domains[1].name: found \"a.1\" again (first in line 2), allowed a name of "
		  "its "
		  "own for each domain" },
		{ WITH("peers: [a]"),
		  "4: domains[0].peers[0]: found the domain itself, allowed " PEER_WORDS },
		{ WITH("peers: [b]"), "4: domains[0].peers[0]: found \"b\", allowed " PEER_WORDS },
		{ WITH("peers:\n      - web\n      - wbe") "  - name: web\n" HOG,
		  "6: domains[0].peers[1]: found \"wbe\", allowed " PEER_WORDS
		  " (did you mean \"web\"?)" },
		{ WITH("peers: [b, b]") "  - name: b\n" HOG,
		  "4: domains[0].peers[1]: found \"b\", allowed each peer once" },
		{ WITH("peers: [b]") "  - name: b\n    count: 3\n" HOG,
		  "4: domains[0].peers[0]: found \"b\", which has 3 replicas, allowed one of them "
		  "such as b.0, or as many replicas here" },
		{ WITH("peers: [b]\n    count: 2") "  - name: b\n    count: 3\n" HOG,
		  "4: domains[0].peers[0]: found \"b\", which has 3 replicas, allowed one of them "
		  "such as b.0, or as many replicas here" },
		{ WITH("peers: [b.3]") "  - name: b\n    count: 3\n" HOG,
		  "4: domains[0].peers[0]: found \"b.3\", allowed " PEER_WORDS },
		{ WITH("count: 2\n    peers: [a]"),
		  "5: domains[0].peers[0]: found the domain itself, allowed " PEER_WORDS },
		{ WITH("count: 2\n    peers: [a.1]"),
		  "5: domains[0].peers[0]: found the domain itself, allowed " PEER_WORDS },
		{ WITH("peers: [" NAME64 NAME64 "]"),
		  "4: domains[0].peers[0]: found "
		  "\"a123456789a123456789a123456789a123456789a123456789a123456789...\", "
		  "allowed " PEER_WORDS },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

static void test_workloads(void **state)
{
	static const struct bad table[] = {
		{ "domains:\n  - name: a\n    workload: hog\n",
		  "3: domains[0].workload: found \"hog\", allowed a mapping such as {name: hog}" },
		{ "domains:\n  - name: a\n    workload: {size: 3}\n",
		  "3: domains[0].workload.name: found nothing, allowed the name of a workload, or "
		  "its file with a slash" },
		{ "domains:\n  - name: a\n    workload: {name: [hog]}\n",
		  "3: domains[0].workload.name: found a list, allowed the name of a workload, or "
		  "its "
		  "file with a slash" },
		{ "domains:\n  - name: a\n    workload:\n      name: hgo\n",
		  "4: domains[0].workload.name: found \"hgo\", allowed broken, hog, lock, odd, "
		  "sleeper (did you mean \"hog\"?)" },
		{ "domains:\n  - name: a\n    workload: {name: xxxxxxx}\n",
		  "3: domains[0].workload.name: found \"xxxxxxx\", allowed broken, hog, lock, odd, "
		  "sleeper" },
		{ "domains:\n  - name: a\n    workload: {name: broken}\n",
		  "3: domains[0].workload.name: found \"broken\" (p1/broken.elf: not an ELF file), "
		  "allowed a workload whose file can be loaded" },
		{ "domains:\n  - name: a\n    workload: {name: ./none.elf}\n",
		  "3: domains[0].workload.name: found \"./none.elf\" (./none.elf: not an ELF "
		  "file), "
		  "allowed a workload whose file can be loaded" },
		{ "domains:\n  - name: a\n    workload: {name: hog, rounds: 1}\n",
		  "3: domains[0].workload.rounds: found an unknown parameter, allowed none" },
		{ LOCK("round: 1"),
		  "3: domains[0].workload.round: found an unknown parameter, allowed critical, "
		  "rounds, size, fair, level (did you mean \"rounds\"?)" },
		{ LOCK("rounds: 1ms"),
		  "3: domains[0].workload.rounds: found \"1ms\", allowed a whole "
		  "number from -5 to 1000000 rounds" },
		{ LOCK("rounds: -6"),
		  "3: domains[0].workload.rounds: found \"-6\", allowed a whole "
		  "number from -5 to 1000000 rounds" },
		{ LOCK("rounds: 99999999999999999999"),
		  "3: domains[0].workload.rounds: found \"99999999999999999999\", allowed a whole "
		  "number from -5 to 1000000 rounds" },
		{ LOCK("rounds: 9223372036854775808"),
		  "3: domains[0].workload.rounds: found \"9223372036854775808\", allowed a whole "
		  "number from -5 to 1000000 rounds" },
		{ LOCK("rounds: "), "3: domains[0].workload.rounds: found nothing, allowed a whole "
				    "number from -5 to 1000000 rounds" },
		{ LOCK("rounds: [1]"),
		  "3: domains[0].workload.rounds: found a list, allowed a whole "
		  "number from -5 to 1000000 rounds" },
		{ LOCK("level: 10"), "3: domains[0].workload.level: found \"10\", allowed a whole "
				     "number from 0 to 9" },
		{ LOCK("critical: 10"), "3: domains[0].workload.critical: found \"10\", allowed a "
					"duration from 1us to 1s" },
		{ LOCK("critical: 999ns"),
		  "3: domains[0].workload.critical: found \"999ns\", allowed "
		  "a duration from 1us to 1s" },
		{ LOCK("critical: 1.001s"), "3: domains[0].workload.critical: found \"1.001s\", "
					    "allowed a duration from 1us to 1s" },
		{ LOCK("size: 4096"),
		  "3: domains[0].workload.size: found \"4096\", allowed a size from 4KiB to 1GiB" },
		{ LOCK("size: 2GiB"),
		  "3: domains[0].workload.size: found \"2GiB\", allowed a size from 4KiB to 1GiB" },
		{ LOCK("fair: maybe"),
		  "3: domains[0].workload.fair: found \"maybe\", allowed yes or "
		  "no, on or off, true or false, 1 or 0" },
		{ "domains:\n  - name: a\n    workload: {name: odd, what: 1}\n",
		  "3: domains[0].workload.what: found \"1\", allowed nothing (its type 77 is not "
		  "known)" },
	};

	(void)state;
	check_bad(table, COUNT(table));
}

/* --- files that are none -------------------------------------------------------------- */

static void check_unreadable(const char *path, int code, const char *message)
{
	struct cx_scenario *scenario = NULL;
	struct cx_error err = { "" };

	assert_int_equal(cx_scenario_load_with(path, dirs, &fakes, &scenario, &err), code);
	assert_string_equal(err.text, message);
	assert_null(scenario);
}

static void test_files_that_are_none(void **state)
{
	(void)state;
	check_unreadable("none.yaml", -ENOENT,
			 "none.yaml: cannot open it: No such file or directory");
	check_unreadable("p1", -EISDIR, "p1: is a directory; name a scenario file");
	check_unreadable("/dev/zero", -EFBIG,
			 "/dev/zero: is larger than 1MiB; name a scenario file");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_unreadable("pipe", -EINVAL,
			 "pipe:1: domains: found an empty file, allowed a list of 1 "
			 "to 4096 domains");
	unlink("pipe");
}

static void test_size_is_bounded(void **state)
{
	size_t len = CX_SCENARIO_BYTES_MAX, i;
	struct cx_scenario *scenario = NULL;
	char *text = malloc(len + 1);
	struct cx_error err;

	(void)state;
	assert_non_null(text);
	memset(text, '#', len + 1);
	memcpy(text + len - strlen(ONE), ONE, strlen(ONE));
	text[len - strlen(ONE) - 1] = '\n';
	assert_int_equal(load_bytes(text, len, &scenario, &err), 0);
	cx_scenario_free(scenario);
	scenario = NULL;
	assert_int_equal(load_bytes(text, len + 1, &scenario, &err), -EFBIG);
	assert_null(scenario);
	/* The deepest and the widest that fit are refused as quickly as any. */
	for (i = 0; i < len; i++)
		text[i] = '[';
	assert_int_equal(load_bytes(text, len, &scenario, &err), -EINVAL);
	assert_string_equal(err.text,
			    FILE_NAME ":1: YAML: found deeper nesting, allowed 8 levels of "
				      "lists and mappings");
	text[0] = '{';
	for (i = 1; i + 6 < len; i += 6)
		snprintf(text + i, 7, "%05zu,", i / 6 % 100000);
	text[i - 1] = '}';
	assert_int_equal(load_bytes(text, i, &scenario, &err), -EINVAL);
	assert_string_equal(err.text, FILE_NAME ":1: YAML: found too many keys, allowed 64 keys in "
						"one mapping");
	free(text);
}

static void test_a_nul_in_the_file(void **state)
{
	static const char text[] = ONE "\0\0";
	struct cx_scenario *scenario = NULL;
	struct cx_error err;

	(void)state;
	assert_int_equal(load_bytes(text, sizeof(text) - 1, &scenario, &err), -EINVAL);
	assert_string_equal(err.text, FILE_NAME ":4: YAML: found byte 0x00 (control characters are "
						"not allowed), allowed UTF-8 text");
}

/* --- what is right ----------------------------------------------------------------------- */

static void test_defaults(void **state)
{
	struct cx_scenario *s = load_good(ONE);
	const struct cx_scenario_domain *d = s->domains;

	(void)state;
	assert_string_equal(s->path, FILE_NAME);
	assert_string_equal(s->text, ONE);
	assert_string_equal(s->name, "s");
	assert_null(s->question);
	assert_int_equal(s->duration_ns, 10 * CX_SEC);
	assert_int_equal(s->seed, 1);
	assert_null(s->pcpus);
	assert_null(s->topology);
	assert_null(s->scheduler);
	assert_int_equal(s->n_params, 0);
	assert_int_equal(s->n_domains, 1);
	assert_string_equal(d->name, "a");
	assert_int_equal(d->line, 2);
	assert_int_equal(d->vcpus, 1);
	assert_int_equal(d->memory, 16 << 20);
	assert_int_equal(d->weight, 256);
	assert_false(d->weight_given);
	assert_int_equal(d->reservation, 0);
	assert_int_equal(d->limit, 0);
	assert_null(d->cpus);
	assert_null(d->cpus_soft);
	assert_int_equal(d->start_ns, 0);
	assert_true(d->stop_ns == UINT64_MAX);
	assert_string_equal(d->workload, "hog");
	assert_string_equal(d->workload_path, "p1/hog.elf");
	assert_string_equal(d->workload_text, "hog");
	assert_int_equal(d->n_peers, 0);
	assert_int_equal(d->n_settings, 0);
	cx_scenario_free(s);
}

static void check_cpus(const struct cx_cpuset *set, const char *list)
{
	char *text;

	assert_non_null(set);
	text = cx_cpuset_format(set);
	assert_string_equal(text, list);
	free(text);
}

static void check_setting(const struct cx_setting *setting, const char *name, const char *value,
			  unsigned line)
{
	assert_string_equal(setting->name, name);
	assert_string_equal(setting->value, value);
	assert_int_equal(setting->line, line);
}

static const char everything[] =
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

static void test_everything_arrives(void **state)
{
	struct cx_scenario *s = load_good(everything);

	(void)state;
	assert_string_equal(s->text, everything);
	assert_string_equal(s->name, "all.of-it_1");
	assert_string_equal(s->question, "does all of it arrive?");
	assert_int_equal(s->duration_ns, 90 * CX_SEC);
	assert_true(s->seed == UINT64_MAX);
	check_cpus(s->pcpus, "0-1,3");
	assert_string_equal(s->topology, "pack:1 core:4 pu:2");
	assert_string_equal(s->scheduler, "credit");
	assert_int_equal(s->n_params, 2);
	check_setting(&s->params[0], "tslice", "30ms", 12);
	check_setting(&s->params[1], "odd name", "yes", 13);
	assert_int_equal(s->n_domains, 5);
	cx_scenario_free(s);
}

static void test_replicas_are_alike(void **state)
{
	static const char *const names[] = { "web.0", "web.1" };
	struct cx_scenario *s = load_good(everything);
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct cx_scenario_domain *d = &s->domains[i];

		assert_string_equal(d->name, names[i]);
		assert_int_equal(d->line, 15);
		assert_int_equal(d->vcpus, 2);
		assert_int_equal(d->memory, 4 << 20);
		assert_int_equal(d->weight, 65535);
		assert_true(d->weight_given);
		assert_int_equal(d->reservation, 150);
		assert_int_equal(d->limit, 200);
		check_cpus(d->cpus, "0-1");
		check_cpus(d->cpus_soft, "0");
		assert_int_equal(d->start_ns, 100000);
		assert_int_equal(d->stop_ns, 200000);
		assert_string_equal(d->workload, "lock");
		assert_string_equal(d->workload_path, "p1/lock.elf");
		assert_string_equal(d->workload_text, "lock fair=off rounds=-5 critical=3us");
		assert_int_equal(d->params[0], 3000);
		assert_true(d->params[1] == -5);
		assert_int_equal(d->params[2], 65536);
		assert_int_equal(d->params[3], 0);
		assert_int_equal(d->params[4], 3);
		assert_int_equal(d->n_settings, 2);
		check_setting(&d->settings[0], "boost", "no", 27);
		check_setting(&d->settings[1], "depth", "3", 27);
	}
	cx_scenario_free(s);
}

static void test_peers_become_indices(void **state)
{
	struct cx_scenario *s = load_good(everything);
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(s->domains[i].n_peers, 2);
		assert_int_equal(s->domains[i].peers[0], 2 + i); /* db.i */
		assert_int_equal(s->domains[i].peers[1], 4);
		assert_int_equal(s->domains[2 + i].n_peers, 1);
		assert_int_equal(s->domains[2 + i].peers[0], i); /* web.i */
	}
	assert_int_equal(s->domains[4].n_peers, 2);
	assert_int_equal(s->domains[4].peers[0], 1);
	assert_int_equal(s->domains[4].peers[1], 2);
	assert_string_equal(s->domains[4].name, "web.0x");
	assert_string_equal(s->domains[4].workload, "p2/hog.elf");
	assert_string_equal(s->domains[4].workload_path, "p2/hog.elf");
	assert_string_equal(s->domains[4].workload_text, "hog");
	assert_string_equal(s->domains[3].workload_path, "p2/sleeper.elf");
	cx_scenario_free(s);
}

static void test_spellings_of_weight(void **state)
{
	static const struct {
		const char *text;
		unsigned weight;
	} table[] = {
		{ WITH("weight: low"), 128 },
		{ WITH("weight: normal"), 256 },
		{ WITH("weight: high"), 512 },
		{ WITH("weight: 1"), 1 },
		{ WITH("shares: 1000"), 256 },
		{ WITH("shares: 2000\n    vcpus: 2"), 256 },
		{ WITH("shares: 1000\n    vcpus: 2"), 128 },
		{ WITH("shares: 1"), 1 },
		{ WITH("shares: 255999"), 65535 },
		{ WITH("shares: 511999\n    vcpus: 2"), 65535 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_scenario *s = load_good(table[i].text);

		assert_int_equal(s->domains[0].weight, table[i].weight);
		assert_true(s->domains[0].weight_given);
		cx_scenario_free(s);
	}
}

static void test_questions(void **state)
{
	static const struct {
		const char *text;
		const char *question;
	} table[] = {
		{ "# Question: who?\n" ONE, "who?" },
		{ "\n#question:   who?  \r\n" ONE, "who?" },
		{ "# Plain words\n# more\n" ONE, "Plain words" },
		{ "# Plain words\n# Question: who?\n" ONE, "who?" },
		{ "# SPDX-License-Identifier: X\n#\n## who?\n" ONE, "who?" },
		{ "#\n# \n" ONE, NULL },
		{ "# Question:\n" ONE, "Question:" },
		{ ONE "# Question: too late\n", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		struct cx_scenario *s = load_good(table[i].text);

		if (table[i].question)
			assert_string_equal(s->question, table[i].question);
		else
			assert_null(s->question);
		cx_scenario_free(s);
	}
}

static void test_what_else_is_allowed(void **state)
{
	static const char *const texts[] = {
		"\357\273\277" ONE, /* byte order mark */
		"name: a\r\ndomains:\r\n  - name: a\r\n    workload: {name: hog}\r\n",
		"{name: a, domains: [{name: a, workload: {name: hog}}]}",
		"---\n" ONE "...\n",
		WITH("limit: 0\n    reservation: 100"),
		WITH("peers: []\n    policy: {}"),
		WITH("stop: 1000s"),
		"scheduler: {name: ./my.so, params: {}}\n" ONE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		cx_scenario_free(load_good(texts[i]));
	cx_scenario_free(NULL);
}

static void test_many_replicas(void **state)
{
	struct cx_scenario *s =
		load_good("domains:\n  - name: a\n    count: 2048\n    peers: [b]\n" HOG
			  "  - name: b\n    count: 2048\n    peers: [a]\n" HOG);
	unsigned i;

	(void)state;
	assert_int_equal(s->n_domains, CX_SCENARIO_DOMAINS_MAX);
	assert_string_equal(s->domains[4095].name, "b.2047");
	for (i = 0; i < 2048; i++) {
		assert_int_equal(s->domains[i].peers[0], 2048 + i);
		assert_int_equal(s->domains[2048 + i].peers[0], i);
	}
	cx_scenario_free(s);
}

static void test_suggestions(void **state)
{
	static const char *const names[] = { "weight", "limit", "cpus", "cpus_soft", "ab" };
	char *list;

	(void)state;
	assert_string_equal(cx_suggest("wieght", names, COUNT(names)), "weight");
	assert_string_equal(cx_suggest("cpu", names, COUNT(names)), "cpus");
	assert_string_equal(cx_suggest("cpu_soft", names, COUNT(names)), "cpus_soft");
	assert_null(cx_suggest("reservation", names, COUNT(names)));
	assert_null(cx_suggest("xy", names, COUNT(names)));
	assert_null(cx_suggest("", names, COUNT(names)));
	assert_null(cx_suggest("weight", names, 0));
	list = cx_suggest_list("limti", names, 2);
	assert_string_equal(list, "weight, limit (did you mean \"limit\"?)");
	free(list);
	list = cx_suggest_list("x", names, 0);
	assert_string_equal(list, "none");
	free(list);
}

/* Whatever is done to a file, there is a scenario or one clean line that names file and line. */
static void test_damaged_files(void **state)
{
	static const char noise[] = "\t\n :-[]{}&*?,#'\"!|>%@`~0\\\377";
	char text[sizeof(everything)];
	unsigned round, i;

	(void)state;
	srand(7);
	for (round = 0; round < 3000; round++) {
		struct cx_scenario *scenario = NULL;
		size_t len = sizeof(everything) - 1;
		struct cx_error err;
		int rc;

		memcpy(text, everything, sizeof(everything));
		for (i = 0; i <= round % 4; i++) {
			size_t at = (size_t)rand() % len;

			if (rand() % 3 == 0)
				memmove(text + at, text + at + 1, len-- - at);
			else
				text[at] = noise[(size_t)rand() % (sizeof(noise) - 1)];
		}
		rc = load_bytes(text, len, &scenario, &err);
		if (rc == 0) {
			cx_scenario_free(scenario);
			continue;
		}
		assert_int_equal(rc, -EINVAL);
		assert_memory_equal(err.text, FILE_NAME ":", strlen(FILE_NAME ":"));
		assert_true(strtoul(err.text + strlen(FILE_NAME ":"), NULL, 10) > 0);
		assert_null(strpbrk(err.text, "\n\r\t"));
		assert_non_null(strstr(err.text, ": found "));
		assert_non_null(strstr(err.text, ", allowed "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_yaml),
		cmocka_unit_test(test_keys_and_shapes),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_names_and_peers),
		cmocka_unit_test(test_workloads),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_a_nul_in_the_file),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_replicas_are_alike),
		cmocka_unit_test(test_peers_become_indices),
		cmocka_unit_test(test_spellings_of_weight),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_what_else_is_allowed),
		cmocka_unit_test(test_many_replicas),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
