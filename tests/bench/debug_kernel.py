# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Runs suites of tests/vm in the debug kernel. When its tests have ended each machine looks for memory that
nobody refers to, and then mistakes are made on purpose (mistakes.ko), each of which has to be noticed: a
detector that has turned itself off meanwhile has not shown that there are no mistakes.
"""
import dataclasses
import re
import sys
import time

import machine_suites
import qemu
from paths import LOGS, ROOT
from progress import step

SUITES = {"lifecycle": None, "links-root": None, "failing": ["all_at_once", "unload"]}  # None: all of its tests
PATIENCE = 6  # a kernel that looks at each access to memory, on a CPU that is emulated
# The kernel's own limits, in seconds, as patient; each line of the log at once on the console.
KERNEL_ARGS = ("ignore_loglevel kasan_multi_shot rcupdate.rcu_cpu_stall_timeout=300 "
               "sysctl.kernel.hung_task_timeout_secs=720")

# That something took long says nothing about the module.
REMARK = re.compile(r"\b(BUG|WARNING|INFO): (?!.*took too long)|KASAN|ODEBUG|Oops|general protection|Kernel panic|"
                    r"turning off the locking|kmemleak: .*(disabled|Cannot|empty)|corruption|refcount_t")
# What each mistake made on purpose is called by who finds it; kmemleak's is in its own list.
MISTAKES = {"sleep": r"BUG: sleeping function called from invalid context",
            "order": r"WARNING: possible circular locking dependency",
            "use": r"BUG: KASAN: (slab-)?use-after-free in mistake",
            "warn": r"WARNING: .*mistake_warn"}
TESTS_END = "debug-kernel: the tests have ended"
MISTAKES_END = "debug-kernel: the mistakes have been made"
LIST_BEGIN, LIST_END = "unreferenced:", "unreferenced ends"

# What the first scan sees may be under way, and so may an object of less than 5 s.
AFTER = f"""
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
make() {{ echo "$1" >/sys/module/mistakes/parameters/make; }}
echo "{TESTS_END}" >/dev/kmsg
insmod /rig/mistakes.ko
make leak
for round in 1 2; do sleep 6; echo scan >/sys/kernel/debug/kmemleak; done
(echo "{LIST_BEGIN}"; cat /sys/kernel/debug/kmemleak; echo "{LIST_END}") >/dev/ttyS2
grep -E 'debug_locks|lock-classes|dependency chains' /proc/lockdep_stats >/dev/ttyS2
for mistake in {' '.join(MISTAKES)}; do make $mistake; done
echo "{MISTAKES_END}" >/dev/kmsg
"""


class Patient(qemu.Qemu):
    patience = PATIENCE


@dataclasses.dataclass
class Findings:
    """What one machine has to say after its tests."""
    remarks: list  # of the kernel, about what the tests did
    leaks: list  # unreferenced objects of the module's, as kmemleak shows them
    others: int  # and how many it has of anybody else
    blind: list  # what this machine would not have noticed
    locks: str


class DebugSuite(machine_suites.BusyboxSuite):
    def __init__(self, path, version):
        super().__init__(path, machine_suites.head(path)["machines"].split()[0], 0)
        self.name = f"debug-kernel/{path.stem}"
        self.version, self.machine = version, Patient(**vars(self.machine))
        # By its bzImage: the entry that QEMU takes into a vmlinux (PVH) runs before KASAN has its shadow.
        self.head = self.head | {"start": "boot", "kernel-args": f"{self.head.get('kernel-args', '')} {KERNEL_ARGS}"}
        self.findings = []

    def script(self, tests):
        return f"export PATIENCE={PATIENCE}\n{super().script(tests)}{AFTER}"

    def _machine(self, tests):
        yield from super()._machine(tests)
        logs = LOGS / "tests" / self.name
        self.findings.append(judge((logs / "console").read_text(errors="replace"),
                                   (logs / "verdict").read_text(errors="replace")))


def judge(console, report):
    """Of a machine's console, with each line of the kernel's log, and of what it wrote to the rig's port."""
    during, _, rest = console.partition(TESTS_END)
    after, ended, _ = rest.partition(MISTAKES_END)
    objects = report.partition(LIST_BEGIN)[2].partition(LIST_END)[0].split("unreferenced object")[1:]
    leaks = [text for text in objects if is_ours(text)]
    blind = [] if ended else ["all of it: the machine ended before it was asked what it had noticed"]
    blind += [name for name, pattern in MISTAKES.items() if ended and not re.search(pattern, after)]
    if ended and not any("[mistakes]" in text for text in objects):
        blind.append("leak")
    return Findings([line.strip() for line in during.splitlines() if REMARK.search(line)], leaks,
                    sum("[mistakes]" not in text for text in objects) - len(leaks), blind,
                    " ".join(re.findall(r"(?:lock-classes|dependency chains): +(\d+)", report)))


def is_ours(text):
    """The module's, or of code that is not there any more, as it has been unloaded."""
    return "[cellhv]" in text or re.search(r"\] 0x[0-9a-f]+$", text, re.M)


def attempt(suite, tests):
    """Returns those that failed."""
    failed = []
    for result in suite.run(tests):
        print(f"{'not ok' if result.why else 'ok'} {suite.name}/{result.name} {result.why}".rstrip(), flush=True)
        failed += [result.name] if result.why else []
    return failed


def run(suite, tests):
    """
    Prints what was found; returns how many tests failed, and whether anything else is wrong. As everywhere in
    emulated machines a test that failed is tried once more: CPUs stall.
    """
    start = time.monotonic()
    step(f"{suite.name} ({len(tests)})")
    failed = attempt(suite, tests)
    if failed:
        suite.keep_logs()
        step(f"{suite.name}: once more {', '.join(failed)}")
        failed = attempt(suite, failed)
    for found in suite.findings:
        print(*[f"  the kernel says: {line}\n" for line in found.remarks], sep="", end="")
        print(*[f"  unreferenced:{text.rstrip()}\n" for text in found.leaks], sep="", end="")
        print(*[f"  not noticed here: {name}\n" for name in found.blind], sep="", end="")
    sums = [sum(map(len, kind)) for kind in zip(*[(f.remarks, f.leaks, f.blind) for f in suite.findings])]
    print(f"{suite.name}: {len(tests) - len(failed)} passed, {len(failed)} failed; {sums[0]} remarks of the kernel; "
          f"unreferenced objects: {sums[1]} of the module, {sum(f.others for f in suite.findings)} others; {sums[2]} "
          f"kinds of mistakes not noticed; lock classes and chains: {', '.join(f.locks for f in suite.findings)}; "
          f"{suite.cost.boots} boots, {suite.cost.cpu_seconds:.0f} s of CPU time, {time.monotonic() - start:.0f} s",
          flush=True)
    return len(failed) + sum(sums)


def selected(names):
    """[(file of tests/vm, its tests)]"""
    for name in names or SUITES:
        stem, _, test = name.partition("/")
        if stem not in SUITES:
            raise SystemExit(f"error: there is no {stem}, only {', '.join(SUITES)}")
        yield ROOT / f"tests/vm/{stem}.sh", [test] if test else SUITES[stem]


def main():
    version, *names = sys.argv[1:]
    step(f"Linux {version}")
    suites = [(DebugSuite(path, version), tests) for path, tests in selected(names)]
    trouble = sum(run(suite, tests or suite.tests()) for suite, tests in suites)
    print("the debug kernel has nothing to say" if not trouble else "not ok: see above")
    return 1 if trouble else 0


sys.exit(main())
