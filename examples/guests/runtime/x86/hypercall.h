/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls (cellhv/guest.h): EAX = code, RDI and RSI = arguments, result in EAX.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include <stdbool.h>
#include <cellhv/guest.h>
#include "x86.h"

/* AMD's processors and their licensed relatives know VMMCALL, all others VMCALL. */
static inline bool hypercall_is_vmmcall(void)
{
	uint32_t vendor = cpuid(0).ebx;

	return vendor == 0x68747541 /* "Auth"enticAMD */ || vendor == 0x6f677948 /* "Hygo"n */;
}

static inline int32_t hypercall(bool vmmcall, uint32_t code, unsigned long arg1, unsigned long arg2)
{
	int32_t result = (int32_t)code;

	if (vmmcall)
		asm volatile("vmmcall" : "+a"(result) : "D"(arg1), "S"(arg2) : "memory");
	else
		asm volatile("vmcall" : "+a"(result) : "D"(arg1), "S"(arg2) : "memory");
	return result;
}

#endif
