# SPDX-License-Identifier: BSD-3-Clause
"""linnet run: from a program on this machine to its exit status.

    options -> kernel (built if need be) -> image (from the cache) -> machine
            -> session -> status
"""

import os
import re
import sys

from linnet import contents, image, kernel, qemu
from linnet.arguments import (Option, Parser, format_size, parse_count,
                              parse_seconds, parse_size)
from linnet.errors import Failure

DEFAULT_FS = "rofs"
DEFAULT_MEMORY = 128 << 20
CPUS_MAX = 255
KERNEL_NEEDS = 8 << 20   # what a VM needs beside its initrd
MEMORY_MIN = 64 << 10   # behind the kernel, to start at all
MEMORY_SMALL = 32 << 20  # below, a failed start is likely for lack of memory
LOG_LINES_SHOWN = 20
NO_NETWORK = "the kernel has no network yet"

OPTIONS = [
    Option("-e --env", "K=V", "set a variable for the program; K alone takes "
           "its value from here", many=True),
    Option("-m --memory", "SIZE", "memory of the VM (128M, or what a ramfs "
           "needs)"),
    Option("-c --cpus", "N", "CPUs of the VM (1)", default="1"),
    Option("-v --volume", "HOST:GUEST", "copy a file or folder into the image",
           many=True),
    Option("-w --workdir", "DIR", "working directory of the program (/)"),
    Option("--tmpfs", "DIR", "make DIR writable, in memory (/tmp, /run and "
           "/dev/shm are; with --fs ramfs all is)", many=True),
    Option("-i --interactive", None, "accepted: standard input is always "
           "passed"),
    Option("-t --tty", None, "give the program a terminal; Ctrl-] ends the "
           "VM"),
    Option("-d --detach", None, "run in the background; see linnet ps, logs, "
           "stop"),
    Option("--name", "NAME", "name of the VM for ps, logs, stop and exec"),
    Option("--with", "PROGRAM", "take along a further program, for linnet "
           "exec", many=True),
    Option("--rootfs", "DIR", "take the program and all files from this "
           "folder"),
    Option("--fs", "rofs|ramfs", "how the files reach the guest: EROFS disk "
           "or initrd (rofs)", default=DEFAULT_FS, choices=("rofs", "ramfs")),
    Option("--vmm", "|".join(qemu.VMMS), "machine model (microvm)",
           default="microvm", choices=qemu.VMMS),
    Option("--accel", "auto|kvm|tcg", "how the guest's code is executed "
           "(auto)", default="auto", choices=("auto", "kvm", "tcg")),
    Option("--arch", "ARCH", "architecture (x86_64)", default="x86_64",
           choices=("x86_64", "aarch64")),
    Option("--config", "NAME", "kernel configuration: default, debug, tiny",
           default="default"),
    Option("--kernel-arg", "ARG", "pass an option to the kernel, such as "
           "--delay=1", many=True),
    Option("--qemu-arg", "ARG", "pass a word to QEMU", many=True),
    Option("--isolate", None, "run the program unprivileged (ring 3)"),
    Option("--strace", None, "print every system call on standard error"),
    Option("--bootchart", None, "print the phases of the boot with their "
           "times"),
    Option("--verbose", None, "print what the kernel does on standard error"),
    Option("--timeout", "SECONDS", "end the VM after this time, with status "
           "124"),
    Option("--no-stdin", None, "give the program an empty standard input"),
    Option("--dry-run", None, "print the QEMU command and end"),
    Option("--json", None, "print one JSON object: status, output, log"),
    Option("-h --help", None, "this text"),
    Option("-p --publish", "HOST:GUEST", refused=NO_NETWORK),
    Option("--network", "MODE", refused=NO_NETWORK),
    Option("--ip", "ADDRESS", refused=NO_NETWORK),
]

