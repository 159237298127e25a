#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run guests on a bare machine, without a hypervisor, and hold them to their contract.

The machine's RAM is a file shared with QEMU: this script places the image and the comm region in
it, plays management by sending messages through the comm region, and reads the state the guest
publishes. The console is the serial port. Prints "ok NAME" or "not ok NAME: why" per test.

usage: standalone.py [--list] BUILD_DIR [NAME...]
"""

import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from network import Network, Silence  # pylint: disable=wrong-import-position

RAM_SIZE = 16 << 20
COMM = 0x100000
COMMAND_LINE = 0x1000
MMCONFIG = 0xB0000000  # where reset.S puts it
STATE, MESSAGE, REPLY, FLAGS = 0x08, 0x0C, 0x10, 0x14
RUNNING, LOCKED, SHUT_DOWN, FAILED = range(4)
SHUTDOWN_REQUEST, RECONFIGURED = 1, 2
UNKNOWN, DENIED, APPROVED, RECEIVED = 1, 2, 3, 4
QEMU_TSC_KHZ = 1000000  # with -icount the TSC and the APIC timer count virtual nanoseconds
QEMU_APIC_KHZ = 1000000
PM_TIMER_PORT = 0x608


class Failure(Exception):
    pass


class Machine:
    """A guest image running from address 0 on `cpus` CPUs.

    Where it has to calibrate its clocks they are the host's: with -icount QEMU 10.0 ends with "Bad
    icount read" when a guest reads the APIC timer's count by RDMSR.
    """

    def __init__(self, build, image, cpus=1, calibrated=True, apic="x2apic", command_line="", devices=(),
                 mmconfig=0):
        self.directory = tempfile.TemporaryDirectory(prefix="guest-")
        ram = os.path.join(self.directory.name, "ram")
        with open(ram, "wb") as file:
            file.truncate(RAM_SIZE)
        with open(ram, "r+b") as file:
            self.ram = mmap.mmap(file.fileno(), RAM_SIZE)
        with open(os.path.join(build, image), "rb") as file:
            code = file.read()
        self.ram[: len(code)] = code
        if command_line:
            self.ram[COMMAND_LINE : COMMAND_LINE + len(command_line) + 1] = command_line.encode() + b"\0"
        frequencies = (QEMU_TSC_KHZ, QEMU_APIC_KHZ) if calibrated else (0, 0)
        clocks = ["-icount", "shift=3"] if calibrated else []
        self.ram[COMM : COMM + 0x4C] = struct.pack(
            "<6sHIIIIQIHHIIQQHHII", b"JHCOMM", 2, RUNNING, 0, 0, 0,
            0x3F8, 8, 2, 0, 0, 0, 0, mmconfig, PM_TIMER_PORT, cpus, *frequencies)
        self.console_path = os.path.join(self.directory.name, "console")
        self.qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot",
             "-machine", "q35,memory-backend=ram", "-cpu", "max", "-accel", "tcg,thread=single",
             *clocks,
             "-object", f"memory-backend-file,id=ram,size={RAM_SIZE},mem-path={ram},share=on",
             "-m", f"{RAM_SIZE >> 20}M", "-smp", str(cpus),
             "-bios", os.path.join(build, f"tests/guests/reset-{apic}.bin"),
             "-serial", f"file:{self.console_path}", *devices],
            stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()
        self.ram.close()
        self.directory.cleanup()

    def field(self, offset):
        return struct.unpack_from("<I", self.ram, COMM + offset)[0]

    def console(self):
        try:
            with open(self.console_path, encoding="ascii", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait(self, what, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if self.qemu.poll() is not None and not condition():
                raise Failure(f"the machine stopped before {what}; console: {self.console()!r}")
            if time.monotonic() > end:
                raise Failure(f"no {what} in {seconds} s; console: {self.console()!r}")
            time.sleep(0.02)

    def wait_state(self, state, seconds=20):
        self.wait(f"state {state}", lambda: self.field(STATE) == state, seconds)

    def wait_line(self, pattern, count=1, seconds=20):
        regex = re.compile(f"^{pattern}$", re.MULTILINE)
        self.wait(f"{count} lines '{pattern}'",
                  lambda: len(regex.findall(self.console())) >= count, seconds)

    def wait_end(self, seconds=20):
        self.wait("power-off", lambda: self.qemu.poll() is not None, seconds)

    def send(self, message):
        """Returns the guest's reply, or None where it stays silent for 3 s."""
        struct.pack_into("<I", self.ram, COMM + REPLY, 0)
        struct.pack_into("<I", self.ram, COMM + MESSAGE, message)
        end = time.monotonic() + 3
        while not self.field(REPLY):
            if time.monotonic() > end:
                return None
            time.sleep(0.02)
        return self.field(REPLY)


