# SPDX-License-Identifier: BSD-3-Clause
"""One VM from start to end: QEMU, its two serial ports, the user's streams.

COM1 carries the program's standard output (and, in terminal mode, its input),
COM2 the control channel.  One loop polls everything; nothing blocks in it.

    start -> 'R' (ready) -> 'X' (end) or 'P' (panic) -> QEMU has ended

Before 'R' what the console shows is the kernel's own text and is kept apart.
The ports are named pipes: QEMU writes byte by byte, and a pipe packs what a
socket would keep as one buffer each.  Our own writing ends stay open, so that
QEMU's end is seen on its standard error; then the pipes are read until they
are empty.
"""

import os
import select
import signal
import time

from linnet import control, paths

PANIC_STATUS = 35    # isa-debug-exit of a panic
DONE_STATUS = 33     # and of an orderly end
LOG_MAX = 1 << 20
KILL_DELAY = 5.0     # seconds QEMU may take to end after 'X' or 'P'
SECOND_INTERRUPT = 2.0
BROKEN_PIPE_DELAY = 2.0
NOTICES_MAX = 100    # lines; more are in the log only
PACK_BYTES = 4096    # a smaller read is followed by a pause of
PACK_SECONDS = 0.001
FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
ESCAPE = b"\x1d"     # Ctrl-]: ends the VM in terminal mode


class Outcome:
    """How the VM ended."""

    def __init__(self):
        self.wait_status = None  # of the program; None: not reported
        self.log = bytearray()   # the kernel's log
        self.notices = []        # lines of it that the user has seen
        self.panic = bytearray()
        self.early = bytearray()  # console text before the program
        self.qemu_status = None
        self.qemu_errors = b""
        self.ready = False
        self.timed_out = False
        self.ended_late = False  # QEMU stayed; we ended it
        self.killed_by = 0       # signal of the user that ended the VM
        self.seconds = 0.0

    @property
    def panicked(self):
        return bool(self.panic) or (self.wait_status is None and
                                    self.qemu_status == PANIC_STATUS)

    @property
    def ended_well(self):
        """The program's end was reported and QEMU ended as it should."""
        return self.wait_status is not None and \
            self.qemu_status == DONE_STATUS

    def status(self):
        """As a shell's, docker's or timeout(1)'s; 0 only if reported.  What
        was reported stands, however QEMU ends afterwards."""
        if self.timed_out:
            return 124
        if self.panicked:
            return 125
        if self.wait_status is not None:
            return control.shell_status(self.wait_status)
        if self.killed_by:
            return 128 + self.killed_by
        return 125


