/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of a VMX guest, as VM entry wants them: an entry that fails is the hypervisor's failure.
 */
#ifndef VMX_EVENT_H
#define VMX_EVENT_H

#include <stdint.h>

/* What VM entry compares with each other (Intel SDM vol. 3, 27.2.1.3 and 27.3.1.5). */
struct vmx_event_state {
	uint32_t event; /* VM-entry interruption information; not valid: none goes in */
	uint32_t interruptibility;
	uint64_t pending_debug;
	uint64_t rflags;
	uint64_t debugctl;
	uint64_t cr0;
};

/* Makes the rest fit the event, and the guest's state fit itself. */
void vmx_event_complete(struct vmx_event_state *state);

/* DR6 as delivery of a #DB leaves it; an exit only tells the causes (28.1, table 28-1). */
uint64_t vmx_event_dr6(uint64_t dr6, uint64_t causes);

#endif
