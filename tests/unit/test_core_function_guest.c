/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest sees of a physical function, and what becomes of what it writes, hostile or not. */
#include "core.h"

#include "core/errno.h"

#define NVME_MSIX 0x40u
#define NVME_PM 0x60u
#define NVME_VENDOR 0x70u
#define NVME_PCIE 0x80u
#define NVME_MSI 0xc0u
#define NVME_TABLE 0x2000u
#define NIC_MSIX 0xa0u
#define EDU_MSI 0x40u

static const struct wanted with_nvme = {
	.name = "nvme",
	.entry = 0x1000,
	.memory = {{.phys = 0x400000, .guest = 0, .size = 0x2000, .flags = 7}},
	.num_cpus = 2,
	.cpus = {1, 2},
	.functions = {FAKE_NVME, FAKE_EDU, FAKE_NIC},
};

static struct function *functions[3]; /* of the cell, as above */
static unsigned guest_cpu;

static uint32_t start(const struct wanted *wanted)
{
	uint32_t id;

	fake_boot_units(5, 1);
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
	id = run(wanted);
	for (unsigned i = 0; i < 3; i++)
		functions[i] = cell_by_id(id)->physical[i];
	guest_cpu = 1;
	return id;
}

static enum pci_result try_set(unsigned index, unsigned offset, unsigned size, uint32_t value)
{
	enum pci_result result;

	fake.self = cpus[guest_cpu];
	result = pci_config_write(fake.self, &functions[index]->pci, offset, size, value);
	fake.self = cpus[0];
	fake_check_functions();
	return result;
}

static void set(unsigned index, unsigned offset, unsigned size, uint32_t value)
{
	CHECK_EQ(try_set(index, offset, size, value), PCI_DONE);
}

static uint32_t get(unsigned index, unsigned offset, unsigned size)
{
	uint32_t value;

	fake.self = cpus[guest_cpu];
	value = pci_config_read(fake.self, &functions[index]->pci, offset, size);
	fake.self = cpus[0];
	return value;
}

static enum pci_result try_write(unsigned index, unsigned bar, uint64_t offset, unsigned size,
				 uint64_t value)
{
	struct pci_function *function = &functions[index]->pci;
	enum pci_result result;

	fake.self = cpus[guest_cpu];
	result = function->ops->write(fake.self, function, bar, offset, size, value);
	fake.self = cpus[0];
	fake_check_functions();
	return result;
}

static void write(unsigned index, unsigned bar, uint64_t offset, unsigned size, uint64_t value)
{
	CHECK_EQ(try_write(index, bar, offset, size, value), PCI_DONE);
}

static uint64_t read(unsigned index, unsigned bar, uint64_t offset, unsigned size)
{
	struct pci_function *function = &functions[index]->pci;
	uint64_t value = 0;

	fake.self = cpus[guest_cpu];
	CHECK_EQ(function->ops->read(fake.self, function, bar, offset, size, &value), PCI_DONE);
	fake.self = cpus[0];
	return value;
}

/* The hardware's table of the first function. */
static uint32_t entry(unsigned index, unsigned word)
{
	uint32_t value;

	memcpy(&value, fake_registers + 0x110000 + NVME_TABLE + 16 * index + 4 * word, 4);
	return value;
}