class Session:
    """Runs one VM.  `make_command(console, control)` gives QEMU's command
    for the two names of pipes; `on_log` gets kernel log text as it comes, else
    `on_notice` those lines that the user must see."""

    def __init__(self, make_command, stdin, stdout, stderr, *, terminal=False,
                 timeout=None, on_log=None, on_notice=None,
                 forward_signals=True, environment=None, server=None):
        self.make_command = make_command
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.terminal = terminal
        self.timeout = timeout
        self.on_log = on_log
        self.on_notice = on_notice
        self.forward_signals = forward_signals
        self.environment = environment
        self.server = server  # remote.Server, for linnet exec
        self.guest_version = 0
        self.outcome = Outcome()
        self.reader = control.Reader()
        self.to_control = bytearray()
        self.to_console = bytearray()
        self.credit = control.WINDOW
        self.last_interrupt = -1e9
        self.kill_at = None
        self.broken_told = False

    # --- start and end -----------------------------------------------------

    def run(self):
        started = time.monotonic()
        self.deadline = started + self.timeout if self.timeout else None
        if self.server is not None:
            self.server.attach(self)
        with Signals(self) as self.signals:  # none is lost while QEMU starts
            self._start()
            try:
                with RawTerminal(self):
                    self._loop()
            finally:
                if self.process.poll() is None:
                    self.process.kill()
                self.process.wait()
                self.ports.close()
                self.errors.close()
                if self.server is not None:
                    self.server.close()
        self.outcome.seconds = time.monotonic() - started
        return self.outcome

    def _start(self):
        import subprocess
        self.ports = Ports()
        try:
            command = self.make_command(self.ports.console.name,
                                        self.ports.control.name)
            errors_read, errors_write = os.pipe()
            try:
                self.process = subprocess.Popen(
                    with_death_signal(command), stdin=subprocess.DEVNULL,
                    stdout=errors_write, stderr=errors_write,
                    start_new_session=True, env=self.environment)
            finally:
                os.close(errors_write)
        except BaseException:
            self.ports.close()
            raise
        self.console, self.control = self.ports.console, self.ports.control
        self.errors = os.fdopen(errors_read, "rb", buffering=0)

    def kill(self, by_signal=0):
        self.outcome.killed_by = self.outcome.killed_by or by_signal
        if self.process.poll() is None:
            self.process.kill()

    # --- the loop ------------------------------------------------------------

    def _loop(self):
        ended = set()
        while True:
            watched = self._watched(ended)
            if not watched and not self._has_ports(ended):
                break
            poller = select.poll()
            for descriptor, (events, _) in watched.items():
                poller.register(descriptor, events)
            for descriptor, events in poller.poll(self._wait_ms()):
                if descriptor in watched:
                    watched[descriptor][1](events, ended)
            self._check_time()
            self._pump_bytes_input()

    def _has_ports(self, ended):
        return len(ended & {"console", "control", "errors"}) < 3

    def _watched(self, ended):
        """descriptor -> (events, handler) of what may be done now."""
        watched = {}
        for name, port, stream, queue, handler in (
                ("console", self.console, self.stdout, self.to_console,
                 self._on_console),
                ("control", self.control, self.stderr, self.to_control,
                 self._on_control)):
            if name in ended:
                continue
            if stream.has_room():
                watched[port.reader] = (select.POLLIN, handler)
            if queue and "errors" not in ended:
                watched[port.writer] = (select.POLLOUT, self._on_port_room)
        if "errors" not in ended:
            watched[self.errors.fileno()] = (select.POLLIN, self._on_errors)
        for stream in (self.stdout, self.stderr):
            if stream.descriptor is not None and stream.queue:
                watched[stream.descriptor] = (select.POLLOUT,
                                              self._on_writable)
        if self._has_ports(ended):
            watched[self.signals.descriptor] = (select.POLLIN,
                                                self._on_signals)
            if self.stdin.descriptor is not None and self._wants_input():
                watched[self.stdin.descriptor] = (select.POLLIN,
                                                  self._on_stdin)
            if self.server is not None and self.outcome.ready:
                watched.update(self.server.watched())
        return watched

    def _wants_input(self):
        if self.stdin.ended or not self.outcome.ready or \
                self.outcome.wait_status is not None:
            return False
        if self.terminal:
            return len(self.to_console) < control.STDIN_CHUNK
        return self.credit > 0 and len(self.to_control) < control.WINDOW

    def _wait_ms(self):
        times = [t for t in (self.deadline, self.kill_at) if t is not None]
        if self.stdin.descriptor is None and self._wants_input():
            return 0
        if not times:
            return None
        return max(0, int((min(times) - time.monotonic()) * 1000) + 1)

    def _check_time(self):
        now = time.monotonic()
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
            if self.process.poll() is None and \
                    self.outcome.wait_status is None:
                self.outcome.timed_out = True
                self.kill()
        if self.kill_at is not None and now >= self.kill_at:
            self.kill_at = None
            self.outcome.ended_late = self.process.poll() is None
            self.kill(signal.SIGPIPE if self.broken_told else 0)

    # --- what comes from the guest --------------------------------------------

    def _on_port_room(self, _, __):
        for port, queue in ((self.console, self.to_console),
                            (self.control, self.to_control)):
            del queue[:port.write(queue)]

    def _on_console(self, _, ended):
        data = self.console.read()
        if data is None:
            return
        if not self.outcome.ready and "control" not in ended:
            # 'R' was sent before the program's first byte: look for it.
            self._on_control(0, ended)
        if not data:
            ended.add("console")
        elif self.outcome.ready:
            self.stdout.write(data)
            if self.stdout.broken:
                self._tell_broken_pipe()
        else:
            self.outcome.early += data[:LOG_MAX - len(self.outcome.early)]

    def _on_control(self, _, ended):
        data = self.control.read()
        if data is None:
            return
        if not data:
            ended.add("control")
            return
        try:
            for kind, payload in self.reader.feed(data):
                self._on_frame(kind, payload)
        except ValueError as error:
            self._log(f"launcher: {error}\n".encode())
            self.kill()
            ended.add("control")

    def _on_frame(self, kind, payload):
        if kind == b"R":
            self.outcome.ready = True
            self.guest_version = payload[0] if payload else 0
            self._send_window()
        elif kind == b"L":
            self._log(payload)
        elif kind == b"N":
            self._log(payload)
            self._notice(payload)
        elif kind == b"E":
            self.stderr.write(payload)
            if self.stderr.broken:
                self._tell_broken_pipe()
        elif kind == b"C" and len(payload) == 4:
            self.credit += int.from_bytes(payload, "little")
        elif kind == b"X" and len(payload) == 4:
            self.outcome.wait_status = int.from_bytes(payload, "little")
            self.kill_at = time.monotonic() + KILL_DELAY
        elif kind == b"P":
            room = LOG_MAX - len(self.outcome.panic)
            self.outcome.panic += payload[:max(0, room)]
            self.kill_at = self.kill_at or time.monotonic() + KILL_DELAY
        elif kind.islower() and self.server is not None:
            self.server.on_frame(kind, payload)

    def _log(self, text):
        room = LOG_MAX - len(self.outcome.log)
        self.outcome.log += text[:max(0, room)]
        if self.on_log is not None:
            self.on_log(text)

    def _notice(self, text):
        if self.on_log is None and self.on_notice is not None and \
                len(self.outcome.notices) < NOTICES_MAX:
            self.outcome.notices += text.splitlines()
            # A raw terminal does not begin a line by itself.
            self.on_notice(text.replace(b"\n", b"\r\n") if self.terminal
                           else text)

    def _on_errors(self, _, ended):
        data = os.read(self.errors.fileno(), 4096)
        if not data:
            ended.add("errors")
            self.outcome.qemu_status = self.process.wait()
            self.ports.close_writers()
        elif len(self.outcome.qemu_errors) < LOG_MAX:
            self.outcome.qemu_errors += data

    # --- what comes from the user ------------------------------------------

    def _on_writable(self, _, __):
        for stream in (self.stdout, self.stderr):
            if stream.descriptor is not None and stream.queue:
                poller = select.poll()
                poller.register(stream.descriptor, select.POLLOUT)
                if poller.poll(0):
                    stream.flush_some()
                    if stream.broken:
                        self._tell_broken_pipe()

    def _tell_broken_pipe(self):
        """Nobody reads our output: the program learns it as SIGPIPE."""
        if not self.broken_told:
            self.broken_told = True
            self._send_signal(signal.SIGPIPE)
            self.kill_at = self.kill_at or \
                time.monotonic() + BROKEN_PIPE_DELAY

    def _on_stdin(self, _, __):
        self._take_input()

    def _pump_bytes_input(self):
        while self.stdin.descriptor is None and self._wants_input():
            self._take_input()

    def _take_input(self):
        limit = control.STDIN_CHUNK if self.terminal else \
            min(self.credit, control.STDIN_CHUNK)
        data = self.stdin.read(limit)
        if self.terminal:
            if ESCAPE in data:
                self.kill(signal.SIGKILL)
            self.to_console += data
        elif data:
            self.credit -= len(data)
            self.to_control += control.frame(b"I", data)
        if self.stdin.ended and not self.terminal:
            self.to_control += control.frame(b"Z")

    def _send_signal(self, number):
        self.to_control += control.frame(b"S", bytes([number]))

    def _send_window(self):
        if self.terminal:
            try:
                size = os.get_terminal_size(self.stdin.descriptor)
            except (OSError, TypeError):
                return
            self.to_control += control.frame(
                b"W", size.lines.to_bytes(2, "little") +
                size.columns.to_bytes(2, "little"))

    def _on_signals(self, _, __):
        for number in self.signals.take():
            if number == signal.SIGWINCH:
                self._send_window()
                continue
            if not self.outcome.ready:
                self.kill(number)
                continue
            now = time.monotonic()
            if number == signal.SIGINT:
                if now - self.last_interrupt < SECOND_INTERRUPT:
                    self.kill(number)
                self.last_interrupt = now
            self._send_signal(number)


