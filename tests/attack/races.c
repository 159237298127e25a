/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One CPU changes what the hypervisor is reading for the other. */
#include "attack.h"

#define APIC_ID_REGISTER 0xfee00020ul
#define ROUNDS 3000
#define PATIENCE_US 3000000
#define RETURN 0xc3
#define PRESENT_WRITABLE 0x3ull

static volatile bool stop, started;
static volatile struct {
	uint16_t instruction;
	uint8_t end;
} code __attribute__((aligned(4096)));

/* Each of them is two bytes long, and lives: loads, and a store that the register drops. */
static const uint16_t instructions[] = {0x078b, 0x178b, 0x0789, 0x0f8b};

static bool begin(void (*other)(void))
{
	uint64_t from = rdtsc();

	code.instruction = instructions[0];
	code.end = RETURN;
	if (smp_wait() < 2 || !smp_start(1, other))
		return verdict(false, "the other CPU is away", 0);
	while (!started && rdtsc() - from < clock_from_us(PATIENCE_US))
		cpu_relax();
	return started || verdict(false, "the other CPU is silent", 0);
}

static void access_once(uintptr_t at)
{
	ATTEMPT("call *%0", : : "r"(at), "D"(APIC_ID_REGISTER) : "rax", "rcx", "rdx", "memory");
}

static void rewrite_code(void)
{
	for (started = true; !stop;)
		code.instruction = instructions[scatter() % COUNT(instructions)];
}

void attack_rewritten_code(void)
{
	uint64_t from = rdtsc();
	unsigned int rounds = 0;

	if (!begin(rewrite_code))
		return;
	for (; rounds < ROUNDS && rdtsc() - from < clock_from_us(PATIENCE_US); rounds++)
		access_once((uintptr_t)&code);
	stop = true;
	verdict(rounds > 10, "rounds", rounds);
}

static uint64_t phys_of_code(void)
{
	return (uintptr_t)&code;
}

/* Where the tables of the trapped instruction lead, in the end or on the way. */
static void rewrite_tables(void)
{
	static const uint64_t targets[] = {
		0,	    0xfee00003,		0xfec00003, 0x200003,	      0x1000003,
		0x3f000003, 0xffffffffff003ull, ~0ull,	    0x100000000003ull};
	volatile uint64_t *directory = alias_directory_entry();
	const uint64_t entry = phys_of_code() | PRESENT_WRITABLE, right = *directory;

	for (started = true; !stop;) {
		uint64_t target = targets[scatter() % COUNT(targets)];

		if (scatter() & 1)
			alias_entry[0] = target;
		else
			*directory = target;
		alias_entry[0] = entry;
		*directory = right;
		for (unsigned int i = 0; i < 50; i++)
			cpu_relax();
	}
}

/* A parked cell is as right as one that goes on. */
void attack_rewritten_tables(void)
{
	alias_map(phys_of_code());
	if (!begin(rewrite_tables))
		return;
	for (unsigned int round = 0; round < ROUNDS; round++)
		access_once(ALIAS);
	stop = true;
	verdict(true, "rounds", ROUNDS);
}

static struct ivshmem end;

static void change_table(void)
{
	for (started = true; !stop;) {
		uint64_t random = scatter();
		uintptr_t at = end.msix + (random & 0xfc);

		if (random & 0x10000)
			mmio_write32(at, (uint32_t)(random >> 32));
		else if (random & 0x20000)
			pci_write(end.function, PCI_COMMAND, 2,
				  (uint32_t)(random >> 40) | PCI_COMMAND_MEMORY);
		else
			pci_msix_set(end.function, random >> 40 & 1, 0x40 + (random >> 48 & 63));
	}
}

/* Both write the table of the one function, and one rings what the other changes. */
void attack_msix(void)
{
	if (!ivshmem_open(&end, 2, 0)) {
		verdict(false, "no function", 0);
		return;
	}
	ivshmem_enable(&end, 0, 0x40);
	if (!begin(change_table))
		return;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t random = scatter();

		mmio_write32(end.registers + CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 1);
		ivshmem_ring(&end, random & 1 ? end.id : random >> 8 & 0xffff, random >> 24 & 0xff);
		ivshmem_set_state(&end, (uint32_t)random);
		mmio_write32(end.msix + (random >> 32 & 0xfc), (uint32_t)scatter());
		(void)mmio_read32(end.msix + (random >> 40 & 0x1fc));
	}
	stop = true;
	verdict(true, "rounds", ROUNDS);
}
