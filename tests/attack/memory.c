/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports and memory that are not the cell's, and what an owner before it has left. */
#include "attack.h"

#define CR4_OSFXSR 0x200ul
#define FXSAVE_XMM 160
#define FXSAVE_END 416
#define SECOND_REGION 0x200000
#define SECOND_SIZE 0x100000
#define PATTERN 0x5ec2e75ec2e75ec2

static uint32_t port_in(uint16_t port, uint64_t size)
{
	uint32_t value = 0;

	if (size == 1)
		asm volatile("inb %%dx, %%al" : "+a"(value) : "d"(port));
	else if (size == 2)
		asm volatile("inw %%dx, %%ax" : "+a"(value) : "d"(port));
	else
		asm volatile("inl %%dx, %%eax" : "+a"(value) : "d"(port));
	return value;
}

static void port_out(uint16_t port, uint64_t size)
{
	if (size == 1)
		outb(port, 6);
	else if (size == 2)
		outw(port, 6);
	else
		outl(port, 6);
}

static void port_string(uint16_t port)
{
	static uint8_t buffer[64];
	void *at = buffer;
	unsigned long count = sizeof(buffer);

	asm volatile("rep insb" : "+D"(at), "+c"(count) : "d"(port) : "memory");
}

/* PORT SIZE HOW: 0 in, 1 out, 2 a string of it. */
void attack_port(void)
{
	uint16_t port = (uint16_t)arguments[0];

	if (arguments[2] == 2)
		port_string(port);
	else if (arguments[2])
		port_out(port, arguments[1]);
	else
		port_in(port, arguments[1]);
	verdict(false, "used the port", port);
}

/* PHYSICAL HOW: 0 read, 1 write, 2 execute. */
void attack_touch(void)
{
	volatile uint64_t *at = (volatile uint64_t *)(ALIAS + (arguments[0] & 0xff8));

	alias_map(arguments[0] & ~0xfffull);
	if (arguments[1] == 2)
		asm volatile("call *%0" : : "r"(ALIAS) : "memory");
	else if (arguments[1])
		*at = 0xc3;
	else
		(void)*at;
	verdict(false, "touched", arguments[0]);
}

static const uint32_t kept_msrs[] = {
	0x174,	    0x175,	0x176,	    0xc0000081, 0xc0000082, 0xc0000083,
	0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103,
};

static void registers_of_others(void)
{
	for (unsigned int i = 0; i < COUNT(kept_msrs); i++) {
		uint64_t value;

		if (try_rdmsr(kept_msrs[i], &value) && value)
			verdict(false, "an MSR is not 0",
				(uint64_t)kept_msrs[i] << 32 | (uint32_t)value);
		try_wrmsr(kept_msrs[i], 0x5ec2);
	}
}

static void vectors_of_others(void)
{
	static uint64_t area[64] __attribute__((aligned(16)));
	uint64_t sum = 0;

	write_cr4(read_cr4() | CR4_OSFXSR);
	asm volatile("fxsave64 %0" : "+m"(area));
	for (unsigned int i = FXSAVE_XMM / 8; i < FXSAVE_END / 8; i++) {
		sum |= area[i];
		area[i] = PATTERN;
	}
	verdict(!sum, "vector registers", sum);
	asm volatile("fxrstor64 %0" : : "m"(area));
}

static void debug_registers_of_others(void)
{
	unsigned long value[4];

	asm volatile("mov %%db0, %0; mov %%db1, %1; mov %%db2, %2; mov %%db3, %3"
		     : "=r"(value[0]), "=r"(value[1]), "=r"(value[2]), "=r"(value[3]));
	verdict(!(value[0] | value[1] | value[2] | value[3]), "debug registers", value[0]);
	asm volatile("mov %0, %%db0; mov %0, %%db3" : : "r"(PATTERN & 0xffffffff));
}

/* What all owners of this memory and this CPU leave, and none may find. */
void attack_leftovers(void)
{
	volatile uint64_t *memory = (volatile uint64_t *)SECOND_REGION;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < SECOND_SIZE / 8; i++) {
		sum |= memory[i];
		memory[i] = PATTERN;
	}
	verdict(!sum, "memory", sum);
	vectors_of_others();
	debug_registers_of_others();
	registers_of_others();
}
