# SPDX-License-Identifier: LGPL-2.1-or-later
"""States that are published: true, one word each, whoever is asked, and how a run has ended."""

import os
import time

from fixture import CELL, DEMO, PATH, wait_until
from suite import test

REAPED = {"SERVICE_RESULT": "exit-code", "EXIT_STATUS": "1"}


def states_of(f, seen):
    """All that have been published of the cell, in order, once the last call has been answered."""
    f.call("ListCells")
    f.pump(lambda: True, "signals")
    time.sleep(0.05)
    f.pump(lambda: True, "signals")
    return [str(s[2][1]["State"]) for s in seen
            if s[0] == "PropertiesChanged" and s[1] == DEMO and "State" in s[2][1]]


def reap(f, **env):
    f.env.update(env)
    assert f.run("cell-run-fake", "--reap", "apic-demo").returncode == 0
    for name in env:
        del f.env[name]
    f.call("ListCells")


@test()
def a_failed_cell_is_failed_until_it_is_none(f):
    """Its unit ends only after the cell has been destroyed."""
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("State") == "running", "the cell")
    seen = f.record_signals()
    f.set_state("apic-demo", "failed memory-access The guest wrote to 0xdead000.")
    wait_until(lambda: f.get("State") == "failed", "the failure")
    f.set_unit("apic-demo", "deactivating/stop-post")
    reap(f, **REAPED)
    assert f.get("State") == "failed" and f.get("Result") == "access-violation"
    f.set_unit("apic-demo", "failed/failed")
    wait_until(lambda: not f.get("Managed"), "the unit's end")
    assert states_of(f, seen) == ["failed"], seen


@test()
def a_cell_that_is_stopped_is_stopping_until_then(f):
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("State") == "running", "the cell")
    seen = f.record_signals()
    f.set_unit("apic-demo", "deactivating/stop-sigterm")
    wait_until(lambda: f.get("State") == "stopping", "the request")
    f.set_state("apic-demo", "shut down")
    assert f.run("cellctl-fake", "destroy", "apic-demo").returncode == 0
    f.call("ListCells")
    f.set_unit("apic-demo", "deactivating/stop-post")
    reap(f, SERVICE_RESULT="success", EXIT_STATUS="0")
    f.set_unit("apic-demo", "inactive/dead")
    wait_until(lambda: f.get("State") == "defined", "its end")
    assert states_of(f, seen) == ["stopping", "defined"], seen


@test()
def a_guest_that_ends_is_shut_down_until_then(f):
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("State") == "running", "the cell")
    seen = f.record_signals()
    f.set_state("apic-demo", "shut down")
    wait_until(lambda: f.get("State") == "shut down", "its end")
    f.set_unit("apic-demo", "deactivating/stop-post")
    reap(f, SERVICE_RESULT="success", EXIT_STATUS="0")
    f.set_unit("apic-demo", "inactive/dead")
    wait_until(lambda: f.get("State") == "defined", "the unit's end")
    assert states_of(f, seen) == ["shut down", "defined"], seen


@test()
def a_start_that_fails_is_never_over_before(f):
    f.describe("apic-demo", cpus=[3], **{"fake-error": "taken", "fake-error-name": "ResourceConflict"})
    seen = f.record_signals()
    f.set_unit("apic-demo", "activating/start")
    wait_until(lambda: f.get("State") == "starting", "the start")
    assert f.run("cell-run-fake", "apic-demo").returncode == 1
    f.set_unit("apic-demo", "deactivating/stop-post")
    wait_until(lambda: f.get("State") == "failed", "the failure")
    reap(f, **REAPED)
    f.set_unit("apic-demo", "failed/failed")
    wait_until(lambda: not f.get("Managed"), "the unit's end")
    assert states_of(f, seen) == ["starting", "failed"], seen
    details = f.get("FailureDetails")
    assert details["reason"] == "ResourceConflict" and "taken" in details["message"]
    assert "cpu" not in details


@test()
def an_orphan_runs(f):
    """The supervisor was killed; ExecStopPost= finds the guest alive and leaves it alone."""
    f.add_cell("apic-demo", "3", "running/locked")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("Managed"), "the unit")
    seen = f.record_signals()
    f.set_unit("apic-demo", "deactivating/stop-post")
    reap(f, SERVICE_RESULT="signal")
    f.set_unit("apic-demo", "failed/failed")
    wait_until(lambda: not f.get("Managed"), "the unit's end")
    assert states_of(f, seen) == [], seen


