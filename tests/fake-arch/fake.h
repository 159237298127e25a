/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An architecture without hardware, for core on the host (hypervisor/core/arch.h). Physical memory
 * is a host buffer that only a window opens; CPUs act when they are run, which waiting for one
 * does; time passes where somebody waits. One machine at a time.
 */
#ifndef FAKE_ARCH_FAKE_H
#define FAKE_ARCH_FAKE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cellhv/link.h>

#include "core/cell.h"
#include "core/cpu.h"
#include "core/function.h"
#include "core/iommu.h"
#include "core/machine.h"

#define FAKE_CPUS 6u
#define FAKE_RAM (20ull << 20)
#define FAKE_BLOCK (8ull << 20)	  /* the hypervisor's */
#define FAKE_TABLES (16ull << 20) /* the one for tables of IOMMUs, where there are some */
#define FAKE_POOL (3ull << 20)	  /* in it */
#define FAKE_PHYS_LIMIT (1ull << 40)

/* Beside RAM: pages of PCI functions, and registers, of which nobody is given the first page. */
#define FAKE_MMCONFIG 0x40000000ull
#define FAKE_REGISTERS 0x40200000ull
#define FAKE_DEVICE_SIZE 0x200000ull
#define FAKE_UNITS 0x40300000ull /* registers of IOMMUs, a page each */
#define FAKE_MESSAGES 0x40500000ull

/* Memory of the root's: an argument of a call for each CPU, a configuration, and some to load. */
#define FAKE_CALLS 0x10000ull
#define FAKE_CONFIG 0x20000ull
#define FAKE_DATA 0x40000ull

/* Physical functions: one with messages alone, one with a table, one behind a bridge, one beside,
 * and the one that the IOMMU of number 1 is. */
#define FAKE_EDU 0x20u
#define FAKE_NVME 0x28u
#define FAKE_BRIDGE 0x30u
#define FAKE_SIBLING 0x38u
#define FAKE_UNIT 0x48u
#define FAKE_NIC 0x100u
#define FAKE_FUNCTIONS 6u

#define FAKE_KEPT_PORT 0x70u
#define FAKE_PORT_BYTES (65536u / 8)

#define FAKE_SIGNAL_STOP 1u /* waits for the next */
#define FAKE_SIGNAL_START 2u
#define FAKE_SIGNAL_OTHER 4u

#define FAKE_NEVER UINT64_MAX
#define FAKE_PAGES (FAKE_RAM / PAGE_SIZE)

struct arch_cpu {
	struct cpu cpu;
	const struct cell *runs; /* whose guest; NULL: none */
	uint64_t entry;		 /* where that began; 0: where the root started it */
	uint64_t answers_at;	 /* serves no requests before */
	bool interrupted;	 /* and has not looked why */
	bool inside;		 /* makes a call: serves nobody */
	bool wants_help;	 /* of another CPU, to be parked */
	bool helped;
	uint32_t signals; /* taken so far */
	uint8_t *window;  /* page that is open */
	jmp_buf away;
	uint64_t reach[FAKE_PAGES / 64]; /* RAM that it may have translations of */
};

struct arch_cell {
	uint8_t ports[FAKE_PORT_BYTES]; /* bit set: the cell's */
};

/* An IOMMU: where each requester's DMA goes, and what it may remember of the root's. */
#define FAKE_MAX_UNITS 3u
#define FAKE_REQUESTERS 8u
struct fake_unit {
	bool taken;	/* it may use what is ours, perhaps in part */
	bool stuck;	/* it is asked for nothing but to be given back */
	bool half;	/* given back, but not in full */
	uint64_t *page; /* of the tables' pool, while it is taken */
	const uint64_t *root;
	unsigned num_requesters;
	struct {
		uint16_t requester;
		const struct iommu_domain *domain;
	} requesters[FAKE_REQUESTERS]; /* others: the root's */
	uint64_t reach[FAKE_PAGES / 64];
	struct iommu_interrupt interrupts[IOMMU_INTERRUPTS];
	bool busy; /* another CPU is in it */
};

struct fake_function {
	uint16_t address;
	uint8_t config[PCI_CONFIG_PAGE];
	uint8_t writable[PCI_CONFIG_PAGE];
	uint8_t initial[PCI_CONFIG_PAGE];
	struct cellhv_bar bars[PCI_BARS];
	unsigned msi, msix, pcie, pm; /* capabilities; 0: none */
	unsigned vectors;
	uint64_t table; /* of its MSI-X */
	uint64_t pending_until, absent_until;
	unsigned resets;
	unsigned writes; /* to its config space */
};

