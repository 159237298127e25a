# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Selects and runs tests: one line each, what each suite cost, then the sum. As many suites run at once as
there are CPUs, the longest ones first, as they were when last run here.

A test in an emulated machine that fails is tried once more, alone in a new machine: CPUs that four
virtual ones share stall for long at times. Both outcomes are printed, and those that needed it are
named at the end; the second one counts.
"""
import collections
import concurrent.futures
import json
import os
import sys
import threading
import time

from machine_suites import machine_suites
from paths import CACHE, LOGS, ROOT
from progress import step
from suites import host_suites

DURATIONS = CACHE / "durations.json"  # {suite: seconds by the clock, for all of its tests}
# `--quick`: what takes no machine and little time, and those that a file of tests/vm names.
QUICK = ("unit", "gate/complexity", "gate/format", "gate/licenses", "gate/sizes", "gate/words",
         "gate/shellcheck")
SECOND_TRIES = CACHE / "second-tries.json"  # of each of the last runs of all tests, who needed one
REMEMBERED_RUNS = 10
TABLE_FROM_SECONDS = 5


def full_name(suite, test):
    return f"{suite.name}/{test}" if test else suite.name


def is_selected(name, wanted):
    return not wanted or any(name == w or name.startswith(w.rstrip("/") + "/") for w in wanted)


def select(wanted):
    """[(suite, its selected tests)]; a name that selects nothing is an error."""
    chosen, unknown = [], set(wanted)
    for suite in (*host_suites(), *machine_suites()):
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


def select_quick():
    chosen = [(suite, suite.quick_tests() if suite.in_machine else tests)
              for suite, tests in select([]) if suite.in_machine or is_selected(suite.name, QUICK)]
    return [(suite, tests) for suite, tests in chosen if tests]


def report(name, result):
    if not result.why:
        print(f"ok {name} ({result.seconds:.1f} s)", flush=True)
    else:
        print(f"not ok {name}: {result.why}\n    log: {result.log.relative_to(ROOT)}", flush=True)


def run_suite(suite, tests):
    step(f"{suite.name} ({len(tests)})")
    start, results = time.monotonic(), []
    for result in suite.run(tests):
        report(full_name(suite, result.name), result)
        results.append(result)
    suite.cost.tests += len(results)
    suite.cost.seconds += time.monotonic() - start
    return results


def run_all(chosen):
    """[(suite, result)]. A list of all that is to do, and a worker for each CPU."""
    known = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    left = sorted(chosen, key=lambda entry: known.get(entry[0].name, entry[0].expected_seconds))
    outcomes, lock = [], threading.Lock()

    def work():
        while True:
            with lock:
                if not left:
                    return
                suite, tests = left.pop()
            results = run_suite(suite, tests)
            with lock:
                outcomes.extend((suite, result) for result in results)

    workers = os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()
    return outcomes


def remember_durations(chosen):
    known = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    known |= {suite.name: round(suite.cost.seconds, 1) for suite, tests in chosen if tests == suite.tests()}
    DURATIONS.parent.mkdir(parents=True, exist_ok=True)
    DURATIONS.write_text(json.dumps(known, indent=1, sort_keys=True))


def try_again(failed):
    """Names of those that pass now; `failed`: [(suite, test)]."""
    recovered = []
    for suite, test in failed:
        if not suite.in_machine:
            continue
        suite.keep_logs()
        for result in run_suite(suite, [test]):
            if not result.why:
                recovered.append(full_name(suite, result.name))
    return recovered


def remember_second_tries(recovered):
    """A line on who needed one in the last runs, this one among them."""
    runs = json.loads(SECOND_TRIES.read_text()) if SECOND_TRIES.exists() else []
    runs = [*runs, recovered][-REMEMBERED_RUNS:]
    SECOND_TRIES.write_text(json.dumps(runs, indent=1))
    counts = collections.Counter(name for run in runs for name in run)
    needed = ", ".join(f"{name} ({count})" for name, count in counts.most_common()) or "none"
    return f"second tries in the last {len(runs)} runs of all tests here: {needed}"


def row(name, cost):
    return f"{name:40} {cost.tests:5} {cost.boots:5} {cost.seconds:8.1f} {cost.cpu_seconds:8.1f}"


def table(suites, elapsed):
    """What each suite cost: second tries are in it, building is not."""
    lines = [f"{'suite':40} {'tests':>5} {'boots':>5} {'seconds':>8} {'of CPU':>8}"]
    rest, total = [], [0, 0, 0.0]
    for suite in sorted(suites, key=lambda s: -s.cost.seconds):
        if suite.cost.seconds >= TABLE_FROM_SECONDS:
            lines.append(row(suite.name, suite.cost))
        else:
            rest.append(suite)
        total = [total[0] + suite.cost.tests, total[1] + suite.cost.boots, total[2] + suite.cost.cpu_seconds]
    lines.append(f"{f'{len(rest)} shorter ones':40} {sum(s.cost.tests for s in rest):5} "
                 f"{sum(s.cost.boots for s in rest):5} {sum(s.cost.seconds for s in rest):8.1f} "
                 f"{sum(s.cost.cpu_seconds for s in rest):8.1f}")
    lines.append(f"{'all, side by side':40} {total[0]:5} {total[1]:5} {elapsed:8.1f} {total[2]:8.1f}")
    return "\n".join(lines)


def main():
    options = {a for a in sys.argv[1:] if a in ("--list", "--quick")}
    wanted = [a for a in sys.argv[1:] if a not in options]
    chosen = select_quick() if "--quick" in options else select(wanted)
    if "--list" in options:
        for suite, tests in chosen:
            print("\n".join(full_name(suite, test) for test in tests))
        return 0

    start = time.monotonic()
    outcomes = run_all(chosen)
    remember_durations(chosen)
    passed = sum(not result.why for _, result in outcomes)
    failed = [(suite, result.name) for suite, result in outcomes if result.why]
    recovered = try_again(failed)
    costs = table([suite for suite, _ in chosen], time.monotonic() - start)
    (LOGS / "costs").write_text(costs + "\n")
    print(costs)
    if recovered:
        print("failed first, passed alone in a new machine: " + ", ".join(recovered))
    if not wanted and not options:
        print(remember_second_tries(recovered))
    print(f"{passed + len(recovered)} passed, {len(failed) - len(recovered)} failed")
    return 1 if len(failed) > len(recovered) else 0


sys.exit(main())
