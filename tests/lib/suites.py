# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The kinds of test. A suite has a name, lists its tests, and runs some of them, yielding a Result for
each. Tests of meson: programs of check.h list their own, any other program is one test. Tests in a
machine: shell functions test_NAME of tests/vm/*.sh (busybox) and tests/systemd/*.sh (Debian), on the
machines that the file's head names (`# machines: svm svm-x2apic`, `# kernels: 6.1 6.12`,
`# timeout: 300`; a machine of a slow emulator has more time, and only the first of these kernels). In
Debian, after_boot_NAME is what test_NAME has to show when the machine has been started again; with
`# content: packages` the guest has the project's packages instead of its installation.
Every program in tests/gate (how the sources look), tests/library (what libcell is to its users),
tests/coverage and tests/packages is one.
"""
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import time

import busybox
import debian
import kernel
import payload
from machine import MACHINES
from paths import BUILD, LOGS, ROOT

GUEST_LIBRARY = ROOT / "tests/lib/guest.sh"
UNITS_LIBRARY = ROOT / "tests/lib/units.sh"
CELLS_LIBRARY = ROOT / "tests/lib/cells.sh"


@dataclasses.dataclass
class Result:
    name: str
    why: str  # "" where it passed
    log: pathlib.Path
    seconds: float


def verdicts(text):
    """{name: why} from lines `ok NAME` and `not ok NAME: why`; why is "" for ok."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(not )?ok ([^\s:]+)(?:: (.*))?$", line)
        if match:
            found[match[2]] = (match[3] or "no reason given") if match[1] else ""
    return found


def _log(name):
    path = LOGS / "tests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".log")


def _fresh(log):
    """An empty log that several programs may append to at once."""
    log.write_bytes(b"")
    return open(log, "a")


class Suite:
    in_machine = False


class MachineSuite(Suite):
    in_machine = True

    def keep_logs(self):
        """Those of the first try go to a folder beside."""
        logs = LOGS / "tests" / self.name
        first = logs.with_name(logs.name + ".first")
        if logs.exists() and not first.exists():
            shutil.copytree(logs, first)


class ProgramSuite(Suite):
    """A program built with tests/unit/check.c, or one that speaks its way: `--list`, or a name."""

    def __init__(self, name, command, arguments=()):
        self.name, self.program, self.command = name, command, [*command, *arguments]

    def tests(self):
        listing = subprocess.run([*self.program, "--list"], capture_output=True, text=True)
        return listing.stdout.split()

    def run(self, tests):
        for test in tests:
            start, log = time.monotonic(), _log(f"{self.name}/{test}")
            with _fresh(log) as output:
                status = _run(self.command + [test], output, 300)
            text = log.read_text(errors="replace")
            why = verdicts(text).get(test, f"no verdict, exit status {status}")
            if not why and status:
                why = f"exit status {status}: {last_line(text)}"
            yield Result(test, why, log, time.monotonic() - start)


class SingleTest(Suite):
    """A program that is one test: its exit status is the verdict, its last line the reason."""

    def __init__(self, name, command, timeout=900):
        self.name, self.command, self.timeout = name, command, timeout

    def tests(self):
        return [""]

    def run(self, _tests):
        start, log = time.monotonic(), _log(self.name)
        with _fresh(log) as output:
            status = _run(self.command, output, self.timeout)
        why = "" if status == 0 else last_line(log.read_text(errors="replace"))
        yield Result("", why, log, time.monotonic() - start)


class BusyboxSuite(MachineSuite):
    """A file of tests/vm on one machine: one boot for all of its tests, unless one kills it."""

    def __init__(self, path, machine, version, label):
        self.path, self.machine, self.version = path, machine, version
        self.name = f"vm/{path.stem}/{label}"
        self.head = head(path)

    def tests(self):
        return test_functions(self.path)

    def run(self, tests):
        left = list(tests)
        while left:
            for result in self._boot(list(left)):
                left.remove(result.name)
                yield result

    def _boot(self, tests):
        start, logs = time.monotonic(), LOGS / "tests" / self.name
        timeout = float(self.head.get("timeout", 120))
        status = busybox.run(
            self.machine, self.version, _script(tests), timeout=timeout, logs=logs, show=False,
            files=[(GUEST_LIBRARY, "rig/guest.sh"), (CELLS_LIBRARY, "rig/cells.sh"),
                   (self.path, "rig/suite.sh")],
            kernel_args=self.head.get("kernel-args", ""))
        text = (logs / "verdict").read_text(errors="replace")
        seconds, found = time.monotonic() - start, verdicts(text)
        for test in tests:
            if test in found:
                yield Result(test, found.pop(test), logs / "console", seconds)
                seconds = 0
            else:
                ending = {busybox.STATUS_TIMEOUT: f"no end within {timeout * self.machine.patience:g} s",
                          busybox.STATUS_NO_VERDICT: "the machine ended before it"}
                why = ending.get(status, f"no verdict, exit status {status}")
                yield Result(test, f"{why}: {last_line((logs / 'console').read_text(errors='replace'))}",
                             logs / "console", seconds)
                return


def _script(tests):
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


class DebianSuite(MachineSuite):
    """A file of tests/systemd on one machine: one boot for all of its tests, unless one kills it."""

    def __init__(self, path, machine, version, label):
        self.path, self.machine, self.version = path, machine, version
        self.name = f"systemd/{path.stem}/{label}"
        self.head = head(path)

    def tests(self):
        return test_functions(self.path)

    def run(self, tests):
        left, logs = list(tests), LOGS / "tests" / self.name
        if self.head.get("content") == "packages":
            subprocess.run([ROOT / "tests/lib/packages.sh"], check=True)
        debian.build_image(LOGS / "image.log", self.version, building=True)
        while left:
            start = time.monotonic()
            try:
                with debian.Guest(self.machine, self.version, logs,
                                  self.head.get("kernel-args", ""), content=self._content(),
                                  keeps_disk="after_boot_" in self.path.read_text()) as guest:
                    guest.wait_ready()
                    self._send(guest)
                    while left:
                        yield self._one(guest, left[0])
                        left.pop(0)
                        if "ends-with" in self.head:
                            break
            except debian.GuestError as error:
                yield Result(left.pop(0), str(error), logs / "console", time.monotonic() - start)

    def _content(self):
        return payload.add_packages if self.head.get("content") == "packages" else payload.add_with_tests

    def _send(self, guest):
        for path, name in ((GUEST_LIBRARY, "guest.sh"), (UNITS_LIBRARY, "units.sh"),
                           (self.path, "suite.sh")):
            guest.run(f"mkdir -p /rig && cat >/rig/{name} <<'END_OF_FILE'\n{path.read_text()}\nEND_OF_FILE")

    def _one(self, guest, test):
        """In a file with `# ends-with: PATTERN` a test ends the machine, a pass needs that line."""
        start, log = time.monotonic(), _log(f"{self.name}/{test}")
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


def _run(command, output, timeout):
    try:
        return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
        output.write(f"\nno end within {timeout} s\n")
        return busybox.STATUS_TIMEOUT


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it failed without a word"


def head(path):
    return dict(re.findall(r"^# ([a-z-]+): (.*)$", path.read_text(), re.M))


def test_functions(path):
    return re.findall(r"^test_(\w+)\(\)", path.read_text(), re.M)


def meson_suites():
    listing = subprocess.run(["meson", "introspect", "--tests", str(BUILD)], capture_output=True,
                             text=True, check=True).stdout
    for test in json.loads(listing):
        group = test["suite"][0].rpartition(":")[2] if test["suite"] else "meson"
        name = f"{group}/{test['name']}"
        if pathlib.Path(test["cmd"][0]).name.startswith("unit-"):
            yield ProgramSuite(name, test["cmd"])
        else:
            environment = [f"{key}={value}" for key, value in test.get("env", {}).items()]
            yield SingleTest(name, ["env", "-C", str(BUILD), *environment, *test["cmd"]], test.get("timeout") or 900)


def available_kernels(wanted):
    """{series: version}; Debian 13 has no 6.1."""
    found = {}
    for series in wanted:
        try:
            found[series] = kernel.select(series)
        except SystemExit:
            continue
    return found


def machine_suites(folder, kind):
    for path in sorted((ROOT / "tests" / folder).glob("*.sh")):
        fields = head(path)
        kernels = available_kernels(fields.get("kernels", "").split() or [None])
        for number, (series, version) in enumerate(kernels.items()):
            for machine in (MACHINES[name] for name in fields.get("machines", "svm-x2apic").split()):
                if number == 0 or machine.patience == 1:
                    yield kind(path, machine, version, machine.name + (f"-{series}" if series else ""))


def program_suites(folder):
    for path in sorted((ROOT / "tests" / folder).iterdir()):
        if path.is_file() and path.stat().st_mode & 0o100:
            yield SingleTest(f"{folder}/{path.name}", [str(path)])


def bare_machine_suites():
    """Guests without a hypervisor, on an emulated machine of their own."""
    script = ROOT / "tests/guests/standalone.py"
    if script.exists():
        yield ProgramSuite("guests", ["python3", str(script)], [str(BUILD)])


def all_suites():
    yield from meson_suites()
    yield from bare_machine_suites()
    for folder in ("gate", "library", "coverage", "packages"):
        yield from program_suites(folder)
    yield from machine_suites("vm", BusyboxSuite)
    yield from machine_suites("systemd", DebianSuite)
