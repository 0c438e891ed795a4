/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is an XML file fit for hwloc?  hwloc says nothing of what is wrong and where, and allocates
 * what a file asks for; so expat goes through the file first.
 */
#include "topology/internal.h"

#include "base/text.h"

#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64u
#define ELEMENTS_MAX (1u << 20)
#define VALUE_BYTES_MAX (32u << 10) /* a set of all CPUs takes 22 KiB */
#define MATRIX_MAX 4096u            /* objects between which distances are given */
#define VERSION_MAX 2u
#define WORD_BITS 32u /* hwloc writes sets in words of so many */

struct check {
	const char *file;
	XML_Parser parser;
	unsigned depth, elements, cpus;
	unsigned version; /* major; 1 where none is given */
	int rc;           /* of the first mistake, which ended it */
	struct cx_error *err;
};

/** The first mistake counts. */
static void reject(struct check *c, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void reject(struct check *c, int code, const char *fmt, ...)
{
	char words[CX_ERROR_MAX / 2];
	va_list ap;

	if (c->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	c->rc = cx_fail(c->err, code, "%.400s:%lu: %s", c->file,
			(unsigned long)XML_GetCurrentLineNumber(c->parser), words);
	XML_StopParser(c->parser, XML_FALSE);
}

static void reject_value(struct check *c, int code, const char *element, const char *name,
			 const char *value, const char *allowed)
{
	char found[80], in[80];

	reject(c, code, "%s: %s: found %s, allowed %s", cx_quote(element, in, sizeof(in)), name,
	       cx_quote(value, found, sizeof(found)), allowed);
}

/* --- values -------------------------------------------------------------------------- */

static const char *find(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

static void check_number(struct check *c, const char *element, const char **attributes,
			 const char *name, uint64_t max, const char *what)
{
	const char *value = find(attributes, name), *p;
	uint64_t number = 0;
	char allowed[120];

	if (!value)
		return;
	snprintf(allowed, sizeof(allowed), "0 to %llu%s", (unsigned long long)max, what);
	for (p = value; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			number = UINT64_MAX;
	if (*p || p == value)
		reject_value(c, EINVAL, element, name, value, allowed);
	else if (number > max)
		reject_value(c, ERANGE, element, name, value, allowed);
}

/** "0x0000000f,0xffffffff", the highest first; "0xf...f" in front: all above as well. */
static void check_set(struct check *c, const char *element, const char *name, const char *value,
		      unsigned max, const char *what)
{
	unsigned words = 1;
	char allowed[120];
	const char *p;

	if (strspn(value, "0123456789abcdefABCDEFx,.") != strlen(value)) {
		reject_value(c, EINVAL, element, name, value,
			     "a set as hwloc writes it, such as \"0x0000000f\"");
		return;
	}
	for (p = value; *p; p++)
		words += *p == ',';
	snprintf(allowed, sizeof(allowed), "%s up to number %u", what, max - 1);
	if (words > (max + WORD_BITS - 1) / WORD_BITS)
		reject_value(c, ERANGE, element, name, value, allowed);
}

static void check_sets(struct check *c, const char *element, const char **attributes)
{
	static const char *const of_cpus[] = { "cpuset", "complete_cpuset", "online_cpuset",
					       "allowed_cpuset" };
	static const char *const of_nodes[] = { "nodeset", "complete_nodeset", "allowed_nodeset" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(of_cpus) / sizeof(of_cpus[0]); i++)
		if ((value = find(attributes, of_cpus[i])) != NULL)
			check_set(c, element, of_cpus[i], value, CX_TOPOLOGY_CPUS_MAX, "CPUs");
	for (i = 0; i < sizeof(of_nodes) / sizeof(of_nodes[0]); i++)
		if ((value = find(attributes, of_nodes[i])) != NULL)
			check_set(c, element, of_nodes[i], value, CX_TOPOLOGY_NODES_MAX,
				  "NUMA nodes");
}

/* --- elements --------------------------------------------------------------------------- */

/** Types that hwloc knows although its own reader of names does not. */
static bool is_old_type(const char *type)
{
	static const char *const old[] = { "Cache", "System", "Tile", "Module", "MemCache" };
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcmp(type, old[i]) == 0)
			return true;
	return false;
}

static void check_object(struct check *c, const char *element, const char **attributes)
{
	const char *type = find(attributes, "type");
	hwloc_obj_type_t kind = HWLOC_OBJ_MACHINE;

	if (!type) {
		reject_value(c, EINVAL, element, "type", "", "Machine, Package, Core, PU, ...");
		return;
	}
	if (hwloc_type_sscanf(type, &kind, NULL, 0) < 0 && !is_old_type(type)) {
		reject_value(c, EINVAL, element, "type", type, "Machine, Package, Core, PU, ...");
		return;
	}
	/* Without one hwloc numbers a node 4294967295, and has a bit for each below it. */
	if ((kind == HWLOC_OBJ_PU || kind == HWLOC_OBJ_NUMANODE) && !find(attributes, "os_index"))
		reject_value(c, EINVAL, element, "os_index", "", "its number");
	if (kind == HWLOC_OBJ_PU) {
		check_number(c, element, attributes, "os_index", CX_TOPOLOGY_CPUS_MAX - 1,
			     " (an event names its pCPU in 16 bits)");
		if (++c->cpus > CX_TOPOLOGY_CPUS_MAX)
			reject(c, ERANGE, "found more CPUs than the %u allowed",
			       CX_TOPOLOGY_CPUS_MAX);
	} else if (kind == HWLOC_OBJ_NUMANODE) {
		check_number(c, element, attributes, "os_index", CX_TOPOLOGY_NODES_MAX - 1, "");
	} else {
		check_number(c, element, attributes, "os_index", UINT32_MAX, "");
	}
	check_sets(c, element, attributes);
	check_number(c, element, attributes, "cache_size", UINT64_MAX >> 1, "");
	check_number(c, element, attributes, "local_memory", UINT64_MAX >> 1, "");
	check_number(c, element, attributes, "depth", UINT32_MAX, "");
}

static void check_root(struct check *c, const char *element, const char **attributes)
{
	const char *version = find(attributes, "version");
	unsigned minor;

	if (strcmp(element, "topology") != 0 && strcmp(element, "root") != 0)
		reject(c, EINVAL,
		       "found an element \"%.40s\", allowed \"topology\", as `lstopo --of xml` "
		       "writes it",
		       element);
	else if (version &&
		 (sscanf(version, "%3u.%3u", &c->version, &minor) != 2 || c->version > VERSION_MAX))
		reject_value(c, EINVAL, element, "version", version, "1.0 to 2.x");
}

static void XMLCALL on_start(void *arg, const char *element, const char **attributes)
{
	struct check *c = arg;
	size_t i;

	if (c->rc)
		return;
	if (++c->depth > DEPTH_MAX)
		reject(c, ERANGE, "elements are nested deeper than the %u levels allowed",
		       DEPTH_MAX);
	if (++c->elements > ELEMENTS_MAX)
		reject(c, ERANGE, "found more than the %u elements allowed", ELEMENTS_MAX);
	for (i = 0; attributes[i]; i += 2)
		if (strlen(attributes[i + 1]) > VALUE_BYTES_MAX)
			reject(c, ERANGE, "\"%.40s\": %.40s: found %zu bytes, allowed up to %u",
			       element, attributes[i], strlen(attributes[i + 1]), VALUE_BYTES_MAX);
	if (c->elements == 1)
		check_root(c, element, attributes);
	else if (strcmp(element, "object") == 0)
		check_object(c, element, attributes);
	check_number(c, element, attributes, "nbobjs", MATRIX_MAX, "");
}

static void XMLCALL on_end(void *arg, const char *element)
{
	struct check *c = arg;

	(void)element;
	c->depth--;
}

/** hwloc's files name a DTD and have none in them; one could define any amount of text. */
static void XMLCALL on_doctype(void *arg, const char *name, const char *system_id,
			       const char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	if (has_internal_subset)
		reject(arg, EINVAL, "found declarations in the DOCTYPE, allowed none");
}

static int not_well_formed(struct check *c)
{
	enum XML_Error error = XML_GetErrorCode(c->parser);

	if (error == XML_ERROR_NO_MEMORY)
		return cx_fail(c->err, ENOMEM, "topology: out of memory");
	if (error == XML_ERROR_NO_ELEMENTS)
		reject(c, EINVAL, "found the end of the file within it: is it cut short?");
	else
		reject(c, EINVAL,
		       "column %lu: no XML: %s; name a file that `lstopo --of xml` wrote",
		       (unsigned long)XML_GetCurrentColumnNumber(c->parser) + 1,
		       XML_ErrorString(error));
	return c->rc;
}

int cx_topology_xml_check(const char *file, const char *text, size_t len, unsigned *cpus,
			  struct cx_error *err)
{
	struct check c = { .file = file, .version = 1, .err = err };
	enum XML_Status status;

	if (len == 0)
		return cx_fail(err, EINVAL,
			       "%s: is empty; name a file that `lstopo --of xml` wrote", file);
	c.parser = XML_ParserCreate(NULL);
	if (!c.parser)
		return cx_fail(err, ENOMEM, "topology: out of memory");
	XML_SetUserData(c.parser, &c);
	XML_SetElementHandler(c.parser, on_start, on_end);
	XML_SetStartDoctypeDeclHandler(c.parser, on_doctype);
	status = XML_Parse(c.parser, text, (int)len, XML_TRUE);
	if (!c.rc && status != XML_STATUS_OK)
		not_well_formed(&c);
	if (!c.rc && c.cpus == 0)
		c.rc = cx_fail(err, EINVAL,
			       "%s: found 0 CPUs (objects of type PU), allowed 1 to %u", file,
			       CX_TOPOLOGY_CPUS_MAX);
	XML_ParserFree(c.parser);
	*cpus = c.version < 2 ? 0 : c.cpus;
	return c.rc;
}
