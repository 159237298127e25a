# SPDX-License-Identifier: LGPL-2.1-or-later
"""cell-run, the main process of a cell's unit."""

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
    assert f.run("cellctl-fake", "check", "bad").returncode == 78
    assert f.run("cellctl-fake", "check", "apic-demo").returncode == 0
