/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace/read_internal.h - reading a trace back, in halves: read_graph.c turns CTF
 * into calls, in the order in which LTTng wrote (read_child.c: in a process of its own);
 * read.c makes records of them.
 */
#ifndef CX_TRACE_READ_INTERNAL_H
#define CX_TRACE_READ_INTERNAL_H

#include "base/error.h"
#include "trace/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A part of run_start's or run_end's text. */
struct cx_read_text {
	bool is_end; /* of run_end */
	uint64_t t_ns;
	uint64_t sent;
	uint64_t part, parts;
	const char *json;
	size_t length;
};

/** What read_graph.c calls; all return 0 or a negative errno, which ends the reading. */
struct cx_read_calls {
	int (*event)(void *arg, const struct cx_event *event);
	int (*text)(void *arg, const struct cx_read_text *text);
	/** LTTng says that it discarded so many (at least). */
	void (*lost)(void *arg, uint64_t n);
	void *arg;
};

/**
 * Read the trace below @dir.
 * Returns 0; -ENOENT no trace there; -EBADMSG damaged: what came before the damage has
 * been delivered, @err says what is wrong; what a call returned.
 */
int cx_read_graph(const char *dir, const struct cx_read_calls *calls, struct cx_error *err);

/** The same in a child process, which may crash or hang: then it is -EBADMSG too. */
int cx_read_isolated(const char *dir, const struct cx_read_calls *calls, struct cx_error *err);

/** Is the metadata file @path whole?  Babeltrace 2.0 never comes back from one cut short. */
bool cx_read_metadata_whole(const char *path);

#define CX_READ_FIELDS_MAX 8

struct cx_read_field {
	const char *name;
	size_t offset; /* in struct cx_event */
	size_t size;
	bool is_signed;                       /* as people read it: -1 for none */
	const char *(*label)(unsigned value); /* of an enumeration, or NULL */
};

struct cx_read_layout {
	const char *name; /* "coxswain:switch" */
	enum cx_event_type type;
	struct cx_read_field fields[CX_READ_FIELDS_MAX]; /* up to a nameless one */
};

/** The layout of the events named @name; NULL when they are not of the stream. */
const struct cx_read_layout *cx_read_layout_of(const char *name);
/** The layout of the events of @type; NULL when there is no such type. */
const struct cx_read_layout *cx_read_layout_of_type(unsigned type);

#endif
