/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attack.h"

#define COMMAND_LINE ((const char *)0xf0000)
#define PRESENT_WRITABLE 0x3ul
#define LARGE 0x80ul
#define ADDRESS 0xffffffffff000ull
#define VECTOR_NMI 2
#define VECTOR_DB 1

uint64_t arguments[4];
volatile unsigned long attempt_resume, attempt_stack;
volatile unsigned int attempt_vector;
volatile unsigned int nmis, debug_traps;
volatile uint64_t alias_entry[512] __attribute__((aligned(4096)));

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"msrs", attack_msrs},
	{"wrmsr", attack_wrmsr},
	{"efer", attack_efer},
	{"instructions", attack_instructions},
	{"xsetbv", attack_xsetbv},
	{"control", attack_control},
	{"cpuid", attack_cpuid},
	{"lvt", attack_lvt},
	{"icr", attack_icr},
	{"icr-mode", attack_icr_mode},
	{"apic-errors", attack_apic_errors},
	{"debug", attack_debug},
	{"debug-for-ever", attack_debug_for_ever},
	{"floods", attack_floods},
	{"user", attack_user},
	{"sixteen-bits", attack_sixteen_bits},
	{"port", attack_port},
	{"touch", attack_touch},
	{"leftovers", attack_leftovers},
	{"rewritten-code", attack_rewritten_code},
	{"rewritten-tables", attack_rewritten_tables},
	{"msix", attack_msix},
	{"ipi-flood", attack_ipi_flood},
};

bool verdict(bool ok, const char *what, uint64_t value)
{
	printk("%s attack: %s 0x%llx\n", ok ? "ok" : "not ok", what, (unsigned long long)value);
	return ok;
}

static void on_exception(struct interrupt_frame *frame)
{
	attempt_vector = (unsigned int)frame->vector;
	if (!attempt_resume) {
		verdict(false, "unexpected exception at", frame->vector << 32 | frame->ip);
		comm_finish(CELLHV_COMM_FAILED);
	}
	frame->ip = attempt_resume;
	(&frame->flags)[1] = attempt_stack; /* RSP is behind */
}

static void on_nmi(struct interrupt_frame *frame)
{
	(void)frame;
	nmis++;
}

static void on_debug(struct interrupt_frame *frame)
{
	(void)frame;
	debug_traps++;
}

bool try_rdmsr(uint32_t msr, uint64_t *value)
{
	uint32_t low = 0, high = 0;

	ATTEMPT("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	*value = (uint64_t)high << 32 | low;
	return attempt_vector == NO_EXCEPTION;
}

bool try_wrmsr(uint32_t msr, uint64_t value)
{
	ATTEMPT("wrmsr",
		:
		: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		: "memory");
	return attempt_vector == NO_EXCEPTION;
}

uint64_t scatter(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

volatile uint64_t *alias_directory_entry(void)
{
	volatile uint64_t *pml4 = (volatile uint64_t *)read_cr3();
	volatile uint64_t *pdpt = (volatile uint64_t *)(pml4[0] & ADDRESS);
	volatile uint64_t *directory = (volatile uint64_t *)(pdpt[ALIAS >> 30] & ADDRESS);

	return &directory[ALIAS >> 21 & 511];
}

void alias_map(uint64_t phys)
{
	alias_entry[0] = phys | PRESENT_WRITABLE;
	*alias_directory_entry() = (uint64_t)(uintptr_t)alias_entry | PRESENT_WRITABLE;
	write_cr3(read_cr3());
}

/* Decimal, or hexadecimal behind 0x. */
static const char *number(const char *text, uint64_t *value)
{
	unsigned int base = 10;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	for (*value = 0; *text && *text != ' '; text++)
		*value = *value * base +
			 (unsigned int)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return text;
}

/* What of the command line is behind `name`; a null pointer where it is another's. */
static const char *behind(const char *name)
{
	const char *text = COMMAND_LINE;

	while (*name && *name == *text) {
		name++;
		text++;
	}
	return *name || (*text && *text != ' ') ? NULL : text;
}

static void run(void (*attack)(void), const char *text)
{
	for (unsigned int i = 0; i < COUNT(arguments) && *text == ' '; i++)
		text = number(text + 1, &arguments[i]);
	attack();
}

void guest_main(void)
{
	for (unsigned int vector = 0; vector < 32; vector++)
		interrupts_set_handler(vector, on_exception);
	interrupts_set_handler(VECTOR_NMI, on_nmi);
	interrupts_set_handler(VECTOR_DB, on_debug);

	printk("case %s\n", COMMAND_LINE);
	for (unsigned int i = 0; i < COUNT(cases); i++)
		if (behind(cases[i].name))
			run(cases[i].run, behind(cases[i].name));
	verdict(true, "end", 0);
}