class Signals:
    """Signals of the launcher as bytes of a pipe, while a session runs."""

    def __init__(self, session):
        self.session = session
        self.handlers = {}
        self.descriptor = -1

    def __enter__(self):
        self.descriptor, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.session.forward_signals:
            self.old_wakeup = signal.set_wakeup_fd(self.writer)
            for name in FORWARDED + ("SIGWINCH",):
                number = getattr(signal, name)
                self.handlers[number] = signal.signal(number, _nothing)
        return self

    def __exit__(self, *_):
        if self.session.forward_signals:
            for number, handler in self.handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self.old_wakeup)
        os.close(self.descriptor)
        os.close(self.writer)

    def take(self):
        try:
            return os.read(self.descriptor, 64)
        except BlockingIOError:
            return b""


def _nothing(_number, _frame):
    """The wake-up pipe has the signal's number."""


class RawTerminal:
    """The user's terminal in raw mode, while a terminal session runs."""

    def __init__(self, session):
        self.descriptor = session.stdin.descriptor
        self.wanted = session.terminal and self.descriptor is not None and \
            os.isatty(self.descriptor)

    def __enter__(self):
        if self.wanted:
            import termios
            import tty
            self.saved = termios.tcgetattr(self.descriptor)
            tty.setraw(self.descriptor, termios.TCSADRAIN)

    def __exit__(self, *_):
        if self.wanted:
            import termios
            termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self.saved)


