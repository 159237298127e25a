/* SPDX-License-Identifier: BSD-2-Clause */
/* What frames of Ethernet are, for those that send them. */
#ifndef FRAME_H
#define FRAME_H

#define ETHERNET_ADDRESS 6
#define ETHERNET_FRAME_MIN 60	/* bytes, without the check sequence */
#define ETHERNET_FRAME_MAX 1514 /* the same */

#endif
