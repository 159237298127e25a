# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellctl."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

import dbus

from fixture import HERE
from suite import test


@test(daemon=False)
def cellctl_needs_no_daemon(f):
    f.add_cell("apic-demo", "2,3", "running/locked")
    rows = [line.split() for line in f.run("cellctl-fake").stdout.splitlines()]
    assert rows[0] == ["ID", "Name", "State", "Assigned", "CPUs", "Memory", "Uptime", "Description"]
    assert rows[1][:3] == ["0", "root", "running"]
    assert rows[2] == ["1", "apic-demo", "running/locked", "2-3", "-", "-", "-"]
    listed = json.loads(f.run("cellctl-fake", "--json=short", "list").stdout)
    none = {"memory": None, "startTimestamp": None, "description": None}
    assert listed[1] == {"id": 1, "name": "apic-demo", "state": "running/locked", "cpus": "2-3", **none}
    f.describe("other")
    listed = json.loads(f.run("cellctl-fake", "--json=short", "list", "--all").stdout)
    assert listed[2] == {"id": None, "name": "other", "state": "defined", "cpus": None, **none}
    stats = f.run("cellctl-fake", "--no-legend", "stats", "apic-demo").stdout.splitlines()
    assert stats[0].split() == ["total", "102", "103", "205"]
    assert f.run("cellctl-fake", "destroy", "apic-demo").returncode == 1
    assert f.run("cellctl-fake", "destroy", "--force", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stats", "apic-demo").returncode == 3
    assert f.run("cellctl-fake", "stats", "nobody").returncode == 4
    assert f.run("cellctl-fake", "status", "apic-demo").returncode == 3


@test(daemon=False)
def cellctl_usage_and_files(f):
    assert f.run("cellctl-fake", "--help").returncode == 0
    assert f.run("cellctl-fake", "frobnicate").returncode == 2
    assert f.run("cellctl-fake", "stats").returncode == 2
    blob = str(f.dir / "blob")
    assert f.run("cellctl-fake", "compile", "apic-demo", "-o", blob).returncode == 0
    assert json.loads(f.run("cellctl-fake", "dump", blob).stdout) == {"name": "apic-demo"}
    short = f.run("cellctl-fake", "--json=short", "dump", blob).stdout
    assert short == '{"name":"apic-demo"}\n', short
    assert f.run("cellctl-fake", "dump", str(f.dir / "desc/apic-demo.json")).returncode == 78
    assert f.run("cellctl-fake", "host", "check").returncode == 0
    f.env["FAKE_NO_SVM"] = "1"
    assert f.run("cellctl-fake", "host", "check").returncode == 1
    assert f.run("cellctl-fake", "hypervisor", "status").returncode == 0


@test(daemon=False)
def cellctl_waits_for_the_job(f):
    assert f.run("cellctl-fake", "start", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stop", "apic-demo").returncode == 3
    f.set_unit("apic-demo", "active")
    assert f.run("cellctl-fake", "start", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stop", "--no-block", "apic-demo").returncode == 0
    assert [j.split()[0] for j in f.read("jobs").splitlines()] == ["StartUnit", "StopUnit"]
    assert f.run("cellctl-fake", "start", "nobody").returncode == 4


@test()
def cellctl_asks_the_daemon_for_other_users(f):
    f.add_cell("apic-demo", "2,3", "running/locked")
    f.env["FAKE_DENIED"] = "1"
    nobody = dict(user="nobody")
    assert "apic-demo" in f.run("cellctl-fake", **nobody).stdout
    stats = f.run("cellctl-fake", "--no-legend", "stats", "apic-demo", **nobody)
    assert stats.stdout.splitlines()[0].split() == ["total", "102", "103", "205"], stats.stderr
    assert f.run("cellctl-fake", "hypervisor", "status", **nobody).stdout == "enabled\n"
    shown = f.run("cellctl-fake", "show", "apic-demo", "-p", "State,CPUs", "--value", **nobody)
    assert shown.stdout.split() == ["running/locked", "2-3"]
    for command in (["start", "apic-demo"], ["destroy", "apic-demo"], ["hypervisor", "disable"],
                    ["hypervisor", "enable"], ["hypervisor", "confirm"], ["undefine", "apic-demo"],
                    ["console", "apic-demo"]):
        refused = f.run("cellctl-fake", *command, **nobody)
        if command[0] != "start":  # that one is systemd's to refuse
            assert refused.returncode == 1 and "polkit" in refused.stderr, command
    f.set_state("apic-demo", "failed memory-access The guest wrote to 0xdead000.")
    status = f.run("cellctl-fake", "status", "apic-demo", **nobody)
    assert "0xdead000. (memory-access, CPU 2, rip 0x1234" in status.stdout, status


SSH = """#!/usr/bin/python3
import os, select, socket, sys
print(*sys.argv[1:], file=open("%(dir)s/ssh-calls", "a"))
bus = socket.socket(socket.AF_UNIX)
bus.connect("%(dir)s/bus")
while True:
    for source in select.select([0, bus], [], [])[0]:
        data = bus.recv(65536) if source is bus else os.read(0, 65536)
        if not data:
            sys.exit()
        os.write(1, data) if source is bus else bus.sendall(data)
"""


@test()
def cellctl_on_another_machine(f):
    """The stand-in for ssh connects to this test's bus, as systemd-stdio-bridge would there."""
    ssh = f.dir / "ssh"
    ssh.write_text(SSH % {"dir": f.dir})
    ssh.chmod(0o755)
    f.env["PATH"] = "%s:%s" % (f.dir, f.env["PATH"])
    f.add_cell("apic-demo", "3")
    listed = f.run("cellctl-fake", "-H", "me@there", "list")
    assert "apic-demo" in listed.stdout, listed.stderr
    assert "-- me@there systemd-stdio-bridge" in f.read("ssh-calls"), f.read("ssh-calls")
    assert f.run("cellctl-fake", "-H", "there", "restart", "apic-demo").returncode == 0
    assert "RestartUnit" in f.read("jobs")
    assert f.run("cellctl-fake", "-H", "there", "destroy", "--force", "apic-demo").returncode == 0
    assert "destroy apic-demo force" in f.read("calls")
    for command in (["console", "apic-demo"], ["cat", "apic-demo"], ["check", "x"], ["log", "x"],
                    ["compile", "apic-demo", "-o", f.dir / "blob"], ["dump", f.dir / "blob"]):
        refused = f.run("cellctl-fake", "-H", "there", *command)
        assert refused.returncode == 2 and "ssh there cellctl " + command[0] in refused.stderr


@test()
def cellctl_descriptions(f):
    file = f.dir / "new.json"
    file.write_text('{"name": "new", "cpus": [1]}\n')
    assert f.run("cellctl-fake", "define", file).returncode == 0
    assert f.run("cellctl-fake", "cat", "new").stdout == \
        "# %s/desc/new.json\n%s" % (f.dir, file.read_text())
    again = f.run("cellctl-fake", "define", file)
    assert again.returncode == 1 and "defined already" in again.stderr
    assert f.run("cellctl-fake", "define", "--force", file).returncode == 0
    described = json.loads(f.run("cellctl-fake", "describe", "new").stdout)
    assert described["state"] == "defined" and described["configPath"].endswith("desc/new.json")
    assert len(json.loads(f.run("cellctl-fake", "--json=short", "describe").stdout)["cells"]) == 2
    assert f.run("cellctl-fake", "undefine", "new").returncode == 0
    assert f.run("cellctl-fake", "undefine", "new").returncode == 4
    assert f.run("cellctl-fake", "cat", "new").returncode == 4
    file.write_text('{"name": "new", "fake-error": "wrong"}')
    wrong = f.run("cellctl-fake", "define", file)
    assert wrong.returncode == 78 and "new.json:1:2: error: /fake: wrong" in wrong.stderr
    checked = f.run("cellctl-fake", "--json=short", "check", file)
    assert checked.returncode == 78 and json.loads(checked.stdout)[0]["message"] == "wrong"
    assert f.run("cellctl-fake", "define", f.dir / "none.json").returncode == 1


@test(daemon=False)
def a_description_drives_no_terminal(f):
    file = f.dir / "evil.json"
    start = '{"fake-error": "wrong", "fake-column": 61, "a": "\u00e4'
    file.write_text(start + '\x1b[2J\u009b1m\t", "b": 1}\r')
    shown = f.run("cellctl-fake", "check", file).stderr.split("\n")
    before = start + "\\x1b[2J\\xc2\\x9b1m\t"
    assert shown[1:] == ["    1 | " + before + '", "b": 1}',
                         "      | " + re.sub("[^\t]", " ", before) + "^", ""], shown


@test(daemon=False)
def what_is_read_from_a_pipe_is_not_read_again(f):
    pipe = f.dir / "pipe.json"
    os.mkfifo(pipe)
    check = f.spawn([f.build / "cellctl-fake", "check", pipe], stderr=subprocess.PIPE)
    pipe.write_text('{"fake-error": "wrong"}')
    assert check.wait(5) == 78 and b"pipe.json:1:2: error: /fake: wrong" in check.stderr.read()


@test()
def cellctl_show_and_status(f):
    lines = f.run("cellctl-fake", "show", "apic-demo").stdout.splitlines()
    assert "State=defined" in lines and "Unit=cell@apic-demo.service" in lines
    assert f.run("cellctl-fake", "show", "nobody").returncode == 4
    f.add_cell("apic-demo", "3")
    status = f.run("cellctl-fake", "--json=short", "status", "apic-demo")
    assert status.returncode == 0 and json.loads(status.stdout)["id"] == 1
    for state in ("stopped", "shut down"):
        f.set_state("apic-demo", state)
        assert f.run("cellctl-fake", "show", "apic-demo", "-p", "State", "--value").stdout == \
            state + "\n"


@test()
def cellctl_monitor_and_wait(f):
    monitor = f.spawn([f.build / "cellctl-fake", "--json=short", "monitor", "-n", "5"],
                      stdout=subprocess.PIPE, text=True)

    def told():
        line = json.loads(monitor.stdout.readline())
        return line["name"], line["from"], line["state"]
    assert told() == ("apic-demo", "", "defined")
    wait = f.spawn([f.build / "cellctl-fake", "wait", "apic-demo", "running", "--timeout=10"])
    f.add_cell("apic-demo", "3")
    assert told() == ("apic-demo", "defined", "running") and wait.wait(10) == 0
    ended = f.spawn([f.build / "cellctl-fake", "wait", "apic-demo"], stderr=subprocess.PIPE)
    assert f.run("cellctl-fake", "wait", "apic-demo", "--timeout=0.5").returncode == 1
    f.kill_daemon()
    f.set_state("apic-demo", "failed guest It panicked.")
    f.start_daemon()
    assert told() == ("apic-demo", "running", "failed")
    assert ended.wait(10) == 1 and b"has failed" in ended.stderr.read()
    f.describe("late")
    f.call("Reload")
    assert told() == ("late", "", "defined")
    (f.dir / "desc/late.json").unlink()
    f.call("Reload")
    assert told() == ("late", "defined", "gone") and monitor.wait(5) == 0
    plain = f.run("cellctl-fake", "monitor", "-n", "1").stdout
    assert re.match(r"\d{4}-\d\d-\d\dT.* apic-demo: failed\n$", plain), plain
    assert f.run("cellctl-fake", "wait", "nobody").returncode == 4
    mistyped = f.run("cellctl-fake", "wait", "apic-demo", "failed", "runing")
    assert mistyped.returncode == 2 and '"runing"' in mistyped.stderr


@test(daemon=False)
def cellctl_top_into_a_pipe(f):
    f.add_cell("apic-demo", "2,3")
    top = f.run("cellctl-fake", "top", "-n", "2", "-d", "0.1", "--json=short")
    rows = [json.loads(line) for line in top.stdout.splitlines()]
    assert [[r["cpu"] for r in look] for look in rows] == [[2, 3]] * 2
    assert rows[0][0]["total"] == 0 and rows[0][0]["state"] == "running"
    assert f.run("cellctl-fake", "top", "-d", "soon").returncode == 2
    assert f.run("cellctl-fake", "top", "-n", "0").returncode == 2


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, f, *args, columns=80, pager="cat"):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = dict(f.env, TERM="xterm", PAGER=pager)
        self.process = subprocess.Popen(
            [f.build / "cellctl-fake", *args], env=env, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        f.processes.append(self.process)
        os.close(slave)
        self.fd, self.text = master, ""

    def shows(self, text, seconds=5):
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, "%r is not in %r" % (text, self.text)
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 4096).decode(errors="replace")

    def type(self, keys):
        os.write(self.fd, keys)

    def ends(self):
        """Its exit status; what it still writes is read, or it would wait for that."""
        try:
            while True:
                self.text += os.read(self.fd, 4096).decode(errors="replace")
        except OSError:
            os.close(self.fd)
            return self.process.wait(5)


@test(daemon=False)
def cellctl_tables_fit_the_terminal(f):
    f.add_cell("a" * 31, "1", "failed")
    wide, narrow = Terminal(f, "list"), Terminal(f, "list", columns=40)
    assert wide.ends() == 0 and narrow.ends() == 0
    assert "\033[1;31mfailed\033[0m" in wide.text and "a" * 31 in wide.text
    assert "..." in narrow.text and "a" * 31 not in narrow.text
    plain = [re.sub(r"\033\[[0-9;]*m", "", line) for line in narrow.text.splitlines()]
    assert max(map(len, plain)) <= 40, plain
    full = Terminal(f, "list", "--full", columns=40)
    assert full.ends() == 0 and "a" * 31 in full.text
    f.env["NO_COLOR"] = "1"
    plain = Terminal(f, "list")
    assert plain.ends() == 0 and "\033" not in plain.text


@test(daemon=False)
def cellctl_goes_after_its_pager(f):
    (f.dir / "pager").write_text("#!/bin/bash\ntrap 'echo interrupted' INT\ncat\necho \"end $LESS\"\n"
                                 "read -r key </dev/tty || read -r key </dev/tty\n")
    (f.dir / "pager").chmod(0o755)
    terminal = Terminal(f, "list", pager=str(f.dir / "pager"))
    terminal.shows("end FRSXMK")
    terminal.type(b"\x03")
    time.sleep(0.3)
    assert terminal.process.poll() is None
    terminal.type(b"\n\n")
    assert terminal.ends() == 0


@test(daemon=False)
def cellctl_says_when_nobody_gets_its_output(f):
    for command in (["list"], ["cat", "apic-demo"], ["host", "describe"], ["--help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([f.build / "cellctl-fake", *command], env=f.env, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and "No space left" in done.stderr, (command, done)


@test(daemon=False)
def cellctl_console_until_the_third_escape(f):
    f.add_cell("apic-demo", "3")
    terminal = Terminal(f, "console", "apic-demo")
    terminal.shows("three times")
    with open(f.dir / "cells/apic-demo/console", "w") as console:
        console.write("tick \033[2J\u009b1m \u00e4\n")
    terminal.shows("tick \\x1b[2J")
    terminal.shows("\\x9b1m \u00e4")
    terminal.type(b"\x1d\x1dx\x1d\x1d")
    time.sleep(0.2)
    assert terminal.process.poll() is None
    terminal.type(b"\x1d")
    assert terminal.ends() == 0 and "Disconnected" in terminal.text


@test(daemon=False)
def cellctl_top_is_a_live_screen(f):
    f.add_cell("apic-demo", "3")
    terminal = Terminal(f, "top", "-d", "0.1")
    terminal.shows("\033[?1049h")
    terminal.shows("apic-demo")
    terminal.type(b"q")
    assert terminal.ends() == 0 and terminal.text.endswith("\033[?1049l")
    narrow = Terminal(f, "top", "-n", "2", "-d", "0.1", columns=40)
    assert narrow.ends() == 0 and "hypercall" not in narrow.text and "total" in narrow.text


@test(daemon=False)
def cellctl_helps(f):
    whole = f.run("cellctl-fake", "--help").stdout
    verbs = re.findall(r"^  ([a-z]+) ", whole, re.M)
    assert len(verbs) > 20
    for verb in set(verbs) - {"cellctl"}:
        one = f.run("cellctl-fake", verb, "--help")
        assert one.returncode == 0 and "] " + verb in one.stdout, verb
        assert f.run("cellctl-fake", "help", verb).stdout == one.stdout
    assert "did you mean start?" in f.run("cellctl-fake", "strat").stderr
    assert "did you mean hypervisor?" in f.run("cellctl-fake", "help", "hypervsor").stderr
    assert "--json=" in f.run("cellctl-fake", "--json=long").stderr
    assert f.run("cellctl-fake", "--nonsense").returncode == 2
    assert f.run("cellctl-fake", "list", "more").returncode == 2
    assert f.run("cellctl-fake", "--version").stdout.startswith("cellctl ")
    return verbs


@test(daemon=False)
def completion_for_bash(f):
    f.add_cell("apic-demo", "3")
    (f.dir / "cellctl").symlink_to(f.build / "cellctl-fake")
    f.env["PATH"] = "%s:%s" % (f.dir, f.env["PATH"])
    script = HERE.parent.parent / "cellmgrd/completion/cellctl.bash"

    def complete(*words):
        code = (". %s; COMP_WORDS=(cellctl \"$@\"); COMP_CWORD=$#; _cellctl; "
                "printf '%%s\\n' \"${COMPREPLY[@]}\"" % script)
        done = subprocess.run(["bash", "-c", code, "bash", *words], env=f.env, cwd=f.dir, text=True,
                              capture_output=True)
        assert not done.stderr, done.stderr
        return done.stdout.split()
    assert complete("sta") == ["status", "start", "stats"]
    assert complete("--all", "start", "") == ["apic-demo"]
    assert complete("wait", "apic-demo", "st") == ["starting", "stopping", "stopped"]
    for verb in ("stats", "console", "cat", "undefine", "describe"):
        assert complete(verb, "apic-demo", "") == ["apic-demo"], verb
    assert complete("host", "p") == ["prepare"]
    assert complete("-o", "x", "hypervisor", "c") == ["confirm", "console"]
    assert complete("link", "s") == ["status", "set-state"]
    (f.dir / "links").mkdir()
    (f.dir / "links/echo.json").write_text('{"peers": []}')
    assert complete("--timeout=3", "link", "wait", "") == ["echo"]
    assert complete("link", "list", "") == []
    assert complete("link", "ring", "echo", "") == ["apic-demo"]
    assert complete("link", "read", "echo", "") == ["common", "output", "apic-demo"]
    assert complete("--json") == ["--json=pretty", "--json=short"]
    assert "module" in complete("dump", "mod") and complete("top", "") == []
    helped = cellctl_helps(f)
    assert set(helped) - {"cellctl"} <= set(complete(""))


@test(daemon=False)
def completion_for_zsh(f):
    script = HERE.parent.parent / "cellmgrd/completion/_cellctl"
    offered = set(re.findall(r"^\t\t'([a-z]+):", script.read_text(), re.M))
    assert set(cellctl_helps(f)) - {"cellctl"} <= offered
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n", script], check=True)


@test(daemon=False)
def cellctl_runs_systemds_own_programs(f):
    for program in ("systemctl", "journalctl"):
        stand_in = f.dir / program
        stand_in.write_text("#!/bin/sh\necho %s \"$@\"\n" % program)
        stand_in.chmod(0o755)
    f.env["PATH"] = "%s:%s" % (f.dir, f.env["PATH"])
    unit = "cell@apic-demo.service"
    for args, told in ((["enable", "apic-demo"], "systemctl enable " + unit),
                       (["-q", "disable", "apic-demo"], "systemctl --quiet disable " + unit),
                       (["log", "-f", "--no-pager", "apic-demo"],
                        "journalctl --follow --no-pager -u %s" % unit)):
        assert f.run("cellctl-fake", *args).stdout.strip() == told
    assert f.run("cellctl-fake", "enable", "nobody").returncode == 4


@test(daemon=False)
def cellctl_hypervisor_by_hand(f):
    def hypervisor(*args):
        return f.run("cellctl-fake", *args[1:], "hypervisor", args[0])
    (f.dir / "console").write_text("hypervisor line\n")
    assert hypervisor("console").stdout == "hypervisor line\n"
    assert hypervisor("status").stdout.startswith("enabled, version fake, x2APIC mode, 4 CPUs")
    assert json.loads(hypervisor("status", "--json=short").stdout)["pagesUsed"] == 64
    f.add_cell("apic-demo", "3")
    busy = hypervisor("disable")
    assert busy.returncode == 1 and "destroy them first" in busy.stderr
    assert f.run("cellctl-fake", "destroy", "--force", "apic-demo").returncode == 0
    assert hypervisor("disable").returncode == 0
    again = hypervisor("disable")
    assert again.returncode == 0 and "nothing to do" in again.stdout
    assert not hypervisor("disable", "-q").stdout
    status = hypervisor("status")
    assert (status.returncode, status.stdout) == (3, "disabled\n")
    assert hypervisor("enable").returncode == 0 and "nothing to do" in hypervisor("enable").stdout
    assert hypervisor("confirm").returncode == 0
    f.env["CELLMGR_STATE_DIR"] = str(f.dir / "no/such/place")
    assert hypervisor("disable").returncode == 0
    enabled = hypervisor("enable")
    assert (enabled.returncode, enabled.stderr) == (0, "")
    assert hypervisor("confirm").returncode == 0
    f.env["CELLMGR_STATE_DIR"] = "/dev/null"
    assert hypervisor("disable").returncode == 0
    assert "without a boot marker" in hypervisor("enable").stderr
    assert hypervisor("frobnicate").returncode == 2
    (f.dir / "module").unlink()
    assert hypervisor("status").stdout == "disabled\n" and hypervisor("disable").returncode == 0
    assert f.run("cellctl-fake", "list").returncode == 0
    (f.dir / "fail").write_text("HardwareUnsupported The CPU cannot.")
    (f.dir / "enabled").unlink()
    assert "The CPU cannot" in hypervisor("enable").stderr


@test(daemon=False)
def several_names_and_patterns(f):
    for name in ("rt-a", "rt-b"):
        f.describe(name)
    assert f.run("cellctl-fake", "start", "rt-*", "apic-demo").returncode == 0
    assert [line.split()[1] for line in f.read("jobs").splitlines()] == [
        "cell@rt-a.service", "cell@rt-b.service", "cell@apic-demo.service"]
    shown = f.run("cellctl-fake", "show", "-p", "Name", "--value", "rt-[ab]", "apic-demo").stdout
    assert shown.split() == ["rt-a", "rt-b", "apic-demo"]
    assert f.run("cellctl-fake", "stop", "rt-a", "nobody").returncode == 3
    assert f.run("cellctl-fake", "start", "x*").returncode == 4
    f.add_cell("rt-a", "1", number=1)
    f.add_cell("rt-b", "2", number=2)
    assert f.run("cellctl-fake", "destroy", "--force", "rt-?").returncode == 0
    assert not os.listdir(f.dir / "cells")
    systemctl = f.dir / "systemctl"
    systemctl.write_text("#!/bin/sh\necho \"$@\"\n")
    systemctl.chmod(0o755)
    f.env["PATH"] = "%s:%s" % (f.dir, f.env["PATH"])
    assert f.run("cellctl-fake", "enable", "rt-*").stdout.split() == [
        "enable", "cell@rt-a.service", "cell@rt-b.service"]
    assert f.run("cellctl-fake", "enable", "apic-demo", "nobody").returncode == 4


@test()
def monitor_counts_lines(f):
    for i in range(5):
        f.describe("more%d" % i)
    assert len(f.run("cellctl-fake", "monitor", "-n", "2").stdout.splitlines()) == 2
    assert len(f.run("cellctl-fake", "monitor", "-n", "6").stdout.splitlines()) == 6


@test(daemon=False)
def a_reader_that_has_seen_enough_is_no_error(f):
    f.add_cell("apic-demo", "3")
    for command in (["list", "--all"], ["--help"], ["host", "describe"], ["cat", "apic-demo"],
                    ["top", "-d", "0.1"], ["stats", "apic-demo"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([f.build / "cellctl-fake", *command], env=f.env, stdout=writer,
                              stderr=subprocess.PIPE, text=True, timeout=10)
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, ""), (command, done)
