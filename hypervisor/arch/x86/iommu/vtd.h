/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel VT-d (specification revision 4.1; numbers of sections are its). For files of this folder
 * alone. All is called with the lock of the unit held.
 *
 * vtd_register.c reaches registers, vtd_queue.c has our queue, vtd_table.c who reaches what,
 * vtd_context.c what Linux says of that, vtd_interrupt.c whom messages reach, vtd_linux.c what
 * Linux sees of the unit, vtd.c takes it.
 */
#ifndef X86_IOMMU_VTD_H
#define X86_IOMMU_VTD_H

#include "core/iommu.h"

/* Registers (11.4). */
#define VTD_VER 0x00u
#define VTD_CAP 0x08u
#define VTD_ECAP 0x10u
#define VTD_GCMD 0x18u
#define VTD_GSTS 0x1cu
#define VTD_RTADDR 0x20u
#define VTD_FSTS 0x34u
#define VTD_FECTL 0x38u
#define VTD_FEUADDR 0x44u
#define VTD_PMEN 0x64u
#define VTD_IQH 0x80u
#define VTD_IQT 0x88u
#define VTD_IQA 0x90u
#define VTD_IECTL 0xa0u
#define VTD_IEUADDR 0xacu
#define VTD_IRTA 0xb8u
#define VTD_SHADOW 0x100u /* bytes of registers that Linux sees something of */

#define VTD_CAP_ND(cap) ((cap)&7)
#define VTD_CAP_RWBF (1ull << 4)
#define VTD_CAP_PROTECTED (3ull << 5)
#define VTD_CAP_SAGAW_39 (1ull << 9)
#define VTD_CAP_SAGAW_48 (1ull << 10)
#define VTD_CAP_FRO(cap) (((cap) >> 24 & 0x3ff) * 16)
#define VTD_CAP_2M (1ull << 34)
#define VTD_CAP_1G (1ull << 35)
#define VTD_CAP_NFR(cap) (((cap) >> 40 & 0xff) + 1)
#define VTD_CAP_PAGES (1ull << 39)	       /* PSI: single pages are invalidated */
#define VTD_CAP_MAMV(cap) ((cap) >> 48 & 0x3f) /* ... 2^it of them, at most */
#define VTD_CAP_DRAIN_WRITES (1ull << 54)
#define VTD_CAP_DRAIN_READS (1ull << 55)

#define VTD_ECAP_COHERENT (1ull << 0)
#define VTD_ECAP_QUEUE (1ull << 1)
#define VTD_ECAP_DEVICE_TLB (1ull << 2)
#define VTD_ECAP_REMAPS (1ull << 3)

/* GCMD and GSTS alike; SRTP and SIRTP become 1 there when they are done. */
#define VTD_TE (1u << 31)
#define VTD_SRTP (1u << 30)
#define VTD_WBF (1u << 27)
#define VTD_QIE (1u << 26)
#define VTD_IRE (1u << 25)
#define VTD_SIRTP (1u << 24)
#define VTD_CFI (1u << 23)

#define VTD_FSTS_OVERFLOW (1u << 0)
#define VTD_FSTS_QUEUE_ERROR (1u << 4)
#define VTD_EVENT_MASKED (1u << 31) /* of FECTL, IECTL */

#define VTD_ROOT_MODE 0xc00ull	    /* of RTADDR: not the legacy one */
#define VTD_QUEUE_WIDE (1ull << 11) /* of IQA: descriptors of 32 bytes */
#define VTD_QUEUE_SIZE(address) (4096u << ((address)&7))
#define VTD_IRTA_X2APIC (1ull << 11) /* EIME */

/* Descriptors (6.5.2): the low half. */
#define VTD_INVALIDATE_CONTEXT 1ull
#define VTD_INVALIDATE_IOTLB 2ull
#define VTD_INVALIDATE_DEVICE_TLB 3ull
#define VTD_INVALIDATE_INTERRUPTS 4ull
#define VTD_WAIT 5ull
#define VTD_ALL (1ull << 4) /* granularity of the first two */
#define VTD_DOMAIN (2ull << 4)
#define VTD_DEVICE (3ull << 4) /* of contexts; of the second: pages of a domain */
#define VTD_GRANULARITY (3ull << 4)
#define VTD_DRAIN_WRITES (1ull << 6)
#define VTD_DRAIN_READS (1ull << 7)
#define VTD_DOMAIN_SHIFT 16
#define VTD_SOURCE_SHIFT 32
#define VTD_SOME_INTERRUPTS (1ull << 4)
#define VTD_WAIT_STATUS (1ull << 5)
#define VTD_DATA_SHIFT 32