def with_death_signal(command):
    """QEMU must not outlive a launcher that is killed."""
    import shutil
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else command


class Port:
    """Both directions of a serial port: named pipes NAME.in and NAME.out."""

    def __init__(self, name):
        self.name = name
        os.mkfifo(name + ".in", 0o600)
        os.mkfifo(name + ".out", 0o600)
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        # Both ways: a pipe without a far end cannot be opened for writing.
        self.writer = os.open(name + ".in", os.O_RDWR | flags)
        self.reader = os.open(name + ".out", os.O_RDONLY | flags)
        self.holder = os.open(name + ".out", os.O_WRONLY | flags)

    def read(self):
        """Bytes, b"" at the end, None when there is nothing now."""
        try:
            data = os.read(self.reader, 65536)
        except BlockingIOError:
            return None
        if 0 < len(data) < PACK_BYTES:
            # The guest is writing: let some more come together.
            time.sleep(PACK_SECONDS)
        return data

    def write(self, data):
        try:
            return os.write(self.writer, data[:4096]) if data else 0
        except BlockingIOError:
            return 0

    def close_writers(self):
        for descriptor in (self.writer, self.holder):
            if descriptor >= 0:
                os.close(descriptor)
        self.writer = self.holder = -1


class Ports:
    """The two ports of a VM, in a folder of their own."""

    def __init__(self):
        self.folder = os.path.join(
            paths.runtime_folder(),
            f".vm-{os.getpid()}-{os.urandom(6).hex()}")
        os.mkdir(self.folder, 0o700)
        self.console = Port(os.path.join(self.folder, "console"))
        self.control = Port(os.path.join(self.folder, "control"))

    def close_writers(self):
        self.console.close_writers()
        self.control.close_writers()

    def close(self):
        self.close_writers()
        for port in (self.console, self.control):
            os.close(port.reader)
            os.unlink(port.name + ".in")
            os.unlink(port.name + ".out")
        os.rmdir(self.folder)