def expect(what, actual, expected):
    if actual != expected:
        raise Failure(f"{what} is {actual}, not {expected}")


EXAMPLES = "examples/guests/"
TESTS_DIR = "tests/guests/"
TICK = r"Timer fired, jitter: +\d+ ns, min: +\d+ ns, max: +\d+ ns"


def test_apic_demo(build):
    with Machine(build, EXAMPLES + "apic-demo.bin") as machine:
        machine.wait_line(r"Calibrated APIC frequency: 1000000 kHz")
        machine.wait_line(TICK, 12)
        expect("state", machine.field(STATE), LOCKED)
        expect("reply to reconfiguration", machine.send(RECONFIGURED), RECEIVED)
        expect("reply to nonsense", machine.send(77), UNKNOWN)
        expect("first reply", machine.send(SHUTDOWN_REQUEST), DENIED)
        machine.wait_line("Rejecting first shutdown request - try again!")
        expect("state", machine.field(STATE), LOCKED)
        expect("second reply", machine.send(SHUTDOWN_REQUEST), APPROVED)
        machine.wait_state(SHUT_DOWN)
        ticks = len(re.findall(TICK, machine.console()))
        time.sleep(0.5)
        expect("ticks after the end", len(re.findall(TICK, machine.console())), ticks)


def test_apic_demo_calibrates(build):
    """Without frequencies from the hypervisor the PM timer tells them, to 5 %.

    The TSC's is the host's, but as ticks are armed by the APIC timer and due by the TSC, an error
    in either would be in each tick's jitter, in proportion to the interval of 100 ms.
    """
    with Machine(build, EXAMPLES + "apic-demo.bin", calibrated=False) as machine:
        machine.wait_line(TICK, 10)
        khz = int(re.search(r"APIC frequency: (\d+) kHz", machine.console())[1])
        if abs(khz - QEMU_APIC_KHZ) > QEMU_APIC_KHZ // 20:
            raise Failure(f"APIC frequency is {khz} kHz, not about {QEMU_APIC_KHZ}")
        best = min(map(int, re.findall(r"min: +(\d+) ns", machine.console())))
        if best > 5000000:
            raise Failure(f"the best tick was {best} ns off")


def test_apic_demo_rate(build):
    """Not more than ten ticks a second by the wall clock, and due by the TSC when they come. A busy
    host makes ticks late, so only the best is looked at."""
    with Machine(build, EXAMPLES + "apic-demo.bin") as machine:
        machine.wait_line(TICK, 1)
        start, before = time.monotonic(), len(re.findall(TICK, machine.console()))
        machine.wait_line(TICK, before + 30)
        seconds = time.monotonic() - start
        if seconds < 2.5:
            raise Failure(f"30 ticks took {seconds:.2f} s")
        best = min(map(int, re.findall(r"min: +(\d+) ns", machine.console())))
        if best > 5000000:
            raise Failure(f"the best tick was {best} ns off")


def test_hello(build):
    with Machine(build, EXAMPLES + "hello.bin", cpus=2) as machine:
        machine.wait_line(r"Hello from a cell of 2 CPUs")
        machine.wait_state(SHUT_DOWN)


