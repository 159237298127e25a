/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/guest_memory.h"

#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/string.h"

#define ENTRY_PRESENT 1ull
#define ENTRY_LARGE (1ull << 7)

/* One way of the processor to walk page tables (AMD64 APM vol. 2, 5.2 and 5.3). */
struct walk {
	unsigned levels;
	unsigned index_bits; /* per level */
	unsigned entry_size; /* bytes */
	unsigned max_large;  /* highest level with large pages */
};

static struct walk guest_walk(const struct vcpu_state *state)
{
	if (state->efer & EFER_LMA)
		return (struct walk){state->cr4 & CR4_LA57 ? 5 : 4, 9, 8, 3};
	if (state->cr4 & CR4_PAE)
		return (struct walk){3, 9, 8, 2};
	return (struct walk){2, 10, 4, state->cr4 & CR4_PSE ? 2 : 1};
}

/*
 * What the guest can reach by itself. The root's RAM may stand anywhere, and more of it may come
 * later, so nothing says what is RAM; but its processor has read all this to get here. A cell's
 * registers are known: they must not be read as a side effect.
 */
static bool guest_phys(const struct cpu *cpu, uint64_t guest, uint64_t *phys)
{
	struct paging_translation translation;

	if (!paging_lookup(&cpu->cell->memory, guest, &translation) ||
	    (!cell_is_root(cpu->cell) && translation.access & PAGING_DEVICE))
		return false;
	*phys = translation.phys;
	return true;
}

static bool guest_read_entry(struct cpu *cpu, uint64_t address, unsigned size, uint64_t *entry)
{
	uint64_t phys, value = 0;

	if (!guest_phys(cpu, address, &phys))
		return false;
	memcpy(&value, arch_window_map(cpu, phys), size);
	*entry = value;
	return value & ENTRY_PRESENT;
}

/* Linear to guest physical. */
static bool guest_translate(struct cpu *cpu, const struct vcpu_state *state, uint64_t linear,
			    uint64_t *guest)
{
	struct walk walk = guest_walk(state);
	uint64_t table = state->cr3 & PAGING_PHYS_MASK, entry = 0;

	if (!(state->cr0 & CR0_PG)) {
		*guest = linear;
		return true;
	}
	if (walk.levels == 3)
		table = state->cr3 & 0xffffffe0ull;

	for (unsigned level = walk.levels;; level--) {
		unsigned shift = 12 + walk.index_bits * (level - 1);
		uint64_t index = (linear >> shift) & ((1u << walk.index_bits) - 1);
		uint64_t offset_mask = (1ull << shift) - 1;

		if (walk.levels == 3 && level == 3)
			index &= 3;
		if (!guest_read_entry(cpu, table + index * walk.entry_size, walk.entry_size,
				      &entry))
			return false;
		if (level == 1 || (level <= walk.max_large && level > 1 && (entry & ENTRY_LARGE))) {
			*guest = (entry & PAGING_PHYS_MASK & ~offset_mask) | (linear & offset_mask);
			return true;
		}
		table = entry & PAGING_PHYS_MASK;
	}
}

size_t guest_fetch(struct cpu *cpu, const struct vcpu_state *state, uint64_t linear,
		   uint8_t *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t part = PAGE_SIZE - (linear & (PAGE_SIZE - 1));
		uint64_t guest, phys;

		if (part > size - done)
			part = size - done;
		if (!guest_translate(cpu, state, linear, &guest) || !guest_phys(cpu, guest, &phys))
			break;
		memcpy(buffer + done, arch_window_map(cpu, phys), part);
		done += part;
		linear += part;
	}
	arch_window_unmap(cpu);
	return done;
}

bool guest_read(struct cpu *cpu, uint64_t guest, void *buffer, size_t size)
{
	uint64_t phys;

	if (!guest_phys(cpu, guest, &phys))
		return false;
	memcpy(buffer, arch_window_map(cpu, phys), size);
	arch_window_unmap(cpu);
	return true;
}
