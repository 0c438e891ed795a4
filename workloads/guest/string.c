/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that the compiler may call in a freestanding program.  As string
 * instructions, because a loop would be recognised and turned into a call to itself.
 */
#include "cx_guest.h"

void *memset(void *to, int byte, size_t len)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(byte) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(len) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *t = (unsigned char *)to + len - 1;
	const unsigned char *f = (const unsigned char *)from + len - 1;

	if ((uintptr_t)to - (uintptr_t)from >= len)
		return memcpy(to, from, len);
	__asm__ volatile("std; rep movsb; cld" : "+D"(t), "+S"(f), "+c"(len) : : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	while (len--) {
		if (*x != *y)
			return *x - *y;
		x++;
		y++;
	}
	return 0;
}
