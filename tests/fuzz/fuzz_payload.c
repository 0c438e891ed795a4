/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of guest programs.  What begins with 'F' is followed by a whole file; all else is
 * a list of changes to a good one, each an offset (2 bytes), a length (1 byte) and the bytes to
 * put there, so that few bytes make a file that is wrong in one place only.
 */
#include "tests/fuzz/harness.h"

#include "tests/support/payload_image.h"

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/** What vmm.h promises of every payload that was opened. */
static void check(const struct cx_payload *payload)
{
	const struct cx_workload_info *info = cx_payload_info(payload);
	unsigned i;

	REQUIRE(is_terminated(info->name, sizeof(info->name)) && info->name[0]);
	REQUIRE(is_terminated(info->summary, sizeof(info->summary)));
	REQUIRE(info->n_params <= CX_GUEST_PARAMS && info->n_results <= CX_GUEST_RESULTS);
	for (i = 0; i < info->n_params; i++) {
		const struct cx_workload_param *p = &info->params[i];

		REQUIRE(is_terminated(p->name, sizeof(p->name)) && p->name[0]);
		REQUIRE(p->type <= CX_WORKLOAD_BOOL && p->min <= p->def && p->def <= p->max);
	}
	for (i = 0; i < payload->n_load; i++) {
		REQUIRE(payload->load[i].p_offset + payload->load[i].p_filesz <= payload->size);
		REQUIRE(payload->load[i].p_filesz <= payload->load[i].p_memsz);
		REQUIRE(payload->load[i].p_vaddr >= CX_GUEST_IMAGE);
		REQUIRE(payload->load[i].p_vaddr + payload->load[i].p_memsz <=
			CX_GUEST_IMAGE + CX_PAYLOAD_IMAGE_MAX);
	}
}

static void change(struct image *image, const uint8_t *data, size_t size)
{
	uint8_t *bytes = (uint8_t *)image;

	while (size > 3) {
		size_t at = (data[0] | (size_t)data[1] << 8) % sizeof(*image);
		size_t len = data[2];

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (len > sizeof(*image) - at)
			len = sizeof(*image) - at;
		memcpy(bytes + at, data, len);
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = good_image();
	struct cx_payload *payload = NULL;
	struct cx_error err = { "" };
	char path[40];
	int fd;

	if (size > 0 && data[0] == 'F') {
		fd = cx_fuzz_file(data + 1, size - 1, path, sizeof(path));
	} else {
		change(&image, data, size);
		fd = cx_fuzz_file((const uint8_t *)&image, sizeof(image), path, sizeof(path));
	}
	if (cx_payload_open(path, &payload, &err) == 0)
		check(payload);
	else
		cx_fuzz_check_error(&err);
	cx_payload_close(payload);
	close(fd);
	return 0;
}