struct fake {
	uint8_t *ram;
	struct arch_cpu cpus[FAKE_CPUS];
	struct cpu *self;
	uint64_t now;
	uint64_t kicks;		 /* so far */
	uint64_t silent_kick;	 /* number of the one from which on its CPU does not answer */
	uint64_t changes;	 /* of functions of the root's, so far */
	uint64_t failing_change; /* number of the one that fails */
	struct fake_unit units[FAKE_MAX_UNITS];
	uint64_t unit_steps;	 /* of drivers, so far */
	uint64_t failing_step;	 /* number of the one that fails */
	uint64_t dead_step;	 /* number of the one from which on all do */
	uint16_t fault;		 /* requester that a unit has refused something; 0: none */
	bool stays;		 /* a CPU that is released does not leave our memory */
	void (*meanwhile)(void); /* is called once, while a CPU waits */
	void (*at_write)(void);	 /* ... before the next write to config space has arrived */
	uint8_t root_ports[FAKE_PORT_BYTES];
	unsigned busy;	    /* so often the IOMMUs are, when an interrupt is set */
	bool no_remapping;  /* of interrupts */
	void *filler[1024]; /* pages of the pool that are taken away */
	unsigned fillers;
	void *tables_filler[1024]; /* of that for tables */
	unsigned tables_fillers;
	struct cell *message_cell;
	struct cell *pressed; /* whose button */
	int room;	      /* of consoles */
	char typed[64];	      /* so far */
	unsigned num_typed;
	uint64_t messages;
	char debug[16384]; /* the end of what has been printed */
	unsigned debug_length;
};

extern struct fake fake;
extern const struct resource fake_port_resource;
extern const struct paging_format fake_format;

/* Supplied by the program: something is wrong with core. */
_Noreturn void fake_broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The machine, and the CPUs that Linux runs on, 0 the one that makes calls; others are offline. */
void fake_boot(unsigned num);
void fake_boot_strict(unsigned num); /* the same, where reads of what is not the root's exit */

/* The same with IOMMUs, that nobody has taken yet. */
void fake_boot_units(unsigned num, unsigned units);

/* DMA of that requester: where it goes, as all units of segment 0 say; false: nowhere. */
bool fake_dma(uint16_t requester, uint64_t address, uint64_t *phys);

/* The units are as at boot, and core knows it: before the machine is another. */
void fake_forget_units(void);

/* Leaves `pages` in the pool of tables. */
void fake_leave_tables(unsigned pages);

/* Each device reaches what its owner has, and nothing else; of fake_check(). */
void fake_check_devices(const uint8_t *owners);
void fake_touch_devices(void);

enum fake_owner { OWNER_ROOT, OWNER_BLOCK, OWNER_CELL, OWNER_LINK, OWNER_ENDING };
/* A change of what the root has of functions, or of the IOMMU: whether it is the one that fails. */
bool fake_change_fails(void);

/* Config spaces, as hardware or the root has them; registers of the machine are ordinary memory. */
extern struct fake_function fake_functions[FAKE_FUNCTIONS];
extern bool fake_filtered;
extern uint8_t fake_registers[FAKE_DEVICE_SIZE];
void fake_make_functions(void);
void fake_add_resets(void); /* FAKE_SIBLING has one, too */
struct fake_function *fake_function(uint16_t address);
uint32_t fake_get(uint16_t address, unsigned offset, unsigned size);
void fake_set(uint16_t address, unsigned offset, unsigned size, uint32_t value);
void fake_root_write(uint16_t address, unsigned offset, unsigned size, uint32_t value);

/* RAM, past the windows. */
void fake_read(uint64_t phys, void *to, uint64_t size);
void fake_write(uint64_t phys, const void *from, uint64_t size);
void fake_fill_ram(uint64_t phys, uint8_t value, uint64_t size);
bool fake_ram_is(uint64_t phys, uint8_t value, uint64_t size);

/* One management call of that CPU, through memory; a CPU that goes native by it returns 0. */
int fake_call(unsigned cpu, struct cellhv_call *call);

/* All that have been interrupted, and answer, do what they are asked. */
void fake_run(void);

/* All answer again, at once, and nothing fails. */
void fake_mend(void);

/* Leaves `pages` in the pool, or all there are; spread: three side by side at most. */
void fake_leave_pages(unsigned pages, bool spread);
void fake_return_pages(void);

/* CPUs of the root's have used all that they see of RAM. */
void fake_touch(void);

/* A guest's CPU fails its cell. */
void fake_fail(unsigned cpu);

/* Each page, CPU, port and function has the one owner that lists say, and tables agree. */
void fake_check(void);

/* Of that, what accesses of guests could change. */
void fake_check_functions(void);

/* A cell to be. */
#define WANTED_MAX 4
struct wanted {
	const char *name;
	uint32_t flags;
	uint16_t comm_revision;
	uint64_t comm; /* 0: the default */
	uint64_t entry;
	struct cellhv_memory_region memory[WANTED_MAX]; /* size 0: no more */
	uint32_t num_cpus, cpus[WANTED_MAX];
	struct cellhv_port_range ports[WANTED_MAX];   /* count 0: no more */
	struct cellhv_link links[WANTED_MAX];	      /* protocol 0: no more */
	uint16_t functions[WANTED_MAX];		      /* as the hardware has them; 0: no more */
	struct cellhv_function described[WANTED_MAX]; /* instead, where requesters are said */
	struct cellhv_pin pins[WANTED_MAX];	      /* ioapic 0: no more; this machine has none */
};

/* A function as the hardware has it. */
struct cellhv_function wanted_function(uint16_t address);

/* Its configuration, in up to CELLHV_CONFIG_MAX_SIZE bytes; returns how many. */
uint32_t wanted_config(const struct wanted *wanted, void *config);

#endif
