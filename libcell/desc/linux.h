/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linux in a cell: what "linux" stands for, and its files. */
#ifndef LIBCELL_DESC_LINUX_H
#define LIBCELL_DESC_LINUX_H

#include "desc/desc.h"
#include "driver/cell_object.h"

/* What follows from "linux" whatever the files are, and what cannot stand beside it. */
void linux_settle(cell_desc *desc);

/*
 * Reports what is wrong with kernel, initrd and command line, and that the memory is too small for
 * them (_files: only that files are missing). The kernel's configuration, where it is found, says
 * which signature the cell shows. -ENOMEM.
 */
int linux_check(cell_desc *desc);
void linux_check_files(cell_desc *desc);

/* All of it into the cell's memory. ImageMissing, ImageTooLarge, InvalidConfiguration. */
int linux_load(const cell_cell *cell, cell_desc *desc);

#endif
