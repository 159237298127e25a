# SPDX-License-Identifier: LGPL-2.1-or-later
"""cell-run, the main process of a cell's unit."""

import re
import select
import signal
import socket
import subprocess
import threading
import time

from fixture import wait_until
from suite import test


@test(daemon=False)
def cell_run_until_the_second_request(f):
    process, said = f.start_cell_run("apic-demo")
    wait_until(lambda: "READY=1" in said(), "READY")
    assert f.read("calls").split() == ["create", "apic-demo", "start", "apic-demo"]
    (f.dir / "cells/apic-demo/refusals").write_text("1")
    with open(f.dir / "cells/apic-demo/console", "w") as console:
        console.write("tick\x1b[2J\r\n" + "x" * 1500 + "\nunended")
    process.terminate()
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert lines[0] == "tick\\x1b[2J" and lines[-1] == "unended" and max(map(len, lines)) <= 1024
    assert "refused the shutdown request, asking again" in err
    assert f.read("calls").splitlines()[-1] == "destroy apic-demo force"


@test(daemon=False)
def guest_fault_fails_the_unit_and_is_reaped(f):
    process, said = f.start_cell_run("apic-demo")
    wait_until(lambda: "READY=1" in said(), "READY")
    f.set_state("apic-demo", "failed memory-access The guest wrote to 0xdead000.")
    err = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and "wrote to 0xdead000" in err
    assert f.run("cell-run-fake", "--reap", "apic-demo").returncode == 0
    assert not (f.dir / "cells/apic-demo").exists()
    status = f.run("cellctl-fake", "status", "apic-demo")
    assert status.returncode == 3 and "access-violation" in status.stdout


@test(daemon=False)
def policy_keep_leaves_the_cell_to_be_adopted(f):
    process, said = f.start_cell_run("apic-demo")
    wait_until(lambda: "READY=1" in said(), "READY")
    (f.dir / "cells/apic-demo/refusals").write_text("9")
    process.terminate()
    err = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and "cellctl destroy --force apic-demo" in err
    assert f.read("calls").count("ask") == 3
    assert f.run("cell-run-fake", "--reap", "apic-demo").returncode == 0
    assert f.read("cells/apic-demo/state") == "running"
    (f.dir / "notify").unlink()
    process, said = f.start_cell_run("apic-demo")
    wait_until(lambda: "READY=1" in said(), "adoption")
    assert f.read("calls").count("create") == 1


@test(daemon=False)
def policy_destroy_ends_a_silent_guest(f):
    f.describe("apic-demo", cpus=[3], shutdown={"timeout-ms": 50, "on-refusal": "destroy"})
    process, said = f.start_cell_run("apic-demo")
    wait_until(lambda: "READY=1" in said(), "READY")
    (f.dir / "cells/apic-demo/silent").touch()
    process.terminate()
    assert "did not answer" in process.communicate(timeout=10)[1]
    assert process.returncode == 0 and not (f.dir / "cells/apic-demo").exists()


@test(daemon=False)
def bad_description_is_78(f):
    f.describe("bad", **{"fake-error": "3000 is not a multiple of 4096"})
    run = f.run("cell-run-fake", "bad")
    assert run.returncode == 78 and "bad.json:1:2: error: /fake: 3000" in run.stderr
    assert f.run("cell-run-fake", "nobody").returncode == 78
    assert f.run("cell-run-fake", "root").returncode == 78
    assert f.run("cellctl-fake", "check", "bad").returncode == 78
    assert f.run("cellctl-fake", "check", "apic-demo").returncode == 0


@test(daemon=False)
def what_others_have_now_is_no_bad_description(f):
    """Restart= may try again: only 78 forbids that."""
    for name in ("ResourceConflict", "NoMemory", "CpuUnavailable"):
        f.describe("late", **{"fake-error": "not now", "fake-error-name": name})
        run = f.run("cell-run-fake", "late")
        assert run.returncode == 1 and "late.json:1:2: error: /fake: not now" in run.stderr, name
    for name in ("ImageMissing", "ImageTooLarge"):
        f.describe("late", **{"fake-error": "never", "fake-error-name": name})
        assert f.run("cell-run-fake", "late").returncode == 78, name


def running(f, name="apic-demo", **env):
    process, said = f.start_cell_run(name, **env)
    wait_until(lambda: "READY=1" in said(), "READY")
    return process, said


@test(daemon=False)
def a_flood_of_lines_is_cut(f):
    process, _ = running(f)
    with open(f.dir / "cells/apic-demo/console", "w") as console:
        for i in range(6000):
            console.write("line %d\n" % i)
    f.set_state("apic-demo", "shut down")
    out, err = process.communicate(timeout=10)
    lines = out.splitlines()
    assert 2000 <= len(lines) < 4000 and lines[0] == "line 0", len(lines)
    left_out = [int(n) for n in re.findall(r"(\d+) lines of its console were left out", err)]
    assert sum(left_out) == 6000 - len(lines) and len(left_out) < 10, err


