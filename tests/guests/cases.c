/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One guest per row of the table at the end: each does one thing a cell must not do, or must be
 * able to do. CASE names the row. The console then holds one of
 *
 *   ok NAME: ...        the guest lived on, as it should, or got an exception that is allowed
 *   not ok NAME: ...    it lived on where the hypervisor should have stopped it, or got it wrong
 *
 * or neither, because the cell was parked: its state and failure tell whether that was right. Where
 * parking is right, the table says with which failure.
 */
#include "runtime/x86/hypercall.h"
#include "runtime/x86/x86.h"

#define FOREIGN_ADDRESS 0x200000 /* past the cell's memory and comm region */
#define FOREIGN_APIC_ID 0	 /* CPU 0 is always the root's */
#define FOREIGN_VECTOR 0xf0
#define FOREIGN_PORT 0x61
#define CMOS_INDEX_PORT 0x70
#define DELAY_PORT 0x80
#define HPET_ADDRESS 0xfed00000
#define XAPIC_COMMAND_LOW 0xfee00300
#define XAPIC_COMMAND_HIGH 0xfee00310

#define MSR_X2APIC_VERSION 0x803
#define MSR_X2APIC_PENDING 0x820 /* and 7 more: a bit per vector */
#define MSR_X2APIC_COMMAND 0x830
#define MSR_SMI_COUNT 0x34
#define MSR_MCG_CAP 0x179
#define MSR_X2APIC_LVT_TIMER 0x832
#define LVT_MASKED 0x10000
#define LVT_TIMER_MODE 0x60000
#define MSR_X2APIC_SELF_IPI 0x83f
#define MSR_APIC_BASE 0x1b
#define MSR_PAT 0x277
#define MSR_MTRR_DEFAULT 0x2ff
#define MSR_EFER 0xc0000080
#define MSR_VM_HSAVE_PA 0xc0010117
#define EFER_SVME 0x1000
#define PAT_AT_START 0x0007040600070406
#define RFLAGS_TF 0x100
#define CR0_CD 0x40000000ul
#define CR4_RESERVED 0x80000000ul
#define CR4_VMXE 0x2000ul
#define CR4_OSXSAVE 0x40000ul

#define COMMAND_ASSERT 0x4000
#define COMMAND_NMI 0x400
#define COMMAND_INIT 0x500
#define COMMAND_STARTUP 0x600

#define CPUID_1_ECX_VMX (1u << 5)
#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_80000001_ECX_SVM (1u << 2)

#define EPERM 1
#define ENOSYS 38

#define EXCEPTION(vector) (1u << (vector))
#define UD EXCEPTION(6)
#define GP EXCEPTION(13)

struct test_case {
	const char *name;
	bool (*run)(void); /* returns where living on is right; false: it is wrong */
	uint32_t exceptions;
};

static const struct test_case *this_case;

static bool verdict(bool ok, const char *what, uint64_t value)
{
	printk("%s %s: %s %llx\n", ok ? "ok" : "not ok", this_case->name, what,
	       (unsigned long long)value);
	return ok;
}

/* ---- ports ---- */

static bool port_in(void)
{
	return verdict(false, "read", inb(FOREIGN_PORT));
}

static bool port_out(void)
{
	outb(CMOS_INDEX_PORT, 0);
	return verdict(false, "wrote port", CMOS_INDEX_PORT);
}

/* Every cell may read the PM timer, and write and read port 80 for its delay. */
static bool ports_allowed(void)
{
	uint32_t before, after;

	outb(DELAY_PORT, 0);
	inb(DELAY_PORT);
	if (!comm->pm_timer_port)
		return verdict(true, "no PM timer", 0);

	before = inl(comm->pm_timer_port);
	delay_us(1000);
	after = inl(comm->pm_timer_port);
	return verdict(before != after, "PM timer", after);
}

/* ---- registers and instructions ---- */

static bool msr_read(void)
{
	return verdict(false, "VM_HSAVE_PA", rdmsr(MSR_VM_HSAVE_PA));
}

/* One that no cell needs: as on a processor without it, or with "strict" the end of the cell. */
static bool msr_unlisted(void)
{
	return verdict(false, "MCG_CAP", rdmsr(MSR_MCG_CAP));
}

static bool msr_write(void)
{
	wrmsr(MSR_SMI_COUNT, 0);
	return verdict(false, "wrote", MSR_SMI_COUNT);
}

/* The processor's own answer, whichever that is. */
static bool msr_smi_count(void)
{
	return verdict(true, "SMIs", rdmsr(MSR_SMI_COUNT));
}

