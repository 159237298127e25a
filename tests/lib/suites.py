# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The kinds of test. A suite has a name, lists its tests, runs some of them, yielding a Result for each,
and keeps count of what that cost. Tests of meson: programs of check.h list their own, any other program
is one test. Tests in a machine: machine_suites.py. Every program in tests/gate (how the sources look),
tests/library (what libcell is to its users), tests/coverage and tests/packages is one.
"""
import dataclasses
import json
import pathlib
import re
import subprocess
import time

import process
from paths import BUILD, LOGS, ROOT


@dataclasses.dataclass
class Result:
    name: str
    why: str  # "" where it passed
    log: pathlib.Path
    seconds: float


@dataclasses.dataclass
class Cost:
    """What a suite has taken so far."""
    tests: int = 0
    boots: int = 0
    seconds: float = 0.0  # by the clock
    cpu_seconds: float = 0.0


class Suite:
    in_machine = False
    expected_seconds = 1.0  # until it has been run once here

    def __init__(self, name):
        self.name, self.cost = name, Cost()


def verdicts(text):
    """{name: why} from lines `ok NAME` and `not ok NAME: why`; why is "" for ok."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(not )?ok ([^\s:]+)(?:: (.*))?$", line)
        if match:
            found[match[2]] = (match[3] or "no reason given") if match[1] else ""
    return found


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it failed without a word"


def log_path(name):
    path = LOGS / "tests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".log")


class HostSuite(Suite):
    def _run(self, command, log, timeout):
        """Its exit status; an empty log that several programs may append to at once."""
        log.write_bytes(b"")
        with open(log, "a") as output:
            status, taken = process.run(command, output, timeout, cwd=ROOT)
        self.cost.cpu_seconds += taken
        return status


class ProgramSuite(HostSuite):
    """A program built with tests/unit/check.c, or one that speaks its way: `--list`, or a name."""

    def __init__(self, name, command, arguments=(), expected_seconds=1.0):
        super().__init__(name)
        self.program, self.command = command, [*command, *arguments]
        self.expected_seconds = expected_seconds

    def tests(self):
        listing = subprocess.run([*self.program, "--list"], capture_output=True, text=True)
        return listing.stdout.split()

    def run(self, tests):
        for test in tests:
            start, log = time.monotonic(), log_path(f"{self.name}/{test}")
            status = self._run(self.command + [test], log, 300)
            text = log.read_text(errors="replace")
            why = verdicts(text).get(test, f"no verdict, exit status {status}")
            if not why and status:
                why = f"exit status {status}: {last_line(text)}"
            yield Result(test, why, log, time.monotonic() - start)


class SingleTest(HostSuite):
    """A program that is one test: its exit status is the verdict, its last line the reason."""

    def __init__(self, name, command, timeout=900, expected_seconds=1.0):
        super().__init__(name)
        self.command, self.timeout, self.expected_seconds = command, timeout, expected_seconds

    def tests(self):
        return [""]

    def run(self, _tests):
        start, log = time.monotonic(), log_path(self.name)
        status = self._run(self.command, log, self.timeout)
        why = "" if status == 0 else last_line(log.read_text(errors="replace"))
        yield Result("", why, log, time.monotonic() - start)


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


def program_suites(folder):
    for path in sorted((ROOT / "tests" / folder).iterdir()):
        if path.is_file() and path.stat().st_mode & 0o100:
            yield SingleTest(f"{folder}/{path.name}", [str(path)], expected_seconds=30)


def bare_machine_suites():
    """Guests without a hypervisor, on an emulated machine of their own."""
    script = ROOT / "tests/guests/standalone.py"
    if script.exists():
        yield ProgramSuite("guests", ["python3", str(script)], [str(BUILD)], expected_seconds=60)


def host_suites():
    yield from meson_suites()
    yield from bare_machine_suites()
    for folder in ("gate", "library", "network", "coverage", "packages"):
        yield from program_suites(folder)
