/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile guest: the first word of its command line names the case (main.c), the others are
 * numbers. Verdicts as in tests/guests/cases.c.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "runtime/x86/hypercall.h"
#include "runtime/x86/x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NO_EXCEPTION 0xff

extern uint64_t arguments[4];

bool verdict(bool ok, const char *what, uint64_t value);

/*
 * ATTEMPT(CODE, operands): where an instruction of CODE raises an exception, the guest goes on
 * behind all of it; attempt_vector then tells which.
 */
#define ATTEMPT(code, ...)                                                                  \
	do {                                                                                \
		attempt_vector = NO_EXCEPTION;                                              \
		asm volatile("movq $9f, attempt_resume; movq %%rsp, attempt_stack\n\t" code \
			     "\n9:\tmovq $0, attempt_resume" __VA_ARGS__);                  \
	} while (0)

extern volatile unsigned long attempt_resume, attempt_stack;
extern volatile unsigned int attempt_vector;
extern volatile unsigned int nmis, debug_traps;

bool try_rdmsr(uint32_t msr, uint64_t *value);
bool try_wrmsr(uint32_t msr, uint64_t value);

/* Numbers without a pattern, the same in each run. */
uint64_t scatter(void);

/* Virtual page that is no other's; the table entry behind it, which maps it. */
#define ALIAS 0x40000000ul
extern volatile uint64_t alias_entry[512];
volatile uint64_t *alias_directory_entry(void);
void alias_map(uint64_t phys);

void attack_msrs(void);
void attack_wrmsr(void);
void attack_efer(void);
void attack_instructions(void);
void attack_xsetbv(void);
void attack_control(void);
void attack_cpuid(void);
void attack_lvt(void);
void attack_icr(void);
void attack_icr_mode(void);
void attack_apic_errors(void);
void attack_debug(void);
void attack_debug_for_ever(void);
void attack_floods(void);
void attack_user(void);
void attack_sixteen_bits(void);
void attack_port(void);
void attack_touch(void);
void attack_leftovers(void);
void attack_rewritten_code(void);
void attack_rewritten_tables(void);
void attack_msix(void);
void attack_ipi_flood(void);

#endif
