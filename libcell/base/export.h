/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_EXPORT_H
#define LIBCELL_EXPORT_H

/* Everything else is hidden; libcell.sym lists the same functions with their versions. */
#define LIBCELL_PUBLIC __attribute__((visibility("default")))

#endif
