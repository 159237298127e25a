# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with mocks of systemd and polkit, and the programs on the fake libcell."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

HERE = pathlib.Path(__file__).parent
NAME, PATH = "org.cellmgr1", "/org/cellmgr1"
MANAGER, CELL = NAME + ".Manager", NAME + ".Cell"
DEMO = PATH + "/cell/apic_2ddemo"


def wait_until(condition, what, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain: " + what
        time.sleep(0.02)


class Fixture:
    def __init__(self, build, polkit=None):
        self.build = pathlib.Path(build)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="cellmgr-dbus."))
        self.dir.chmod(0o755)
        self.processes = []
        (self.dir / "desc").mkdir()
        (self.dir / "run").mkdir()
        (self.dir / "cells").mkdir()
        (self.dir / "module-installed").touch()
        (self.dir / "module").touch()
        (self.dir / "enabled").touch()
        if polkit is not None:
            (self.dir / "polkit").write_text(polkit)
        self.describe("apic-demo", cpus=[3])
        self.env = dict(os.environ, FAKE_CELL_DIR=str(self.dir),
                        CELLMGR_RUN_DIR=str(self.dir / "run"),
                        CELLMGR_STATE_DIR=str(self.dir / "state"),
                        CELLMGR_DESCRIPTIONS="%s/etc:%s/desc" % (self.dir, self.dir),
                        CELLMGR_CONFIG_DIR=str(self.dir / "desc"))
        self.start_bus()

    def start_bus(self):
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=%s" % (self.dir / "bus")
        config = (HERE / "bus.conf").read_text().replace("@DIR@", str(self.dir))
        (self.dir / "bus.conf").write_text(config)
        bus = self.spawn(["dbus-daemon", "--config-file=%s" % (self.dir / "bus.conf"),
                          "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        bus.stdout.readline()
        mocks = self.spawn(["/usr/bin/python3", HERE / "mocks.py"], stdout=subprocess.PIPE)
        mocks.stdout.readline()
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        self.bus = self.connect()
        self.daemon = None

    def spawn(self, command, **options):
        process = subprocess.Popen(command, env=self.env, **options)
        self.processes.append(process)
        return process

    def activatable(self):
        """From now on the bus starts the daemon, each time that somebody calls it."""
        (self.dir / (NAME + ".service")).write_text(
            "[D-BUS Service]\nName=%s\nExec=%s\n" % (NAME, self.build / "cellmgrd-fake"))
        self.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "ReloadConfig", "", ())

    def daemon_pid(self):
        return int(self.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                          "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                          "s", (NAME,)))

    def connect(self):
        return dbus.bus.BusConnection(self.env["DBUS_SYSTEM_BUS_ADDRESS"])

    @staticmethod
    def memfd(text):
        fd = os.memfd_create("description")
        os.write(fd, text.encode())
        return dbus.types.UnixFd(fd)

    def start_daemon(self):
        self.daemon = self.spawn([self.build / "cellmgrd-fake"], stderr=subprocess.DEVNULL)
        wait_until(lambda: self.bus.name_has_owner(NAME), "cellmgrd's bus name")

    def kill_daemon(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        wait_until(lambda: not self.bus.name_has_owner(NAME), "the bus name to go")

    def close(self):
        """The daemon ends as systemd ends it: it has no reason to need more."""
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            assert self.daemon.wait(5) == 0, "cellmgrd ended with %d" % self.daemon.returncode
        self.bus.close()
        for process in reversed(self.processes):
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
        shutil.rmtree(self.dir)

    def describe(self, name, **keys):
        (self.dir / "desc" / (name + ".json")).write_text(json.dumps(dict(name=name, **keys)))

    def add_cell(self, name, cpus, state="running", number=1, **files):
        directory = self.dir / "cells" / name
        directory.mkdir()
        os.mkfifo(directory / "console")
        for file, text in dict(files, cpus=cpus, state=state, id=str(number)).items():
            (directory / file).write_text(text)
        self.touch()

    def set_state(self, name, text):
        """At once: who looks while it is written must not find a cell in no state."""
        state = self.dir / "cells" / name / "state"
        new = state.with_suffix(".new")
        new.write_text(text)
        os.replace(new, state)
        self.touch()

    def touch(self):
        (self.dir / "changed").write_text("")

    def read(self, file):
        path = self.dir / file
        return path.read_text() if path.exists() else ""

    def call(self, method, *args, path=PATH, interface=MANAGER):
        return self.bus.get_object(NAME, path, introspect=False).get_dbus_method(
            method, interface)(*args)

    def get(self, name, path=DEMO, interface=CELL):
        return self.call("Get", interface, name, path=path,
                         interface="org.freedesktop.DBus.Properties")

    def methods(self, path, interface):
        """[(name, signature of the arguments)], as the running service says."""
        text = self.call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable")
        found = ElementTree.fromstring(text).find("interface[@name='%s']" % interface)
        return [(m.get("name"), [a.get("type") for a in m.iter("arg") if a.get("direction") == "in"])
                for m in found.iter("method")]

    def error_of(self, method, *args, **where):
        try:
            self.call(method, *args, **where)
        except dbus.DBusException as error:
            assert error.get_dbus_message(), "an error without a sentence"
            return error.get_dbus_name()
        raise AssertionError(method + " did not fail")

    def sentence_of(self, method, *args, name, **where):
        try:
            self.call(method, *args, **where)
        except dbus.DBusException as error:
            assert error.get_dbus_name() == "org.cellmgr1." + name, error
            return error.get_dbus_message()
        raise AssertionError(method + " did not fail")

    def set_unit(self, name, state, job=0):
        self.bus.get_object("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                            introspect=False).SetActiveState(
            "cell@%s.service" % name, state, dbus.UInt32(job), dbus_interface="org.cellmgr1.Mock")

    def record_signals(self):
        """The list fills while `pump` runs: (member, path, arguments)."""
        seen = []
        self.bus.add_signal_receiver(
            lambda *args, **kw: seen.append((kw["member"], kw["path"], args)),
            bus_name=NAME, member_keyword="member", path_keyword="path")
        return seen

    @staticmethod
    def pump(condition, what):
        context = GLib.MainContext.default()

        def step():
            while context.iteration(False):
                pass
            return condition()
        wait_until(step, what)

    def run(self, program, *args, **options):
        options.setdefault("env", self.env)
        return subprocess.run([self.build / program, *args], text=True, capture_output=True,
                              timeout=20, **options)

    def listen(self):
        """Plays systemd's side of sd_notify(); a function that returns what was told so far."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(self.dir / "notify"))
        notify.setblocking(False)
        said = []

        def read():
            try:
                while True:
                    said.append(notify.recv(4096).decode())
            except BlockingIOError:
                return "\n".join(said)
        return read

    def start_cell_run(self, name, **more):
        """The process, and a function that returns what it has told systemd so far."""
        said = self.listen()
        env = dict(self.env, NOTIFY_SOCKET=str(self.dir / "notify"), **more)
        process = subprocess.Popen([self.build / "cell-run-fake", name], env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process, said
