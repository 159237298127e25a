// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypervisor image in memory, and the way of all CPUs into it and back.
 *
 * Only this file and switch.S know that a CPU has two worlds. CPUs enter one by one: the image's
 * boot block has room for the state of one.
 */
#include <linux/cpu.h>
#include <linux/firmware.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <asm/desc.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include <asm/tsc.h>
#include "arch.h"
#include "native.h"
#include "switch.h"
#include "tables.h"

static int fail_entry_cpu = -1;
module_param(fail_entry_cpu, int, 0400);
MODULE_PARM_DESC(fail_entry_cpu, "CPU that refuses to enter, to try the roll-back (-1: none)");

const u16 launch_architecture = CELLHV_ARCH_X86_64;

struct launch {
	void *memory;	    /* CELLHV_MEMORY_SIZE bytes */
	void *iommu_tables; /* CELLHV_TABLES_SIZE bytes; NULL: none */
	struct cellhv_boot *boot;
	void *entry; /* in the hypervisor's address space */
	struct boot_tables tables;
	u32 max_cpus; /* that the image has room for */
	struct cpumask entered;
	struct call_slot *slots; /* one per CPU, in memory that has a physical address */
};

/* A power of two, so that none crosses a page. */
struct call_slot {
	union {
		struct cellhv_call call;
		u8 bytes[256];
	};
};

static int launch_fail(struct cellhv_error *error, int ret, u32 check, u64 object)
{
	error->check = check;
	error->object = object;
	return ret;
}

/* An empty call for this CPU, with preemption off. */
static struct cellhv_call *launch_new_call(struct launch *launch, enum cellhv_op op)
{
	struct cellhv_call *call = &launch->slots[smp_processor_id()].call;

	memset(call, 0, sizeof(*call));
	call->op = op;
	return call;
}

static int launch_check_image(const struct firmware *fw, struct cellhv_error *error)
{
	const struct cellhv_image_header *header = (const void *)fw->data;

	if (fw->size < sizeof(*header) ||
	    memcmp(header->signature, CELLHV_IMAGE_SIGNATURE, sizeof(header->signature)))
		return launch_fail(error, -ENOEXEC, CELLHV_DRIVER_CHECK_IMAGE_FORMAT, 0);

	if (header->abi_version != CELLHV_ABI_VERSION ||
	    header->boot_size != sizeof(struct cellhv_boot) || header->file_size != fw->size ||
	    header->memory_size < fw->size || !cellhv_image_max_cpus(header) ||
	    header->entry_offset >= fw->size ||
	    header->boot_offset > header->memory_size - sizeof(struct cellhv_boot))
		return launch_fail(error, -ENOEXEC, CELLHV_DRIVER_CHECK_IMAGE_FORMAT,
				   header->abi_version);
	return 0;
}

/* Flat segments at Linux's selectors, and a gate for NMIs (Intel SDM vol. 3, 6.14.1). */
static void launch_fill_switch(struct cellhv_switch *data)
{
	const u64 handler = (u64)switch_nmi, gdt = (u64)data->gdt, idt = (u64)data->idt;

	memset(data, 0, sizeof(*data));
	data->gdt[__KERNEL_CS / 8] = 0x00af9b000000ffffull;
	data->gdt[__KERNEL_DS / 8] = 0x00cf93000000ffffull;
	data->idt[X86_TRAP_NMI][0] = (handler & 0xffff) | __KERNEL_CS << 16 | 0x8e00ull << 32 |
				     (handler & 0xffff0000) << 32;
	data->idt[X86_TRAP_NMI][1] = handler >> 32;
	data->gdtr[0] = sizeof(data->gdt) - 1;
	data->idtr[0] = sizeof(data->idt) - 1;
	memcpy(&data->gdtr[1], &gdt, sizeof(gdt));
	memcpy(&data->idtr[1], &idt, sizeof(idt));
}

static void launch_fill_boot(struct launch *launch, const struct cellhv_system_config *system)
{
	struct cellhv_boot *boot = launch->boot;

	boot->memory_phys = virt_to_phys(launch->memory);
	boot->memory_virt = (u64)launch->memory;
	boot->tables_phys = launch->iommu_tables ? virt_to_phys(launch->iommu_tables) : 0;
	boot->switch_page = (u64)switch_enter & PAGE_MASK;
	boot->switch_page_phys = page_to_phys(vmalloc_to_page(switch_enter));
	boot->leave = (u64)switch_leave;
	boot->switch_data = (u64)&switch_data;
	boot->switch_data_phys = page_to_phys(vmalloc_to_page(&switch_data));
	boot->tsc_khz = tsc_khz;
	memcpy(boot->system, system, system->header.total_size);
}

