#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""linnet exec and linnet shell with the real kernel, and an interactive bash.

usage: tests/boot/exec_test.py [NAME...]    closes with "N passed, N failed"
"""

import os
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tools")]

from linnet import control, detached, remote  # noqa: E402
from harness.terminal import Terminal  # noqa: E402

LINNET = os.path.join(ROOT, "linnet")
HANG_LIMIT = 120
PROMPT = rb"@> "
MACHINES = {"microvm": ["--vmm", "microvm"],
            "isolate": ["--vmm", "q35", "-c", "2", "--isolate"]}


class Vm:
    """A VM in the background that has a shell and sleeps."""

    def __init__(self, name, options):
        self.name = f"exec-test-{name}-{os.getpid()}"
        subprocess.run(
            [LINNET, "run", "-d", "--name", self.name, "--accel", "tcg",
             "--timeout", "1200", "--with", "bash", "--with", "stty",
             *options, "sleep", "1000"], check=True,
            stdout=subprocess.DEVNULL)

    def run(self, *words, stdin=b"", options=()):
        done = subprocess.run(
            [LINNET, "exec", *options, self.name, *words], input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            timeout=HANG_LIMIT)
        return done.returncode, done.stdout, done.stderr

    def stop(self):
        subprocess.run([LINNET, "stop", "-t", "5", self.name], check=False,
                       stdout=subprocess.DEVNULL)


def equal(got, wanted):
    assert got == wanted, f"got {got}, wanted {wanted}"


def check_streams_and_status(vm):
    equal(vm.run("sh", "-c", "echo out; echo err >&2; exit 7"),
          (7, b"out\n", b"err\n"))
    equal(vm.run("sh", "-c", "kill -9 $$"), (137, b"", b""))
    equal(vm.run("true"), (0, b"", b""))


def check_input(vm):
    data = os.urandom(200000)
    equal(vm.run("cat", stdin=data), (0, data, b""))
    equal(vm.run("true", stdin=data), (0, b"", b""))


def check_environment(vm):
    equal(vm.run("bash", "-c", "echo $A; pwd; echo $HOME",
                 options=["-e", "A=x y", "-w", "/usr/bin"]),
          (0, b"x y\n/usr/bin\n/\n", b""))


def check_refusals(vm):
    equal(vm.run("no-such-program")[0], 127)
    equal(vm.run("/etc/passwd")[0], 126)
    equal(vm.run("true", options=["-w", "/no/folder"])[0], 127)


def check_bad_requests(vm):
    """The launcher passes on what the kernel must refuse: EINVAL."""
    def request(argc, envc, strings):
        return struct.pack("<BBHHHH", 0, 0, 0, 0, argc, envc) + strings
    for bad in (request(0, 0, b"\0"), request(1, 0, b""),
                request(1, 0, b"\0true"), request(2, 0, b"\0true\0"),
                request(65535, 65535, b"\0true\0"), request(1, 0, b"\0" * 9),
                request(1, 1, b"\0true\0"), request(1, 0, b"x" * 4000)):
        client = remote.connect(detached.file_of(vm.name, ".sock"))
        client.settimeout(HANG_LIMIT)
        client.sendall(control.frame(b"n", bad))
        equal(client.recv(100), control.frame(b"f", b"\0\x16\0\0\0"))
        client.close()
    equal(vm.run("true")[0], 0)


def check_long_request(vm):
    """In several pieces, at once from several clients."""
    for size in (3000, 5000, 125000):
        equal(vm.run("bash", "-c", "echo ${#1} ${1: -3}", "bash",
                     "x" * size + "end"),
              (0, b"%d end\n" % (size + 3), b""))
    running = [subprocess.Popen(
        [LINNET, "exec", vm.name, "bash", "-c", f"echo ${{#1}}; exit {n}",
         "bash", "x" * (20000 + n)], stdout=subprocess.PIPE)
        for n in range(3)]
    for number, process in enumerate(running):
        out, _ = process.communicate(timeout=HANG_LIMIT)
        equal((process.returncode, out),
              (number, b"%d\n" % (20000 + number)))


def check_bad_pieces(vm):
    """The kernel refuses: more without a beginning, of another session, too
    many bytes; and goes on."""
    def piece(session, size=4000):
        return control.frame(b"m", bytes([session, 2]) + b"x" * size)
    begin = control.frame(b"n", struct.pack("<BBHHHH", 0, 2, 0, 0, 1, 0))
    refusal = control.frame(b"f", b"\0\x07\0\0\0")  # E2BIG
    client = remote.connect(detached.file_of(vm.name, ".sock"))
    client.settimeout(HANG_LIMIT)
    client.sendall(begin + piece(0) * 40 + control.frame(b"m", b"\0\0"))
    equal(client.recv(100), refusal)
    client.close()
    equal(vm.run("true")[0], 0)


def check_several(vm):
    running = [subprocess.Popen(
        [LINNET, "exec", vm.name, "sh", "-c", f"read x; echo $x {n}; exit {n}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE) for n in range(4)]
    for process in reversed(running):  # the others wait for their input
        out, _ = process.communicate(b"got\n", timeout=HANG_LIMIT)
        number = running.index(process)
        equal((process.returncode, out), (number, b"got %d\n" % number))


def check_slow_reader(vm):
    """One that does not read holds nobody up."""
    with subprocess.Popen([LINNET, "exec", vm.name, "yes"],
                          stdout=subprocess.PIPE) as slow:
        time.sleep(1)
        equal(vm.run("echo", "there"), (0, b"there\n", b""))
        slow.kill()


def check_client_killed(vm):
    """Its program gets SIGHUP; its place is free again."""
    for _ in range(10):
        with subprocess.Popen([LINNET, "exec", vm.name, "sh", "-c",
                               "echo up; sleep 500"],
                              stdout=subprocess.PIPE) as client:
            equal(client.stdout.readline(), b"up\n")
            client.kill()
    equal(vm.run("true")[0], 0)


def check_signal(vm):
    script = "trap 'echo got; exit 5' TERM; echo up; while :; do :; done"
    with subprocess.Popen([LINNET, "exec", vm.name, "sh", "-c", script],
                          stdout=subprocess.PIPE) as client:
        equal(client.stdout.readline(), b"up\n")
        client.terminate()
        equal((client.stdout.read(), client.wait()), (b"got\n", 5))


def check_signal_to_children(vm):
    """As from a terminal: the whole process group gets it."""
    script = "trap 'wait; exit 5' TERM; " \
        "sh -c 'trap \"echo child; exit\" TERM; echo up; while :; do :; done'"
    with subprocess.Popen([LINNET, "exec", vm.name, "sh", "-c", script],
                          stdout=subprocess.PIPE) as client:
        equal(client.stdout.readline(), b"up\n")
        client.terminate()
        equal((client.stdout.read(), client.wait()), (b"child\n", 5))


def check_children_left(vm):
    """The end is the program's; what it leaves behind does not hold it up."""
    begun = time.monotonic()
    equal(vm.run("sh", "-c", "sleep 300 & echo up"), (0, b"up\n", b""))
    assert time.monotonic() - begun < 100


