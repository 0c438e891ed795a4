/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED 0xabadcafeull

struct reading {
	const char *text;
	int rc;
	uint64_t value;
};

static void check_readings(int (*parse)(const char *, uint64_t *), const struct reading *table,
			   size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t value = UNTOUCHED;
		int rc = parse(table[i].text, &value);

		if (rc != table[i].rc)
			print_error("\"%s\" gave %d\n", table[i].text, rc);
		assert_int_equal(rc, table[i].rc);
		if (value != (rc ? UNTOUCHED : table[i].value))
			print_error("\"%s\" gave %llu\n", table[i].text, (unsigned long long)value);
		assert_true(value == (rc ? UNTOUCHED : table[i].value));
	}
}

static void test_durations_are_read_exactly(void **state)
{
	static const struct reading table[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "1ns", 0, 1 },
		{ "30ms", 0, 30000000 },
		{ "1.5s", 0, 1500000000 },
		{ "0.1ms", 0, 100000 },
		{ "0.3us", 0, 300 },
		{ "2.675s", 0, 2675000000 },
		{ "1.005s", 0, 1005000000 },
		{ "0.000000001s", 0, 1 },
		{ "1.000000000000000000000000s", 0, 1000000000 },
		{ "9007199.254740993s", 0, 9007199254740993 }, /* not a double */
		{ "2m", 0, 120000000000 },
		{ "0.5m", 0, 30000000000 },
		{ "0.00000000005m", 0, 3 },
		{ "007s", 0, 7000000000 },
		{ "9223372036854775807ns", 0, INT64_MAX },
		{ "9223372036.854775807s", 0, INT64_MAX },
	};

	(void)state;
	check_readings(cx_parse_duration, table, COUNT(table));
}

static void test_what_is_no_duration_is_refused(void **state)
{
	static const struct reading table[] = {
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "5", -EINVAL, 0 },
		{ "00", -EINVAL, 0 },
		{ "0.0", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "+1s", -EINVAL, 0 },
		{ " 1s", -EINVAL, 0 },
		{ "1s ", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1sec", -EINVAL, 0 },
		{ "1h", -EINVAL, 0 },
		{ ".5s", -EINVAL, 0 },
		{ "5.s", -EINVAL, 0 },
		{ "1..5s", -EINVAL, 0 },
		{ "1.5.5s", -EINVAL, 0 },
		{ "1e3ms", -EINVAL, 0 },
		{ "0x10s", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "1,5s", -EINVAL, 0 },
		{ "1\302\265s", -EINVAL, 0 },
		{ "0.5ns", -EINVAL, 0 },
		{ "0.0000000001s", -EINVAL, 0 },
		{ "0.1234567890123456789s", -EINVAL, 0 },
		{ "9223372036854775808ns", -ERANGE, 0 },
		{ "9223372036.854775808s", -ERANGE, 0 },
		{ "18446744073709551616ns", -ERANGE, 0 },
		{ "99999999999999999999999999999s", -ERANGE, 0 },
		{ "18446744073709551615m", -ERANGE, 0 },
		{ "99999999999999999999999999999x", -EINVAL, 0 },
	};

	(void)state;
	check_readings(cx_parse_duration, table, COUNT(table));
}