def test_fault_demo(build):
    """On a bare machine the memory is there, and the guest has to say that nobody stopped it."""
    with Machine(build, EXAMPLES + "fault-demo.bin") as machine:
        machine.wait_line(r"About to read 200000, which is not mine")
        machine.wait_line(r"Read [0-9a-f]+ from it: nobody stopped me")
        machine.wait_state(SHUT_DOWN)


def verdicts(machine):
    return re.findall(r"^(ok|not ok) ([\w-]+): (.*)$", machine.console(), re.MULTILINE)


def expect_all_ok(machine, names):
    machine.wait_state(SHUT_DOWN, 30)
    expect("verdicts", [(verdict, name) for verdict, name, _ in verdicts(machine)],
           [("ok", name) for name in names])


def test_smp(build):
    with Machine(build, TESTS_DIR + "smp.bin", cpus=4) as machine:
        expect_all_ok(machine, ["smp-arrived"] + 3 * ["smp-start", "smp-ipi"])
        machine.wait_line(r"CPU with APIC id [123] is up", 3)


def test_smp_alone(build):
    """With one CPU there is nobody to play with, and the guest has to say so."""
    with Machine(build, TESTS_DIR + "smp.bin", cpus=1) as machine:
        machine.wait_line(r"not ok smp-arrived: CPU 0, 1")


def test_no_answer(build):
    with Machine(build, TESTS_DIR + "no-answer.bin") as machine:
        machine.wait_line("ready")
        expect("reply", machine.send(SHUTDOWN_REQUEST), None)
        expect("state", machine.field(STATE), RUNNING)


def test_stubborn(build):
    with Machine(build, TESTS_DIR + "stubborn.bin") as machine:
        machine.wait_line("ready")
        for n in 1, 2, 3:
            expect("reply", machine.send(SHUTDOWN_REQUEST), DENIED)
            machine.wait_line(f"refused {n}")
        expect("state", machine.field(STATE), RUNNING)


def test_exits(build):
    with Machine(build, TESTS_DIR + "exits.bin") as machine:
        machine.wait_line("ready")
        time.sleep(2)
        if not re.fullmatch(r"canary at [0-9a-f]+\nready\n", machine.console()):
            raise Failure(f"console is {machine.console()}")
        expect("reply", machine.send(SHUTDOWN_REQUEST), APPROVED)
        machine.wait_state(SHUT_DOWN)
        if "ok canary: 0 words changed\n" not in machine.console():
            raise Failure("the guest has not looked at its page")
        ticks = int(re.search(r"total (\d+) ticks", machine.console())[1])
        if not 20 < ticks < 600:
            raise Failure(f"{ticks} ticks in 2 s or, on a busy host, a little more")


def test_start32(build):
    with Machine(build, TESTS_DIR + "start32.bin") as machine:
        machine.wait_line("32 bits")
        machine.wait_line(r"tick \d+", 10)
        machine.wait_line(r"ok start32: 10 ticks in \d+ ns")
        machine.wait_state(SHUT_DOWN)


XAPIC = ["xapic-" + name for name in ("id", "version", "spurious", "current", "timer", "self-ipi")]


def test_xapic(build):
    with Machine(build, TESTS_DIR + "xapic.bin", apic="xapic") as machine:
        expect_all_ok(machine, XAPIC)


def test_xapic64(build):
    with Machine(build, TESTS_DIR + "xapic64.bin", apic="xapic") as machine:
        expect_all_ok(machine, XAPIC)


def test_cases_allowed(build):
    """What every cell may do, a bare machine lets it do as well."""
    for name, count in ("ports-allowed", 1), ("msr-allowed", 3):
        with Machine(build, f"{TESTS_DIR}{name}.bin") as machine:
            expect_all_ok(machine, count * [name])


def test_vmrun(build):
    """The processor refuses by itself. (QEMU turns a reserved CR4 bit into an exit to a hypervisor,
    there or not: cr4-reserved cannot run on a bare machine.)"""
    with Machine(build, TESTS_DIR + "vmrun.bin") as machine:
        machine.wait_line("ok vmrun: exception 6")
        machine.wait_state(SHUT_DOWN)


