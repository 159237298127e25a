/* SPDX-License-Identifier: GPL-2.0-only */
/* The page tables of processors and IOMMUs, for core/paging.h. */
#ifndef X86_PAGING_FORMATS_H
#define X86_PAGING_FORMATS_H

#include "core/paging.h"

/*
 * Accessed and dirty bits are set from the start where the format has them, so hardware never
 * writes to a table.
 */
extern const struct paging_format paging_x86_host;   /* AMD64 APM vol. 2, 5.3; supervisor, NX */
extern const struct paging_format paging_x86_nested; /* AMD64 APM vol. 2, 15.25; always user */
extern const struct paging_format paging_ept;	     /* Intel SDM vol. 3, 29.3.2 */
extern const struct paging_format paging_amdvi;	     /* AMD 48882, 2.2.3 */
extern const struct paging_format paging_vtd;	     /* Intel VT-d, 9.8: second level */

#endif