TEST(identity_and_chain)
{
	uint32_t id = start(&with_nvme);
	unsigned at, seen = 0;

	CHECK_EQ(get(0, PCI_VENDOR, 4), 0x00101b36);
	CHECK_EQ(get(0, PCI_REVISION, 4), 0x02000001);
	CHECK_EQ(get(0, PCI_REVISION + 3, 1), 2);
	CHECK_EQ(get(0, PCI_COMMAND, 2), 0);
	CHECK_EQ(get(0, 0x3d, 1), 0); /* no pin */
	CHECK_EQ(get(0, PCI_ROM, 4), 0);
	set(0, PCI_ROM, 4, UINT32_MAX);
	CHECK_EQ(get(0, PCI_ROM, 4), 0);
	for (at = get(0, PCI_CAPABILITIES, 1); at; at = get(0, at + 1, 1)) {
		CHECK(get(0, at, 1) != PCI_CAP_VENDOR);
		seen++;
	}
	CHECK_EQ(seen, 4);
	CHECK_EQ(get(0, NVME_VENDOR + 2, 2), 0);
	set(0, NVME_VENDOR + 4, 4, 0x12345678);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_VENDOR + 4, 4), 0);

	/* Of the longer space it has errors alone, at their place. */
	CHECK_EQ(get(0, 0x100, 4), 0x15010000);
	CHECK_EQ(get(0, 0x102, 2), 0x1501);
	CHECK_EQ(get(0, 0x106, 2), 0);
	CHECK_EQ(get(0, 0x150, 4), 0x00010001);
	CHECK_EQ(get(0, 0x153, 1), 0);
	CHECK_EQ(get(0, 0x154, 4), 0x12345678);
	set(0, 0x154, 4, 0);
	set(0, 0x106, 2, 0x8000);
	CHECK_EQ(fake_get(FAKE_NVME, 0x106, 2), 0);
	CHECK_EQ(get(0, 0x200, 4), 0);
	CHECK_EQ(get(1, 0x100, 4), 0);
	end(id);
}

/* Only where the pin is the cell's, and while it runs. */
TEST(a_pin_by_leave)
{
	struct wanted wanted = with_nvme;
	uint32_t id;

	id = start(&wanted);
	fake_set(FAKE_NVME, PCI_INTERRUPT_PIN, 1, 2);
	CHECK_EQ(get(0, PCI_INTERRUPT_PIN, 1), 0);
	set(0, PCI_COMMAND, 2, 0);
	CHECK(fake_get(FAKE_NVME, PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF);
	end(id);
	wanted.described[0] = wanted_function(FAKE_NVME);
	wanted.described[0].flags = CELLHV_FUNCTION_PIN;
	wanted.pins[0] = (struct cellhv_pin){.ioapic = 0xfec00000, .pin = 20};
	id = start(&wanted);
	fake_set(FAKE_NVME, PCI_INTERRUPT_PIN, 1, 2);
	CHECK_EQ(get(0, PCI_INTERRUPT_PIN, 1), 2);
	CHECK(!(fake_get(FAKE_NVME, PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF));
	set(0, PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF);
	CHECK(fake_get(FAKE_NVME, PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF);
	set(0, PCI_COMMAND, 2, 0);
	end(id);
	CHECK(fake_get(FAKE_NVME, PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF);
}

TEST(vendor_capability_by_leave)
{
	struct wanted wanted = with_nvme;
	uint32_t id;

	fake_boot(1);
	wanted.described[0] = wanted_function(FAKE_NVME);
	wanted.described[0].flags = CELLHV_FUNCTION_VENDOR_CONFIG;
	id = start(&wanted);
	CHECK_EQ(get(0, NVME_VENDOR, 1), PCI_CAP_VENDOR);
	CHECK_EQ(get(0, NVME_VENDOR + 2, 1), 0x10);
	set(0, NVME_VENDOR + 4, 4, 0x12345678);
	set(0, NVME_VENDOR + 5, 1, 0xab);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_VENDOR + 4, 4), 0x1234ab78);
	CHECK_EQ(get(0, NVME_VENDOR + 4, 4), 0x1234ab78);
	set(0, NVME_VENDOR, 4, 0);
	CHECK_EQ(get(0, NVME_VENDOR, 1), PCI_CAP_VENDOR);
	end(id);
}

TEST(bars)
{
	const uint64_t phys = FAKE_REGISTERS + 0x110000;
	uint32_t id = start(&with_nvme);
	struct paging_translation to;

	CHECK_EQ(get(0, PCI_BAR(0), 4), phys | 4);
	set(0, PCI_BAR(0), 4, UINT32_MAX);
	set(0, PCI_BAR(1), 4, UINT32_MAX);
	CHECK_EQ(get(0, PCI_BAR(0), 4), 0xffffc004);
	CHECK_EQ(get(0, PCI_BAR(1), 4), UINT32_MAX);
	CHECK_EQ(get(2, PCI_BAR(2), 4), 0xc001);
	set(2, PCI_BAR(2), 4, UINT32_MAX);
	CHECK_EQ(get(2, PCI_BAR(2), 4), 0xffffffe1);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_BAR(0), 4), phys | 4);

	/* Where it is the cell has it, but for its table. */
	CHECK(paging_lookup(&cell_by_id(id)->memory, phys, &to) && to.phys == phys);
	CHECK(paging_lookup(&cell_by_id(id)->memory, phys + 0x1000, &to));
	CHECK(!paging_lookup(&cell_by_id(id)->memory, phys + NVME_TABLE, &to));
	CHECK(paging_lookup(&cell_by_id(id)->memory, phys + 0x3000, &to));
	/* Elsewhere it is found by who serves its accesses. */
	set(0, PCI_BAR(0), 4, 0x80000000);
	set(0, PCI_BAR(1), 4, 1);
	set(0, PCI_COMMAND, 2, 2);
	CHECK_EQ(pci_bar_address(&functions[0]->pci, 0), 0x180000000);
	set(2, PCI_COMMAND, 2, 3);
	CHECK_EQ(pci_bar_address(&functions[2]->pci, 2), 0); /* ports */
	write(0, 0, 0x14, 4, 0xcafe);
	CHECK_EQ(read(0, 0, 0x14, 4), 0xcafe);
	write(0, 0, 0x18, 8, 0x1122334455667788);
	CHECK_EQ(read(0, 0, 0x1a, 2), 0x5566);
	CHECK_EQ(read(0, 0, 0xffe, 4), 0); /* two pages at once */
	end(id);
}

