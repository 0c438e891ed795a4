/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading with libbabeltrace2: source.ctf.fs (one for each trace) to flt.utils.muxer to us. */
#include "trace/read_internal.h"

#include <babeltrace2/babeltrace.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_MAX 256
#define LOG BT_LOGGING_LEVEL_NONE
#define RUN_START "coxswain:run_start"
#define RUN_END "coxswain:run_end"

enum kind { FOREIGN, EVENT, TEXT };

/** What is known of an event class that was met: where in its payload our fields are. */
struct met {
	const bt_event_class *class;
	enum kind kind;
	bool is_end;
	const struct cx_read_layout *layout;
	unsigned n_fields;
	uint64_t index[CX_READ_FIELDS_MAX];
};

enum text_field { TEXT_T_NS, TEXT_SENT, TEXT_PART, TEXT_PARTS, TEXT_JSON, TEXT_FIELDS };
static const char *const text_fields[TEXT_FIELDS] = { "t_ns", "sent", "part", "parts", "json" };

struct reading {
	const struct cx_read_calls *calls;
	bt_message_iterator *iterator;
	struct met met[CLASSES_MAX];
	unsigned n_met;
	int code; /* why we stopped, if it was us */
};

/* ---- fields ---- */

static bool is_number(const bt_field_class *class)
{
	switch (bt_field_class_get_type(class)) {
	case BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER:
	case BT_FIELD_CLASS_TYPE_SIGNED_INTEGER:
	case BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION:
	case BT_FIELD_CLASS_TYPE_SIGNED_ENUMERATION:
		return true;
	default:
		return false;
	}
}

static bool is_string(const bt_field_class *class)
{
	return bt_field_class_get_type(class) == BT_FIELD_CLASS_TYPE_STRING;
}

/** The index of member @name of a payload; false when it is not there or not as it should be. */
static bool find_field(const bt_field_class *payload, const char *name, bool string,
		       uint64_t *index)
{
	uint64_t i, n = bt_field_class_structure_get_member_count(payload);

	for (i = 0; i < n; i++) {
		const bt_field_class_structure_member *m =
			bt_field_class_structure_borrow_member_by_index_const(payload, i);
		const bt_field_class *class =
			bt_field_class_structure_member_borrow_field_class_const(m);

		if (strcmp(bt_field_class_structure_member_get_name(m), name) != 0)
			continue;
		*index = i;
		return string ? is_string(class) : is_number(class);
	}
	return false;
}

static uint64_t number(const bt_field *payload, uint64_t index)
{
	const bt_field *f = bt_field_structure_borrow_member_field_by_index_const(payload, index);

	switch (bt_field_get_class_type(f)) {
	case BT_FIELD_CLASS_TYPE_SIGNED_INTEGER:
	case BT_FIELD_CLASS_TYPE_SIGNED_ENUMERATION:
		return (uint64_t)bt_field_integer_signed_get_value(f);
	default:
		return bt_field_integer_unsigned_get_value(f);
	}
}

static void store(struct cx_event *event, const struct cx_read_field *field, uint64_t value)
{
	char *to = (char *)event + field->offset;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	if (field->size == sizeof(u16))
		memcpy(to, &u16, sizeof(u16));
	else if (field->size == sizeof(u32))
		memcpy(to, &u32, sizeof(u32));
	else
		memcpy(to, &value, sizeof(value));
}

/* ---- event classes ---- */

static bool meet_event(struct met *m, const bt_field_class *payload)
{
	const struct cx_read_field *f = m->layout->fields;
	unsigned i;

	for (i = 0; i < CX_READ_FIELDS_MAX && f[i].name; i++)
		if (!find_field(payload, f[i].name, false, &m->index[i]))
			return false;
	m->n_fields = i;
	m->kind = EVENT;
	return true;
}

static bool meet_text(struct met *m, const bt_field_class *payload)
{
	unsigned i;

	for (i = 0; i < TEXT_FIELDS; i++)
		if (!find_field(payload, text_fields[i], i == TEXT_JSON, &m->index[i]))
			return false;
	m->kind = TEXT;
	return true;
}

/** NULL when the class claims to be ours and is not. */
static const struct met *meet(struct reading *r, const bt_event_class *class)
{
	const bt_field_class *payload = bt_event_class_borrow_payload_field_class_const(class);
	const char *name = bt_event_class_get_name(class);
	struct met *m;
	unsigned i;

	for (i = 0; i < r->n_met; i++)
		if (r->met[i].class == class)
			return &r->met[i];
	if (r->n_met == CLASSES_MAX)
		return NULL;
	m = &r->met[r->n_met];
	memset(m, 0, sizeof(*m));
	m->class = class;
	m->kind = FOREIGN;
	if (name && payload) {
		m->is_end = strcmp(name, RUN_END) == 0;
		m->layout = cx_read_layout_of(name);
		if (m->layout && !meet_event(m, payload))
			return NULL;
		if ((m->is_end || strcmp(name, RUN_START) == 0) && !meet_text(m, payload))
			return NULL;
	}
	r->n_met++;
	return m;
}