def test_cases_unguarded(build):
    """Where nobody stops a guest that must be stopped, its verdict is "not ok"."""
    for name in ("port-in", "port-out", "msr-read", "efer-svme", "memory-read", "memory-write",
                 "hpet-read", "cpuid-leaves"):
        with Machine(build, f"{TESTS_DIR}{name}.bin") as machine:
            machine.wait_line(f"not ok {name}: .*")
            machine.wait_state(FAILED)


def test_triple_fault(build):
    with Machine(build, TESTS_DIR + "triple-fault.bin") as machine:
        machine.wait_line("case triple-fault")
        machine.wait_end()
        expect("verdicts", verdicts(machine), [])


def test_unexpected_exception(build):
    """Without a hypervisor there is no hypercall: the runtime reports it and fails the cell."""
    with Machine(build, TESTS_DIR + "hypercall-unknown.bin") as machine:
        machine.wait_line(r"Unexpected exception 6 at [0-9a-f]+, error 0, CR2 0")
        machine.wait_state(FAILED)


def ping(build, ping_demo, **options):
    """A machine with the adapter and ping-demo in it, and the network that it is at."""
    with tempfile.TemporaryDirectory(prefix="network-") as folder:
        network = Network(os.path.join(folder, "socket"))
        devices = ["-netdev", network.netdev, "-device", "e1000e,netdev=net,mac=52:54:00:12:34:56"]
        try:
            with Machine(build, EXAMPLES + "ping-demo.bin", devices=devices, **options) as machine:
                network.connect()
                ping_demo(machine, network)
        except Silence as silence:
            raise Failure(str(silence)) from None
        finally:
            network.close()


def check_ping_demo(machine, network, kind):
    pings = network.try_all("10.0.2.16")
    machine.wait_line(rf"Adapter 00:[0-9a-f]{{2}}\.0, {kind}, MAC 52:54:00:12:34:56")
    machine.wait_line("Link is up")
    machine.wait_line(r"Answered the first ping, from 10\.0\.2\.2")
    expect("source", network.peer_mac.hex(":"), "52:54:00:12:34:56")
    # All but two are looked at: one is not for this MAC, one is larger than a frame may be.
    ignored = len(list(network.wrong_frames("10.0.2.16"))) - 2
    machine.wait_line(rf"\d+ interrupts, \d+ frames: \d+ ARP requests and {pings} pings answered, "
                      rf"{ignored} ignored, 1 refused, 0 not sent")
    interrupts = max(map(int, re.findall(r"(\d+) interrupts", machine.console())))
    if interrupts < pings // 2:
        raise Failure(f"{interrupts} interrupts for {pings} pings: it is the timer that sees them")
    expect("reply", machine.send(SHUTDOWN_REQUEST), APPROVED)
    machine.wait_line("Stopped ping demo")
    machine.wait_state(SHUT_DOWN)
    network.send(network.ethernet(0x0800, b""))  # to an adapter that is off


def test_ping_demo(build):
    """Each answer is compared to the byte; what must not be answered is not."""
    ping(build, lambda machine, network: check_ping_demo(machine, network, "MSI-X"), command_line="stats=1")


def test_ping_demo_msi(build):
    ping(build, lambda machine, network: check_ping_demo(machine, network, "MSI"),
         command_line="stats=1 interrupts=msi")


def test_ping_demo_address(build):
    """Its address is the command line's, by MMCONFIG; many at once go around the rings."""
    def run(_machine, network):
        network.arp("192.168.7.1")
        expect("pings answered", network.flood("192.168.7.1", 500), 500)
        network.ping("192.168.7.1", b"after the flood")
    ping(build, run, command_line="quiet ip=192.168.7.1 stats=0x10", mmconfig=MMCONFIG)


def test_ping_demo_refuses(build):
    for command_line, line in (("ip=10.0.2", r"ip= is no address such as 10\.0\.2\.16"),
                               ("ip=10.0.2.256", r"ip= is no address .*"),
                               ("stats=often", "stats= is no number of seconds"),
                               ("", "No network: the cell has no adapter 8086:10d3")):
        with Machine(build, EXAMPLES + "ping-demo.bin", command_line=command_line) as machine:
            machine.wait_line(line)
            machine.wait_state(FAILED)