static void test_sizes(void **state)
{
	static const struct reading table[] = {
		{ "0B", 0, 0 },
		{ "1B", 0, 1 },
		{ "4KiB", 0, 4096 },
		{ "16MiB", 0, 16ull << 20 },
		{ "64GiB", 0, 64ull << 30 },
		{ "9223372036854775807B", 0, INT64_MAX },
		{ "8589934591GiB", 0, 8589934591ull << 30 },
		{ "8589934592GiB", -ERANGE, 0 },
		{ "9223372036854775808B", -ERANGE, 0 },
		{ "99999999999999999999GiB", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0", -EINVAL, 0 },
		{ "16", -EINVAL, 0 },
		{ "16M", -EINVAL, 0 },
		{ "16MB", -EINVAL, 0 },
		{ "16mib", -EINVAL, 0 },
		{ "1.5GiB", -EINVAL, 0 },
		{ "-1B", -EINVAL, 0 },
		{ "16 MiB", -EINVAL, 0 },
		{ "KiB", -EINVAL, 0 },
	};

	(void)state;
	check_readings(cx_parse_size, table, COUNT(table));
}

struct printing {
	uint64_t value;
	const char *text;
};

static void test_durations_are_printed(void **state)
{
	static const struct printing table[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 1001, "1.001us" },
		{ 1500, "1.5us" },
		{ 30000000, "30ms" },
		{ 100000, "100us" },
		{ 1500000000, "1.5s" },
		{ 1234567, "1.23ms" },
		{ 12345678, "12.3ms" },
		{ 123456789, "123ms" },
		{ 1235999999, "1.24s" },
		{ 999999600, "1s" },
		{ 999600, "999.6us" },
		{ 999999, "999.999us" },
		{ 59999999999, "1m" },
		{ 60000000000, "1m" },
		{ 90000000000, "90s" },
		{ 120000000000, "2m" },
		{ 1234567890123, "1235s" },
		{ UINT64_MAX, "18446744073s" }, /* rounding up would not fit */
	};
	char buf[40];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++) {
		const char *text = cx_format_duration(table[i].value, buf, sizeof(buf));

		assert_ptr_equal(text, buf);
		assert_string_equal(text, table[i].text);
	}
}

static void test_sizes_are_printed(void **state)
{
	static const struct printing table[] = {
		{ 0, "0B" },
		{ 1, "1B" },
		{ 1023, "1023B" },
		{ 1024, "1KiB" },
		{ 1536, "1536B" },
		{ 16ull << 20, "16MiB" },
		{ 1536ull << 20, "1536MiB" },
		{ 9999, "9999B" },
		{ 12345678, "11.8MiB" },
		{ (1ull << 20) - 1, "1.00MiB" },
		{ 123456789, "118MiB" },
		{ 64ull << 30, "64GiB" },
		{ 100000ull << 30, "100000GiB" },
	};
	char buf[40];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_string_equal(cx_format_size(table[i].value, buf, sizeof(buf)),
				    table[i].text);
}

/* What fits three decimals of its unit comes back as it was; all else within half a percent. */
static void test_durations_round_trip(void **state)
{
	uint64_t unit, value, back;
	char buf[40];
	unsigned i;

	(void)state;
	srand(1);
	for (unit = CX_US; unit <= CX_SEC; unit *= 1000) {
		for (i = 0; i < 20000; i++) {
			value = (1 + (uint64_t)rand() % 999999) * (unit / 1000);
			cx_format_duration(value, buf, sizeof(buf));
			assert_int_equal(cx_parse_duration(buf, &back), 0);
			assert_int_equal(back, value);
		}
	}
	for (i = 0; i < 50000; i++) {
		value = ((uint64_t)rand() << 31 | (uint64_t)rand()) >> (rand() % 40);
		cx_format_duration(value, buf, sizeof(buf));
		assert_int_equal(cx_parse_duration(buf, &back), 0);
		assert_true(back > value ? back - value <= value / 200
					 : value - back <= value / 200);
	}
}

static void test_a_short_buffer_is_not_overrun(void **state)
{
	char buf[4] = { 'x', 'x', 'x', 'x' };

	(void)state;
	cx_format_duration(123456789, buf, 3);
	assert_string_equal(buf, "12");
	assert_int_equal(buf[3], 'x');
	cx_format_size(16ull << 20, buf, 3);
	assert_string_equal(buf, "16");
	assert_int_equal(buf[3], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations_are_read_exactly),
		cmocka_unit_test(test_what_is_no_duration_is_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations_are_printed),
		cmocka_unit_test(test_sizes_are_printed),
		cmocka_unit_test(test_durations_round_trip),
		cmocka_unit_test(test_a_short_buffer_is_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