HELP = """\
usage: linnet run [OPTION]... PROGRAM [ARGUMENT]...

Runs a program of this machine, unmodified, in a microVM: finds it as a shell
does, takes along its libraries, its interpreter and the files of its packages,
boots, passes standard input, output, error, signals and the exit status.

{options}

exit status: the program's; 128+N when signal N ended it; 127 not found;
126 cannot be executed; 125 the VM could not start or the kernel failed;
124 --timeout.

examples:
  linnet run /bin/ls -l /
  linnet run -m 64M -c 2 ./server --listen 80
  echo 6*7 | linnet run bc
  linnet run python3 -c 'print(6 * 7)'
  linnet run -v script.py:/script.py python3 /script.py
  linnet run -v data:/data -w /data -e LANG=C sort names.txt
  linnet run -v src:/src --tmpfs /src -w /src sh -c 'ls > list; cat list'
  linnet run -it --rootfs /srv/debian bash
  linnet run --fs rofs --vmm q35 --isolate sha256sum /etc/passwd
  linnet run --strace --bootchart true
  linnet run --timeout 10 --json ./test | jq .status
  linnet run --dry-run --kernel-arg=--verbose true
  linnet run -d --name web --with bash ./server; linnet shell web
  linnet logs -f web; linnet stop web
"""


def parser():
    return Parser("run", OPTIONS)


def help_text():
    return HELP.format(options=parser().help_lines())


class Plan:
    """The parsed request, ready to launch."""

    def __init__(self, values, program, arguments):
        self.values = values
        self.program = program
        self.arguments = arguments
        self.cpus = parse_count(values.cpus, "-c", 1, CPUS_MAX)
        self.memory = parse_size(values.memory, "-m") if values.memory \
            else None
        self.timeout = parse_seconds(values.timeout, "--timeout") \
            if values.timeout else None
        self.environment = parse_environment(values.env)
        self.copies = [contents.parse_copy(v) for v in values.volume]
        self.workdir = values.workdir
        if self.workdir is not None and not self.workdir.startswith("/"):
            raise Failure(f"-w {self.workdir}: must begin with /")
        self.rootfs = values.rootfs
        if self.rootfs is not None:
            self.rootfs = os.path.realpath(self.rootfs)
            if not os.path.isdir(self.rootfs):
                raise Failure(f"--rootfs {values.rootfs}: is no folder")
        self.tmpfs = [os.path.normpath(d) for d in values.tmpfs]
        for folder in self.tmpfs:
            if not re.fullmatch(r"/[^,]+", folder):
                raise Failure(f"--tmpfs {folder}: must begin with / and hold "
                              "no comma")
        for word in values.kernel_arg:
            if not word.startswith("--"):
                raise Failure(f"--kernel-arg {word}: kernel options begin "
                              "with --", "write --kernel-arg=--verbose")

    def image(self):
        values = self.values
        self.request = image.Request(
            self.program, fs=values.fs, copies=self.copies,
            rootfs=self.rootfs, terminal=bool(values.tty), arch=values.arch,
            folders=[self.workdir] if self.workdir else [],
            variables=self.environment, tmpfs=self.tmpfs, programs=values["with"])
        return image.ensure(self.request)

    def kernel_line(self, made, with_control=True):
        values = self.values
        words = []
        if with_control:
            words.append("--control=com2")
            if not values.tty:
                words.append("--stdio=pipe")
        words.append(f"--rootfs={values.fs}")
        words += self.request.mount_options()
        for name in ("verbose", "bootchart", "strace", "isolate"):
            if values[name]:
                words.append(f"--{name}")
        if self.workdir:
            words.append(qemu.option("cwd", self.workdir))
        environment = dict(self.environment)
        if values.tty:
            environment.setdefault("TERM", os.environ.get("TERM", "dumb"))
        if made.path_folders and "PATH" not in environment:
            folders = made.path_folders + contents.GUEST_PATH.split(":")
            environment["PATH"] = ":".join(dict.fromkeys(folders))
        words += [qemu.option("env", f"{k}={v}")
                  for k, v in environment.items()]
        words += [qemu.option(*w[2:].split("=", 1))
                  for w in values.kernel_arg]
        return qemu.kernel_line(words, [made.program, *self.arguments])

    def machine(self, made, kernel_path, with_control=True):
        values = self.values
        return qemu.Machine(
            vmm=values.vmm, cpus=self.cpus, kernel=kernel_path,
            memory=choose_memory(self.memory, made.memory_size,
                                 kernel.load_end(kernel_path)),
            image=made.path, initrd=made.extra, fs=values.fs, arch=values.arch,
            accelerator=values.accel, extra=values.qemu_arg,
            line=self.kernel_line(made, with_control))


