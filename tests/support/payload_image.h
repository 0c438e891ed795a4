/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/payload_image.h - a payload file in memory, for tests and fuzzers to spoil.
 */
#ifndef CX_TEST_PAYLOAD_IMAGE_H
#define CX_TEST_PAYLOAD_IMAGE_H

#include "core/vmm/internal.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_AT CX_GUEST_IMAGE
#define NAMES "\0.coxswain.workload\0.shstrtab"

/** A small payload that is right in all, for tests to spoil. */
struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	Elf64_Shdr sh[3];
	struct cx_workload_info info;
	uint8_t code[64];
	char names[sizeof(NAMES)];
};

static inline struct image good_image(void)
{
	struct image image = {
		.eh =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					    ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_EXEC,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_entry = CODE_AT + 4,
				.e_phoff = offsetof(struct image, ph),
				.e_shoff = offsetof(struct image, sh),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 3,
				.e_shentsize = sizeof(Elf64_Shdr),
				.e_shnum = 3,
				.e_shstrndx = 2,
			},
		.ph =
			{
				{.p_type = PT_LOAD,
				 .p_flags = PF_R | PF_X,
				 .p_offset = offsetof(struct image, code),
				 .p_vaddr = CODE_AT,
				 .p_filesz = 64,
				 .p_memsz = 64},
				{.p_type = PT_LOAD,
				 .p_flags = PF_R | PF_W,
				 .p_offset = offsetof(struct image, info),
				 .p_vaddr = CODE_AT + 0x1000,
				 .p_filesz = sizeof(struct cx_workload_info),
				 .p_memsz = 0x10000},
				{.p_type = PT_NOTE},
			},
		.sh =
			{
				{.sh_type = SHT_NULL},
				{.sh_name = 1,
				 .sh_type = SHT_PROGBITS,
				 .sh_offset = offsetof(struct image, info),
				 .sh_size = sizeof(struct cx_workload_info)},
				{.sh_name = 20,
				 .sh_type = SHT_STRTAB,
				 .sh_offset = offsetof(struct image, names),
				 .sh_size = sizeof(NAMES)},
			},
		.info =
			{
				.magic = CX_WORKLOAD_MAGIC,
				.version = CX_GUEST_ABI_VERSION,
				.name = "sample",
				.summary = "a sample",
				.progress_unit = "steps",
				.n_results = 1,
				.n_params = 2,
				.results = {"took_ns"},
				.params =
					{
						{"one", "us", CX_WORKLOAD_INT, 0, -5, 5, 0, "x"},
						{"two", "", CX_WORKLOAD_BOOL, 0, 0, 1, 1, "y"},
					},
			},
		.names = NAMES,
	};

	return image;
}

#endif
