/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a payload: a static ELF64 program.  The file may be anything, so every offset,
 * size and count is checked against the file before it is used; what is kept is copied
 * out, because nothing in the file needs to be aligned.
 */
#include "core/vmm/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ELF_HEADERS_MAX 1024u /* program or section headers; payloads have a dozen */

/** @n bytes at @offset of the file, copied to @to; false if they are not all in it. */
static bool take(const struct cx_payload *p, uint64_t offset, void *to, size_t n)
{
	if (offset > p->size || n > p->size - offset)
		return false;
	memcpy(to, p->file + offset, n);
	return true;
}

static int bad(struct cx_error *err, const char *path, const char *what)
{
	return cx_fail(err, ENOEXEC, "%s: not a usable payload: %s", path, what);
}

static int read_file(struct cx_payload *p, const char *path, struct cx_error *err)
{
	struct stat st;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return cx_fail(err, errno, "%s: cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0) {
		rc = cx_fail(err, errno, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = bad(err, path, "it is not a file");
		goto out;
	}
	if ((uint64_t)st.st_size > CX_PAYLOAD_FILE_MAX) {
		rc = bad(err, path, "the file is larger than 64 MiB");
		goto out;
	}
	p->file = malloc((size_t)st.st_size + 1);
	if (!p->file) {
		rc = cx_fail(err, ENOMEM, "%s: out of memory while reading it", path);
		goto out;
	}
	while (p->size < (size_t)st.st_size) {
		ssize_t n = read(fd, p->file + p->size, (size_t)st.st_size - p->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = cx_fail(err, errno, "%s: cannot be read: %s", path, strerror(errno));
		if (n <= 0) /* shorter than it was: what is left is checked as it is */
			break;
		p->size += (size_t)n;
	}
out:
	close(fd);
	return rc;
}

static int check_header(const struct cx_payload *p, Elf64_Ehdr *eh, const char *path,
			struct cx_error *err)
{
	if (!take(p, 0, eh, sizeof(*eh)))
		return bad(err, path, "the file is too short for an ELF header");
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
		return bad(err, path, "it is not an ELF file");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB ||
	    eh->e_machine != EM_X86_64)
		return bad(err, path, "it is not for 64-bit x86");
	if (eh->e_ident[EI_VERSION] != EV_CURRENT || eh->e_version != EV_CURRENT)
		return bad(err, path, "its ELF version is unknown");
	if (eh->e_type != ET_EXEC)
		return bad(err, path,
			   "it is not a static program at a fixed address "
			   "(link with -static -no-pie)");
	if (eh->e_phnum == 0 || eh->e_phnum > ELF_HEADERS_MAX ||
	    eh->e_phentsize != sizeof(Elf64_Phdr))
		return bad(err, path, "its program headers are malformed");
	if (eh->e_shnum == 0 || eh->e_shnum > ELF_HEADERS_MAX ||
	    eh->e_shentsize != sizeof(Elf64_Shdr) || eh->e_shstrndx >= eh->e_shnum)
		return bad(err, path, "its section headers are missing or malformed");
	return 0;
}

static int add_segment(struct cx_payload *p, const Elf64_Phdr *ph, const char *path,
		       struct cx_error *err)
{
	if (ph->p_filesz > ph->p_memsz)
		return bad(err, path, "a segment is larger in the file than in memory");
	if (ph->p_memsz == 0)
		return 0;
	if (ph->p_offset > p->size || ph->p_filesz > p->size - ph->p_offset)
		return bad(err, path, "a segment lies outside the file");
	if (ph->p_vaddr < CX_GUEST_IMAGE || ph->p_vaddr > CX_GUEST_IMAGE + CX_PAYLOAD_IMAGE_MAX ||
	    ph->p_memsz > CX_GUEST_IMAGE + CX_PAYLOAD_IMAGE_MAX - ph->p_vaddr)
		return bad(err, path,
			   "a segment lies outside 2 MiB .. 258 MiB (link with payload.ld)");
	if (ph->p_vaddr < p->end)
		return bad(err, path, "its segments overlap or are not in order");
	if (p->n_load == CX_PAYLOAD_SEGMENTS)
		return bad(err, path, "it has more than 32 segments");
	p->load[p->n_load++] = *ph;
	p->end = ph->p_vaddr + ph->p_memsz;
	return 0;
}

static int read_segments(struct cx_payload *p, const Elf64_Ehdr *eh, const char *path,
			 struct cx_error *err)
{
	bool entry_ok = false;

	for (unsigned i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;
		int rc = 0;

		if (eh->e_phoff > p->size ||
		    !take(p, eh->e_phoff + i * sizeof(ph), &ph, sizeof(ph)))
			return bad(err, path, "its program headers lie outside the file");
		if (ph.p_type == PT_INTERP || ph.p_type == PT_DYNAMIC)
			return bad(err, path, "it is dynamically linked (link with -static)");
		if (ph.p_type == PT_TLS)
			return bad(err, path, "it uses thread-local storage, which guests lack");
		if (ph.p_type == PT_LOAD)
			rc = add_segment(p, &ph, path, err);
		if (rc < 0)
			return rc;
		if (ph.p_type == PT_LOAD && (ph.p_flags & PF_X) && eh->e_entry >= ph.p_vaddr &&
		    eh->e_entry - ph.p_vaddr < ph.p_filesz)
			entry_ok = true;
	}
	if (p->n_load == 0)
		return bad(err, path, "it has nothing to load");
	if (!entry_ok)
		return bad(err, path, "its entry point is not in its code");
	p->entry = eh->e_entry;
	return 0;
}

static bool read_section(const struct cx_payload *p, const Elf64_Ehdr *eh, unsigned i,
			 Elf64_Shdr *sh)
{
	return eh->e_shoff <= p->size &&
	       take(p, eh->e_shoff + (uint64_t)i * sizeof(*sh), sh, sizeof(*sh));
}

/** Is the section's name @name?  @strings is the table of section names, inside the file. */
static bool section_is(const struct cx_payload *p, const Elf64_Shdr *strings, const Elf64_Shdr *sh,
		       const char *name)
{
	size_t n = strlen(name) + 1;

	/* With its terminator, so that an unterminated table cannot match. */
	return sh->sh_name < strings->sh_size && n <= strings->sh_size - sh->sh_name &&
	       memcmp(p->file + strings->sh_offset + sh->sh_name, name, n) == 0;
}

static int read_workload(struct cx_payload *p, const Elf64_Ehdr *eh, const char *path,
			 struct cx_error *err)
{
	Elf64_Shdr strings, sh;

	if (!read_section(p, eh, eh->e_shstrndx, &strings) || strings.sh_type != SHT_STRTAB ||
	    strings.sh_offset > p->size || strings.sh_size > p->size - strings.sh_offset)
		return bad(err, path, "its section names lie outside the file");
	for (unsigned i = 0; i < eh->e_shnum; i++) {
		if (!read_section(p, eh, i, &sh))
			return bad(err, path, "its section headers lie outside the file");
		if (sh.sh_type != SHT_PROGBITS ||
		    !section_is(p, &strings, &sh, CX_WORKLOAD_SECTION))
			continue;
		if (sh.sh_size < sizeof(p->info) ||
		    !take(p, sh.sh_offset, &p->info, sizeof(p->info)))
			return bad(err, path, "its section " CX_WORKLOAD_SECTION " is cut short");
		return 0;
	}
	return bad(err, path,
		   "it has no section " CX_WORKLOAD_SECTION " (describe it with CX_WORKLOAD)");
}

/** Terminated within @size, and of printable characters: it is shown to people. */
static bool is_text(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return n < size;
}

/** A name that a scenario can use as a key. */
static bool is_name(const char *s, size_t size)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return is_text(s, size) && s[0] && s[strspn(s, allowed)] == '\0';
}