/* Dropping the write is as good as an exception. */
static bool efer_svme(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	return verdict(!(rdmsr(MSR_EFER) & EFER_SVME), "EFER", rdmsr(MSR_EFER));
}

static bool msr_allowed(void)
{
	bool ok = verdict((uint32_t)rdmsr(MSR_X2APIC_VERSION) != 0, "version",
			  rdmsr(MSR_X2APIC_VERSION));

	ok &= verdict(rdmsr(MSR_PAT) == PAT_AT_START, "PAT", rdmsr(MSR_PAT));
	ok &= verdict(true, "MTRR default type", rdmsr(MSR_MTRR_DEFAULT));
	return ok;
}

/* Some processors take it and stumble at the next entry to the guest: CPUID makes sure of one. */
static bool cr4_reserved(void)
{
	write_cr4(read_cr4() | CR4_RESERVED);
	cpuid(0);
	return verdict(!(read_cr4() & CR4_RESERVED), "CR4", read_cr4());
}

/* CD has no effect everywhere, but reads as it was written (Intel SDM vol. 3, 2.5). */
static bool cr0_cache(void)
{
	unsigned long before = read_cr0(), disabled, enabled;

	write_cr0(before | CR0_CD);
	disabled = read_cr0();
	write_cr0(before & ~CR0_CD);
	enabled = read_cr0();
	return verdict((disabled & CR0_CD) && !(enabled & CR0_CD) &&
			       !((disabled ^ before) & ~CR0_CD),
		       "CR0", disabled);
}

static bool cr4_vmxe(void)
{
	write_cr4(read_cr4() | CR4_VMXE);
	cpuid(0);
	return verdict(!(read_cr4() & CR4_VMXE), "CR4", read_cr4());
}

/* x87 state is always on (Intel SDM vol. 1, 13.3): the guest is told off, the hypervisor unharmed.
 */
static bool xsetbv_illegal(void)
{
	if (!(cpuid(1).ecx & CPUID_1_ECX_XSAVE))
		return verdict(true, "no XSAVE", 0);

	write_cr4(read_cr4() | CR4_OSXSAVE);
	asm volatile("xsetbv" : : "a"(0), "d"(0), "c"(0));
	return verdict(false, "executed", 0);
}

/* What exits is as long as its bytes are; a wrong length leaves some of them to be executed. */
static bool prefixes(void)
{
	uint64_t pat = 0, marker = 0;

	asm volatile(".byte 0x66, 0x48, 0x0f, 0xa2" : "=a"(pat) : "0"(0), "c"(0) : "rbx", "rdx");
	asm volatile(".byte 0x2e, 0x0f, 0x32; mov $1, %1"
		     : "=a"(pat), "=&S"(marker)
		     : "c"(MSR_PAT)
		     : "rdx", "memory");
	asm volatile(".byte 0xf3, 0x0f, 0x09; incq %0" : "+S"(marker) : : "memory");
	return verdict((uint32_t)pat == (uint32_t)PAT_AT_START && marker == 2, "marker", marker);
}

/* Mode bits of the timer that only some processors have: told off, or taken. */
static bool lvt_reserved(void)
{
	wrmsr(MSR_X2APIC_LVT_TIMER, LVT_MASKED | LVT_TIMER_MODE | FOREIGN_VECTOR);
	return verdict(true, "taken", rdmsr(MSR_X2APIC_LVT_TIMER));
}

static bool vmrun(void)
{
	asm volatile("vmrun" : : "a"(CELLHV_COMM_DEFAULT_ADDRESS) : "memory");
	return verdict(false, "executed", 0);
}

static bool vmxon(void)
{
	static const uint64_t region = CELLHV_COMM_DEFAULT_ADDRESS;

	/* Where there is no VMX, QEMU takes VMXON for RDRAND. */
	if (hypercall_is_vmmcall())
		asm volatile("vmxoff" : : : "memory", "cc");
	else
		asm volatile("vmxon %0" : : "m"(region) : "memory", "cc");
	return verdict(false, "executed", 0);
}

static bool triple_fault(void)
{
	static const uint8_t no_idt[10]; /* limit and base */

	asm volatile("lidt %0; int3" : : "m"(no_idt));
	return verdict(false, "survived", 0);
}

/* ---- memory ---- */

static bool memory_read(void)
{
	return verdict(false, "read", mmio_read32(FOREIGN_ADDRESS));
}

static bool memory_write(void)
{
	mmio_write32(FOREIGN_ADDRESS, 0x6b636168);
	return verdict(false, "wrote", FOREIGN_ADDRESS);
}

