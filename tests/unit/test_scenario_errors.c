/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/scenario_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what is wrong, and what is said ------------------------------------------------ */

struct bad {
	const char *text;
	const char *message; /* after "s.yaml:" */
};

#define LOCK(params) "domains:\n  - name: a\n    workload: {name: lock, " params "}\n"
#define NAME_WORDS "1 to 63 letters, digits, \"_\", \"-\" or \".\", a letter or digit first"
#define NAME64 "a123456789a123456789a123456789a123456789a123456789a123456789a123"
#define CPU_WORDS "a list of CPU numbers such as \"0-3,8,^2\""
#define TOP_KEYS "name, duration, seed, pcpus, topology, scheduler, pools, domains, changes"
#define DOMAIN_KEYS                                                                                \
	"name, count, vcpus, memory, weight, shares, reservation, limit, pool, cpus, cpus_soft, "  \
	"start, stop, peers, policy, workload"
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
		int rc = cx_load_bytes(table[i].text, strlen(table[i].text), &scenario, &err);

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
		  "1: topology: found nothing, allowed host, a description such as \"pack:1 core:4 "
		  "pu:2\", or a file" },
		{ "topology: \"\"\n" ONE,
		  "1: topology: found \"\", allowed host, a description such as \"pack:1 core:4 "
		  "pu:2\", or a file" },
		{ "name: a\ntopology: \"pu:\\n2\"\n" ONE,
		  "2: topology: found \"pu:?2\", allowed host, a description such as \"pack:1 "
		  "core:4 "
		  "pu:2\", or a file" },
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
					  "number from 1 to 255999; low, normal and "
					  "high are for weight" },
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
		  "4: domains[0].start: found \"soon\", allowed a time from 0s, under "
		  "the scenario's duration, 10s" },
		{ WITH("start: 5s\nduration: 5s"),
		  "4: domains[0].start: found \"5s\", allowed a time from 0s, under the "
		  "scenario's duration, 5s" },
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

	assert_int_equal(cx_scenario_load_with(path, cx_payload_dirs, &cx_fake_payloads, NULL, 0,
					       &scenario, &err),
			 code);
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
	assert_int_equal(cx_load_bytes(text, len, &scenario, &err), 0);
	cx_scenario_free(scenario);
	scenario = NULL;
	assert_int_equal(cx_load_bytes(text, len + 1, &scenario, &err), -EFBIG);
	assert_null(scenario);
	/* The deepest and the widest that fit are refused as quickly as any. */
	for (i = 0; i < len; i++)
		text[i] = '[';
	assert_int_equal(cx_load_bytes(text, len, &scenario, &err), -EINVAL);
	assert_string_equal(err.text,
			    FILE_NAME ":1: YAML: found deeper nesting, allowed 8 levels of "
				      "lists and mappings");
	text[0] = '{';
	for (i = 1; i + 6 < len; i += 6)
		snprintf(text + i, 7, "%05zu,", i / 6 % 100000);
	text[i - 1] = '}';
	assert_int_equal(cx_load_bytes(text, i, &scenario, &err), -EINVAL);
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
	assert_int_equal(cx_load_bytes(text, sizeof(text) - 1, &scenario, &err), -EINVAL);
	assert_string_equal(err.text, FILE_NAME ":4: YAML: found byte 0x00 (control characters are "
						"not allowed), allowed UTF-8 text");
}

/* Whatever is done to a file, there is a scenario or one clean line that names file and line. */
static void test_damaged_files(void **state)
{
	static const char noise[] = "\t\n :-[]{}&*?,#'\"!|>%@`~0\\\377";
	char text[2048];
	unsigned round, i;

	(void)state;
	srand(7);
	for (round = 0; round < 3000; round++) {
		struct cx_scenario *scenario = NULL;
		size_t len = strlen(cx_whole_scenario);
		struct cx_error err;
		int rc;

		assert_true(len < sizeof(text));
		memcpy(text, cx_whole_scenario, len + 1);
		for (i = 0; i <= round % 4; i++) {
			size_t at = (size_t)rand() % len;

			if (rand() % 3 == 0)
				memmove(text + at, text + at + 1, len-- - at);
			else
				text[at] = noise[(size_t)rand() % (sizeof(noise) - 1)];
		}
		rc = cx_load_bytes(text, len, &scenario, &err);
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
		cmocka_unit_test(test_broken_yaml),     cmocka_unit_test(test_keys_and_shapes),
		cmocka_unit_test(test_values),          cmocka_unit_test(test_names_and_peers),
		cmocka_unit_test(test_workloads),       cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_size_is_bounded), cmocka_unit_test(test_a_nul_in_the_file),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests(tests, cx_scenario_files, cx_scenario_files_gone);
}