#define VTD_QUEUE_ENTRIES 256u
#define VTD_DESCRIPTOR 16u /* bytes */
#define VTD_INTERRUPT_ENTRIES 65536u
#define VTD_INTERRUPT_PAGES 256u
#define VTD_FIRST_OF_CELLS (VTD_INTERRUPT_ENTRIES - IOMMU_INTERRUPTS)

#define VTD_BUSES 256u
#define VTD_CONTEXTS 256u /* entries of a table: device << 3 | function */

/*
 * Ids of domains in the hardware: ours are the last IOMMU_DOMAINS, or the last quarter where the
 * unit has few; core's id counts from there. Linux begins at the other end.
 */
#define VTD_OURS_MAX(cap) \
	(16u << 2 * VTD_CAP_ND(cap) < 4 * IOMMU_DOMAINS ? 4u << 2 * VTD_CAP_ND(cap) : IOMMU_DOMAINS)
#define VTD_OURS_FIRST(cap) ((16u << 2 * VTD_CAP_ND(cap)) - VTD_OURS_MAX(cap))

/* An entry of a context table (9.3). */
struct vtd_context {
	uint64_t low, high;
};

#define VTD_PRESENT 1ull
#define VTD_FAULTS_OFF 2ull /* FPD */
#define VTD_WIDTH 7ull	    /* of the high half: AW */
#define VTD_CONTEXT_DOMAIN(high) ((high) >> 8 & 0xffff)
#define VTD_IS_OURS(vtd, domain) ((domain) >= VTD_OURS_FIRST((vtd)->cap))

/* A page; all that it leads to is of the pool of tables, too. */
struct vtd {
	uint32_t shadow[VTD_SHADOW / 4]; /* registers, as Linux sees them */
	uint64_t cap, ecap;
	uint64_t *root;	   /* root table */
	uint64_t *context; /* of every bus without a table of its own */
	uint64_t (*queue)[2];
	uint32_t tail;		  /* descriptors, in our queue */
	volatile uint32_t status; /* what our waits write */
	uint32_t work;		  /* that is left for this exit, in descriptors */
	bool queue_ours, silent;
	bool pending;	     /* ... there are some that Linux's next wait is for */
	bool carries;	     /* Linux translated, if only by passing through: its contexts count */
	bool open;	     /* some of its tables are not watched */
	uint32_t silent_cpu; /* which has not forgotten that it could write to them */
	uint64_t followed[VTD_BUSES + 1]; /* Linux's context tables by bus, its root table; 0: none
					   */
	uint64_t (*interrupts)[2];	  /* NULL: not remapped */
	uint32_t interrupts_used;	  /* entries that Linux has, or had */
	bool interrupts_odd;		  /* one of them could not be carried */
	bool x2apic;			  /* form of their destinations, while the unit is ours */
};

static inline struct vtd *vtd_of(const struct iommu *unit)
{
	return unit->state;
}

static inline uint32_t *vtd_shadow(struct vtd *vtd, uint32_t offset)
{
	return &vtd->shadow[offset / 4];
}

static inline uint64_t vtd_shadow64(const struct vtd *vtd, uint32_t offset)
{
	return vtd->shadow[offset / 4] | (uint64_t)vtd->shadow[offset / 4 + 1] << 32;
}

/* Registers of the hardware. */
uint32_t vtd_read(struct cpu *self, const struct iommu *unit, uint32_t offset);
uint64_t vtd_read64(struct cpu *self, const struct iommu *unit, uint32_t offset);
void vtd_write(struct cpu *self, const struct iommu *unit, uint32_t offset, uint32_t value);
void vtd_write64(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t value);

/* A bounded time until these bits of a register are so. -ETIMEDOUT */
int vtd_await(struct cpu *self, const struct iommu *unit, uint32_t offset, uint32_t mask,
	      uint32_t value);

/* One bit of GCMD; those that only begin something are awaited, too. -ETIMEDOUT */
int vtd_command(struct cpu *self, const struct iommu *unit, uint32_t bit, bool on);

