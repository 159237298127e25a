# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Selects and runs tests: one line each, then the sum. A test in an emulated machine that fails is tried
once more, alone in a new machine: two cores that four virtual CPUs share stall for long at times. Both
outcomes are printed, and those that needed it are named at the end; the second one counts.

Bochs keeps one core busy and has a clock of its own, so what needs no emulated machine runs beside it.
The machines of QEMU, which want both cores, come after that, one by one.
"""
import concurrent.futures
import sys

from paths import ROOT
from progress import step
from suites import all_suites


def full_name(suite, test):
    return f"{suite.name}/{test}" if test else suite.name


def is_selected(name, wanted):
    return not wanted or any(name == w or name.startswith(w.rstrip("/") + "/") for w in wanted)


def select(wanted):
    """[(suite, its selected tests)]; a name that selects nothing is an error."""
    chosen, unknown = [], set(wanted)
    for suite in all_suites():
        tests = []
        for test in suite.tests():
            name = full_name(suite, test)
            if is_selected(name, wanted):
                tests.append(test)
                unknown -= {w for w in unknown if is_selected(name, [w])}
        if tests:
            chosen.append((suite, tests))
    if unknown:
        raise SystemExit(f"no such test: {', '.join(sorted(unknown))}; tests/run --list lists them")
    return chosen


def report(name, result):
    if not result.why:
        print(f"ok {name} ({result.seconds:.1f} s)", flush=True)
    else:
        print(f"not ok {name}: {result.why}\n    log: {result.log.relative_to(ROOT)}", flush=True)


def stages(chosen):
    """Lists of lanes: the lanes of a stage run at once, the suites of a lane one after the other."""
    host = [entry for entry in chosen if not entry[0].in_machine]
    bochs = [entry for entry in chosen if entry[0].in_machine and entry[0].machine.emulator == "Bochs"]
    return [[host, bochs], [[entry for entry in chosen if entry not in host + bochs]]]


def run_lane(lane):
    outcomes = []
    for suite, tests in lane:
        step(f"{suite.name} ({len(tests)})")
        for result in suite.run(tests):
            report(full_name(suite, result.name), result)
            outcomes.append((suite, result))
    return outcomes


def run_stage(lanes):
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for outcomes in pool.map(run_lane, lanes):
            yield from outcomes


def try_again(failed):
    """Names of those that pass now; `failed`: [(suite, test)]."""
    recovered = []
    for suite, test in failed:
        if not suite.in_machine:
            continue
        step(f"once more: {full_name(suite, test)}")
        suite.keep_logs()
        for result in suite.run([test]):
            report(full_name(suite, result.name), result)
            if not result.why:
                recovered.append(full_name(suite, result.name))
    return recovered


def main():
    wanted = [a for a in sys.argv[1:] if a != "--list"]
    chosen = select(wanted)
    if "--list" in sys.argv[1:]:
        for suite, tests in chosen:
            print("\n".join(full_name(suite, test) for test in tests))
        return 0

    outcomes = [outcome for stage in stages(chosen) for outcome in run_stage(stage)]
    passed = sum(not result.why for _, result in outcomes)
    failed = [(suite, result.name) for suite, result in outcomes if result.why]
    recovered = try_again(failed)
    if recovered:
        print("failed first, passed alone in a new machine: " + ", ".join(recovered))
    print(f"{passed + len(recovered)} passed, {len(failed) - len(recovered)} failed")
    return 1 if len(failed) > len(recovered) else 0


sys.exit(main())
