/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files core/iommu*.c offer each other. */
#ifndef CORE_IOMMU_DOMAIN_H
#define CORE_IOMMU_DOMAIN_H

#include "core/iommu.h"

#define IOMMU_ROOT_DOMAIN 1u

extern struct iommu_domain iommu_root_domain; /* without a root while no unit is taken */

/*
 * The root's, in the format of `tables`: all memory one to one that devices may reach. -ENOMEM;
 * -ERANGE: there is RAM that such tables do not reach.
 */
int iommu_domain_build(const struct paging *tables);

/* No unit uses them any more. */
void iommu_domain_destroy(struct iommu_domain *domain);

/* Whether some of this memory is what no device of the root's may reach, by whose tables ever. */
bool iommu_forbids(uint64_t phys, uint64_t size);

/* The requester's domain, in all units of its segment. */
int iommu_attach_all(struct cpu *self, uint16_t requester, const struct iommu_domain *domain,
		     struct cellhv_call *call);

/* The root's, as far as can be: who does not do that is stuck, for nobody tries again. */
void iommu_release(struct cpu *self, uint16_t requester);

/* No requester is the cell's any more: it is about to be no cell. */
void iommu_forget_cell(struct cpu *self, const struct cell *cell);

/* The n-th of those that the hypervisor has, or is just taking; NULL: there are no more. */
struct iommu *iommu_unit(unsigned n);

/* What root CPUs' devices reach has changed, and not all units know. */
extern bool iommu_flush_owed;

#endif
