# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd's notification socket: what is told, and that a reader that hangs keeps nobody waiting."""

import os
import signal
import socket
import subprocess
import time

from fixture import DEMO, wait_until
from suite import test


class Full:
    """systemd's end with no room for another word, until it is read."""

    def __init__(self, path):
        self.reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reader.bind(str(path))
        self.reader.setblocking(False)
        self.said = []
        self.fill(path)

    def fill(self, path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
            writer.setblocking(False)
            try:
                while True:
                    writer.sendto(b"FILL=1", str(path))
            except BlockingIOError:
                pass

    def read(self):
        try:
            while True:
                self.said.append(self.reader.recv(4096).decode())
        except BlockingIOError:
            return [line for text in self.said for line in text.splitlines() if line != "FILL=1"]


def start(f, program, *args):
    path = f.dir / "notify"
    full = Full(path)
    f.env["NOTIFY_SOCKET"] = str(path)
    return f.spawn([f.build / program, *args], stderr=subprocess.DEVNULL), full, path


@test(daemon=False)
def a_notify_socket_that_nobody_reads_stops_no_cell(f):
    cell_run, full, path = start(f, "cell-run-fake", "apic-demo")
    wait_until(lambda: "start apic-demo" in f.read("calls"), "the cell")
    f.set_state("apic-demo", "running/locked")
    time.sleep(0.3)
    assert cell_run.poll() is None
    wait_until(lambda: "READY=1" in full.read(), "READY as soon as there is room")
    lines = full.read()
    status = [line for line in lines if line.startswith("STATUS=")]
    assert status and status[-1] == "STATUS=Cell 1 is running/locked.", lines
    full.fill(path)
    cell_run.send_signal(signal.SIGTERM)
    assert cell_run.wait(10) == 0, "it asks the guest all the same"
    assert f.read("calls").splitlines()[-1] == "destroy apic-demo force"


@test(daemon=False)
def a_notify_socket_that_nobody_reads_stops_no_daemon(f):
    f.daemon, full, path = start(f, "cellmgrd-fake")
    wait_until(lambda: f.bus.name_has_owner("org.cellmgr1"), "its name")
    assert f.get("State", DEMO) == "defined"
    f.daemon.send_signal(signal.SIGHUP)
    assert f.get("State", DEMO) == "defined"
    wait_until(lambda: "READY=1" in full.read(), "READY as soon as there is room")
    full.fill(path)


@test(daemon=False)
def who_is_told_may_have_an_abstract_name_or_go_and_come(f):
    name = "cellmgr-test-%d" % os.getpid()
    reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.bind("\0" + name)
    reader.settimeout(10)
    f.env["NOTIFY_SOCKET"] = "@" + name
    cell_run = f.spawn([f.build / "cell-run-fake", "apic-demo"], stderr=subprocess.DEVNULL)
    assert reader.recv(4096) == b"READY=1\n"
    reader.close()
    reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.bind("\0" + name)
    reader.settimeout(10)
    f.set_state("apic-demo", "running/locked")
    said = b""
    while b"locked" not in said:
        said = reader.recv(4096)
    cell_run.terminate()
    assert cell_run.wait(10) == 0
    for nowhere in ("", "nonsense", "/no/such/socket", "/" + "x" * 200, "vsock:2:1"):
        f.env["NOTIFY_SOCKET"] = nowhere
        cell_run = f.spawn([f.build / "cell-run-fake", "apic-demo"], stderr=subprocess.DEVNULL)
        wait_until(lambda: f.read("calls").splitlines()[-1] == "start apic-demo", nowhere)
        cell_run.terminate()
        assert cell_run.wait(10) == 0, nowhere