static bool memory_execute(void)
{
	asm volatile("call *%0" : : "r"((uintptr_t)FOREIGN_ADDRESS) : "memory");
	return verdict(false, "executed", FOREIGN_ADDRESS);
}

static bool hpet_read(void)
{
	return verdict(false, "HPET", mmio_read32(HPET_ADDRESS));
}

/* ---- interrupts to CPUs of others: ignored, so that living on is right ---- */

static bool icr_mmio(void)
{
	mmio_write32(XAPIC_COMMAND_HIGH, FOREIGN_APIC_ID << 24);
	mmio_write32(XAPIC_COMMAND_LOW, COMMAND_ASSERT | FOREIGN_VECTOR);
	return verdict(true, "alive after APIC id", FOREIGN_APIC_ID);
}

static void send(uint32_t destination, uint32_t command)
{
	wrmsr(MSR_X2APIC_COMMAND, (uint64_t)destination << 32 | COMMAND_ASSERT | command);
}

static bool icr_msr(void)
{
	static const uint32_t commands[] = {FOREIGN_VECTOR, COMMAND_NMI, COMMAND_INIT,
					    COMMAND_STARTUP | 1};

	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		send(FOREIGN_APIC_ID, commands[i]);
	return verdict(true, "alive after APIC id", FOREIGN_APIC_ID);
}

/* Vectors 0-15 are no interrupt's; from 16 on all are legal (Intel SDM vol. 3, 11.5.2). */
#define FIRST_VECTOR 16

static unsigned int pending_vectors(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < 8; i++)
		for (uint32_t bits = (uint32_t)rdmsr(MSR_X2APIC_PENDING + i); bits;
		     bits &= bits - 1)
			count++;
	return count;
}

/* Interrupts of all vectors that this CPU never takes: whoever has it next must not see them. */
static bool pending_stopped(void)
{
	bool ok;

	apic_enable();
	ok = verdict(pending_vectors() == 0, "left by the former owner", pending_vectors());
	for (unsigned int vector = FIRST_VECTOR; vector < 256; vector++)
		wrmsr(MSR_X2APIC_SELF_IPI, vector);
	return verdict(pending_vectors() == 256 - FIRST_VECTOR, "pending", pending_vectors()) && ok;
}

static bool pending_failed(void)
{
	pending_stopped();
	inb(FOREIGN_PORT);
	return verdict(false, "read port", FOREIGN_PORT);
}

/* ---- debugging ---- */

static volatile uintptr_t trapped_at;
static volatile unsigned int traps;

static void on_trap(struct interrupt_frame *frame)
{
	trapped_at = frame->ip;
	traps++;
	frame->flags &= ~(unsigned long)RFLAGS_TF;
}

/* Instructions that the hypervisor executes trap behind themselves, as all others do. */
#define STEP(instruction)                                                                        \
	({                                                                                       \
		uintptr_t behind_;                                                               \
		traps = 0;                                                                       \
		asm volatile("mov %1, %%ecx; lea 1f(%%rip), %0; pushf; orq %2, (%%rsp); "        \
			     "popf; " instruction "; 1: nop; nop"                                \
			     : "=&r"(behind_)                                                    \
			     : "i"(MSR_APIC_BASE), "i"(RFLAGS_TF)                                \
			     : "rax", "rbx", "rcx", "rdx", "memory", "cc");                      \
		verdict(traps == 1 && trapped_at == behind_, instruction, trapped_at - behind_); \
	})

static bool single_step(void)
{
	bool ok;

	interrupts_set_handler(1, on_trap);
	ok = STEP("nop");
	ok &= STEP("cpuid");
	ok &= STEP("rdmsr");
	return ok;
}

/* ---- the interface ---- */

static bool cpuid_leaves(void)
{
	struct cpuid signature = cpuid(CELLHV_CPUID_SIGNATURE);
	struct cpuid standard = cpuid(1), extended = cpuid(0x80000001);
	bool ok = verdict(signature.ebx == 0x6c69614a && signature.ecx == 0x73756f68 &&
				  signature.edx == 0x65,
			  "signature", signature.ebx);

	ok &= verdict(signature.eax >= CELLHV_CPUID_FEATURES, "highest leaf", signature.eax);
	ok &= verdict(cpuid(CELLHV_CPUID_FEATURES).eax == 0, "features",
		      cpuid(CELLHV_CPUID_FEATURES).eax);
	ok &= verdict(standard.ecx & CPUID_1_ECX_HYPERVISOR, "hypervisor bit", standard.ecx);
	ok &= verdict(!(standard.ecx & CPUID_1_ECX_VMX), "no VMX", standard.ecx);
	ok &= verdict(!(extended.ecx & CPUID_80000001_ECX_SVM), "no SVM", extended.ecx);
	return ok;
}