/* What the unit reads has been written, by us. */
void vtd_written(const struct vtd *vtd, const void *address, uint64_t size);

/* Our queue in the hardware, and Linux's again as it was. -ETIMEDOUT, -ENOMEM */
int vtd_queue_take(struct cpu *self, struct iommu *unit);
int vtd_queue_give_back(struct cpu *self, struct iommu *unit);

/* A descriptor for our queue; all of them are done when vtd_complete() returns. -ETIMEDOUT */
void vtd_submit(struct vtd *vtd, uint64_t low, uint64_t high);
void vtd_submit_iotlb(struct vtd *vtd, uint64_t granularity, uint64_t domain, uint64_t pages);
int vtd_complete(struct cpu *self, struct iommu *unit);

/* Tables of requesters: build, into the hardware, out of it. */
int vtd_table_take(struct cpu *self, struct iommu *unit);
int vtd_table_give_back(struct cpu *self, struct iommu *unit);
int vtd_attach(struct cpu *self, struct iommu *unit, uint16_t requester,
	       const struct iommu_domain *domain);
int vtd_flush(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain);

/* Requesters of the root's are as Linux has them now: those of a bus, one. -ENOMEM: what is new
 * does not pass; -ETIMEDOUT */
int vtd_table_sync(struct cpu *self, struct iommu *unit, unsigned bus);
int vtd_table_sync_one(struct cpu *self, struct iommu *unit, uint16_t requester);
int vtd_table_sync_all(struct cpu *self, struct iommu *unit); /* the unit knows */

/* Tables of Linux's that a requester uses: core/iommu.h. */
bool vtd_linux_tables(const struct iommu *unit, uint16_t requester, struct iommu_tables *ret);
int vtd_block(struct cpu *self, struct iommu *unit, uint16_t requester,
	      const struct iommu_tables *tables);
int vtd_forget(struct cpu *self, struct iommu *unit, const struct iommu_tables *tables);

/* The entry for a domain; NULL: nothing passes. */
struct vtd_context vtd_context_in(const struct vtd *vtd, const struct iommu_domain *domain);

/* ... for requesters of the root's where Linux says nothing of one, and for one. */
struct vtd_context vtd_context_plain(const struct vtd *vtd);
struct vtd_context vtd_context_of_root(struct cpu *self, const struct iommu *unit,
				       uint16_t requester);

/*
 * Linux's tables: the root's writes to them exit, so that they are followed. Sets unit->by_linux
 * where devices use tables of Linux's. -ENOMEM; -EBUSY: a CPU is silent.
 */
int vtd_follow_begin(struct cpu *self, struct iommu *unit);
void vtd_follow_end(struct iommu *unit);

/* Linux has other tables, or translates no more or again. All of it is looked at. */
void vtd_follow_again(struct cpu *self, struct iommu *unit);

bool vtd_follows(const struct iommu *unit, uint64_t phys, uint64_t size);
void vtd_follow(struct cpu *self, struct iommu *unit, const struct iommu_write *write);

/* The table of interrupts, a copy of Linux's. -EINVAL: some of that cannot be carried. */
int vtd_interrupts_take(struct cpu *self, struct iommu *unit);
int vtd_interrupts_give_back(struct cpu *self, struct iommu *unit);

/* Linux has another one. */
int vtd_interrupts_install(struct cpu *self, struct iommu *unit);

/* Copies entries anew; the unit knows after vtd_complete(). */
void vtd_interrupts_copy(struct cpu *self, struct iommu *unit, uint32_t first, uint32_t count);
int vtd_set_interrupt(struct cpu *self, struct iommu *unit, uint32_t index,
		      const struct iommu_interrupt *interrupt);
void vtd_message(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
		 uint32_t *ret_data);
int vtd_recheck_interrupts(struct cpu *self, struct iommu *unit);

/* What becomes of an entry of Linux's: narrowed to CPUs of the root's, or all zero. */
void vtd_interrupt_narrow(uint64_t entry[2], bool x2apic);

/* What Linux sees of the unit, as the hardware is now. */
void vtd_linux_load(struct cpu *self, struct iommu *unit);
bool vtd_access(struct cpu *self, struct iommu *unit, struct iommu_access *access);

/* Whether the root can read, or write, this page by itself. */
bool vtd_is_roots(uint64_t phys, bool write);

void vtd_report_faults(struct cpu *self, struct iommu *unit);

#endif