@test(daemon=False)
def a_journal_that_does_not_read_stops_nothing(f):
    process, said = running(f, WATCHDOG_USEC="400000")

    def write():
        with open(f.dir / "cells/apic-demo/console", "w") as console:
            for i in range(1500):
                console.write("%d %s\n" % (i, "x" * 900))
                time.sleep(0.03 if i % 50 == 0 else 0)
    guest = threading.Thread(target=write, daemon=True)
    guest.start()
    # It ends unless it waits for the reader; how long that takes is the machine's affair. We stand
    # in for systemd, which reads what it is told: a full socket would keep cell-run waiting.
    wait_until(lambda: said() and not guest.is_alive(), "the guest's last line", 120)
    assert said().count("WATCHDOG=1") >= 2, said()
    process.terminate()
    assert process.wait(60) == 0
    err = process.stderr.read()
    assert "has shut down" in err, err
    lines = process.stdout.read().splitlines()
    left_out = sum(int(n) for n in re.findall(r"(\d+) lines of its console were left out", err))
    assert lines[0].startswith("0 ") and len(lines) > 20, len(lines)
    assert 1500 - len(lines) - left_out in range(6), (len(lines), left_out)  # in stdio's buffer


@test(daemon=False)
def what_a_guest_writes_drives_no_terminal(f):
    process, _ = running(f)
    with open(f.dir / "cells/apic-demo/console", "wb") as console:
        console.write(b"a\x00b\x7f\xc2\x9b\xff\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\t\x9bz\n")
    f.set_state("apic-demo", "shut down")
    out = process.communicate(timeout=10)[0]
    assert out.startswith("a\\x00b\\x7f")
    assert "\\xc2\\x9b\\xff\u00e4\u20ac\U0001f600\t\\x9bz" in out, out


@test(daemon=False)
def watchdog_only_while_the_guest_lives(f):
    process, said = running(f, WATCHDOG_USEC="400000")
    with open(f.dir / "cells/apic-demo/console", "w") as console:
        for _ in range(8):
            console.write("alive\n")
            console.flush()
            time.sleep(0.05)
    alive = said().count("WATCHDOG=1")
    assert alive >= 2, said()
    time.sleep(0.6)
    assert said().count("WATCHDOG=1") <= alive + 1
    f.set_state("apic-demo", "shut down")
    assert process.wait(5) == 0
    f.set_state("apic-demo", "running")
    f.env["SERVICE_RESULT"] = "watchdog"
    reaped = f.run("cell-run-fake", "--reap", "apic-demo")
    assert reaped.returncode == 0 and "no sign of life" in reaped.stderr
    assert not (f.dir / "cells/apic-demo").exists()
    assert "Result=timeout" in f.run("cellctl-fake", "show", "apic-demo").stdout


@test(daemon=False)
def others_may_stop_or_destroy_the_cell(f):
    process, _ = running(f)
    f.set_state("apic-demo", "running/locked")
    f.set_state("apic-demo", "stopped")
    assert "stopped by someone else" in process.communicate(timeout=10)[1]
    assert process.returncode == 0
    (f.dir / "notify").unlink()
    process, _ = running(f)
    assert f.run("cellctl-fake", "destroy", "--force", "apic-demo").returncode == 0
    assert "destroyed by someone else" in process.communicate(timeout=10)[1]
    assert process.returncode == 0


@test(daemon=False)
def leftovers_are_cleared_away(f):
    f.add_cell("apic-demo", "1", "failed guest It panicked.")
    process, _ = running(f)
    assert f.read("calls").split()[:4] == ["destroy", "apic-demo", "force", "create"]
    f.set_state("apic-demo", "shut down")
    assert "Clearing away the failed cell" in process.communicate(timeout=10)[1]


@test(daemon=False)
def what_fails_on_the_way_up(f):
    assert f.run("cell-run-fake").returncode == 2
    assert f.run("cell-run-fake", "-x").returncode == 78
    (f.dir / "fail").write_text("NoMemory Linux has no block to give.")
    failed = f.run("cell-run-fake", "apic-demo")
    assert failed.returncode in (1, 78) and "no block" in failed.stderr
    (f.dir / "enabled").unlink()
    disabled = f.run("cell-run-fake", "apic-demo")
    assert disabled.returncode == 1 and "is not enabled" in disabled.stderr
    (f.dir / "module").unlink()
    missing = f.run("cell-run-fake", "apic-demo")
    assert missing.returncode == 1 and "modprobe" in missing.stderr
    f.env.update(SERVICE_RESULT="exit-code", EXIT_STATUS="1")
    assert f.run("cell-run-fake", "--reap", "apic-demo").returncode == 0
    assert "Result=resources" in f.run("cellctl-fake", "show", "apic-demo").stdout


