# SPDX-License-Identifier: BSD-3-Clause
"""One program in one guest (or on this machine): what came out and how it
ended.

A guest that does not end within `timeout` has hung: status 124, never success.
The kernel is the one of the tree, built by make if need be.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from linnet import contents, image, kernel, qemu, run, session  # noqa: E402
from linnet import streams  # noqa: E402
from linnet.arguments import parse_size  # noqa: E402

# What a program sees on either side, unless a test says otherwise.
ENVIRONMENT = {"PATH": contents.GUEST_PATH, "HOME": "/"}
LIMIT = 60
_kernel_lock = threading.Lock()


class Result:
    """What a program did; status is a shell's."""

    def __init__(self, stdout, stderr, status, *, log="", console="",
                 panicked=False, hung=False, seconds=0.0, command=()):
        self.stdout = stdout      # bytes
        self.stderr = stderr      # bytes
        self.status = status      # 128 + N: signal N; 125: kernel or launcher
        self.log = log            # kernel log
        self.console = console    # panic text, or the console before the start
        self.panicked = panicked
        self.hung = hung
        self.seconds = seconds
        self.command = command

    def describe(self, limit=2000):
        """For the report of a failure."""
        lines = [f"status {self.status}"
                 + (", panicked" if self.panicked else "")
                 + (", hung" if self.hung else "")
                 + f", {self.seconds:.1f} s"]
        for name, data in (("stdout", self.stdout), ("stderr", self.stderr)):
            if data:
                text = data.decode(errors="replace")
                lines.append(f"{name}: {text[-limit:]}")
        for name, text in (("log", self.log), ("console", self.console)):
            if text:
                lines.append(f"{name}: {text[-limit:]}")
        return "\n".join(lines)


def _copies(files):
    """{guest path: host path, bytes or {"text": ...}} as image copies."""
    copies = []
    for guest, source in (files or {}).items():
        if isinstance(source, dict):
            source = source["text"].encode()
        if isinstance(source, str) and not os.path.isabs(source):
            source = os.path.join(ROOT, source)
        copies.append((source, guest))
    return copies


def run_guest(argv, *, stdin=b"", env=None, files=None, cwd="/",
              memory=None, cpus=1, vmm="microvm", fs=None, isolate=False,
              kernel_args=(), config="default", timeout=LIMIT, rootfs=None,
              accel="tcg", qemu_args=(), tmpfs=(), programs=(),
              on_output=None):
    """Runs argv in a guest; returns a Result.

    argv[0] is a program of this machine; libraries, interpreters and language
    files come along.  `files` maps absolute guest paths to host paths (below
    the root of the tree when relative), bytes or {"text": ...}.  `tmpfs` names
    guest folders that are to be writable, `programs` further programs that it
    runs.  `on_output` gets standard output as it comes.
    """
    fs = fs or run.DEFAULT_FS
    environment = {**ENVIRONMENT, **(env or {})}
    request = image.Request(
        argv[0], fs=fs, copies=_copies(files), rootfs=rootfs,
        folders=[cwd] if cwd != "/" else [], tmpfs=tmpfs,
        programs=programs, variables=environment)
    made = image.ensure(request)
    if made.path_folders:
        environment["PATH"] = ":".join(made.path_folders) + ":" + \
            environment["PATH"]
    words = ["--control=com2", "--stdio=pipe", f"--rootfs={fs}"]
    words += request.mount_options()
    words += ["--isolate"] if isolate else []
    words += [qemu.option("cwd", cwd)] if cwd != "/" else []
    words += [qemu.option("env", f"{k}={v}") for k, v in environment.items()]
    words += list(kernel_args)
    machine = qemu.Machine(
        vmm=vmm, cpus=cpus, kernel=find_kernel(config), image=made.path,
        initrd=made.extra,
        memory=run.choose_memory(parse_size(memory, "memory")
                                 if memory else None, made.memory_size),
        fs=fs, accelerator=accel, extra=list(qemu_args),
        line=qemu.kernel_line(words, [made.program, *argv[1:]]))
    return run_machine(machine, stdin, timeout, on_output)


def find_kernel(config):
    if os.environ.get("LINNET_KERNEL"):
        return os.environ["LINNET_KERNEL"]
    with _kernel_lock:
        return kernel.ensure(config)


class _ShownOutput(streams.CapturedOutput):
    """Output into memory that is passed on as well."""

    def __init__(self, on_output):
        super().__init__()
        self.on_output = on_output

    def write(self, data):
        super().write(data)
        self.on_output(bytes(data))


def run_machine(machine, stdin=b"", timeout=LIMIT, on_output=None):
    """Runs a qemu.Machine with captured streams."""
    stdout, stderr = streams.CapturedOutput(), streams.CapturedOutput()
    if on_output is not None:
        stdout = _ShownOutput(on_output)
    outcome = session.Session(
        run.pipe_command(machine), streams.BytesInput(stdin), stdout,
        stderr, timeout=timeout, forward_signals=False).run()
    console = outcome.panic or outcome.early
    log = outcome.log
    if outcome.wait_status is None and outcome.qemu_errors:
        log = log + b"QEMU: " + outcome.qemu_errors
    return Result(bytes(stdout.data), bytes(stderr.data), outcome.status(),
                  log=log.decode(errors="replace"),
                  console=console.decode(errors="replace"),
                  panicked=outcome.panicked, hung=outcome.timed_out,
                  seconds=outcome.seconds,
                  command=machine.command("stdio,signal=off", None))


def run_host(argv, *, stdin=b"", env=None, files=None, timeout=LIMIT):
    """Runs argv on this machine in a temporary folder that has `files` (by
    relative name); returns a Result."""
    environment = {**ENVIRONMENT, **(env or {})}
    program = contents.find_program(argv[0])
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        for source, name in _copies(files):
            _put(source, os.path.join(folder, name))
        try:
            done = subprocess.run(
                [program, *argv[1:]], input=stdin, cwd=folder,
                env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return Result(b"", b"", 124, hung=True, command=argv)
    status = done.returncode
    return Result(done.stdout, done.stderr,
                  128 - status if status < 0 else status,
                  seconds=time.monotonic() - started, command=argv)


def _put(source, path):
    import shutil
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if isinstance(source, bytes):
        with open(path, "wb") as file:
            file.write(source)
        if source[:2] == b"#!":
            os.chmod(path, 0o755)
    elif os.path.isdir(source):
        shutil.copytree(source, path, symlinks=True)
    else:
        shutil.copy(source, path)