static bool hypercall_denied(void)
{
	bool vmmcall = hypercall_is_vmmcall(), ok = true;

	for (uint32_t code = CELLHV_HC_DISABLE; code <= CELLHV_HC_CELL_DESTROY; code++) {
		int32_t result = hypercall(vmmcall, code, 0, 0);

		ok &= verdict(result == -EPERM, "management call", (uint32_t)result);
	}
	return ok;
}

static bool hypercall_unknown(void)
{
	int32_t result = hypercall(hypercall_is_vmmcall(), 0x7fffffff, ~0ul, ~0ul);

	return verdict(result == -ENOSYS, "unknown call", (uint32_t)result);
}

/* A word that is none of the states. */
static bool odd_state(void)
{
	comm_set_state(77);
	cpu_halt();
}

/* It agrees to a shutdown by ending, without a word. */
static bool ends_silently(void)
{
	while (!comm_shutdown_requested())
		cpu_relax();
	comm_finish(CELLHV_COMM_SHUT_DOWN);
}

/* The runtime has to have seen before that the comm region is not the one it knows. */
static bool wrong_revision(void)
{
	return verdict(false, "started with revision", comm->revision);
}

static const struct test_case cases[] = {
	{"port-in", port_in, 0},   /* CELLHV_FAILURE_PORT */
	{"port-out", port_out, 0}, /* CELLHV_FAILURE_PORT */
	{"ports-allowed", ports_allowed, 0},
	{"msr-read", msr_read, GP}, /* or CELLHV_FAILURE_MSR */
	{"msr-unlisted", msr_unlisted, GP},
	{"msr-strict", msr_unlisted, GP}, /* CELLHV_FAILURE_MSR */
	{"msr-write", msr_write, GP},
	{"msr-smi-count", msr_smi_count, GP},
	{"efer-svme", efer_svme, GP}, /* or CELLHV_FAILURE_MSR */
	{"msr-allowed", msr_allowed, 0},
	{"cr4-reserved", cr4_reserved, GP}, /* or CELLHV_FAILURE_CONTROL */
	{"cr0-cache", cr0_cache, 0},
	{"cr4-vmxe", cr4_vmxe, GP}, /* or CELLHV_FAILURE_CONTROL */
	{"xsetbv-illegal", xsetbv_illegal, GP},
	{"prefixes", prefixes, 0},
	{"lvt-reserved", lvt_reserved, GP},
	{"vmrun", vmrun, UD},		       /* or CELLHV_FAILURE_INSTRUCTION */
	{"vmxon", vmxon, UD},		       /* or CELLHV_FAILURE_INSTRUCTION */
	{"triple-fault", triple_fault, 0},     /* CELLHV_FAILURE_TRIPLE_FAULT */
	{"memory-read", memory_read, 0},       /* CELLHV_FAILURE_MEMORY */
	{"memory-write", memory_write, 0},     /* CELLHV_FAILURE_MEMORY */
	{"memory-execute", memory_execute, 0}, /* CELLHV_FAILURE_MEMORY */
	{"hpet-read", hpet_read, 0},	       /* CELLHV_FAILURE_MEMORY */
	{"icr-mmio", icr_mmio, 0},
	{"icr-msr", icr_msr, 0},
	{"pending-stopped", pending_stopped, 0},
	{"pending-failed", pending_failed, 0}, /* CELLHV_FAILURE_PORT */
	{"single-step", single_step, 0},
	{"cpuid-leaves", cpuid_leaves, 0},
	{"hypercall-denied", hypercall_denied, 0},
	{"hypercall-unknown", hypercall_unknown, 0},
	{"ends-silently", ends_silently, 0},
	{"odd-state", odd_state, 0},	       /* CELLHV_FAILURE_STATE */
	{"wrong-revision", wrong_revision, 0}, /* CELLHV_FAILURE_REVISION */
};

static void on_exception(struct interrupt_frame *frame)
{
	verdict(true, "exception", frame->vector);
	comm_finish(CELLHV_COMM_SHUT_DOWN);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void guest_main(void)
{
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (same(cases[i].name, CASE))
			this_case = &cases[i];

	printk("case %s\n", this_case->name);
	for (unsigned int vector = 0; vector < 32; vector++)
		if (this_case->exceptions & EXCEPTION(vector))
			interrupts_set_handler(vector, on_exception);
	if (!this_case->run())
		comm_finish(CELLHV_COMM_FAILED);
}
