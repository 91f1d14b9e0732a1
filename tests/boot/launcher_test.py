#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""./linnet run with the real kernel: arguments, streams, signals, statuses.

usage: tests/boot/launcher_test.py      closes with "N passed, N failed"
"""

import os
import re
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LINNET = os.path.join(ROOT, "linnet")
HANG_LIMIT = 240
RUN = [LINNET, "run", "--accel", "tcg", "--timeout", str(HANG_LIMIT)]
ODD = ["a b", "$x", '"q"', "\\n", "new\nline", "tab\tx", "", "*", "it's", ";",
       "&", "!", "--help", "virtio_mmio.device=1@2:3", "\u00e9", "x" * 3000]


def run(*words, stdin=b""):
    done = subprocess.run([*RUN, *words], input=stdin, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def check_arguments():
    wanted = "".join(word + "|" for word in ODD).encode()
    return run("/usr/bin/printf", "%s|", *ODD), (0, wanted, b"")


def check_environment():
    value = "b c\\\n\t$\"'"
    return run("-e", f"A={value}", "/usr/bin/printenv", "A"), \
        (0, value.encode() + b"\n", b"")


def check_binary_streams():
    data = os.urandom(300000)
    return run("cat", stdin=data), (0, data, b"")


def check_separate_streams():
    return run("sh", "-c", "echo out; echo err >&2; exit 9"), \
        (9, b"out\n", b"err\n")


def check_statuses():
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "script")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho $1\nexit 7\n")
        os.chmod(script, 0o755)
        got = [run("false")[0], run("sh", "-c", "kill -9 $$")[0],
               run("no-such-program")[0], run("/etc/passwd")[0],
               run(script, "x")[:2]]
    return got, [1, 137, 127, 126, (7, b"x\n")]


def check_crash_is_told():
    status, _, error = run("python3", "-c",
                           "import ctypes; ctypes.string_at(8)")
    return (status, b"signal 11, SIGSEGV" in error), (139, True)


def check_strace():
    status, _, error = run("--strace", "python3", "-c", """
import os, signal, time
os.close(os.open('/etc/hostname', os.O_RDONLY))
os.open('/tmp/x', os.O_RDWR | os.O_CREAT, 0o600)
if os.fork() == 0:
    time.sleep(1)
    os._exit(3)
os.wait()
os.kill(os.getpid(), signal.SIGKILL)
""")
    wanted = [
        rb'openat\(AT_FDCWD, "/etc/hostname", O_RDONLY\|O_CLOEXEC, 0\) = 3\n',
        rb'"/tmp/x", O_RDWR\|O_CREAT\|O_CLOEXEC, 0600\) = 3\n',
        rb'clone\(CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD, 0, ',
        rb'clock_nanosleep\(CLOCK_MONOTONIC, TIMER_ABSTIME, \{tv_sec=\d+, '
        rb'tv_nsec=\d+\}, NULL <unfinished \.\.\.>\n',
        rb'<\.\.\. clock_nanosleep resumed>\) = 0\n',
        rb'exit_group\(3\) = \?\n',
        rb'\+\+\+ exited with 3 \+\+\+\n',
        rb'\[\{WIFEXITED\(s\) && WEXITSTATUS\(s\) == 3\}\], 0, NULL\) = \d+\n',
        rb'kill\(1, SIGKILL\) = 0\n',
        rb'\+\+\+ killed by SIGKILL \+\+\+\n',
    ]
    return (status, [w for w in wanted if not re.search(w, error)]), (137, [])


def check_death_of_a_child_is_told():
    """One line, whatever the shell makes of it."""
    got = []
    for program in ("import ctypes; ctypes.string_at(8)", "[b'x' * 10**6 for _ in range(999)]"):
        status, _, error = run("-m", "96M", "--with", "cat", "--with",
                               "python3", "sh", "-c",
                               f'python3 -c "{program}" | cat')
        got.append((status, error.split(b":")[0].split(b"[")[0],
                    error.count(b"killed")))
    return got, [(0, b"python3", 1), (0, b"out of memory", 1)]


def check_signal():
    script = "trap 'echo got; exit 5' TERM; echo up; while :; do :; done"
    with subprocess.Popen([*RUN, "sh", "-c", script], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    return (first, rest, process.returncode), (b"up\n", b"got\n", 5)


def check_interrupt():
    """As Ctrl-C: the children get it as well; nobody has a handler."""
    with subprocess.Popen([*RUN, "bash", "-c", "echo up; sleep 1000; echo on"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    return (first, rest, process.returncode), (b"up\n", b"", 130)


def check_terminate():
    """A first program without handlers is ended, pid 1 or not."""
    with subprocess.Popen([*RUN, "sh", "-c", "echo $$; exec sleep 1000"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    return process.returncode, 143


def check_timeout():
    done = subprocess.run([LINNET, "run", "--accel", "tcg", "--timeout", "3",
                           "sleep", "1000"], check=False,
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode, 124


def check_forms():
    words = ("-v", f"{ROOT}/Makefile:/tmp/deep/x", "--tmpfs", "/work", "-w",
             "/work", "sh", "-c", "echo 1 > f && cat f && wc -c < /tmp/deep/x")
    size = os.path.getsize(os.path.join(ROOT, "Makefile"))
    got = [run("--fs", fs, "--vmm", vmm, *words)
           for fs in ("rofs", "ramfs") for vmm in ("microvm", "q35")]
    return got, [(0, f"1\n{size}\n".encode(), b"")] * 4


def check_bad_kernel_option():
    status, _, error = run("--kernel-arg=--bogus", "true")
    return (status, b"unrecognized option: bogus" in error), (125, True)


def main():
    passed = failed = 0
    subprocess.run([LINNET, "build"], check=True, stdout=subprocess.DEVNULL)
    for name, check in list(globals().items()):
        if not name.startswith("check_"):
            continue
        got, wanted = check()
        if got == wanted:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {name}:\n  got    {str(got)[:1500]}\n"
                  f"  wanted {str(wanted)[:1500]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