@test(daemon=False)
def ready_only_where_it_came_up(f):
    (f.dir / "start-state").write_text("failed memory-access The guest wrote to 0xdead000.")
    process, said = f.start_cell_run("apic-demo")
    err = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and "wrote to 0xdead000" in err
    assert "READY=1" not in said() and "STATUS=The guest failed" in said()
    assert f.run("cell-run-fake", "--reap", "apic-demo").returncode == 0
    (f.dir / "notify").unlink()
    (f.dir / "start-state").write_text("shut down")
    process, said = f.start_cell_run("apic-demo")
    assert "has shut itself down" in process.communicate(timeout=10)[1]
    assert process.returncode == 0 and "READY=1" in said()


@test(daemon=False)
def a_cell_may_be_called_as_our_own_files(f):
    """/run/cellmgr has lock and memory-blocks of libcell's, and the directory of holds."""
    (f.dir / "run/holds").mkdir()
    for name in ("lock", "memory-blocks", "holds"):
        if name != "holds":
            (f.dir / "run" / name).write_text("6")
        f.describe(name, cpus=[3])
        f.env.update(SERVICE_RESULT="exit-code", EXIT_STATUS="1")
        reaped = f.run("cell-run-fake", "--reap", name)
        assert reaped.returncode == 0 and not reaped.stderr, reaped
        assert "Result=resources" in f.run("cellctl-fake", "show", name).stdout
        process, _ = running(f, name)
        f.set_state(name, "shut down")
        assert process.wait(5) == 0
        (f.dir / "notify").unlink()
        assert name == "holds" or f.read("run/" + name) == "6"
    assert (f.dir / "run/holds").is_dir()


@test(daemon=False)
def no_signal_ends_it_as_if_all_were_well(f):
    """systemd takes an end by these for a clean one."""
    process, _ = running(f)
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGHUP):
        process.send_signal(number)
    time.sleep(0.2)
    assert process.poll() is None and f.read("cells/apic-demo/state") == "running"
    f.env.update(SERVICE_RESULT="success", EXIT_STATUS="TERM")
    reaped = f.run("cell-run-fake", "--reap", "apic-demo")
    assert reaped.returncode != 0 and "still runs" in reaped.stderr, reaped
    f.set_state("apic-demo", "shut down")
    assert process.wait(5) == 0


@test(daemon=False)
def nothing_is_enabled_for_a_cell_that_cannot_be(f):
    (f.dir / "enabled").unlink()
    script = f.dir / "on-cell-hypervisor.service"
    script.write_text("#!/bin/sh\ntouch %s/enabled\n" % f.dir)
    script.chmod(0o755)
    f.describe("bad", **{"fake-error": "3000 is not a multiple of 4096"})
    for name, why in (("nobody", "No nobody.json"), ("bad", "3000 is not a multiple")):
        refused = f.run("cell-run-fake", name)
        assert refused.returncode == 78 and why in refused.stderr, refused
    assert f.read("jobs") == "" and not (f.dir / "enabled").exists()
    process, _ = running(f)
    assert f.read("jobs") == "StartUnit cell-hypervisor.service fail\n"
    f.set_state("apic-demo", "shut down")
    assert process.wait(5) == 0


@test(daemon=False)
def a_module_that_the_unit_loads_is_found(f):
    (f.dir / "enabled").unlink()
    (f.dir / "module").unlink()
    script = f.dir / "on-cell-hypervisor.service"
    script.write_text("#!/bin/sh\ntouch %s/module %s/enabled\n" % (f.dir, f.dir))
    script.chmod(0o755)
    process, _ = running(f)
    f.set_state("apic-demo", "shut down")
    assert process.wait(5) == 0


@test(daemon=False)
def the_guests_lines_come_before_ours(f):
    """The journal reads its sockets in any order: ours waits until it has what the guest wrote."""
    ours, theirs = socket.socketpair()
    said = f.listen()
    process = subprocess.Popen([f.build / "cell-run-fake", "apic-demo"], stdout=theirs,
                               stderr=subprocess.PIPE, text=True,
                               env=dict(f.env, NOTIFY_SOCKET=str(f.dir / "notify")))
    f.processes.append(process)
    theirs.close()
    wait_until(lambda: "READY=1" in said(), "READY")
    process.stderr.readline()
    with open(f.dir / "cells/apic-demo/console", "w") as console:
        console.write("last words\n")
    f.set_state("apic-demo", "failed guest It panicked.")
    time.sleep(0.04)
    assert not select.select([process.stderr], [], [], 0)[0], process.stderr.readline()
    assert ours.recv(100) == b"last words\n"
    assert "It panicked" in process.communicate(timeout=5)[1]
    ours.close()
