/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A timer that only counts; it re-arms itself without leaving the guest.
 */
#ifndef TICKER_H
#define TICKER_H

#include <stdint.h>

void ticker_start(uint32_t interval_us);
void ticker_stop(void);

/* Ticks so far. */
unsigned int ticker_count(void);

#endif