TEST(command_and_errors)
{
	uint32_t id = start(&with_nvme);

	set(0, PCI_COMMAND, 2, 0xffff);
	CHECK_EQ(get(0, PCI_COMMAND, 2), 0x407);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2), 0x0507);
	set(0, PCI_COMMAND, 2, 0); /* it decodes on, and interrupts by no pin */
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2), 0x0503);
	set(0, PCI_COMMAND + 1, 1, 0);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2), 0x0503);

	/* Bits of errors are gone by writing them, and so are no others. */
	fake_set(FAKE_NVME, PCI_STATUS, 2, 0xf910);
	fake_function(FAKE_NVME)->writable[PCI_STATUS + 1] = 0xff;
	set(0, PCI_COMMAND, 4, 0x81000004);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_STATUS, 2), 0x8110);
	set(0, PCI_STATUS + 1, 1, 0x40);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_STATUS, 2), 0x4010);
	set(0, NVME_PM + 4, 2, 3);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_PM + 4, 2), 0);
	CHECK_EQ(get(0, NVME_PM + 4, 2), 0);
	set(0, 0x3c, 1, 11);
	CHECK_EQ(get(0, 0x3c, 4), 11);
	end(id);
}

static void set_msi(unsigned index, unsigned at, uint32_t address, uint32_t data)
{
	set(index, at + 4, 4, address);
	set(index, at + 8, 4, 0);
	set(index, at + 12, 2, data);
	set(index, at + 2, 2, 1);
}