/* ---- messages ---- */

static int on_event(struct reading *r, const bt_event *event)
{
	const struct met *m = meet(r, bt_event_borrow_class_const(event));
	const bt_field *payload = bt_event_borrow_payload_field_const(event);
	unsigned i;

	if (!m)
		return -EBADMSG;
	if (m->kind == EVENT) {
		struct cx_event out = { .type = (uint16_t)m->layout->type,
					.vcpu = CX_NO_VCPU,
					.prev = CX_NO_VCPU };

		for (i = 0; i < m->n_fields; i++)
			store(&out, &m->layout->fields[i], number(payload, m->index[i]));
		return r->calls->event(r->calls->arg, &out);
	}
	if (m->kind == TEXT) {
		const bt_field *json = bt_field_structure_borrow_member_field_by_index_const(
			payload, m->index[TEXT_JSON]);
		const struct cx_read_text text = {
			.is_end = m->is_end,
			.t_ns = number(payload, m->index[TEXT_T_NS]),
			.sent = number(payload, m->index[TEXT_SENT]),
			.part = number(payload, m->index[TEXT_PART]),
			.parts = number(payload, m->index[TEXT_PARTS]),
			.json = bt_field_string_get_value(json),
			.length = bt_field_string_get_length(json),
		};

		return r->calls->text(r->calls->arg, &text);
	}
	return 0;
}

static int on_message(struct reading *r, const bt_message *message)
{
	uint64_t n;

	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		return on_event(r, bt_message_event_borrow_event_const(message));
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		if (bt_message_discarded_events_get_count(message, &n) !=
		    BT_PROPERTY_AVAILABILITY_AVAILABLE)
			n = 1;
		r->calls->lost(r->calls->arg, n);
		return 0;
	default:
		return 0;
	}
}

