/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/mmio.h"

#include "arch/x86/apic.h"
#include "arch/x86/guest_memory.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "arch/x86/pc.h"
#include "arch/x86/pci.h"
#include "arch/x86/vcpu.h"
#include "core/cell.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/iommu.h"
#include "core/memory.h"
#include "core/message_table.h"
#include "core/print.h"

struct mmio_access {
	uint64_t guest;
	struct mmio_instruction instruction;
	uint64_t value; /* written, or to be read */
};

static uint64_t *mmio_register(struct cpu *cpu, const struct mmio_instruction *instruction)
{
	unsigned reg = instruction->high_byte ? instruction->reg - 4u : instruction->reg;

	return &cpu->arch->regs[reg & 15];
}

/* Fetches and decodes the instruction that trapped. */
static bool mmio_decode(struct cpu *cpu, struct mmio_access *access)
{
	uint8_t bytes[DECODE_MAX_LENGTH];
	struct vcpu_state state;
	size_t length;

	vcpu_ops->get_state(cpu, &state);
	length = guest_fetch(cpu, &state, state.linear_ip, bytes, sizeof(bytes));
	if (decode_mmio(bytes, length, &state.mode, &access->instruction))
		return false;

	if (access->instruction.is_write)
		access->value = decode_value_to_write(&access->instruction,
						      *mmio_register(cpu, &access->instruction));
	return true;
}

static void mmio_finish(struct cpu *cpu, const struct mmio_access *access)
{
	const struct mmio_instruction *instruction = &access->instruction;
	uint64_t *reg = mmio_register(cpu, instruction);

	if (!instruction->is_write)
		*reg = decode_merge_read(instruction, *reg, access->value);
	vcpu_ops->skip(cpu, instruction->length);
}

/* The root's APIC in xAPIC mode: reads go to the hardware, writes come here for the ICR's sake. */
static bool mmio_root_apic(struct cpu *cpu, struct mmio_access *access)
{
	unsigned reg = (access->guest & 0xfff) >> 4;
	uint32_t value = (uint32_t)access->value;

	if (!access->instruction.is_write) {
		access->value = apic_read(cpu, reg);
		return true;
	}
	switch (reg) {
	case APIC_ICR:
		return ipi_send(cpu, value, apic_read(cpu, APIC_ICR_HIGH));
	case APIC_LDR:
		cpu->arch->xapic_ldr = value;
		break;
	default:
		break;
	}
	return apic_write_safe(cpu, reg, value);
}

/* xAPIC registers of a cell, whose APIC may really be in x2APIC mode. */
static bool mmio_cell_apic(struct cpu *cpu, struct mmio_access *access)
{
	unsigned reg = (access->guest & 0xfff) >> 4;
	uint32_t value;

	/* In memory, bits that the APIC does not have are dropped (Intel SDM vol. 3, 11.4.1). */
	if (access->instruction.is_write)
		return apic_guest_write(cpu, reg, (uint32_t)access->value) != -EPERM;
	if (!apic_guest_read(cpu, reg, &value))
		return false;
	access->value = reg == APIC_ID ? value << 24 : value;
	return true;
}

static void mmio_apic(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest};
	bool root = cell_is_root(cpu->cell), done;

	cpu_count(cpu, CELLHV_EXIT_XAPIC);
	done = !(rights & MMIO_FETCH) && mmio_decode(cpu, &access) &&
	       access.instruction.size == 4 && !(guest & 0xf);
	if (done)
		done = root ? mmio_root_apic(cpu, &access) : mmio_cell_apic(cpu, &access);
	if (done)
		mmio_finish(cpu, &access);
	else if (root)
		vcpu_inject_gp(cpu);
	else
		cpu_fail(cpu, CELLHV_FAILURE_APIC, guest, access.value);
}

/* PCI configuration and virtual functions. false: it is something else, or has no such register. */
static bool mmio_pci(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest};
	struct pci_access pci = {.address = guest};
	enum pci_result result;

	if (rights & MMIO_FETCH || !mmio_decode(cpu, &access))
		return false;

	pci.size = access.instruction.size;
	pci.write = access.instruction.is_write;
	pci.value = access.value;
	result = pci_memory(cpu, &pci);
	access.value = pci.value;
	if (result == PCI_DONE)
		mmio_finish(cpu, &access);
	return result != PCI_REFUSED;
}

/* Registers of an IOMMU, where MOVs of 4 and 8 bytes count; others read as all ones. */
static void mmio_iommu(struct cpu *cpu, struct iommu *unit, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest};
	struct iommu_access asked = {.offset = guest - unit->config->base};
	bool done = true;

	if (rights & MMIO_FETCH || !mmio_decode(cpu, &access)) {
		vcpu_inject_gp(cpu);
		return;
	}
	asked.size = access.instruction.size;
	asked.write = access.instruction.is_write;
	asked.value = asked.write ? access.value : UINT64_MAX;
	if (asked.size >= 4 && !(guest & (asked.size - 1)))
		done = iommu_access(cpu, unit, &asked);
	access.value = asked.value;
	if (done)
		mmio_finish(cpu, &access);
}