TEST(msi)
{
	uint32_t id = start(&with_nvme);
	uint32_t first = functions[1]->first_interrupt;

	CHECK_EQ(get(1, EDU_MSI + 2, 2), 0x80);
	set_msi(1, EDU_MSI, 0xfee02000, 0x2d);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x81);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 4, 4), FAKE_MESSAGES + 4 * first);
	CHECK_EQ(fake.units[0].interrupts[first].vector, 0x2d);
	CHECK_EQ(fake.units[0].interrupts[first].destination, 2);
	CHECK_EQ(fake.units[0].interrupts[first].requester, FAKE_EDU);

	/* To nobody, by other modes, exceptions, other cells' CPUs: silence. */
	set_msi(1, EDU_MSI, 0xfee03000, 0x2d);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
	set_msi(1, EDU_MSI, 0xfee01000, 0x42d);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
	set_msi(1, EDU_MSI, 0xfee01000, 0x0e);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
	set_msi(1, EDU_MSI, 0x400000, 0x2d);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
	set(1, EDU_MSI + 4, 4, 0xfee01000);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x81);
	set(1, EDU_MSI + 2, 2, 0xfffe);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);

	/* One message, however many it asks for; and a mask, where there is one. */
	set_msi(0, NVME_MSI, 0xfee01000, 0x31);
	set(0, NVME_MSI + 2, 2, 0x71);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSI + 2, 2), 0x187);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSI + 16, 4), UINT32_MAX - 1);
	set(0, NVME_MSI + 16, 4, 1);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSI + 16, 4), UINT32_MAX);
	end(id);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
}

TEST(msi_without_remapping)
{
	struct wanted wanted = with_nvme;
	uint32_t id;

	wanted.flags |= CELLHV_CELL_DMA_TRUSTED;
	fake_boot_units(5, 1);
	fake.no_remapping = true;
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
	id = run(&wanted);
	functions[1] = cell_by_id(id)->physical[1];
	guest_cpu = 1;
	set_msi(1, EDU_MSI, 0xfee0200c, 0x12d);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 4, 4), 0xfee02000);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 12, 2), 0x2d);
	end(id);
}

static void set_entry(unsigned index, uint32_t address, uint32_t data, uint32_t control)
{
	write(0, 0, NVME_TABLE + 16 * index, 4, address);
	write(0, 0, NVME_TABLE + 16 * index + 4, 4, 0);
	write(0, 0, NVME_TABLE + 16 * index + 8, 4, data);
	write(0, 0, NVME_TABLE + 16 * index + 12, 4, control);
}

TEST(msix)
{
	uint32_t id = start(&with_nvme);
	uint32_t first = functions[0]->first_interrupt;

	CHECK_EQ(get(0, NVME_MSIX + 2, 2), FUNCTION_VECTORS - 1);
	CHECK_EQ(get(0, NVME_MSIX + 4, 4), NVME_TABLE);
	CHECK_EQ(first % FUNCTION_VECTORS, 0);
	for (unsigned i = 0; i < 65; i++)
		CHECK_EQ(entry(i, 3), 1);
	set_entry(3, 0xfee01000, 0x41, 0);
	CHECK_EQ(entry(3, 3), 1); /* not before it is enabled */
	set(0, NVME_MSIX + 2, 2, 0xc000);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSIX + 2, 2), 0xc040);
	CHECK_EQ(entry(3, 3), 0);
	CHECK_EQ(entry(3, 0), FAKE_MESSAGES + 4 * (first + 3));
	CHECK_EQ(fake.units[0].interrupts[first + 3].vector, 0x41);
	set(0, NVME_MSIX + 2, 2, 0x8000);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSIX + 2, 2), 0x8040);
	write(0, 0, NVME_TABLE + 3 * 16 + 12, 4, UINT32_MAX);
	CHECK_EQ(entry(3, 3), 1);
	CHECK_EQ(read(0, 0, NVME_TABLE + 3 * 16 + 12, 4), 1);
	write(0, 0, NVME_TABLE + 3 * 16 + 12, 4, 0);
	CHECK_EQ(entry(3, 3), 0);
	set(0, NVME_MSIX + 3, 1, 0);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSIX + 2, 2), 0x4040);
	end(id);
}

