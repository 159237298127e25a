// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is above each function, by which ids IOMMUs see it, and what it is not isolated from. Where
 * Linux has groups they count: it knows which devices lie. Else they are made by the same rules,
 * those of the PCI Express Base Specification, 6.12 (access control services).
 */
#include <string.h>

#include "host/pci_function.h"

static int bridge_above(const struct pci *pci, const struct pci_function *function)
{
	for (size_t i = 0; i < pci->n; i++) {
		const struct pci_function *bridge = &pci->functions[i];

		if (bridge->is_bridge && bridge != function &&
		    bridge->segment == function->segment && bridge->secondary &&
		    bridge->secondary == function->address >> 8)
			return (int)i;
	}
	return -1;
}

static void add_requester(struct pci_function *function, unsigned id)
{
	for (uint16_t i = 0; i < function->n_requesters; i++)
		if (function->requesters[i] == id)
			return;

	if (function->n_requesters == CELLHV_FUNCTION_REQUESTERS)
		function->too_deep = true;
	else
		function->requesters[function->n_requesters++] = (uint16_t)id;
}

/*
 * PCI Express to PCI/PCI-X Bridge Specification, 2.3: such a bridge makes all requests its own, by
 * the number of its secondary bus, device and function 0. A conventional one takes them over with
 * its own id. -1: it leaves them as they are.
 */
static int alias_of(const struct pci_function *bridge)
{
	switch (bridge->type) {
	case PCI_TO_CONVENTIONAL:
		return bridge->secondary << 8;
	case PCI_CONVENTIONAL:
	case PCI_TO_EXPRESS:
		return bridge->address;
	default:
		return -1;
	}
}

/* Units see what the topmost of these bridges makes of it, and may see all that is below. */
static void find_above(struct pci *pci, struct pci_function *function)
{
	int aliases[CELLHV_FUNCTION_BRIDGES];
	unsigned n = 0;

	for (int at = function->above; at >= 0; at = pci->functions[at].above) {
		const struct pci_function *bridge = &pci->functions[at];

		if (function->n_bridges == CELLHV_FUNCTION_BRIDGES) {
			function->too_deep = true;
			break;
		}
		function->bridges[function->n_bridges++] = bridge->address;
		if (alias_of(bridge) >= 0)
			aliases[n++] = alias_of(bridge);
	}
	while (n > 0)
		add_requester(function, (unsigned)aliases[--n]);
	add_requester(function, function->address);
}

static void merge(struct pci *pci, size_t a, size_t b)
{
	size_t to = pci->functions[a].group, from = pci->functions[b].group;

	if (to > from) {
		size_t swap = to;

		to = from;
		from = swap;
	}
	for (size_t i = 0; i < pci->n; i++)
		if (pci->functions[i].group == from)
			pci->functions[i].group = to;
}

static bool path_isolates(const struct pci *pci, int bridge)
{
	for (int hops = 0; bridge >= 0 && hops < CELLHV_FUNCTION_BRIDGES; hops++) {
		if (!pci->functions[bridge].isolates)
			return false;
		bridge = pci->functions[bridge].above;
	}
	return true;
}

/* From here up to where all that comes is sent to the root complex. */
static void merge_path(struct pci *pci, size_t index)
{
	int bridge = pci->functions[index].above;

	for (int hops = 0; bridge >= 0 && hops < CELLHV_FUNCTION_BRIDGES; hops++) {
		if (path_isolates(pci, bridge))
			return;
		merge(pci, index, (size_t)bridge);
		bridge = pci->functions[bridge].above;
	}
}

static bool may_talk(const struct pci_function *a, const struct pci_function *b)
{
	if (*a->group_of || *b->group_of)
		return strcmp(a->group_of, b->group_of) == 0;
	return a->segment == b->segment && a->address >> 3 == b->address >> 3 &&
	       (a->is_multifunction || b->is_multifunction) && !a->isolates && !b->isolates;
}

void pci_topology(struct pci *pci)
{
	for (size_t i = 0; i < pci->n; i++) {
		pci->functions[i].above = bridge_above(pci, &pci->functions[i]);
		pci->functions[i].group = i;
	}
	for (size_t i = 0; i < pci->n; i++) {
		find_above(pci, &pci->functions[i]);
		if (!*pci->functions[i].group_of)
			merge_path(pci, i);
		for (size_t other = 0; other < i; other++)
			if (may_talk(&pci->functions[other], &pci->functions[i]))
				merge(pci, other, i);
	}
}
