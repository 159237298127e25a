/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of text, and that of tables, in which a CPU goes from one world into the other. */
#ifndef CELLHV_KMOD_SWITCH_H
#define CELLHV_KMOD_SWITCH_H

#include <cellhv/launch.h>

int switch_enter(u64 hypervisor_cr3, void *entry, struct cellhv_native *native);
extern char switch_leave[], switch_nmi[];
extern struct cellhv_switch switch_data;

#endif
