# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The scenario of examples/demo: commands in the Debian guest, and what each has to show. On a platform
that is too slow for that guest: demo.sh in the busybox guest.
"""
import argparse
import re
import subprocess
import sys
import time

import busybox
import debian
import kernel
import linux_cell
import payload
from machine import MACHINES
from paths import LOGS, ROOT
from progress import step

PLATFORMS = {"qemu": MACHINES["demo"], "bochs": MACHINES["bochs"]}
MACHINE = PLATFORMS["qemu"]
TIMER = r"Timer fired, jitter: +\d+ ns, min: +\d+ ns, max: +\d+ ns"
UNIT = "cell@apic-demo"
MEMORY = "grep MemTotal /proc/meminfo"
CPUS = "cat /sys/devices/system/cpu/online"
JOURNAL = f"journalctl --no-pager -o cat -u {UNIT}"

# What it is for, the command, patterns that its output must hold.
BEFORE = [
    ("Linux, native, on 4 CPUs; nothing is reserved", "cat /proc/cmdline", [r"console=ttyS0"]),
    ("", CPUS, [r"^0-3$"]),
    ("Can this machine be partitioned?", "cellctl host check", []),
]
RUNNING = [
    ("The hypervisor slides under Linux, then the cell starts", f"systemctl start {UNIT}", []),
    ("CPU 3 belongs to the cell", "cellctl list",
     [r"root\s.*0-2", r"apic-demo\s.*running/locked\s.*3"]),
    ("", CPUS, [r"^0-2$"]),
]
TICKING = [
    ("The guest's console is in the journal", f"{JOURNAL} | tail -n 16", [TIMER]),
    ("What made the cell leave its guest: printing to the console, nothing by ticking", "cellctl stats apic-demo", [r"\d"]),
    ("The same by D-Bus",
     "busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager ListCells", [r'"apic-demo"']),
]
STOPPING = [
    ("The guest refuses the first request to shut down, the second ends it",
     f"systemctl stop {UNIT}", []),
    ("", f"{JOURNAL} | tail -n 12", [r"(?i)refus|denie|reject"]),
    ("", f"systemctl is-active {UNIT} || true", [r"inactive"]),
]
PAIR = ("cell@ivshmem-demo", "cell@ivshmem-peer")
LINKED = [
    ("The two ends of the link: each rings once a second and counts the other's doorbells",
     f"journalctl --no-pager -o cat -u {PAIR[0]} | tail -n 12",
     [r"sending IRQ", r"got interrupt \.\.\. \d+"]),
    ("", f"journalctl --no-pager -o cat -u {PAIR[1]} | tail -n 12",
     [r"sending IRQ", r"got interrupt \.\.\. \d+"]),
    ("", "cellctl list", [r"ivshmem-demo\s+running\s+2", r"ivshmem-peer\s+running\s+3"]),
    ("", f"systemctl stop {' '.join(PAIR)}", []),
]
ADAPTER = "00:05.0"
DRIVER = f"basename $(readlink /sys/bus/pci/devices/0000:{ADAPTER}/driver)"
DEVICES = [
    ("Which PCI functions may a cell have?", "cellctl host devices", [rf"{ADAPTER}.*e1000e"]),
    ("A cell with a network adapter of its own: Linux's driver lets go of it",
     "grep -h pci /usr/lib/cells/ping-demo.json", [r'"pci"']),
    ("", DRIVER, [r"^e1000e$"]),
    ("", "systemctl start cell@ping-demo", []),
    ("", DRIVER, [r"^cellhv$"]),
    ("What keeps devices of Linux and of cells apart", "cellctl hypervisor status", [r"isolated", r"remapped"]),
]
PINGS = [
    ("Linux, by another adapter on the same wire, and the cell answers",
     "ip address add 10.0.2.15/24 dev enp0s6 && ip link set enp0s6 up && ping -c 5 10.0.2.16",
     [r"5 packets received"]),
    ("", "journalctl --no-pager -o cat -u cell@ping-demo | tail -n 4", []),
    ("Neither its interrupts nor its DMA made the CPU leave the guest: what is there is of its start and its console",
     "cellctl stats ping-demo", [r"\d"]),
    ("Linux's driver has the adapter again", "systemctl stop cell@ping-demo", []),
    ("", DRIVER, [r"^e1000e$"]),
]
NATIVE = [
    ("Linux goes native again", "systemctl stop cell-hypervisor", []),
    ("", "cellctl hypervisor status || true", [r"(?i)disabled"]),
    ("All CPUs and all memory are back", CPUS, [r"^0-3$"]),
]


LINUX = "cell@linux"
LINUX_CONSOLE = f"journalctl --no-pager -o cat -u {LINUX}"


def typed(keys, lines):
    """By keys at a terminal, which cellctl reads; ^] three times leaves. It shows what the console has kept, too."""
    return (f"(sleep 1; printf '{keys}\\r'; sleep 4; printf '\\035\\035\\035'; sleep 1) 2>/dev/null |"
            f" script -qfc 'cellctl console linux' /dev/null | tail -n {lines}")


SECOND_LINUX = [
    ("The cell: Debian's own kernel, an initramfs, a network to the root", "cat /etc/cells/linux.json", [r'"kernel"']),
    ("", "cellctl check linux", []),
    ("", f"systemctl start {LINUX}", []),
]
UP = "is up in the cell"
BESIDE = [
    ("The first and the last of what it writes; the journal has all of it", f"{LINUX_CONSOLE} | head -n 12",
     [r"Linux version"]),
    ("", f"{LINUX_CONSOLE} | tail -n 12", [r"2 CPUs"]),
    ("", "cellctl list", [r"root\s.*0-1", r"linux\s+running\s+2-3"]),
    ("What has made its CPUs leave it, from power-on to shell", "cellctl stats linux", [r"\d"]),
    ("A shell at its console", typed("uname -r; nproc; grep -E LOC\\|net /proc/interrupts", 10), [r"LOC:"]),
    ("The two Linuxes on one wire",
     "ip address add 10.0.4.1/24 dev cell-linux && ip link set cell-linux up && sleep 2 && ping -c 5 10.0.4.2",
     [r"5 packets received"]),
    ("", typed("ping -c 3 10.0.4.1", 10), [r"3 packets received"]),
    ("It switches itself off, and the unit ends with it", typed("poweroff -f", 5), []),
    ("", f"for i in $(seq 20); do systemctl is-active -q {LINUX} || break; sleep 1; done; systemctl is-active {LINUX} || true",
     [r"inactive"]),
    ("", f"{LINUX_CONSOLE} | tail -n 6", [r"shut itself down"]),
]


class DemoError(Exception):
    pass


def perform(guest, what, command, patterns, timeout=120):
    if what:
        print(f"\n## {what}")
    print(f"# {command}", flush=True)

    def show(chunk):
        sys.stdout.buffer.write(chunk.replace(b"\r\n", b"\n"))
        sys.stdout.flush()

    status, output = guest.run(command, timeout, show)
    if status != 0:
        raise DemoError(f"`{command}' ended with status {status}")
    for pattern in patterns:
        if not re.search(pattern, output, re.M):
            raise DemoError(f"`{command}' does not show {pattern!r}")
    return output


def wait_for_lines(guest, unit, text, count, timeout=60):
    """Follows the journal until the guest has said this often enough."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        _, output = guest.run(f"journalctl --no-pager -o cat -u {unit} | grep -c '{text}'")
        if int(output.strip() or 0) >= count:
            return
        time.sleep(1)
    raise DemoError(f"{unit} has not said {text!r} {count} times within {timeout} s")


