/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a metadata file: CTF 1.8, "packet-based metadata". */
#include "trace/read_internal.h"

#include <byteswap.h>
#include <stdio.h>

#define MAGIC 0x75D11D57u
#define BITS 8u

struct packet {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t checksum, content_bits, packet_bits;
	uint8_t schemes[5]; /* compression, encryption, checksum; version */
} __attribute__((packed));

/** The bytes of the packet at @f's position, of @left that are there; 0 when it is not whole. */
static uint64_t packet_bytes(FILE *f, uint64_t left)
{
	struct packet p;

	if (fread(&p, sizeof(p), 1, f) != 1)
		return 0;
	if (p.magic == bswap_32(MAGIC)) {
		p.content_bits = bswap_32(p.content_bits);
		p.packet_bits = bswap_32(p.packet_bits);
	} else if (p.magic != MAGIC) {
		return 0;
	}
	if (p.content_bits < sizeof(p) * BITS || p.packet_bits < p.content_bits ||
	    p.packet_bits / BITS > left)
		return 0;
	return p.packet_bits / BITS;
}

static bool is_text(FILE *f)
{
	uint32_t magic;
	bool packets = fread(&magic, sizeof(magic), 1, f) == 1 &&
		       (magic == MAGIC || magic == bswap_32(MAGIC));

	rewind(f);
	return !packets;
}

bool cx_read_metadata_whole(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t at = 0, bytes = 1, size = 0;

	if (f && fseek(f, 0, SEEK_END) == 0)
		size = (uint64_t)ftell(f);
	if (f)
		rewind(f);
	if (f && !is_text(f)) {
		while (at < size && bytes > 0) {
			bytes = packet_bytes(f, size - at);
			at += bytes;
			if (fseek(f, (long)at, SEEK_SET) < 0)
				break;
		}
	}
	if (f)
		fclose(f);
	return size > 0 && bytes > 0;
}