/* Of a PC there is its own, whatever the machine has there. */
static enum ioapic_result access_ioapic(struct cpu *cpu, int chip, uint64_t guest,
					struct ioapic_access *access)
{
	if (cell_is_root(cpu->cell))
		return ioapic_root_access(cpu, (unsigned)chip, access);
	if (pc_has_ioapic(cpu->cell, guest))
		return pc_ioapic_guest_access(cpu->cell, access);
	return ioapic_cell_access(cpu, (unsigned)chip, access);
}

/* The page of an I/O APIC. false: it is something else for this guest, or no access that it knows.
 */
static bool mmio_ioapic(struct cpu *cpu, int chip, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest};
	struct ioapic_access asked = {.offset = guest & (PAGE_SIZE - 1)};
	enum ioapic_result result;

	if (rights & MMIO_FETCH || !mmio_decode(cpu, &access))
		return false;
	asked.size = access.instruction.size;
	asked.write = access.instruction.is_write;
	asked.value = access.value;
	result = access_ioapic(cpu, chip, guest, &asked);
	access.value = asked.value;
	if (result == IOAPIC_DONE)
		mmio_finish(cpu, &access);
	return result != IOAPIC_NONE;
}

/* A table of Linux's for an IOMMU, which the root may read. false: it is something else. */
static bool mmio_table(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest};
	struct iommu_write write = {.phys = guest};
	enum iommu_result result;

	if (!(rights & MMIO_WRITE))
		return false;
	if (mmio_decode(cpu, &access) && access.instruction.is_write &&
	    (guest & (PAGE_SIZE - 1)) + access.instruction.size <= PAGE_SIZE) {
		write.size = access.instruction.size;
		write.value = access.value;
	}
	result = iommu_follow(cpu, &write);
	if (result == IOMMU_DONE)
		mmio_finish(cpu, &access);
	return result != IOMMU_NOT_FOLLOWED;
}

static void mmio_cell(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	int chip = ioapic_at(guest);

	cpu_count(cpu, CELLHV_EXIT_MMIO);
	if ((chip >= 0 || pc_has_ioapic(cpu->cell, guest)) && mmio_ioapic(cpu, chip, guest, rights))
		return;
	if (!mmio_pci(cpu, guest, rights))
		cpu_fail(cpu, CELLHV_FAILURE_MEMORY, guest, rights);
}

/* High device memory is mapped for the root when it first asks. true: go on. */
static bool mmio_root_map(struct cpu *cpu, uint64_t guest)
{
	uint64_t size = root_cell.memory.huge_1g ? 1ull << 30 : 2ull << 20;
	uint64_t base = guest & ~(size - 1);
	int err = -EPERM, silent;

	if (guest >= machine.phys_limit)
		return false;
	if (!control_try_lock())
		return true; /* a management call changes the tables: try again after it */
	if (ioapic_took(guest, 1)) {
		control_unlock();
		return true; /* ... or has: it exits again */
	}

	/* Nor over what has a trap of its own. */
	if (!cell_root_may_give(base, size) || message_table_meets(base, size)) {
		size = PAGE_SIZE;
		base = guest & ~(PAGE_SIZE - 1);
	}
	if (cell_root_owns(base, size) && !message_table_meets(base, size))
		err = memory_change_root(base, size, MEMORY_ROOT_ACCESS);
	silent = err ? -1 : memory_flush_root(cpu);
	if (silent >= 0)
		print("CPU %u does not answer\n", (uint32_t)silent);
	/* Who has not forgotten what was there is waited for by whoever changes memory next. */
	if (!err && silent < 0)
		iommu_settle(cpu);
	control_unlock();
	return !err;
}

/*
 * What is left: writes to what the root does not own, which are dropped where they can be decoded.
 * Reads only come here with "strict", or where no memory can be.
 */
static void mmio_root(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	struct mmio_access access = {.guest = guest, .value = UINT64_MAX};
	struct iommu *unit = iommu_at(guest);
	int chip = ioapic_at(guest);

	cpu_count(cpu, CELLHV_EXIT_MMIO);
	if (chip >= 0 && ioapic_is_trapped((unsigned)chip)) {
		if (!mmio_ioapic(cpu, chip, guest, rights))
			vcpu_inject_gp(cpu);
		return;
	}
	if (unit) {
		mmio_iommu(cpu, unit, guest, rights);
		return;
	}
	if ((pci_root_is_trapped() && mmio_pci(cpu, guest, rights)) ||
	    mmio_table(cpu, guest, rights) || mmio_root_map(cpu, guest))
		return;

	if (cpu_may_complain(cpu))
		print("CPU %u: root %s %llx, which it does not own\n", cpu->number,
		      rights & MMIO_WRITE ? "writes" : "reads", (unsigned long long)guest);
	if (machine.system.flags & CELLHV_SYSTEM_STRICT)
		cpu_fail(cpu, CELLHV_FAILURE_MEMORY, guest, rights);
	else if (!(rights & MMIO_FETCH) && mmio_decode(cpu, &access))
		mmio_finish(cpu, &access);
	else
		vcpu_inject_gp(cpu);
}

void mmio_exit(struct cpu *cpu, uint64_t guest, uint32_t rights)
{
	if ((guest & ~(PAGE_SIZE - 1)) == XAPIC_BASE)
		mmio_apic(cpu, guest, rights);
	else if (cell_is_root(cpu->cell))
		mmio_root(cpu, guest, rights);
	else
		mmio_cell(cpu, guest, rights);
}