/* attacks.md's shapes: 8 bytes, halves, beyond the count, odd places, another's CPU. */
TEST(hostile_tables)
{
	uint32_t id = start(&with_nvme);

	set(0, NVME_MSIX + 2, 2, 0x8000);
	set_entry(0, 0xfee01000, 0x41, 0);
	CHECK_EQ(entry(0, 3), 0);
	write(0, 0, NVME_TABLE, 4, 0xfee03000); /* in use, and now another cell's */
	CHECK_EQ(entry(0, 3), 1);
	write(0, 0, NVME_TABLE, 8, 0x1fee01000);
	CHECK_EQ(entry(0, 3), 1);
	write(0, 0, NVME_TABLE, 8, 0xfee02000);
	CHECK_EQ(entry(0, 3), 0);
	CHECK_EQ(read(0, 0, NVME_TABLE, 8), 0xfee02000);
	write(0, 0, NVME_TABLE + 8, 8, 0x100000042);
	CHECK_EQ(entry(0, 3), 1);
	write(0, 0, NVME_TABLE + 8, 8, 0x42);
	CHECK_EQ(entry(0, 3), 0);
	write(0, 0, NVME_TABLE + 8, 4, 0x4ff); /* NMI */
	CHECK_EQ(entry(0, 3), 1);
	write(0, 0, NVME_TABLE + 8, 4, 0x42);

	/* What is not one or two words is nothing. */
	write(0, 0, NVME_TABLE + 8, 2, 0x99);
	write(0, 0, NVME_TABLE + 10, 4, 0x99);
	write(0, 0, NVME_TABLE + 4, 8, 0x99);
	write(0, 0, NVME_TABLE - 4, 8, 0x99);
	CHECK_EQ(read(0, 0, NVME_TABLE + 8, 4), 0x42);
	CHECK_EQ(read(0, 0, NVME_TABLE + 8, 1), 0);
	CHECK_EQ(read(0, 0, NVME_TABLE - 4, 8), 0);

	/* The last entry of the hardware's, which the guest has not been told of; and behind it. */
	write(0, 0, NVME_TABLE + 64 * 16, 8, 0xfee01000);
	write(0, 0, NVME_TABLE + 64 * 16 + 12, 4, 0);
	CHECK_EQ(entry(64, 3), 1);
	CHECK_EQ(read(0, 0, NVME_TABLE + 64 * 16, 8), 0);
	write(0, 0, NVME_TABLE + 65 * 16, 4, 0xabcd);
	CHECK_EQ(read(0, 0, NVME_TABLE + 65 * 16, 4), 0xabcd);

	/* The capability itself is not the guest's. */
	set(0, NVME_MSIX + 4, 4, 0);
	CHECK_EQ(get(0, NVME_MSIX + 4, 4), NVME_TABLE);
	CHECK_EQ(get(0, 0x1000, 4), UINT32_MAX);
	CHECK_EQ(get(0, 2, 4), UINT32_MAX);
	set(0, 0x1000, 4, 0);
	end(id);
}

/* Two CPUs at one function: the second tries again; as one does whose IOMMU is busy. */
TEST(accesses_that_come_again)
{
	uint32_t id = start(&with_nvme);

	lock_acquire(&functions[0]->lock);
	guest_cpu = 2;
	CHECK_EQ(try_write(0, 0, NVME_TABLE, 4, 0xfee01000), PCI_RETRY);
	CHECK_EQ(try_set(0, PCI_COMMAND, 2, 4), PCI_RETRY);
	CHECK_EQ(get(0, PCI_COMMAND, 2), 0);
	lock_release(&functions[0]->lock);

	set_entry(5, 0xfee01000, 0x51, 0);
	set_entry(6, 0xfee02000, 0x52, 0);
	fake.busy = 1;
	CHECK_EQ(try_set(0, NVME_MSIX + 2, 2, 0x8000), PCI_RETRY);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_MSIX + 2, 2), 0xc040);
	set(0, NVME_MSIX + 2, 2, 0x8000);
	CHECK_EQ(entry(5, 3) | entry(6, 3), 0);
	fake.busy = 1;
	CHECK_EQ(try_write(0, 0, NVME_TABLE + 5 * 16 + 8, 4, 0x53), PCI_RETRY);
	CHECK_EQ(entry(5, 3), 1);
	write(0, 0, NVME_TABLE + 5 * 16 + 8, 4, 0x53);
	CHECK_EQ(entry(5, 3), 0);
	fake.busy = 1;
	set(1, EDU_MSI + 4, 4, 0xfee01000);
	set(1, EDU_MSI + 12, 2, 0x61);
	CHECK_EQ(try_set(1, EDU_MSI + 2, 2, 1), PCI_RETRY);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x80);
	set(1, EDU_MSI + 2, 2, 1);
	CHECK_EQ(fake_get(FAKE_EDU, EDU_MSI + 2, 2), 0x81);
	end(id);
}