EDU = ["-device", "edu,dma_mask=0xffffffffff"]
EDU_VERDICTS = ["edu-id", "edu-alive", "edu-factorial", "edu-msi", "edu-dma"]
FOREIGN = 0x800000


def test_edu(build):
    for mmconfig in 0, MMCONFIG:
        with Machine(build, TESTS_DIR + "edu.bin", devices=EDU, mmconfig=mmconfig) as machine:
            expect_all_ok(machine, EDU_VERDICTS)
            machine.wait_line("edu: all done, 12 interrupts")


def test_edu_beyond(build):
    """Where there is no memory, nothing comes and nothing goes, and the device goes on."""
    foreign = "0x8000000000,0x20000000"
    with Machine(build, TESTS_DIR + "edu.bin", devices=EDU, command_line=f"foreign={foreign}") as machine:
        expect_all_ok(machine, EDU_VERDICTS + 2 * ["edu-foreign-read"] + ["edu-dma-after"])
        machine.wait_line("edu wrote (8000000000|20000000)", 2)


def test_edu_unguarded(build):
    """Nobody stops its DMA here: the guest says that it has read, and the memory that it was written."""
    canary = bytes(range(64))
    with Machine(build, TESTS_DIR + "edu.bin", devices=EDU, command_line=f"foreign={FOREIGN:#x}") as machine:
        machine.ram[FOREIGN : FOREIGN + 64] = canary
        machine.wait_line("not ok edu-foreign-read: .*")
        machine.wait_line(f"edu wrote {FOREIGN:x}")
        if machine.ram[FOREIGN : FOREIGN + 64] == canary:
            raise Failure("edu did not write")
        machine.wait_state(FAILED)


def test_edu_absent(build):
    with Machine(build, TESTS_DIR + "edu.bin") as machine:
        machine.wait_line("not ok edu: no function 1234:11e8 .*")
        machine.wait_state(FAILED)


def nvme(build, command_line, registers, block_size=512, **options):
    block = os.urandom(block_size)
    with tempfile.NamedTemporaryFile(prefix="disk-") as disk:
        disk.write(block + bytes((1 << 20) - block_size))
        disk.flush()
        devices = ["-drive", f"file={disk.name},format=raw,if=none,id=disk", "-device",
                   f"nvme,serial=block-0,drive=disk,physical_block_size={block_size},logical_block_size={block_size}"]
        with Machine(build, TESTS_DIR + "nvme.bin", devices=devices, command_line=command_line, **options) as machine:
            expect_all_ok(machine, ["nvme-reset", "nvme-identify", "nvme-namespace", "nvme-read"])
            machine.wait_line(f"nvme: registers at {registers}")
            machine.wait_line("nvme: serial number block-0")
            machine.wait_line(rf"ok nvme-read: CRC-32 of block 0 \(0x{zlib.crc32(block):x}\)")
            machine.wait_line("nvme: all done, 5 interrupts")


def test_nvme(build):
    nvme(build, "", "fef00000")


def test_nvme_high(build):
    """Registers above 4 GiB, and below where the runtime's pages of 2 MiB are cached ones."""
    nvme(build, "bar=0x7000000000", "7000000000", 4096)
    nvme(build, "bar=0x80004000", "80004000", mmconfig=MMCONFIG)


TESTS = {name.removeprefix("test_"): function for name, function in list(globals().items())
         if name.startswith("test_")}


def run(name, build):
    try:
        TESTS[name](build)
    except Failure as failure:
        print(f"not ok {name}: {failure}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def main(arguments):
    if arguments[:1] == ["--list"]:
        print("\n".join(TESTS))
        return 0
    if not arguments or not set(arguments[1:]) <= set(TESTS):
        print(__doc__, file=sys.stderr)
        return 2
    build, names = arguments[0], arguments[1:] or TESTS
    return 0 if all([run(name, build) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
