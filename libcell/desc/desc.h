/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cell description, parsed. */
#ifndef LIBCELL_DESC_H
#define LIBCELL_DESC_H

#include <cellhv/config.h>

#include "base/context.h"
#include "desc/link.h"
#include "host/cpuset.h"
#include "text/document.h"

#define DESC_IMAGES_MAX 64

/* Where descriptions are, in this order. */
#define DESC_DIRECTORIES "/etc/cells", "/run/cells", "/usr/lib/cells"

struct desc_memory {
	uint64_t size;
	uint64_t guest;
	uint64_t phys; /* where pinned */
	bool pinned;
	uint32_t flags; /* CELLHV_MEMORY_* */
};

struct desc_image {
	char *file;
	uint64_t guest;
};

/* A kernel that the cell is to run ("linux"); the files as in desc_image. */
struct desc_kernel {
	bool wanted;
	char *file;
	char *initrd;	    /* NULL: none */
	char *command_line; /* behind what every cell's says; NULL: nothing */
};

struct desc_ports {
	uint32_t base;
	uint32_t count;
};

/* A PCI function, by where it is or by what it is. */
struct desc_function {
	bool has_address;
	uint16_t segment;
	uint16_t address; /* bus << 8 | device << 3 | function */
	uint16_t vendor;
	uint16_t device;
	uint16_t flags;			 /* CELLHV_FUNCTION_* */
	struct cellhv_function resolved; /* by device_resolve() */
};

/* An interrupt, by its number or by the pin. */
struct desc_irq {
	bool has_pin;
	uint32_t number;
	struct cellhv_pin resolved; /* by irq_resolve(); as it is said, with has_pin */
};

struct cell_desc {
	unsigned refs;
	cell_context *context;
	struct document doc;
	bool is_shipped; /* found in /usr/lib/cells: nobody here need have asked for it */
	char *directory; /* where relative image names start; NULL: of a descriptor, nowhere */

	char name[CELLHV_NAME_SIZE];
	char *description;  /* for people; NULL: none */
	struct cpuset cpus; /* empty: n_cpus_wanted of any */
	uint32_t n_cpus_wanted;
	bool owns_cores; /* all threads of a core that it has a CPU of, or none */
	size_t n_cpu_list;
	uint32_t cpu_list[CELLHV_MAX_CPUS]; /* by index in the text, bad ones included */
	bool has_memory_size;		    /* no regions of its own: these follow from a size */
	size_t n_memory;
	struct desc_memory memory[CELLHV_MAX_MEMORY_REGIONS];
	size_t n_images;
	struct desc_image images[DESC_IMAGES_MAX];
	struct desc_kernel kernel;
	bool has_signature; /* the description says which; else the kernel's configuration does */
	size_t n_ports;
	struct desc_ports ports[CELLHV_MAX_PORT_RANGES];
	size_t n_links;
	struct desc_link links[CELLHV_MAX_LINKS];
	size_t n_functions;
	struct desc_function functions[CELLHV_MAX_FUNCTIONS];
	size_t n_irqs;
	struct desc_irq irqs[CELLHV_MAX_PINS];
	struct cellhv_console console;
	char *command_line; /* NULL: none */
	uint64_t command_line_at;
	uint64_t entry;
	uint64_t comm;
	uint16_t comm_revision;
	uint32_t flags; /* CELLHV_CELL_* */
	uint32_t shutdown_timeout_ms;
	bool destroy_on_refusal;
};

/* One that says nothing, but why the file cannot be read. -ENOMEM. */
int desc_new_unreadable(cell_context *context, const char *path, int error, cell_desc **ret);

#define desc_report(desc, ...) document_report(&(desc)->doc, __VA_ARGS__)

/* As document_is_bad(). */
static inline bool desc_is_bad(const cell_desc *desc, const char *array, size_t index,
			       const char *member)
{
	return document_is_bad(&desc->doc, array, index, member);
}

/* Are guest address and size of a region known; those of all? */
bool desc_region_known(const cell_desc *desc, size_t index);
bool desc_memory_known(const cell_desc *desc);

/* 0 without errors; else -EINVAL, with the first one as the context's error. */
int desc_verdict(cell_desc *desc);

#endif
