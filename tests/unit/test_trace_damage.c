/* SPDX-License-Identifier: BSD-2-Clause */
/* A good trace, what it says to other tools, and what becomes of it when it is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture_rig.h"
#include "fabricate.h"

#define METADATA_HEADER 37 /* bytes, before each packet's text */
#define METADATA_CONTENT_AT 24
#define METADATA_PACKET_AT 28
#define BITS 8

static struct fab small_run(void)
{
	static const struct fab_domain domains[] = {
		{ .name = "hog", .vcpus = 1 },
		{ .name = "sleeper", .vcpus = 2, .burst_ns = CX_MS, .sleep_ns = 4 * CX_MS },
	};
	const struct fab_policy policy = { .name = "rr", .slice_ns = 2 * CX_MS };

	return fab_simulate(CX_SEC, 2, 2, domains, &policy);
}

static int record_small(const char *dir)
{
	struct fab f = small_run();
	struct cx_capture *capture = rig_start(dir);
	struct cx_error err = { { 0 } };
	uint64_t events, lost;

	CHECK(capture);
	rig_send(cx_capture_sink(capture), f.record);
	CHECK(cx_capture_stop(capture, &events, &lost, &err) == 0);
	fab_free(&f);
	return 0;
}

/* ---- files ---- */

struct file {
	char *path;
	unsigned char *bytes;
	size_t n;
};

#define FILES_MAX 64

/** All files of the one trace that the tests share. */
static struct file files[FILES_MAX];
static unsigned n_files;

static int load_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct file *file = &files[n_files];
	FILE *f;

	(void)at;
	if (type != FTW_F)
		return 0;
	f = fopen(path, "r");
	file->path = strdup(path);
	file->n = (size_t)st->st_size;
	file->bytes = malloc(file->n + 1);
	if (!f || n_files == FILES_MAX || fread(file->bytes, 1, file->n, f) != file->n)
		return -1;
	fclose(f);
	n_files++;
	return 0;
}

