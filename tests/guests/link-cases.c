/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a peer must not do to a link, and what of PCI is not its own; verdicts as in cases.c. The
 * cell is peer 1 of its link, alone.
 */
#include "runtime/x86/x86.h"

#define FUNCTIONS 65536
#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc

static struct ivshmem end;

static void verdict(bool ok, const char *what, uint64_t value)
{
	printk("%s " CASE ": %s (0x%llx)\n", ok ? "ok" : "not ok", what, (unsigned long long)value);
}

static void write_and_live(volatile void *address)
{
	*(volatile uint32_t *)address = 1;
	verdict(false, "the write went on", (uintptr_t)address);
}

static void state_table(void)
{
	write_and_live(end.state + 1);
}

static void foreign_output(void)
{
	write_and_live(end.outputs);
}

static void beyond_the_end(void)
{
	write_and_live(end.outputs + end.max_peers * end.output_size);
}

static void registers_of_version_1(void)
{
	verdict(false, "the read went on", mmio_read32(end.registers));
}

/* Guests look for a function whose class and revision are just this. */
static void registers_with_states(void)
{
	uint32_t class = pci_read(end.function, 8, 4);

	verdict(class == 0xff000000, "class and revision", class);
	mmio_write32(end.registers + CELLHV_IVSHMEM1_INTX_CONTROL, 1);
	mmio_write32(end.registers + CELLHV_IVSHMEM1_LOCAL_STATE, 7);
	mmio_write32(end.registers + CELLHV_IVSHMEM1_DOORBELL, 0);
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM1_REGISTERS; offset += 4) {
		uint32_t value = mmio_read32(end.registers + offset);
		uint32_t expected = offset == CELLHV_IVSHMEM1_INTX_CONTROL  ? 1
				    : offset == CELLHV_IVSHMEM1_POSITION    ? end.id
				    : offset == CELLHV_IVSHMEM1_LOCAL_STATE ? 7
									    : 0;

		if (value != expected || offset == CELLHV_IVSHMEM1_REMOTE_STATE)
			verdict(value == expected, "register", (uint64_t)offset << 32 | value);
	}
}

/* What is allowed: all sections read, two of them written, and new memory is zero. */
static void sections(void)
{
	uint64_t size =
		(uint64_t)(end.outputs - (char *)end.memory) + end.max_peers * end.output_size;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i += 8)
		sum |= *(volatile uint64_t *)((char *)end.memory + i);
	verdict(sum == 0, "new memory is zero", sum);
	for (uint64_t i = 0; i < end.common_size; i += 8)
		*(volatile uint64_t *)(end.common + i) = i;
	for (uint64_t i = 0; i < end.output_size; i += 8)
		*(volatile uint64_t *)(end.outputs + end.id * end.output_size + i) = i;
	ivshmem_set_state(&end, 0x1234);
	verdict(end.state[end.id] == 0x1234, "the state is in the table", end.state[end.id]);
	verdict(end.state[0] == 0 && end.state[2] == 0, "and only this one", end.state[0]);
}

static uint32_t config_by_ports(uint32_t function, uint32_t value)
{
	outl(PORT_ADDRESS, 0x80000000u | function << 8);
	outl(PORT_DATA, value);
	return inl(PORT_DATA);
}

/*
 * By ports all functions of bus 0 and each device of the others, by MMCONFIG the functions of bus
 * 0, with a sample of their extended space.
 */
static void foreign_functions(void)
{
	uint32_t found = 0;

	for (uint32_t function = 0; function < FUNCTIONS; function += function < 256 ? 1 : 8)
		if (function != end.function)
			found |= ~config_by_ports(function, 0);
	verdict(!found, "foreign functions by ports", found);

	for (uint32_t offset = 0; comm->mmconfig_base && offset < 256 * 4096;
	     offset += offset % 4096 < 256 ? 4 : 256) {
		if (offset / 4096 == end.function)
			continue;
		mmio_write32(comm->mmconfig_base + offset, 0);
		found |= ~mmio_read32(comm->mmconfig_base + offset);
	}
	verdict(!found, "foreign functions by MMCONFIG", found);
	outl(PORT_ADDRESS, (uint32_t)end.function << 8);
	found = inl(PORT_DATA);
	verdict(found == UINT32_MAX, "the enable bit is off", found);
	found = config_by_ports(end.function, 0);
	verdict(found == (CELLHV_IVSHMEM2_DEVICE << 16 | CELLHV_IVSHMEM2_VENDOR),
		"its own by ports", found);
}

static void straddling_port(void)
{
	outl(PORT_ADDRESS, 0x80000000u | (uint32_t)end.function << 8);
	verdict(false, "a port access beyond CFF", inl(PORT_DATA + 2));
}

static const struct {
	char name[24];
	void (*run)(void);
} cases[] = {
	{"link-state-table", state_table},    {"link-foreign-output", foreign_output},
	{"link-beyond", beyond_the_end},      {"link-registers", registers_of_version_1},
	{"link-sections", sections},	      {"link-functions", foreign_functions},
	{"link-straddling", straddling_port}, {"link-states", registers_with_states},
};

void guest_main(void)
{
	if (!ivshmem_open(&end, 2, 0) && !ivshmem_open(&end, 1, 0)) {
		verdict(false, "no function", 0);
		return;
	}
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (__builtin_memcmp(cases[i].name, CASE, sizeof(CASE)) == 0)
			cases[i].run();
}
