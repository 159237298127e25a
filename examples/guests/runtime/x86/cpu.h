/* SPDX-License-Identifier: BSD-2-Clause */
/* What runtime.h has of an architecture in instructions. */
#ifndef CPU_H
#define CPU_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* The counter whose clocks all times are in. */
static inline uint64_t clock_now(void)
{
	return rdtsc();
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

/* The processor keeps the order by itself (AMD64 APM vol. 2, 7.1 and 7.4), the compiler does not.
 */
static inline void dma_barrier(void)
{
	asm volatile("" : : : "memory");
}

/* Sleep until an interrupt has been handled. STI takes effect after HLT: no wake-up is lost. */
static inline void cpu_idle(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

_Noreturn static inline void cpu_halt(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

/*
 * 64 by 32 bits with two DIVs, in either mode: in 32-bit code C's own division needs a library.
 * Stores the remainder where `remainder` is not a null pointer.
 */
static inline uint64_t divide(uint64_t dividend, uint32_t divisor, uint32_t *remainder)
{
	uint32_t high = (uint32_t)(dividend >> 32), low = (uint32_t)dividend;
	uint32_t rest = 0;

	asm("divl %2" : "+a"(high), "+d"(rest) : "r"(divisor) : "cc");
	asm("divl %2" : "+a"(low), "+d"(rest) : "r"(divisor) : "cc");
	if (remainder)
		*remainder = rest;
	return (uint64_t)high << 32 | low;
}

#endif
