# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What Bochs starts Linux from: a memory image and a disk, without boot loader and decompressor, which
would take a minute of emulation. The kernel's own real-mode code runs (it asks the BIOS for the
memory map), then bochs_boot.S reads the uncompressed kernel and the initramfs from the disk.
Fields of the header: Documentation/arch/x86/boot.rst.
"""
import struct

import kernel
from paths import BUILD

SETUP = 0x90000  # here and below as in bochs_boot.S
LOADER = 0x9A000
COMMAND_LINE = 0x9E000
COMMAND_LINE_SIZE = 0x1000
KERNEL = 0x1000000
HEAP_END = 0x9600 - 0x200
PARTS_OFFSET = 4
CYLINDER = 16 * 63 * kernel.SECTOR
MEMORY_END = 0x40000000 - 0x100000  # the BIOS keeps its tables above

PT_LOAD = 1


def _flatten(elf):
    """Returns (entry, the bytes of an ELF file's segments as they lie in memory from KERNEL on)."""
    entry, start = struct.unpack_from("<QQ", elf, 24)
    count, = struct.unpack_from("<H", elf, 56)
    memory = bytearray()
    for number in range(count):
        kind, _, offset, _, address, size = struct.unpack_from("<IIQQQQ", elf, start + 56 * number)
        if kind == PT_LOAD:
            memory = memory.ljust(address - KERNEL, b"\0") + elf[offset:offset + size]
    return entry, memory.rstrip(b"\0")


def _program(name):
    return (BUILD / "tests/lib" / f"bochs-{name}.bin").read_bytes()


def _sectors(size):
    return -(-size // kernel.SECTOR)


def build(version, initrd, command_line, memory_image, disk):
    """Writes both files; `memory_image` belongs at the address SETUP."""
    image, initrd = kernel.image(version).read_bytes(), initrd.read_bytes()
    entry, flat = _flatten(kernel.vmlinux(version).read_bytes())
    initrd_address = (MEMORY_END - len(initrd)) & ~0xFFF

    setup = bytearray(image[:kernel.setup_size(image)])
    setup[0x210] = 0xFF  # type_of_loader: none of those that have a number
    setup[0x211] |= 0x80  # loadflags: CAN_USE_HEAP
    struct.pack_into("<III", setup, 0x214, LOADER, initrd_address, len(initrd))
    struct.pack_into("<H", setup, 0x224, HEAP_END)
    struct.pack_into("<I", setup, 0x228, COMMAND_LINE)

    loader = bytearray(_program("loader"))
    struct.pack_into("<IIIII", loader, PARTS_OFFSET, KERNEL, _sectors(len(flat)),
                     initrd_address, _sectors(len(initrd)), entry)
    arguments = command_line.encode() + b"\0"
    if len(arguments) > COMMAND_LINE_SIZE:
        raise SystemExit("error: the kernel arguments are too long")
    memory_image.write_bytes(setup.ljust(LOADER - SETUP, b"\0") +
                             loader.ljust(COMMAND_LINE - LOADER, b"\0") + arguments)

    content = _program("sector")
    for part in (flat, initrd):
        content += part.ljust(_sectors(len(part)) * kernel.SECTOR, b"\0")
    disk.write_bytes(content + b"\0" * (-len(content) % CYLINDER))
