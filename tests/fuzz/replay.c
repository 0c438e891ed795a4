/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of libFuzzer: each file that is named, once. */
#include "tests/fuzz/harness.h"

#include "base/file.h"

#define BYTES_MAX (16u << 20)

int main(int argc, char **argv)
{
	struct cx_error err = { "" };
	size_t len;
	char *data;
	int i;

	for (i = 1; i < argc; i++) {
		uint8_t *exact;

		if (cx_file_read(argv[i], BYTES_MAX, false, "an input", &data, &len, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
		/* Just so many bytes, so that reading on is seen. */
		exact = malloc(len ? len : 1);
		REQUIRE(exact);
		memcpy(exact, data, len);
		free(data);
		/* The last name on the screen is that of the culprit. */
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(exact, len);
		free(exact);
	}
	return argc > 1 ? 0 : 1;
}