def parse_environment(pairs):
    environment = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name:
            raise Failure(f"-e {pair}: write NAME=VALUE")
        if equals:
            environment[name] = value
        elif name in os.environ:
            environment[name] = os.environ[name]
    return environment


def choose_memory(wanted, archive_size, kernel_end=0):
    """Bytes: what was asked for, if that can work, else the default."""
    if wanted is None:
        more = KERNEL_NEEDS + 2 * archive_size + DEFAULT_MEMORY // 2
        return max(DEFAULT_MEMORY, -(-more // (64 << 20)) * (64 << 20))
    least = -(-(kernel_end + MEMORY_MIN) >> 20) << 20
    if wanted < least:
        raise Failure(f"-m {format_size(wanted)} is too little for the "
                      f"kernel", f"use -m {format_size(least)} or more")
    # QEMU puts the archive behind the kernel, where it stays.
    needed = kernel_end + MEMORY_MIN + archive_size
    if archive_size and wanted < needed:
        raise Failure(f"-m {format_size(wanted)} is too little for "
                      f"{format_size(archive_size)} of files in memory",
                      f"use -m {format_size(-(-needed >> 20) << 20)}, or "
                      "--fs rofs")
    return wanted & ~((1 << 20) - 1)


def main(words):
    """The verb; returns the exit status."""
    values, operands = parser().parse(words, stop_at_operand=True)
    if values.help:
        print(help_text(), end="")
        return 0
    if not operands:
        raise Failure("run what?", "linnet run PROGRAM [ARGUMENT]...; see "
                      "linnet run --help")
    plan = Plan(values, operands[0], operands[1:])
    if not values.dry_run:
        kernel.ensure_tools("run")
    made = plan.image()
    for path in made.skipped[:3] if values.verbose else ():
        note(f"{path} could not be read and is not in the image")
    kernel_path = os.environ.get("LINNET_KERNEL")
    if not kernel_path:
        kernel_path = kernel.kernel_file(values.config, values.arch) \
            if values.dry_run else kernel.ensure(values.config, values.arch)
    if values.dry_run:
        return print_command(plan, made, kernel_path)
    machine = plan.machine(made, kernel_path)
    if values.detach:
        from linnet import detached
        return detached.start(plan, machine)
    return launch(plan, machine)


def note(text):
    print(f"linnet: {text}", file=sys.stderr, flush=True)


def print_command(plan, made, kernel_path):
    """The command as a person would run it: console on the terminal, frames
    of the control channel (log, standard error) unpacked by nobody."""
    import json
    import shlex
    machine = plan.machine(made, kernel_path)
    command = machine.command("stdio,signal=off",
                              "file,path=/dev/stderr")
    if plan.values.json:
        print(json.dumps({"command": command, "image": made.path,
                          "kernel": kernel_path}))
    else:
        print(shlex.join(command))
    return 0


def pipe_command(machine):
    return lambda console, control: machine.command(
        f"pipe,path={console}", f"pipe,path={control}")


def launch(plan, machine):
    """Runs the VM in the foreground."""
    from linnet import session, streams
    values = plan.values
    live_log = values.verbose or values.strace or values.bootchart
    if values.json:
        stdout, stderr = streams.CapturedOutput(), streams.CapturedOutput()
    else:
        stdout, stderr = streams.FdOutput(1), streams.FdOutput(2)
    stdin = streams.BytesInput(b"") if values.no_stdin or not is_open(0) \
        else streams.FdInput(0)
    run = session.Session(
        pipe_command(machine), stdin, stdout, stderr,
        terminal=bool(values.tty), timeout=plan.timeout,
        server=make_server(values.name),
        on_log=stderr.write if live_log and not values.json else None,
        on_notice=None if values.json else stderr.write)
    outcome = run.run()
    if values.json:
        print_json(outcome, stdout, stderr)
    else:
        explain(outcome, plan, machine, shown=live_log)
    return outcome.status()


def make_server(name):
    """The door for linnet exec of a VM in the foreground with a name."""
    if name is None:
        return None
    from linnet import detached, remote
    path = detached.file_of(name, ".sock")
    other = remote.connect(path)
    if other is not None:
        other.close()
        raise Failure(f"a VM named {name} is running",
                      "choose another --name")
    return remote.Server(path)


def is_open(descriptor):
    try:
        os.fstat(descriptor)
        return True
    except OSError:
        return False


def print_json(outcome, stdout, stderr):
    import base64
    import json
    result = {"status": outcome.status(), "seconds": round(outcome.seconds, 3),
              "panicked": outcome.panicked, "timed_out": outcome.timed_out}
    for name, data in (("stdout", stdout.data), ("stderr", stderr.data)):
        try:
            result[name] = data.decode()
        except UnicodeDecodeError:
            result[name] = data.decode(errors="replace")
            result[name + "_base64"] = base64.b64encode(data).decode()
    result["log"] = outcome.log.decode(errors="replace")
    if outcome.panic:
        result["panic"] = outcome.panic.decode(errors="replace")
    if not outcome.ended_well:
        result["qemu_status"] = outcome.qemu_status
        result["qemu_errors"] = outcome.qemu_errors.decode(errors="replace")
        result["console"] = outcome.early.decode(errors="replace")
    print(json.dumps(result))


def show_log(outcome):
    """What of the kernel's log was not shown as it came."""
    sys.stderr.flush()
    lines = [line for line in outcome.log.splitlines()
             if line not in outcome.notices][-LOG_LINES_SHOWN:]
    os.write(2, b"".join(line + b"\n" for line in lines))


def explain(outcome, plan, machine, shown):
    """Says why there is no program's status, or why the program died."""
    explain_end(outcome, plan, machine, shown)
    failed = outcome.status() in (124, 125, 126, 127, 137, 139)
    if b"out of memory: " in outcome.log:
        note(f"the VM's {format_size(machine.memory)} of memory were not "
             "enough; use a larger -m")
    elif failed and machine.memory < MEMORY_SMALL and not outcome.killed_by:
        note(f"the VM has only {format_size(machine.memory)} of memory; if "
             "that is the reason, use a larger -m, such as -m 128M")


def explain_end(outcome, plan, machine, shown):
    if outcome.timed_out:
        note(f"ended after --timeout {plan.values.timeout}")
    elif outcome.panicked:
        if outcome.log and not shown:
            show_log(outcome)
        os.write(2, bytes(outcome.panic) or bytes(outcome.early))
        note("the kernel has failed; please report it with the text above")
    elif outcome.wait_status is not None:
        if (outcome.wait_status & 0x7f or
                outcome.status() in (125, 126, 127)) and not shown:
            show_log(outcome)
        if plan.values.verbose and not outcome.ended_well:
            note(f"QEMU {describe_qemu(outcome)} after the program had "
                 "ended; the program's status stands")
    elif not outcome.killed_by:
        explain_no_status(outcome, machine, shown)


def explain_no_status(outcome, machine, shown):
    if outcome.early:
        os.write(2, bytes(outcome.early))
    if outcome.log and not shown:
        show_log(outcome)
    if outcome.qemu_status == 33:
        note("the kernel ended before the program did; see above")
        return
    text = outcome.qemu_errors.decode(errors="replace").strip()
    if text:
        print(text, file=sys.stderr)
    if "allocate memory" in text:
        note(f"this machine cannot give {machine.memory >> 20}M to a VM; use "
             "a smaller -m")
    else:
        note(f"QEMU {describe_qemu(outcome)} before the program had ended")


def describe_qemu(outcome):
    """How QEMU ended, as the rest of a sentence."""
    import signal
    if outcome.ended_late:
        return "stayed and was killed"
    if outcome.qemu_status >= 0:
        return f"ended with status {outcome.qemu_status}"
    try:
        return f"was killed by {signal.Signals(-outcome.qemu_status).name}"
    except ValueError:
        return f"was killed by signal {-outcome.qemu_status}"
