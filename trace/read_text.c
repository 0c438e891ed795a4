/* SPDX-License-Identifier: BSD-2-Clause */
/* A trace as text, to be read or compared. */
#include "trace/capture.h"
#include "trace/read_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

struct printing {
	FILE *out;
	uint64_t lost;
};

static uint64_t value_of(const struct cx_event *event, const struct cx_read_field *field)
{
	const char *from = (const char *)event + field->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	if (field->size == sizeof(u16)) {
		memcpy(&u16, from, sizeof(u16));
		return u16;
	}
	if (field->size == sizeof(u32)) {
		memcpy(&u32, from, sizeof(u32));
		return field->is_signed ? (uint64_t)(int32_t)u32 : u32;
	}
	memcpy(&u64, from, sizeof(u64));
	return u64;
}

static void print_field(FILE *out, const struct cx_event *event, const struct cx_read_field *field)
{
	uint64_t value = value_of(event, field);
	const char *label =
		field->label && value <= UINT_MAX ? field->label((unsigned)value) : NULL;

	if (label)
		fprintf(out, " %s=%s", field->name, label);
	else if (field->is_signed)
		fprintf(out, " %s=%" PRId64, field->name, (int64_t)value);
	else
		fprintf(out, " %s=%" PRIu64, field->name, value);
}

static int print_event(void *arg, const struct cx_event *event)
{
	const struct cx_read_layout *layout = cx_read_layout_of_type(event->type);
	struct printing *p = arg;
	unsigned i;

	if (!layout)
		return 0;
	fprintf(p->out, "%" PRIu64 " %s", event->t_ns, cx_event_type_name(event->type));
	for (i = 1; i < CX_READ_FIELDS_MAX && layout->fields[i].name; i++)
		print_field(p->out, event, &layout->fields[i]);
	fputc('\n', p->out);
	return ferror(p->out) ? -EIO : 0;
}

static int print_text(void *arg, const struct cx_read_text *text)
{
	struct printing *p = arg;

	fprintf(p->out, "%" PRIu64 " %s part=%" PRIu64 "/%" PRIu64 " ", text->t_ns,
		text->is_end ? "run_end" : "run_start", text->part + 1, text->parts);
	fwrite(text->json, 1, text->length, p->out);
	fputc('\n', p->out);
	return ferror(p->out) ? -EIO : 0;
}

static void count_lost(void *arg, uint64_t n)
{
	struct printing *p = arg;

	p->lost += n;
}

int cx_capture_print(const char *dir, FILE *out, struct cx_error *err)
{
	struct printing p = { .out = out };
	const struct cx_read_calls calls = { print_event, print_text, count_lost, &p };
	int rc = cx_read_isolated(dir, &calls, err);

	if (rc < 0)
		return rc;
	return p.lost < INT_MAX ? (int)p.lost : INT_MAX;
}
