/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities of the messages that units/cellmgr.catalog explains. */
#ifndef CELLMGRD_EVENT_H
#define CELLMGRD_EVENT_H

#define EVENT_STARTED "d4047ff1f5274a36a13fa514b045a708"
#define EVENT_STOPPED "086b010c83c8461eb68be029691d4899"
#define EVENT_FAILED "e76ca57b0b8b45569f1c5b1567591cfd"
#define EVENT_REJECTED "e51b4ff5e007412da0f1bc9de47f06e4" /* its description */
#define EVENT_REFUSED "9cd2a19fda3e4f968d1dcb428211a70b"  /* to shut down */
#define EVENT_HUNG "3c1721a3aa7b49969db8874e8c724c82"	  /* no sign of life */
#define EVENT_FLOODED "240455b02d2a4d23ae2f0a29adec7ac6"  /* console lines were left out */

#endif
