/* SPDX-License-Identifier: BSD-2-Clause */
/* Payload files that are not what they seem. */
#include "tests/support/payload_image.h"
#include "tests/unit/vmm_rig.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

static char file[] = "/tmp/cx-payload-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static int open_bytes(const void *bytes, size_t n, struct cx_payload **payload,
		      struct cx_error *err)
{
	int fd = open(file, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	return cx_payload_open(file, payload, err);
}

static void refuse_bytes(const void *bytes, size_t n, const char *why)
{
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };
	int rc = open_bytes(bytes, n, &payload, &err);

	if (rc != -ENOEXEC || !strstr(err.text, why) || !strstr(err.text, file))
		fail_msg("wanted \"%s\", got %d \"%s\"", why, rc, err.text);
}

static void refuse(const struct image *image, const char *why)
{
	refuse_bytes(image, sizeof(*image), why);
}

/** Set @field of a right image to @value: refused, with @why. */
#define REFUSE(field, value, why)                                                                  \
	do {                                                                                       \
		struct image image_ = good_image();                                                \
		image_.field = value;                                                              \
		refuse(&image_, why);                                                              \
	} while (0)

static void test_good(void **state)
{
	struct image image = good_image();
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };

	(void)state;
	if (open_bytes(&image, sizeof(image), &payload, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(payload->entry, CODE_AT + 4);
	assert_int_equal(payload->n_load, 2);
	assert_int_equal(payload->end, CODE_AT + 0x11000);
	assert_string_equal(cx_payload_info(payload)->name, "sample");
	assert_int_equal(cx_payload_info(payload)->params[0].min, -5);
	/* Its pages, its stacks, what all share: and what is left, in whole pages for each. */
	assert_int_equal(cx_guest_heap(payload, UINT64_C(8) << 20, 1) % 4096, 0);
	assert_in_range(cx_guest_heap(payload, UINT64_C(8) << 20, 1), UINT64_C(5) << 20,
			UINT64_C(6) << 20);
	assert_in_range(cx_guest_heap(payload, UINT64_C(8) << 20, 3), UINT64_C(5) << 20 / 3,
			UINT64_C(2) << 20);
	assert_int_equal(cx_guest_heap(payload, UINT64_C(2) << 20, 1), 0);
	assert_int_equal(cx_guest_heap(payload, 0, 64), 0);
	cx_payload_close(payload);
}

static void test_shipped(void **state)
{
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };
	char path[PATH_MAX];

	(void)state;
	rig_guest_path("probe", path, sizeof(path));
	if (cx_payload_open(path, &payload, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(cx_payload_info(payload)->name, "probe");
	cx_payload_close(payload);
}

static void test_no_file(void **state)
{
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };

	(void)state;
	assert_int_equal(cx_payload_open("/nowhere/x.elf", &payload, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/x.elf"));
	assert_int_equal(cx_payload_open("/tmp", &payload, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "not a file"));
	assert_int_equal(cx_payload_open("/dev/zero", &payload, &err), -ENOEXEC);
}

/* Cut anywhere, it is refused. */
static void test_truncated(void **state)
{
	struct image image = good_image();

	(void)state;
	refuse_bytes("", 0, "too short");
	for (size_t n = 0; n < offsetof(struct image, names) + sizeof(NAMES); n++)
		refuse_bytes(&image, n, "not a usable payload");
}

static void test_header(void **state)
{
	(void)state;
	REFUSE(eh.e_ident[0], 'M', "not an ELF file");
	REFUSE(eh.e_ident[EI_CLASS], ELFCLASS32, "64-bit x86");
	REFUSE(eh.e_ident[EI_DATA], ELFDATA2MSB, "64-bit x86");
	REFUSE(eh.e_machine, EM_AARCH64, "64-bit x86");
	REFUSE(eh.e_ident[EI_VERSION], 9, "version");
	REFUSE(eh.e_version, 9, "version");
	REFUSE(eh.e_type, ET_DYN, "-static -no-pie");
	REFUSE(eh.e_type, ET_REL, "-static -no-pie");
	REFUSE(eh.e_phnum, 0, "program headers");
	REFUSE(eh.e_phnum, PN_XNUM, "program headers");
	REFUSE(eh.e_phnum, 1000, "not a usable payload"); /* runs into other bytes, or out */
	REFUSE(eh.e_phentsize, 32, "program headers");
	REFUSE(eh.e_phoff, UINT64_MAX, "program headers");
	REFUSE(eh.e_phoff, UINT64_MAX - 56, "program headers");
	REFUSE(eh.e_phoff, sizeof(struct image) - 8, "program headers");
	REFUSE(eh.e_shnum, 0, "section headers");
	REFUSE(eh.e_shnum, 65535, "section headers");
	REFUSE(eh.e_shentsize, 0, "section headers");
	REFUSE(eh.e_shoff, 0, "section names");
	REFUSE(eh.e_shoff, UINT64_MAX - 63, "section names");
	REFUSE(eh.e_shoff, sizeof(struct image), "section names");
	REFUSE(eh.e_shstrndx, 3, "section headers");
	REFUSE(eh.e_entry, 0, "entry point");
	REFUSE(eh.e_entry, CODE_AT + 64, "entry point");
	REFUSE(eh.e_entry, CODE_AT + 0x1000, "entry point"); /* data */
	REFUSE(eh.e_entry, UINT64_MAX, "entry point");
}

static void test_segments(void **state)
{
	(void)state;
	REFUSE(ph[0].p_offset, UINT64_MAX, "outside the file");
	REFUSE(ph[0].p_offset, sizeof(struct image) - 63, "outside the file");
	REFUSE(ph[0].p_filesz, 65, "larger in the file");
	REFUSE(ph[1].p_filesz, 0x10000, "outside the file");
	REFUSE(ph[1].p_memsz, UINT64_MAX, "2 MiB");
	REFUSE(ph[1].p_memsz, CX_PAYLOAD_IMAGE_MAX, "2 MiB");
	REFUSE(ph[0].p_vaddr, 0, "2 MiB");
	REFUSE(ph[0].p_vaddr, CODE_AT - 1, "2 MiB");
	REFUSE(ph[0].p_vaddr, UINT64_MAX - 10, "2 MiB");
	REFUSE(ph[1].p_vaddr, 1ull << 40, "2 MiB");
	REFUSE(ph[1].p_vaddr, CODE_AT + 63, "overlap");
	REFUSE(ph[1].p_vaddr, CODE_AT, "overlap");
	REFUSE(ph[0].p_vaddr, CODE_AT + 0x20000, "overlap"); /* out of order */
	REFUSE(ph[2].p_type, PT_INTERP, "dynamically linked");
	REFUSE(ph[2].p_type, PT_DYNAMIC, "dynamically linked");
	REFUSE(ph[2].p_type, PT_TLS, "thread-local");
	REFUSE(ph[0].p_memsz = 0; image_.ph[1].p_memsz, 0, "larger in the file");
	REFUSE(ph[0].p_type = PT_NULL; image_.ph[1].p_type, PT_NULL, "nothing to load");
	REFUSE(ph[0].p_flags, PF_R, "entry point");
}

/* Empty segments are no trouble, wherever they claim to be. */
static void test_empty_segment(void **state)
{
	struct image image = good_image();
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };

	(void)state;
	image.ph[2].p_type = PT_LOAD;
	image.ph[2].p_vaddr = UINT64_MAX;
	assert_int_equal(open_bytes(&image, sizeof(image), &payload, &err), 0);
	assert_int_equal(payload->n_load, 2);
	cx_payload_close(payload);
}

static void test_sections(void **state)
{
	struct image image = good_image();

	(void)state;
	REFUSE(sh[1].sh_type, SHT_NOBITS, "no section .coxswain.workload");
	REFUSE(sh[1].sh_name, 2, "no section");
	REFUSE(sh[1].sh_name, UINT32_MAX, "no section");
	REFUSE(sh[1].sh_name, sizeof(NAMES), "no section");
	REFUSE(sh[1].sh_size, sizeof(struct cx_workload_info) - 1, "cut short");
	REFUSE(sh[1].sh_offset, UINT64_MAX - 8, "cut short");
	REFUSE(sh[1].sh_offset, sizeof(struct image) - 8, "cut short");
	REFUSE(sh[2].sh_type, SHT_PROGBITS, "section names");
	REFUSE(sh[2].sh_offset, UINT64_MAX, "section names");
	REFUSE(sh[2].sh_size, UINT64_MAX, "section names");
	REFUSE(sh[2].sh_size, 0, "no section");
	/* The table of names ends inside the name that is looked for. */
	REFUSE(sh[2].sh_size, 1 + strlen(CX_WORKLOAD_SECTION), "no section");
	memset(image.names, 'x', sizeof(image.names));
	refuse(&image, "no section");
}

static void test_strings(void **state)
{
	struct image image;

	(void)state;
#define FILL(field)                                                                                \
	do {                                                                                       \
		image = good_image();                                                              \
		memset(image.info.field, 'a', sizeof(image.info.field));                           \
		refuse(&image, "malformed");                                                       \
	} while (0)
	FILL(name);
	FILL(summary);
	FILL(progress_unit);
	FILL(results[0]);
	FILL(params[1].name);
	FILL(params[1].unit);
	FILL(params[1].doc);
#undef FILL
	REFUSE(info.name[0], '\0', "malformed");
	REFUSE(info.name[0], ' ', "malformed");
	REFUSE(info.name[0], '/', "malformed");
	REFUSE(info.summary[3], '\033', "malformed"); /* would reach a terminal */
	REFUSE(info.summary[3], '\n', "malformed");
	REFUSE(info.results[0][0], '\0', "malformed");
	REFUSE(info.params[0].name[0], '\0', "malformed");
}

static void test_table(void **state)
{
	(void)state;
	REFUSE(info.magic, 0, "something else");
	REFUSE(info.version, CX_GUEST_ABI_VERSION + 1, "version 3");
	REFUSE(info.n_results, 17, "more than 16");
	REFUSE(info.n_params, 17, "more than 16");
	REFUSE(info.n_params, UINT32_MAX, "more than 16");
	REFUSE(info.n_params, 3, "malformed"); /* the third has no name */
	REFUSE(info.params[0].type, 4, "bounds");
	REFUSE(info.params[0].min, 6, "bounds");
	REFUSE(info.params[0].max, -6, "bounds");
	REFUSE(info.params[0].def, 6, "bounds");
	REFUSE(info.params[0].def, -6, "bounds");
	REFUSE(info.params[1].name[0] = 'o'; image_.info.params[1].name[1] = 'n';
	       image_.info.params[1].name[2], 'e', "one name");
}

/* Anything at all must be refused or read, never crash; run with sanitizers too. */
static void test_random_damage(void **state)
{
	const struct image whole = good_image();
	uint64_t x = 88172645463325252ull;
	unsigned refused = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct image image = whole;
		struct cx_payload *payload = NULL;
		struct cx_error err = { "" };

		for (int j = 0; j < 4; j++) {
			uint8_t *bytes = (uint8_t *)&image;

			x ^= x << 13; /* xorshift64, Marsaglia 2003 */
			x ^= x >> 7;
			x ^= x << 17;
			/* The headers, where damage tells. */
			bytes[x % offsetof(struct image, info)] = (uint8_t)(x >> 48);
		}
		if (open_bytes(&image, sizeof(image), &payload, &err) < 0) {
			assert_true(err.text[0] != '\0');
			refused++;
		} else {
			assert_true(payload->end <= CX_GUEST_IMAGE + CX_PAYLOAD_IMAGE_MAX);
			cx_payload_close(payload);
		}
	}
	assert_in_range(refused, 1, 4999); /* both happen */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),          cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_no_file),       cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_header),        cmocka_unit_test(test_segments),
		cmocka_unit_test(test_empty_segment), cmocka_unit_test(test_sections),
		cmocka_unit_test(test_strings),       cmocka_unit_test(test_table),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