def link(guest):
    """Two cells on CPUs 2 and 3 that share memory."""
    perform(guest, "Two cells that name the same link share memory and ring each other",
            "grep -h links /usr/lib/cells/ivshmem-*.json", [r'"demo"'])
    perform(guest, "", f"systemctl start {' '.join(PAIR)}", [])
    for unit in PAIR:
        wait_for_lines(guest, unit, "got interrupt", 4)
    for entry in LINKED:
        perform(guest, *entry)


def drive(guest):
    """A cell on CPU 3 that has the network adapter."""
    for entry in DEVICES:
        perform(guest, *entry)
    wait_for_lines(guest, "cell@ping-demo", "Link is up", 1)
    for entry in PINGS:
        perform(guest, *entry)


def bare_cells(guest):
    for entry in RUNNING:
        perform(guest, *entry)
    wait_for_lines(guest, UNIT, "Timer fired", 10)
    for entry in TICKING + STOPPING:
        perform(guest, *entry)
    link(guest)
    drive(guest)


def second_linux(guest):
    """Debian's kernel in a cell on CPUs 2 and 3."""
    for entry in SECOND_LINUX:
        perform(guest, *entry)
    wait_for_lines(guest, LINUX, UP, 1, timeout=120)
    for entry in BESIDE:
        perform(guest, *entry)