/* Its own reset takes all that the guest has set, and nothing that others depend on. */
TEST(function_level_reset)
{
	uint32_t id = start(&with_nvme);
	unsigned resets = fake_function(FAKE_NVME)->resets;

	set(0, NVME_MSIX + 2, 2, 0x8000);
	set_entry(1, 0xfee01000, 0x41, 0);
	set(0, PCI_COMMAND, 2, 6);
	set(0, PCI_BAR(0), 4, 0);
	set(0, NVME_PCIE + 8, 2, 0x7fff);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_PCIE + 8, 2), 0x2010);
	CHECK_EQ(fake_function(FAKE_NVME)->resets, resets);
	set(0, NVME_PCIE + 8, 2, 0x8000);
	CHECK_EQ(fake_function(FAKE_NVME)->resets, resets + 1);
	CHECK_EQ(get(0, PCI_COMMAND, 2), 0);
	CHECK_EQ(get(0, NVME_MSIX + 2, 2), FUNCTION_VECTORS - 1);
	CHECK_EQ(get(0, PCI_BAR(0), 4), (FAKE_REGISTERS + 0x110000) | 4);
	CHECK_EQ(read(0, 0, NVME_TABLE + 16, 4), 0);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_BAR(0), 4), (FAKE_REGISTERS + 0x110000) | 4);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2) & 0x406, 0x402);
	CHECK_EQ(fake_get(FAKE_NVME, NVME_PCIE + 8, 2), 0x2010);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_CACHE_LINE, 1), 0x10);
	CHECK_EQ(fake_get(FAKE_NVME, 0x106, 2), 0);

	/* One that cannot does nothing. */
	set(2, 0x68, 2, 0x8000);
	CHECK_EQ(fake_function(FAKE_NIC)->resets, 0);
	end(id);
}

/* Whatever it writes, what it was not given stays. */
TEST(random_writes)
{
	uint32_t id = start(&with_nvme), seed = 1;

	for (unsigned n = 0; n < 10000; n++) {
		unsigned index, size, at;
		uint32_t value;

		seed = seed * 1664525 + 1013904223;
		index = seed >> 30 ? (seed >> 28) % 3 : 0;
		size = 1u << (seed >> 20) % 4;
		at = (seed >> 8) % 0x400;
		seed = seed * 1664525 + 1013904223;
		value = seed & 0x80 ? seed
				    : 0xfee00000 | (seed >> 12 & 0x3000) | (seed >> 8 & 0x1ff);
		guest_cpu = 1 + (seed >> 31);
		if (size < 8 && seed & 0x40)
			try_set(index, at % 0x110, size, value);
		else
			try_write(index, index == 2 ? 3 : 0, (index ? 0 : NVME_TABLE) + at, size,
				  value | (uint64_t)value << 32);
	}
	for (unsigned i = 0; i < FAKE_FUNCTIONS; i++) {
		const struct fake_function *function = &fake_functions[i];

		for (unsigned bar = 0; bar < PCI_BARS; bar++)
			CHECK(!function->bars[bar].size ||
			      (fake_get(function->address, PCI_BAR(bar), 4) & ~0xfu) ==
				      (uint32_t)function->bars[bar].phys);
	}
	CHECK_EQ(state_of(id), CELLHV_STATE_RUNNING);
	end(id);
}