@test(daemon=False)
def the_first_answer_knows_the_units(f):
    f.set_unit("apic-demo", "failed")
    f.describe("other")
    f.set_unit("other", "activating")
    (f.dir / "slow-systemd").touch()
    f.start_daemon()
    known = f.call("GetAll", CELL, path=DEMO, interface="org.freedesktop.DBus.Properties")
    assert known["State"] == "failed"
    known = f.call("GetAll", CELL, path=PATH + "/cell/other",
                   interface="org.freedesktop.DBus.Properties")
    assert known["State"] == "starting" and known["Managed"]


@test()
def one_word_for_a_state_whoever_is_asked(f):
    def words():
        listed = f.run("cellctl-fake", "--json=short", "list", "--all").stdout
        shown = f.run("cellctl-fake", "show", "apic-demo", "-p", "State", "--value").stdout.strip()
        assert '"state":"%s"' % shown in listed, (shown, listed)
        asked = f.run("cellctl-fake", "show", "apic-demo", "-p", "State", "--value", user="nobody",
                      env=dict(f.env, FAKE_DENIED="1")).stdout.strip()
        assert [str(c[1]) for c in f.call("ListCells")] == [shown] == [asked]
        return shown
    assert words() == "defined"
    f.set_unit("apic-demo", "failed")
    wait_until(lambda: f.get("State") == "failed", "the failure")
    assert words() == "failed"
    f.set_unit("apic-demo", "active")
    f.add_cell("apic-demo", "3", "running/locked")
    wait_until(lambda: f.get("State") == "running/locked", "the cell")
    assert words() == "running/locked"
    for state in ("locked", "running/locked", "running"):
        assert f.run("cellctl-fake", "wait", "apic-demo", state, "--timeout=5").returncode == 0
    for state in ("stopped", "shut down", "failed"):
        f.set_state("apic-demo", state)
        assert words() == state
        assert f.run("cellctl-fake", "wait", "apic-demo", state, "--timeout=5").returncode == 0


@test()
def how_a_guest_failed_is_written_and_read_back(f):
    f.add_cell("apic-demo", "2,3", "failed memory-access The guest wrote to 0xdead000.")
    reap(f, **REAPED)
    assert not (f.dir / "cells/apic-demo").exists()
    shown = f.run("cellctl-fake", "show", "apic-demo").stdout.splitlines()
    for line in ("Result=access-violation", "Failure=The guest wrote to 0xdead000.",
                 "FailureReason=memory-access", "FailureCPU=2", "FailureRip=0x1234",
                 "FailureAddress=0xdead000", "FailureDetail=0x2"):
        assert line in shown, (line, shown)
    details = f.get("FailureDetails")
    assert {str(key): value for key, value in details.items()} == {
        "reason": "memory-access", "message": "The guest wrote to 0xdead000.", "cpu": 2,
        "rip": 0x1234, "address": 0xdead000, "detail": 2}


@test(daemon=False)
def a_record_that_cannot_be_written_is_reported(f):
    f.add_cell("apic-demo", "3", "failed guest It panicked.")
    os.symlink("/dev/full", f.dir / "run/apic-demo.end~")
    reaped = f.run("cell-run-fake", "--reap", "apic-demo")
    assert "Cannot record how the cell ended: No space left on device" in reaped.stderr, reaped
    assert not (f.dir / "run/apic-demo.end").exists()
    assert not (f.dir / "run/apic-demo.end~").is_symlink()
    assert not (f.dir / "cells/apic-demo").exists()


@test()
def a_start_that_fails_says_why(f):
    f.describe("apic-demo", cpus=[3], **{"fake-error": "CPU 3 is rt-io's",
                                         "fake-error-name": "ResourceConflict"})
    script = f.dir / "on-cell@apic-demo.service"
    script.write_text("#!/bin/sh\n%s apic-demo 2>/dev/null\necho failed >%s\n" % (
        f.build / "cell-run-fake", f.dir / "job-result"))
    script.chmod(0o755)
    started = f.run("cellctl-fake", "start", "apic-demo")
    assert started.returncode == 1 and "CPU 3 is rt-io's" in started.stderr, started
    assert "journalctl -u cell@apic-demo.service" in started.stderr
    assert "CPU 3 is rt-io's" in f.run("cellctl-fake", "status", "apic-demo").stdout
