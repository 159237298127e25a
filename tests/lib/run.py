# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Selects and runs tests: one line each, then the sum. A test in an emulated machine that fails is tried
once more, alone in a new machine: two cores that four virtual CPUs share stall for long at times. Both
outcomes are printed, and those that needed it are named at the end; the second one counts.
"""
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

    passed = 0
    failed = []
    for suite, tests in chosen:
        step(f"{suite.name} ({len(tests)})")
        for result in suite.run(tests):
            report(full_name(suite, result.name), result)
            passed += not result.why
            if result.why:
                failed.append((suite, result.name))

    recovered = try_again(failed)
    if recovered:
        print("failed first, passed alone in a new machine: " + ", ".join(recovered))
    print(f"{passed + len(recovered)} passed, {len(failed) - len(recovered)} failed")
    return 1 if len(failed) > len(recovered) else 0


sys.exit(main())
