/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/port.h"

#include "arch/x86/machine.h"
#include "arch/x86/pc.h"
#include "arch/x86/pci.h"
#include "arch/x86/permissions.h"
#include "arch/x86/vcpu.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/print.h"

#define PORT_POST_CODE 0x80
#define PM_TIMER_SIZE 4u

void port_init_bitmaps(void)
{
	port_bitmap_deny_all(x86_machine.cell_port_bitmap);
	if (machine.system.pm_timer_port)
		port_bitmap_allow(x86_machine.cell_port_bitmap, machine.system.pm_timer_port,
				  PM_TIMER_SIZE);
	port_bitmap_deny_all(x86_machine.root_port_bitmap);
	port_bitmap_allow(x86_machine.root_port_bitmap, 0, PORT_COUNT);
}

/* As if the instruction were not there: AL stays what it was. */
static int port_skip_byte(struct cpu *cpu, uint16_t port, unsigned size, bool write,
			  uint32_t *value)
{
	(void)cpu;
	(void)port;
	(void)write;
	(void)value;
	return size == 1 ? 0 : -EPERM;
}

static int port_config_address(struct cpu *cpu, uint16_t port, unsigned size, bool write,
			       uint32_t *value)
{
	(void)port;
	if (size != 4)
		return -EPERM;
	if (write)
		cpu->arch->config_address = *value;
	else
		*value = cpu->arch->config_address;
	return 0;
}

static int port_config_data(struct cpu *cpu, uint16_t port, unsigned size, bool write,
			    uint32_t *value)
{
	struct pci_access access = {port, size, write, *value};

	if (pci_port(cpu, &access) == PCI_RETRY)
		return -EAGAIN;
	*value = (uint32_t)access.value;
	return 0;
}

static const struct port_permission cell_ports[] = {
	{PORT_POST_CODE, PORT_POST_CODE, PERMISSION_HANDLE, PERMISSION_HANDLE, port_skip_byte},
	{PCI_PORT_ADDRESS, PCI_PORT_ADDRESS + 3, PERMISSION_HANDLE, PERMISSION_HANDLE,
	 port_config_address},
	{PCI_PORT_DATA, PCI_PORT_DATA + 3, PERMISSION_HANDLE, PERMISSION_HANDLE, port_config_data},
};

/* -EPERM: nothing of it is there. */
static int port_of_all_cells(struct cpu *cpu, const struct port_access *access, uint32_t *value)
{
	const struct port_permission *entry = port_permission_find(
		cell_ports, sizeof(cell_ports) / sizeof(*cell_ports), access->port, access->size);

	if (!entry || (access->write ? entry->write : entry->read) != PERMISSION_HANDLE)
		return -EPERM;
	return entry->handle(cpu, access->port, access->size, access->write, value);
}

/* No kernel looks for anything by INS or OUTS: a PC fails by them too. */
static int port_cell_access(struct cpu *cpu, const struct port_access *access, uint32_t *value)
{
	int err = access->string ? -EPERM : port_of_all_cells(cpu, access, value);

	if (err == -EPERM && !access->string && pc_is(cpu->cell))
		err = pc_port_access(cpu, access, value);
	return err;
}

/* The root asks for what a cell owns, or for PCI while it has virtual functions. */
static int port_root_access(struct cpu *cpu, const struct port_access *access, uint32_t *value)
{
	if (access->port >= PCI_PORT_DATA && !access->string &&
	    access->port + access->size <= PCI_PORT_DATA + PCI_PORT_SIZE)
		return port_config_data(cpu, access->port, access->size, access->write, value);
	if (cpu_may_complain(cpu))
		print("CPU %u: root %s port %x, which a cell owns\n", cpu->number,
		      access->write ? "writes" : "reads", access->port);
	if (access->string || (machine.system.flags & CELLHV_SYSTEM_STRICT))
		return -EPERM;
	if (!access->write)
		*value = UINT32_MAX;
	return 0;
}

static void port_store(struct cpu *cpu, unsigned size, uint32_t value)
{
	uint64_t mask = size == 4 ? 0xffffffffull : (1ull << (8 * size)) - 1;

	if (size == 4)
		cpu->arch->regs[RAX] = value; /* a 32-bit result clears the upper half */
	else
		cpu->arch->regs[RAX] = (cpu->arch->regs[RAX] & ~mask) | (value & mask);
}

bool port_exit(struct cpu *cpu, const struct port_access *access)
{
	uint32_t value = (uint32_t)cpu->arch->regs[RAX];
	bool root = cell_is_root(cpu->cell);
	int err = root ? port_root_access(cpu, access, &value)
		       : port_cell_access(cpu, access, &value);

	cpu_count(cpu, CELLHV_EXIT_PORT);
	if (!err) {
		if (!access->write)
			port_store(cpu, access->size, value);
		return true;
	}
	if (err == -EAGAIN)
		return false;
	if (root && !(machine.system.flags & CELLHV_SYSTEM_STRICT))
		vcpu_inject_gp(cpu);
	else
		cpu_fail(cpu, CELLHV_FAILURE_PORT, access->port,
			 access->size | (access->write ? 0x100u : 0));
	return false;
}
