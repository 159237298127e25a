/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/resource.h"

#include "core/arch.h"

int resource_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < arch_resource_count && !err; i++)
		if (arch_resources[i]->check)
			err = arch_resources[i]->check(self, cell, call);
	return err;
}

int resource_reserve(struct cell *cell)
{
	int err = 0;

	for (unsigned i = 0; i < arch_resource_count && !err; i++)
		if (arch_resources[i]->reserve)
			err = arch_resources[i]->reserve(cell);
	return err;
}

static void drop(struct cell *cell, unsigned count)
{
	while (count--)
		if (arch_resources[count]->drop)
			arch_resources[count]->drop(cell);
}

/* The first `count` kinds, backwards. One that fails keeps no other: there is no second try. */
static void undo(struct cpu *self, struct cell *cell, unsigned count, struct cellhv_call *call)
{
	for (unsigned i = count; i--;)
		if (arch_resources[i]->give_back)
			arch_resources[i]->give_back(self, cell, call);
	drop(cell, count);
}

int resource_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	for (unsigned i = 0; i < arch_resource_count; i++) {
		int err = arch_resources[i]->take ? arch_resources[i]->take(self, cell, call) : 0;

		if (err) {
			undo(self, cell, i, call);
			return err;
		}
	}
	return 0;
}

void resource_start(struct cell *cell)
{
	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->start)
			arch_resources[i]->start(cell);
}

int resource_stop(struct cell *cell, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = arch_resource_count; i-- && !err;)
		if (arch_resources[i]->stop)
			err = arch_resources[i]->stop(cell, call);
	return err;
}

void resource_fail(struct cell *cell)
{
	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->fail)
			arch_resources[i]->fail(cell);
}

int resource_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = arch_resource_count; i-- && !err;)
		if (arch_resources[i]->give_back)
			err = arch_resources[i]->give_back(self, cell, call);
	return err;
}

void resource_drop(struct cell *cell)
{
	drop(cell, arch_resource_count);
}

void resource_release(struct cell *cell)
{
	for (unsigned i = arch_resource_count; i--;)
		if (arch_resources[i]->release)
			arch_resources[i]->release(cell);
}

uint64_t resource_unclean(const struct cell *cell)
{
	uint64_t left = 0;

	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->unclean)
			left += arch_resources[i]->unclean(cell);
	return left;
}

uint64_t resource_scrub(struct cpu *self, struct cell *cell, uint64_t bytes)
{
	uint64_t done = 0;

	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->scrub)
			done += arch_resources[i]->scrub(self, cell, bytes - done);
	return done;
}

bool resource_owns_memory(uint64_t phys, uint64_t size)
{
	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->owns_memory && arch_resources[i]->owns_memory(phys, size))
			return true;
	return false;
}

void resource_verify(void)
{
	for (unsigned i = 0; i < arch_resource_count; i++)
		if (arch_resources[i]->verify)
			arch_resources[i]->verify();
}