def check_terminal(vm):
    terminal = Terminal([LINNET, "exec", "-t", vm.name, "sh", "-c",
                         "stty size; tty; read x; stty size; exit 3"])
    terminal.expect(rb"30 100\r\n/dev/pts/\d+\r\n")
    terminal.resize(40, 90)
    time.sleep(1)
    terminal.send(b"x\n")
    terminal.expect(rb"40 90\r\n")
    equal(terminal.finish(), 3)


def check_shell(vm):
    terminal = Terminal([LINNET, "shell", "-e", "PS1=@> ", vm.name])
    terminal.expect(rb"[#$] ")
    terminal.send(b"stty size\n")
    terminal.expect(rb"[\r\n]30 100\r\n")
    terminal.resize(50, 120)
    time.sleep(1)
    terminal.send(b"stty size; echo $LINES $COLUMNS\n")
    terminal.expect(rb"[\r\n]50 120\r\n50 120\r\n")
    interact(terminal)


def interact(terminal):
    """Line editing, job control, the keys that send signals."""
    terminal.send(b"PS1='@''> '\n")
    terminal.expect(PROMPT)
    terminal.send(b"echo abX\x7fc\x1b[D\x1b[DZ\n")
    terminal.expect(rb"[\r\n]aZbc\r\n")
    terminal.expect(PROMPT)
    terminal.send(b"sleep 300\n")
    terminal.expect(rb"sleep 300")
    time.sleep(1)
    terminal.send(b"\x03")
    terminal.expect(PROMPT)
    terminal.send(b"echo st=$?\n")
    terminal.expect(rb"[\r\n]st=130\r\n")
    terminal.expect(PROMPT)
    terminal.send(b"sleep 301\n")
    terminal.expect(rb"sleep 301")
    time.sleep(1)
    terminal.send(b"\x1a")
    terminal.expect(rb"Stopped")
    terminal.expect(PROMPT)
    terminal.send(b"jobs\n")
    terminal.expect(rb"\[1\]\+ +Stopped +sleep 301")
    terminal.expect(PROMPT)
    terminal.send(b"bg; fg\n")
    terminal.expect(rb"\[1\]\+ sleep 301 &[^>]*sleep 301\r\n")
    time.sleep(1)
    terminal.send(b"\x03")
    terminal.expect(PROMPT)
    terminal.send(b"cat | cat\n")
    terminal.expect(rb"cat")
    time.sleep(1)
    terminal.send(b"hello\n")
    terminal.expect(rb"hello\r\nhello\r\n")
    terminal.send(b"\x04")
    terminal.expect(PROMPT)
    terminal.send(b"exit 7\n")
    equal(terminal.finish(), 7)


def run_interactive(options):
    terminal = Terminal([LINNET, "run", "-it", "--accel", "tcg", "-e",
                         "PS1=@> ", *options, "bash", "--norc"])
    terminal.expect(PROMPT)
    interact(terminal)


def check_all(patterns):
    counts = {True: 0, False: 0}

    def report(name, check, *arguments):
        if patterns and not any(p in name for p in patterns):
            return
        try:
            check(*arguments)
            counts[True] += 1
        except (AssertionError, subprocess.SubprocessError) as error:
            counts[False] += 1
            print(f"FAILED {name}: {error}", flush=True)

    for machine, options in MACHINES.items():
        report(f"{machine}/run_interactive", run_interactive, options)
        vm = Vm(machine, options)
        try:
            for name, check in globals().items():
                if name.startswith("check_") and name != "check_all":
                    report(f"{machine}/{name[6:]}", check, vm)
        finally:
            vm.stop()
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(check_all(sys.argv[1:]))