def scenario(guest, cells):
    for entry in BEFORE:
        perform(guest, *entry)
    memory = perform(guest, "", MEMORY, [])
    cells(guest)
    for entry in NATIVE:
        perform(guest, *entry)
    if perform(guest, "", MEMORY, []) != memory:
        raise DemoError(f"not all memory is back; before it was {memory.strip()}")


def add_content(image, version, prefix):
    payload.add_for_demo(image, version, prefix)
    linux_cell.add(image, version, prefix)


def boot(interactive=False):
    version = kernel.select()
    step(f"the kernel of the guest: Linux {version}")
    kernel.fetch(version)
    if not debian.image_path(version).exists():
        step(f"building a Debian guest with mmdebstrap ({debian.release()}), about a minute")
    debian.build_image(LOGS / "image.log", version)
    step(f"booting it in {MACHINE.emulator}: {MACHINE.what}, 4 CPUs, 1 GiB, emulated")
    return debian.Guest(MACHINE, version, LOGS / "demo", interactive=interactive,
                        content=add_content)


def demo(cells):
    with boot() as guest:
        guest.wait_ready()
        step("it is up")
        try:
            scenario(guest, cells)
        except DemoError:
            (LOGS / "demo/journal").write_text(guest.run("journalctl --no-pager -n 500")[1])
            raise
        print("\n# systemctl poweroff", flush=True)
        if not guest.power_off():
            raise DemoError("the guest did not switch itself off")
    step("the end: all of it worked")


def shell():
    step("a root shell follows on this terminal; `poweroff' ends it, as does Ctrl-A X")
    with boot(interactive=True) as guest:
        guest.wait_end()


def bare(machine):
    version = kernel.select()
    step(f"the kernel of the guest: Linux {version}")
    kernel.fetch(version)
    step(f"booting it in {machine.emulator}: {machine.what}, 4 CPUs, 1 GiB, emulated; about 15 s")
    status = busybox.run(machine, version, ". /rig/demo.sh", [(ROOT / "tests/lib/demo.sh", "rig/demo.sh")],
                         timeout=300, logs=LOGS / "demo", kernel_args="loglevel=3").status
    if status == busybox.STATUS_TIMEOUT:
        raise DemoError("the demo did not end in time")
    if status:
        raise DemoError("the machine ended too early" if status == busybox.STATUS_NO_VERDICT
                        else "the demo stopped at what is said above")
    step("the end: all of it worked")


def parse():
    parser = argparse.ArgumentParser(prog="examples/demo")
    parser.add_argument("--platform", choices=PLATFORMS, default="qemu")
    parser.add_argument("--linux", action="store_true")
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse()
    try:
        if options.bare or options.platform == "bochs":
            bare(PLATFORMS[options.platform])
        elif options.shell:
            shell()
        else:
            demo(second_linux if options.linux else bare_cells)
    except (DemoError, debian.GuestError) as error:
        print(f"\nerror: {error}\nThe guest's console and journal, the hypervisor's lines and the emulator's: {LOGS}/demo",
              file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\nerror: {error}; logs are in {LOGS}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
