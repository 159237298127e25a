# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes with an end in time, and the CPU time that they and what they started have taken."""
import os
import subprocess
import time

STATUS_TIMEOUT = 124


def start(command, **options):
    """
    subprocess.Popen(), of a process that has no standard input, unless it is given one, and does not
    outlive the thread that started it.
    """
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                            **{"stdin": subprocess.DEVNULL, **options})


def has_ended(process):
    """Without taking its status, so that finish() can still ask for its times."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def cpu_seconds(process):
    """What it has taken so far (proc(5): fields 14 and 15 of stat)."""
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Limit:
    """
    Seconds that a process may take, of CPU time as well as by the clock: one that hardly runs because
    others do is not late. Three times as long by the clock is the end for one that hangs and waits.
    """

    def __init__(self, process, seconds):
        self.process, self.seconds, self.start = process, seconds, time.monotonic()

    def is_over(self):
        elapsed = time.monotonic() - self.start
        return elapsed > 3 * self.seconds or elapsed > self.seconds < cpu_seconds(self.process)


def wait_end(process, seconds=None):
    """Whether it ends within `seconds`."""
    deadline = time.monotonic() + seconds if seconds is not None else None
    while not has_ended(process):
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def finish(process):
    """Ends it whatever it does; returns the CPU time it has taken, in seconds."""
    if process.returncode is not None:
        return 0.0
    if not has_ended(process):
        process.kill()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def run(command, output, timeout, cwd=None):
    """Returns (exit status, seconds of CPU time); STATUS_TIMEOUT after `timeout` seconds."""
    process = start(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
    in_time = wait_end(process, timeout)
    taken = finish(process)
    if not in_time:
        output.write(f"\nno end within {timeout} s\n")
        return STATUS_TIMEOUT, taken
    return process.returncode, taken
