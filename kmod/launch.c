// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>

#include "launch.h"

int launch_load(struct device *dev, const struct cellhv_system_config *system,
		struct cellhv_error *error, struct launch **ret)
{
	error->check = CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION;
	return -EOPNOTSUPP;
}

int launch_enter(struct launch *launch, struct cellhv_error *error)
{
	return -EOPNOTSUPP;
}

int launch_leave(struct launch *launch, struct cellhv_error *error)
{
	return -EOPNOTSUPP;
}

void launch_free(struct launch *launch)
{
}

int launch_call(struct cellhv_call *call)
{
	return -EOPNOTSUPP;
}

u64 launch_memory_phys(const struct launch *launch)
{
	return 0;
}
