// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins of I/O APICs that cells have. Linux's interrupt of a pin is requested for the cell alone and
 * never enabled, so that no driver has it, or gets it while the cell exists. What the pin is
 * programmed to is for the hypervisor to say.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/interrupt.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cellhv.h"

struct pin {
	u32 gsi;
	int irq;
	char name[sizeof("cell ") + CELLHV_NAME_SIZE];
};

/* Those of the system that is enabled; changed with hypervisor_sem held for writing. */
static struct cellhv_ioapic pin_ioapics[CELLHV_MAX_IOAPICS];
static u32 pin_num_ioapics;

void pin_set_system(const struct cellhv_system_config *system)
{
	pin_num_ioapics = system->ioapics.count;
	memcpy(pin_ioapics, (const void *)system + system->ioapics.offset,
	       pin_num_ioapics * sizeof(*pin_ioapics));
}

static bool pin_find_gsi(const struct cellhv_pin *pin, u32 *gsi)
{
	u32 i;

	for (i = 0; i < pin_num_ioapics; i++)
		if (pin_ioapics[i].base == pin->ioapic)
			return !check_add_overflow(pin_ioapics[i].gsi_base, pin->pin, gsi);

	return false;
}

/* It is not enabled. One that was on its way while it was requested is no one's. */
static irqreturn_t pin_interrupt(int irq, void *data)
{
	return IRQ_HANDLED;
}

static int pin_register_as(const struct pin *pin, u32 flags)
{
	return acpi_register_gsi(NULL, pin->gsi,
				 flags & CELLHV_PIN_LEVEL ? ACPI_LEVEL_SENSITIVE
							  : ACPI_EDGE_SENSITIVE,
				 flags & CELLHV_PIN_LOW ? ACPI_ACTIVE_LOW : ACPI_ACTIVE_HIGH);
}

/*
 * With the mode that Linux has for it: what the firmware says of it, or, where it has been
 * registered for a device, the only one that is taken. It is never on.
 */
static int pin_register(const struct pin *pin, u32 flags)
{
	unsigned int irq;
	u32 change;
	int ret = -EBUSY;

	if (!acpi_gsi_to_irq(pin->gsi, &irq))
		return irq;

	for (change = 0; change <= CELLHV_PIN_FLAGS && ret < 0; change++)
		ret = pin_register_as(pin, flags ^ change);

	return ret;
}

static int pin_request(struct pin *pin, u32 flags)
{
	int ret;

	pin->irq = pin_register(pin, flags);
	if (pin->irq < 0)
		return pin->irq;

	ret = request_irq(pin->irq, pin_interrupt, IRQF_NO_AUTOEN | IRQF_PROBE_SHARED, pin->name,
			  pin);
	if (ret)
		acpi_unregister_gsi(pin->gsi);

	return ret;
}

static int pin_take(struct pin *pin, const struct cellhv_pin *config, u32 index,
		    struct cellhv_error *error)
{
	int ret = -ENODEV;

	if (pin_find_gsi(config, &pin->gsi))
		ret = pin_request(pin, config->flags);
	if (ret == -ENODEV)
		return refuse(error, ret, CELLHV_CHECK_PIN_NONE, index);
	if (ret && ret != -ENOMEM)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_PIN_BUSY, pin->gsi);

	return ret;
}

int pin_take_all(struct cell *cell, struct cellhv_error *error)
{
	const struct cellhv_pin *config = config_pins(cell->config);
	u32 i, count = cell->config->pins.count;
	int ret;

	if (!count)
		return 0;

	cell->pins = kcalloc(count, sizeof(*cell->pins), GFP_KERNEL);
	if (!cell->pins)
		return -ENOMEM;

	for (i = 0; i < count; i++) {
		snprintf(cell->pins[i].name, sizeof(cell->pins[i].name), "cell %s",
			 cell->config->name);
		ret = pin_take(&cell->pins[i], &config[i], i, error);
		if (ret)
			return ret;
		cell->num_pins++;
	}

	return 0;
}

/* The last interrupt of a pin freed masks it. */
void pin_give_back_all(struct cell *cell)
{
	struct pin *pin;

	while (cell->num_pins) {
		pin = &cell->pins[--cell->num_pins];
		free_irq(pin->irq, pin);
		acpi_unregister_gsi(pin->gsi);
	}
	kfree(cell->pins);
	cell->pins = NULL;
}
