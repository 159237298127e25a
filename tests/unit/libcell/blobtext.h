/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binary configurations as text: what the fields say, then every byte. */
#ifndef TESTS_BLOBTEXT_H
#define TESTS_BLOBTEXT_H

#include <stdio.h>

#include "cell.h"

void blobtext_write(const cell_blob *blob, FILE *out);

#endif