/* -ENOMEM needs no check: it says what it is. */
static int launch_request_image(struct device *dev, struct cellhv_error *error,
				const struct firmware **ret)
{
	int err = firmware_request_nowarn(ret, CELLHV_IMAGE_NAME, dev);

	if (err == -ENOENT)
		return launch_fail(error, err, CELLHV_DRIVER_CHECK_IMAGE_MISSING, 0);
	if (err && err != -ENOMEM)
		return launch_fail(error, err, CELLHV_DRIVER_CHECK_IMAGE_UNREADABLE, -err);
	if (err)
		return err;

	err = launch_check_image(*ret, error);
	if (err)
		release_firmware(*ret);
	return err;
}

static void *launch_allocate_block(u64 size)
{
	return (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, get_order(size));
}

static int launch_allocate(struct launch *launch, const struct cellhv_system_config *system,
			   struct cellhv_error *error)
{
	launch->slots = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
						 get_order(nr_cpu_ids * sizeof(*launch->slots)));
	if (!launch->slots)
		return -ENOMEM;

	launch->memory = launch_allocate_block(CELLHV_MEMORY_SIZE);
	if (!launch->memory)
		return launch_fail(error, -ENOMEM, CELLHV_DRIVER_CHECK_NO_MEMORY,
				   CELLHV_MEMORY_SIZE);

	/* Where there is none the hypervisor says so when it is to take the IOMMUs. */
	if (system->iommus.count)
		launch->iommu_tables = launch_allocate_block(CELLHV_TABLES_SIZE);
	return 0;
}

static int launch_fill(struct launch *launch, const struct firmware *fw,
		       const struct cellhv_system_config *system)
{
	const struct cellhv_image_header *header = (const void *)fw->data;

	memcpy(launch->memory, fw->data, fw->size);
	launch->max_cpus = cellhv_image_max_cpus(header);
	launch->boot = launch->memory + header->boot_offset;
	launch->entry = (void *)(CELLHV_BASE + header->entry_offset);
	launch_fill_boot(launch, system);
	launch_fill_switch(&switch_data);
	return tables_build(&launch->tables, launch->boot);
}

int launch_load(struct device *dev, const struct cellhv_system_config *system,
		struct cellhv_error *error, struct launch **ret)
{
	const struct firmware *fw;
	struct launch *launch;
	int err;

	if (nr_cpu_ids > CELLHV_MAX_CPUS)
		return launch_fail(error, -E2BIG, CELLHV_DRIVER_CHECK_TOO_MANY_CPUS, nr_cpu_ids);

	err = launch_request_image(dev, error, &fw);
	if (err)
		return err;

	launch = kzalloc(sizeof(*launch), GFP_KERNEL);
	err = launch ? launch_allocate(launch, system, error) : -ENOMEM;
	if (!err)
		err = launch_fill(launch, fw, system);
	release_firmware(fw);
	if (err)
		launch_free(launch);
	else
		*ret = launch;
	return err;
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;

	/* A CPU that is still in needs this memory, and the module's text to come back to. */
	if (WARN_ON(!cpumask_empty(&launch->entered))) {
		__module_get(THIS_MODULE);
		return;
	}
	tables_free(&launch->tables);
	free_pages((unsigned long)launch->slots, get_order(nr_cpu_ids * sizeof(*launch->slots)));
	free_pages((unsigned long)launch->memory, get_order(CELLHV_MEMORY_SIZE));
	free_pages((unsigned long)launch->iommu_tables, get_order(CELLHV_TABLES_SIZE));
	kfree(launch);
}

bool launch_has_cpu(const struct launch *launch, unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &launch->entered);
}

u64 launch_memory_phys(const struct launch *launch)
{
	return virt_to_phys(launch->memory);
}

int launch_call(struct cellhv_call *call)
{
	call->size = sizeof(*call);
	return (int)native_hypercall(CELLHV_CALL, virt_to_phys(call));
}

static int launch_no_room(u32 room, struct cellhv_error *error)
{
	pr_err("cellhv: %u CPUs are online, and the hypervisor has room for %u\n",
	       num_online_cpus(), room);
	return launch_fail(error, -ENOMEM, CELLHV_DRIVER_CHECK_NO_ROOM,
			   CELLHV_NO_ROOM(num_online_cpus(), room));
}

