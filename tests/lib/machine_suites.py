# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Tests in an emulated machine: shell functions test_NAME of tests/vm/*.sh (busybox) and
tests/systemd/*.sh (Debian). The head of such a file says where they run:

    # machines: svm-x2apic-6.12 svm-6.1 bochs    with or without a kernel; the oldest one where it has none;
                                                 -newest: of kernels.sh, whose absence is a failure
    # elsewhere: enable_disable apic_demo        on the first machine all tests run, on the others these, which
                                                 depend on machine or kernel
    # bochs: all                                 other ones, or all, on that machine
    # quick: apic_demo                           those of `tests/run --quick`, on the first of each emulator
    # timeout: 300                               seconds for all of them (Debian: for each); a slow emulator has more
    # start: boot                                a real boot, not a snapshot; decompressor, KASLR and all
    # kernel-args: ...                           more of them

In Debian, after_boot_NAME is what test_NAME has to show when the machine has been started again; with
`# content: packages` the guest has the project's packages instead of its installation. `# content: linux`: a
kernel and an initramfs for a cell, too, in either guest.
"""
import re
import shutil
import subprocess
import time

import busybox
import debian
import kernel
import linux_cell
import payload
from machine import MACHINES
from paths import LOGS, ROOT
from suites import Result, SingleTest, Suite, last_line, log_path, verdicts

GUEST_LIBRARY = ROOT / "tests/lib/guest.sh"
UNITS_LIBRARY = ROOT / "tests/lib/units.sh"
CELLS_LIBRARY = ROOT / "tests/lib/cells.sh"
CONTENTS = {"linux": linux_cell.add}
KERNEL_MISSING = ["sh", "-c", "tests/lib/kernels.sh unpack && echo it is there now: run this test again; exit 1"]


class MachineSuite(Suite):
    """`label` is a machine's name with or without a kernel; `rank`: 0 for the file's first machine, 1 for
    the first of another emulator, else 2."""
    in_machine = True

    def __init__(self, path, label, rank):
        self.machine, self.version = machine_and_kernel(label)
        super().__init__(f"{path.parent.name}/{path.stem}/{label}")
        self.path, self.rank, self.head = path, rank, head(path)

    def tests(self):
        names = re.findall(r"^test_(\w+)\(\)", self.path.read_text(), re.M)
        key = self.machine.name if self.machine.name in self.head else "elsewhere"
        if self.rank == 0 or self.head.get(key, "all") == "all":
            return names
        return self._named(key, names)

    def quick_tests(self):
        return self._named("quick", self.tests()) if self.rank < 2 and "quick" in self.head else []

    def _named(self, key, names):
        wanted = self.head[key].split()
        unknown = set(wanted) - set(names)
        if unknown:
            raise SystemExit(f"error: {self.path}: {key}: there is no test {' '.join(sorted(unknown))}")
        return [name for name in names if name in wanted]

    def keep_logs(self):
        """Those of the first try go to a folder beside."""
        logs = LOGS / "tests" / self.name
        first = logs.with_name(logs.name + ".first")
        if logs.exists() and not first.exists():
            shutil.copytree(logs, first)


class BusyboxSuite(MachineSuite):
    """A file of tests/vm on one machine: one for all of its tests, unless one kills it."""

    @property
    def expected_seconds(self):
        return 20 + 3 * len(self.tests()) * self.machine.patience

    def run(self, tests):
        left = list(tests)
        while left:
            for result in self._machine(list(left)):
                left.remove(result.name)
                yield result

    def _machine(self, tests):
        start, logs = time.monotonic(), LOGS / "tests" / self.name
        timeout = float(self.head.get("timeout", 120))
        outcome = busybox.run(
            self.machine, self.version, self.script(tests), timeout=timeout, logs=logs, show=False,
            files=[(GUEST_LIBRARY, "rig/guest.sh"), (CELLS_LIBRARY, "rig/cells.sh"),
                   (self.path, "rig/suite.sh")],
            kernel_args=self.head.get("kernel-args", ""), boots=self.head.get("start") == "boot",
            more=CONTENTS.get(self.head.get("content")))
        self.cost.boots += outcome.boots
        self.cost.cpu_seconds += outcome.cpu_seconds
        found = verdicts((logs / "verdict").read_text(errors="replace"))
        seconds = time.monotonic() - start
        for test in tests:
            if test not in found:
                yield Result(test, self._no_verdict(outcome.status, timeout, logs), logs / "console", seconds)
                return
            yield Result(test, found[test], logs / "console", seconds)
            seconds = 0

    def script(self, tests):
        """Runs inside the busybox guest."""
        return f"""
for name in {' '.join(tests)}; do
	echo "## $name"
	if sh -ec ". /rig/guest.sh; . /rig/cells.sh; . /rig/suite.sh; test_$name" >/tmp/output 2>&1; then
		cat /tmp/output; verdict "ok $name"
	else
		cat /tmp/output; verdict "not ok $name: $(grep -v '^$' /tmp/output | tail -n 1)"
	fi
done
"""

    def _no_verdict(self, status, timeout, logs):
        ending = {busybox.STATUS_TIMEOUT: f"no end within {timeout * self.machine.patience:g} s",
                  busybox.STATUS_NO_VERDICT: "the machine ended before it"}
        why = ending.get(status, f"no verdict, exit status {status}")
        return f"{why}: {last_line((logs / 'console').read_text(errors='replace'))}"


class DebianSuite(MachineSuite):
    """A file of tests/systemd on one machine: one for all of its tests, unless one kills it."""

    @property
    def expected_seconds(self):
        return 60 + 10 * len(self.tests()) + (300 if self.head.get("content") == "packages" else 0)

    def run(self, tests):
        left = list(tests)
        if self.head.get("content") == "packages":
            subprocess.run([ROOT / "tests/lib/packages.sh"], check=True)
        debian.build_image(LOGS / "image.log", self.version, building=True)
        while left:
            start, guest = time.monotonic(), self._guest()
            try:
                with guest:
                    guest.wait_ready()
                    self._send(guest)
                    while left:
                        yield self._one(guest, left[0])
                        left.pop(0)
                        if "ends-with" in self.head:
                            break
            except debian.GuestError as error:
                yield Result(left.pop(0), str(error), guest.logs / "console", time.monotonic() - start)
            self.cost.boots += guest.boots
            self.cost.cpu_seconds += guest.cpu_seconds

    def _guest(self):
        return debian.Guest(self.machine, self.version, LOGS / "tests" / self.name,
                            self.head.get("kernel-args", ""), content=self._content,
                            keeps_disk="after_boot_" in self.path.read_text())

    def _content(self, image, version, prefix):
        kind = self.head.get("content")
        (payload.add_packages if kind == "packages" else payload.add_with_tests)(image, version, prefix)
        if kind in CONTENTS:
            CONTENTS[kind](image, version, prefix)

    def _send(self, guest):
        for path, name in ((GUEST_LIBRARY, "guest.sh"), (UNITS_LIBRARY, "units.sh"),
                           (self.path, "suite.sh")):
            guest.run(f"mkdir -p /rig && cat >/rig/{name} <<'END_OF_FILE'\n{path.read_text()}\nEND_OF_FILE")

    def _one(self, guest, test):
        """In a file with `# ends-with: PATTERN` a test ends the machine, a pass needs that line."""
        start, log = time.monotonic(), log_path(f"{self.name}/{test}")
        status, output = self._call(guest, f"test_{test}")
        if status == 0 and f"after_boot_{test}" in self.path.read_text():
            guest.reboot()
            self._send(guest)
            status, after = self._call(guest, f"after_boot_{test}")
            output += f"--- the machine is started again\n{after}"
        journal = "" if status == 0 else guest.run("journalctl --no-pager -n 200; dmesg | tail -n 60")[1]
        log.write_text(f"{output}\n--- exit status {status}; the journal:\n{journal}")
        why = "" if status == 0 else last_line(output)
        if not why and "ends-with" in self.head:
            why = self._end(guest, log)
        return Result(test, why, log, time.monotonic() - start)

    def _call(self, guest, function):
        return guest.run(f"bash -ec '. /rig/guest.sh; . /rig/units.sh; . /rig/suite.sh; {function}'",
                         float(self.head.get("timeout", 120)))

    def _end(self, guest, log):
        """The test has asked for the machine's end: it comes, after Linux has said what it has to."""
        ended = guest.wait_end(120)
        console = (guest.logs / "console").read_text(errors="replace")
        with open(log, "a") as output:
            output.write(f"--- the console:\n{console}")
        if not ended:
            return "the machine did not end within 120 s"
        trouble = re.search(r".*(BUG:|Oops|WARNING:|Kernel panic|Call Trace).*", console)
        if trouble:
            return trouble[0].strip()
        return "" if re.search(self.head["ends-with"], console) else f"Linux does not say {self.head['ends-with']!r}"


def head(path):
    return dict(re.findall(r"^# ([a-z-]+): (.*)$", path.read_text(), re.M))


def machine_and_kernel(label):
    """A series without headers here (Debian 13 has no 6.1) is served by the newest kernel."""
    name = max((name for name in MACHINES if label == name or label.startswith(name + "-")), key=len)
    series = label[len(name) + 1:] or None
    try:
        return MACHINES[name], kernel.select(series)
    except SystemExit:
        return MACHINES[name], kernel.versions()[-1]


def _suites(folder, kind):
    for path in sorted((ROOT / "tests" / folder).glob("*.sh")):
        emulators, seen = set(), set()
        for label in head(path).get("machines", "svm-x2apic").split():
            if label.endswith("-" + kernel.NEWEST) and not kernel.has_newest():
                yield SingleTest(f"{folder}/{path.stem}/{label}", KERNEL_MISSING)
                continue
            machine, version = machine_and_kernel(label)
            if (machine.name, version) in seen:
                continue
            yield kind(path, label, 2 if machine.emulator in emulators else min(len(emulators), 1))
            emulators.add(machine.emulator)
            seen.add((machine.name, version))


def machine_suites():
    yield from _suites("vm", BusyboxSuite)
    yield from _suites("systemd", DebianSuite)