#define IS_TEXT(field) is_text(field, sizeof(field))
#define IS_NAME(field) is_name(field, sizeof(field))

static int check_params(const struct cx_workload_info *info, const char *path, struct cx_error *err)
{
	for (unsigned i = 0; i < info->n_params; i++) {
		const struct cx_workload_param *param = &info->params[i];

		if (!IS_NAME(param->name) || !IS_TEXT(param->unit) || !IS_TEXT(param->doc))
			return bad(err, path, "a parameter's name, unit or doc is malformed");
		if (param->type > CX_WORKLOAD_BOOL || param->min > param->max ||
		    param->def < param->min || param->def > param->max)
			return bad(err, path, "a parameter's type or bounds are malformed");
		for (unsigned j = 0; j < i; j++)
			if (strcmp(info->params[j].name, param->name) == 0)
				return bad(err, path, "two of its parameters have one name");
	}
	return 0;
}

static int check_workload(const struct cx_workload_info *info, const char *path,
			  struct cx_error *err)
{
	if (info->magic != CX_WORKLOAD_MAGIC)
		return bad(err, path, "its section " CX_WORKLOAD_SECTION " holds something else");
	if (info->version != CX_GUEST_ABI_VERSION)
		return cx_fail(err, ENOEXEC,
			       "%s: built for version %u of the guest ABI, this program has %u: "
			       "build it again",
			       path, info->version, CX_GUEST_ABI_VERSION);
	if (!IS_NAME(info->name) || !IS_TEXT(info->summary) || !IS_TEXT(info->progress_unit))
		return bad(err, path, "its name, summary or unit is malformed");
	if (info->n_results > CX_GUEST_RESULTS || info->n_params > CX_GUEST_PARAMS)
		return bad(err, path, "it has more than 16 results or parameters");
	for (unsigned i = 0; i < info->n_results; i++)
		if (!IS_NAME(info->results[i]))
			return bad(err, path, "a result's name is malformed");
	return check_params(info, path, err);
}

int cx_payload_open(const char *path, struct cx_payload **payload, struct cx_error *err)
{
	struct cx_payload *p = calloc(1, sizeof(*p));
	Elf64_Ehdr eh = { 0 };
	int rc;

	if (!p)
		return cx_fail(err, ENOMEM, "%s: out of memory while reading it", path);
	rc = read_file(p, path, err);
	if (rc == 0)
		rc = check_header(p, &eh, path, err);
	if (rc == 0)
		rc = read_segments(p, &eh, path, err);
	if (rc == 0)
		rc = read_workload(p, &eh, path, err);
	if (rc == 0)
		rc = check_workload(&p->info, path, err);
	if (rc < 0) {
		cx_payload_close(p);
		return rc;
	}
	*payload = p;
	return 0;
}

void cx_payload_close(struct cx_payload *payload)
{
	if (!payload)
		return;
	free(payload->file);
	free(payload);
}

const struct cx_workload_info *cx_payload_info(const struct cx_payload *payload)
{
	return &payload->info;
}