static void write_file(const struct file *file, const unsigned char *bytes, size_t n)
{
	FILE *f = fopen(file->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void restore(const struct file *file)
{
	write_file(file, file->bytes, file->n);
}

static bool is(const struct file *file, const char *name)
{
	return strstr(strrchr(file->path, '/'), name) != NULL;
}

static int setup(void **state)
{
	struct rig *rig;
	char *dir;
	int rc = rig_setup(state);

	if (rc)
		return rc;
	rig = *state;
	dir = rig_dir(rig, "small");
	rc = rig_run(record_small, dir);
	if (rc == 0)
		rc = nftw(dir, load_one, 16, FTW_PHYS);
	free(dir);
	return rc;
}

static int teardown(void **state)
{
	while (n_files > 0) {
		free(files[--n_files].path);
		free(files[n_files].bytes);
	}
	return rig_teardown(state);
}

/** Read it: records, or an error with words and none of them. */
static int read_anyhow(const struct rig *rig)
{
	char dir[PATH_MAX];
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	int n;

	snprintf(dir, sizeof(dir), "%s/small", rig->traces);
	n = cx_capture_read(dir, &records, &err);
	if (n > 0) {
		assert_int_equal(n, 1);
		rig_free_records(records, n);
	} else {
		assert_true(n == -EBADMSG || n == -ENOENT);
		assert_true(err.text[0] != '\0');
	}
	return n;
}

/* ---- tests ---- */

static char *metadata_text(const struct file *file)
{
	char *text = calloc(1, file->n + 1);
	size_t at = 0, n = 0;

	assert_non_null(text);
	while (at + METADATA_HEADER <= file->n) {
		uint32_t content, packet;

		memcpy(&content, file->bytes + at + METADATA_CONTENT_AT, sizeof(content));
		memcpy(&packet, file->bytes + at + METADATA_PACKET_AT, sizeof(packet));
		assert_in_range(content / BITS, METADATA_HEADER, file->n - at);
		memcpy(text + n, file->bytes + at + METADATA_HEADER,
		       content / BITS - METADATA_HEADER);
		n += content / BITS - METADATA_HEADER;
		at += packet / BITS;
	}
	return text;
}

/** The enumeration is in the trace's description just as trace/event.c names it. */
static void described(const char *text, const char *field, unsigned n,
		      const char *(*name)(unsigned))
{
	char want[1024] = "";
	unsigned i;

	for (i = 0; i < n; i++) {
		assert_non_null(name(i));
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "\t\t\t\"%s\" = %u,\n",
			 name(i), i);
	}
	snprintf(want + strlen(want), sizeof(want) - strlen(want), "\t\t} _%s;", field);
	if (!strstr(text, want))
		fail_msg("the trace's description lacks\n%s", want);
}

static void events_and_reasons_have_their_names(void **state)
{
	char *text = NULL, want[64];
	unsigned i;

	(void)state;
	for (i = 0; i < n_files; i++)
		if (is(&files[i], "metadata"))
			text = metadata_text(&files[i]);
	assert_non_null(text);
	described(text, "why", CX_WHYS, cx_why_name);
	described(text, "why", CX_WAKE_WHYS, cx_wake_why_name);
	described(text, "distance", CX_DISTANCES, cx_distance_name);
	described(text, "reason", CX_PARK_REASONS, cx_park_reason_name);
	described(text, "end", CX_ENDS, cx_end_name);
	described(text, "fault", CX_FAULTS, cx_fault_name);
	described(text, "what", CX_ADJUSTS, cx_adjust_name);
	for (i = 0; i < CX_EVENT_TYPES; i++) {
		snprintf(want, sizeof(want), "name = \"coxswain:%s\";", cx_event_type_name(i));
		if (!strstr(text, want))
			fail_msg("the trace's description lacks %s", want);
	}
	free(text);
}

static void the_good_trace_is_good(void **state)
{
	assert_int_equal(read_anyhow(*state), 1);
}

static void cut_short_it_is_told(void **state)
{
	static const unsigned parts[] = { 0, 1, 10, 50, 90, 99 }; /* percent that is left */
	unsigned i, k, told = 0;

	for (i = 0; i < n_files; i++) {
		for (k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			write_file(&files[i], files[i].bytes, files[i].n * parts[k] / 100);
			told += read_anyhow(*state) < 0;
		}
		restore(&files[i]);
	}
	assert_true(told > 0);
	assert_int_equal(read_anyhow(*state), 1);
}

static void without_a_file_it_is_told(void **state)
{
	unsigned i;

	for (i = 0; i < n_files; i++) {
		int n;

		assert_int_equal(remove(files[i].path), 0);
		n = read_anyhow(*state);
		if (is(&files[i], "metadata"))
			assert_int_equal(n, -ENOENT);
		if (is(&files[i], ".idx"))
			assert_int_equal(n, 1); /* made again from the stream */
		restore(&files[i]);
	}
}

static void changed_bytes_do_no_harm(void **state)
{
	const unsigned rounds = 60;
	uint64_t r = 1;
	unsigned i, k;

	for (i = 0; i < n_files; i++) {
		struct file *file = &files[i];
		unsigned char *copy = malloc(file->n);

		assert_non_null(copy);
		for (k = 0; k < rounds; k++) {
			size_t at;

			memcpy(copy, file->bytes, file->n);
			r = r * 6364136223846793005ull + 1442695040888963407ull;
			at = (size_t)(r >> 24) % file->n;
			copy[at] = (unsigned char)(r >> 56);
			write_file(file, copy, file->n);
			read_anyhow(*state);
		}
		free(copy);
		restore(file);
	}
}

static void what_is_not_ours_is_told(void **state)
{
	struct rig *rig = *state;
	static const char foreign[] =
		"/* CTF 1.8 */\n"
		"typealias integer { size = 32; align = 8; signed = false; } := u32;\n"
		"trace { major = 1; minor = 8; byte_order = le;\n"
		"  packet.header := struct { u32 magic; u32 stream_id; }; };\n"
		"stream { id = 0; event.header := struct { u32 id; }; };\n"
		"event { id = 0; stream_id = 0; name = \"other:thing\";\n"
		"  fields := struct { u32 x; }; };\n";
	const uint32_t packet[] = { 0xC1FC1FC1u, 0, 0, 42 };
	char *empty = rig_dir(rig, "empty"), *other = rig_dir(rig, "other"), path[PATH_MAX];
	struct cx_record **records;
	struct cx_error err = { { 0 } };
	FILE *f;

	assert_int_equal(cx_capture_read(empty, &records, &err), -ENOENT);
	assert_non_null(strstr(err.text, empty));
	assert_int_equal(cx_capture_read("/nonexistent", &records, &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/metadata", other);
	f = fopen(path, "w");
	fputs(foreign, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/stream", other);
	f = fopen(path, "w");
	fwrite(packet, sizeof(packet), 1, f);
	fclose(f);
	assert_int_equal(cx_capture_read(other, &records, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "no run"));
	free(empty);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_trace_is_good),
		cmocka_unit_test(events_and_reasons_have_their_names),
		cmocka_unit_test(cut_short_it_is_told),
		cmocka_unit_test(without_a_file_it_is_told),
		cmocka_unit_test(changed_bytes_do_no_harm),
		cmocka_unit_test(what_is_not_ours_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