struct cpu_request {
	struct launch *launch;
	struct cellhv_error *error;
	int result;
};

/* On the CPU that enters, with interrupts off. */
static void launch_enter_cpu(void *data)
{
	struct cpu_request *request = data;
	struct launch *launch = request->launch;
	struct cellhv_native *native = &launch->boot->native;
	unsigned int cpu = smp_processor_id();
	u32 check = native_check();

	if (check) {
		request->result = launch_fail(request->error, -EOPNOTSUPP, check, cpu);
		return;
	}

	native_claim(true);
	native_capture(native, cpu);
	request->result = cpu == fail_entry_cpu ? -EIO
						: switch_enter(tables_cr3(&launch->tables),
							       launch->entry, native);
	if (request->result) {
		const struct cellhv_refusal *refusal = &launch->boot->refusal;

		native_claim(false);
		if (refusal->check)
			launch_fail(request->error, -EOPNOTSUPP, refusal->check, refusal->object);
		else if (request->result == -ENOMEM)
			launch_no_room(cpumask_weight(&launch->entered), request->error);
		else
			launch_fail(request->error, -EIO, CELLHV_DRIVER_CHECK_ENTRY, cpu);
		return;
	}
	cpumask_set_cpu(cpu, &launch->entered);
}

static void launch_leave_cpu(void *data)
{
	struct launch *launch = data;
	struct cellhv_call *call = launch_new_call(launch, CELLHV_OP_DISABLE);

	if (launch_call(call))
		return;

	native_claim(false);
	cpumask_clear_cpu(smp_processor_id(), &launch->entered);
}

/* CPUs that went offline in Linux are still guests: another CPU sends them native. */
static int launch_release_offline(struct launch *launch, struct cellhv_error *error)
{
	struct cellhv_call *call;
	unsigned int cpu;
	int err;

	for_each_cpu (cpu, &launch->entered) {
		if (cpu_online(cpu))
			continue;

		call = launch_new_call(launch, CELLHV_OP_RELEASE_CPU);
		call->cpu = cpu;
		err = launch_call(call);
		if (err)
			return launch_fail(error, err, call->check, call->object);

		cpumask_clear_cpu(cpu, &launch->entered);
	}
	return 0;
}

static int launch_query_cells(struct launch *launch, struct cellhv_error *error)
{
	struct cellhv_call *call = launch_new_call(launch, CELLHV_OP_INFO);
	int err;

	err = launch_call(call);
	if (err)
		return launch_fail(error, err, call->check, call->object);
	if (call->info.num_cells)
		return launch_fail(error, -EBUSY, CELLHV_CHECK_CELLS_EXIST, call->info.num_cells);
	return 0;
}

/* On a CPU that is in, before the first one leaves. */
static void launch_prepare_leave(void *data)
{
	struct cpu_request *request = data;

	request->result = launch_query_cells(request->launch, request->error);
	if (!request->result)
		request->result = launch_release_offline(request->launch, request->error);
}

int launch_leave(struct launch *launch, struct cellhv_error *error)
{
	struct cpu_request request = {.launch = launch, .error = error};
	unsigned int cpu;

	cpus_read_lock();
	cpu = cpumask_first_and(&launch->entered, cpu_online_mask);
	if (cpu < nr_cpu_ids)
		smp_call_function_single(cpu, launch_prepare_leave, &request, true);
	if (!request.result) {
		for_each_cpu (cpu, &launch->entered)
			smp_call_function_single(cpu, launch_leave_cpu, launch, true);
		if (!cpumask_empty(&launch->entered))
			request.result = launch_fail(error, -EBUSY, CELLHV_CHECK_CPU_SILENT,
						     cpumask_first(&launch->entered));
	}
	cpus_read_unlock();
	return request.result;
}

int launch_enter(struct launch *launch, struct cellhv_error *error)
{
	struct cpu_request request = {.launch = launch, .error = error};
	struct cellhv_error rollback;
	unsigned int cpu;

	cpus_read_lock();
	launch->boot->num_cpus = num_online_cpus();
	if (num_online_cpus() > launch->max_cpus)
		request.result = launch_no_room(launch->max_cpus, error);
	for_each_online_cpu (cpu) {
		if (request.result)
			break;
		request.result = -EIO;
		smp_call_function_single(cpu, launch_enter_cpu, &request, true);
	}
	cpus_read_unlock();
	if (request.result && launch_leave(launch, &rollback))
		pr_err("CPU %llu did not go back to native\n", rollback.object);
	return request.result;
}