static bt_graph_simple_sink_component_initialize_func_status
sink_start(bt_message_iterator *iterator, void *arg)
{
	((struct reading *)arg)->iterator = iterator;
	return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status
sink_consume(bt_message_iterator *iterator, void *arg)
{
	struct reading *r = arg;
	bt_message_array_const messages;
	uint64_t i, n;

	switch (bt_message_iterator_next(iterator, &messages, &n)) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		break;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_MEMORY_ERROR;
	default:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
	}
	for (i = 0; i < n; i++) {
		if (!r->code)
			r->code = on_message(r, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	return r->code ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR
		       : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* ---- the graph ---- */

struct graph {
	bt_graph *graph;
	const bt_plugin *ctf, *utils;
	const bt_component_filter *muxer;
	const bt_component_sink *sink;
	unsigned traces, streams;
};

/** Babeltrace's own words for what went wrong: the first cause is the deepest. */
static int damaged(const char *dir, struct cx_error *err)
{
	const bt_error *error = bt_current_thread_take_error();
	int rc;

	if (error && bt_error_get_cause_count(error) > 0)
		rc = cx_fail(err, EBADMSG, "trace folder %s: damaged: %s", dir,
			     bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
	else
		rc = cx_fail(err, EBADMSG, "trace folder %s: damaged", dir);
	if (error)
		bt_error_release(error);
	return rc;
}

static int find_plugin(const char *name, const bt_plugin **plugin, struct cx_error *err)
{
	if (bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, plugin) ==
	    BT_PLUGIN_FIND_STATUS_OK)
		return 0;
	bt_current_thread_clear_error();
	return cx_fail(err, ELIBACC,
		       "cannot load babeltrace2's plug-in \"%s\"; install the package "
		       "libbabeltrace2-0 whole",
		       name);
}

static int graph_new(struct graph *g, struct reading *r, struct cx_error *err)
{
	const bt_component_class_filter *muxer;
	int rc;

	bt_logging_set_global_level(LOG);
	rc = find_plugin("ctf", &g->ctf, err);
	if (rc == 0)
		rc = find_plugin("utils", &g->utils, err);
	if (rc < 0)
		return rc;
	g->graph = bt_graph_create(0);
	muxer = bt_plugin_borrow_filter_component_class_by_name_const(g->utils, "muxer");
	if (!g->graph || !muxer ||
	    bt_graph_add_filter_component(g->graph, muxer, "muxer", NULL, LOG, &g->muxer) !=
		    BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
	    bt_graph_add_simple_sink_component(g->graph, "coxswain", sink_start, sink_consume, NULL,
					       r, &g->sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
		bt_current_thread_clear_error();
		return cx_fail(err, ENOMEM, "cannot set up babeltrace2");
	}
	return 0;
}

static void graph_free(struct graph *g)
{
	bt_graph_put_ref(g->graph);
	bt_plugin_put_ref(g->ctf);
	bt_plugin_put_ref(g->utils);
}

static bool connect(struct graph *g, const bt_port_output *from, const bt_port_input *to)
{
	return from && to &&
	       bt_graph_connect_ports(g->graph, from, to, NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
}

/** Every stream of @source to the muxer, which grows a port for each. */
static bool connect_streams(struct graph *g, const bt_component_source *source)
{
	uint64_t i, n = bt_component_source_get_output_port_count(source);

	for (i = 0; i < n; i++) {
		uint64_t free_port = bt_component_filter_get_input_port_count(g->muxer) - 1;

		if (!connect(g, bt_component_source_borrow_output_port_by_index_const(source, i),
			     bt_component_filter_borrow_input_port_by_index_const(g->muxer,
										  free_port)))
			return false;
		g->streams++;
	}
	return true;
}

static bt_value *inputs(const char *path)
{
	bt_value *params = bt_value_map_create();
	bt_value *list = NULL;

	if (params &&
	    bt_value_map_insert_empty_array_entry(params, "inputs", &list) ==
		    BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
	    bt_value_array_append_string_element(list, path) ==
		    BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
		return params;
	bt_value_put_ref(params);
	return NULL;
}

static int add_trace(struct graph *g, const char *path, struct cx_error *err)
{
	const bt_component_class_source *class =
		bt_plugin_borrow_source_component_class_by_name_const(g->ctf, "fs");
	const bt_component_source *source = NULL;
	bt_value *params = inputs(path);
	char name[32];
	bool ok;

	snprintf(name, sizeof(name), "trace%u", g->traces++);
	ok = class && params &&
	     bt_graph_add_source_component(g->graph, class, name, params, LOG, &source) ==
		     BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
	     connect_streams(g, source);
	bt_value_put_ref(params);
	return ok ? 0 : damaged(path, err);
}

/** A CTF trace is a folder with a file named metadata. */
static int add_traces(struct graph *g, const char *dir, struct cx_error *err)
{
	char *const roots[] = { (char *)dir, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int rc = 0;

	while (rc == 0 && fts && (entry = fts_read(fts)) != NULL) {
		char path[PATH_MAX];

		if (entry->fts_info != FTS_F || strcmp(entry->fts_name, "metadata") != 0)
			continue;
		if (!cx_read_metadata_whole(entry->fts_path)) {
			rc = cx_fail(err, EBADMSG, "%s: damaged: cut short", entry->fts_path);
			break;
		}
		if (snprintf(path, sizeof(path), "%.*s",
			     (int)(entry->fts_pathlen - strlen("/metadata")),
			     entry->fts_path) < (int)sizeof(path))
			rc = add_trace(g, path, err);
	}
	if (fts)
		fts_close(fts);
	if (rc == 0 && g->traces == 0)
		rc = cx_fail(err, ENOENT, "trace folder %s: no trace is there", dir);
	return rc;
}

static int run(struct graph *g, struct reading *r, const char *dir, struct cx_error *err)
{
	bt_graph_run_status status;

	if (g->streams == 0)
		return 0; /* traced, and nothing written */
	if (!connect(g, bt_component_filter_borrow_output_port_by_index_const(g->muxer, 0),
		     bt_component_sink_borrow_input_port_by_index_const(g->sink, 0)))
		return damaged(dir, err);
	do
		status = bt_graph_run(g->graph);
	while (status == BT_GRAPH_RUN_STATUS_AGAIN);
	if (status == BT_GRAPH_RUN_STATUS_OK)
		return 0;
	if (r->code && r->code != -EBADMSG) {
		bt_current_thread_clear_error();
		return cx_fail(err, -r->code, "trace folder %s: %s", dir, strerror(-r->code));
	}
	if (status == BT_GRAPH_RUN_STATUS_MEMORY_ERROR) {
		bt_current_thread_clear_error();
		return cx_fail(err, ENOMEM, "trace folder %s: out of memory", dir);
	}
	if (r->code) {
		bt_current_thread_clear_error();
		return cx_fail(err, EBADMSG,
			       "trace folder %s: its events are not those of this version", dir);
	}
	return damaged(dir, err);
}

int cx_read_graph(const char *dir, const struct cx_read_calls *calls, struct cx_error *err)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct graph g = { 0 };
	int rc;

	if (!r)
		return cx_fail(err, ENOMEM, "out of memory");
	r->calls = calls;
	rc = graph_new(&g, r, err);
	if (rc == 0)
		rc = add_traces(&g, dir, err);
	if (rc == 0)
		rc = run(&g, r, dir, err);
	graph_free(&g);
	free(r);
	return rc;
}
