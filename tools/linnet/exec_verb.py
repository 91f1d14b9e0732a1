# SPDX-License-Identifier: BSD-3-Clause
"""linnet exec, linnet shell: a further program in a running VM."""

import errno
import os
import select
import signal
import struct
import time

from linnet import control, detached, remote, session, streams
from linnet.arguments import Option, Parser
from linnet.errors import NOT_EXECUTABLE, NOT_FOUND, Failure

OPTIONS = [
    Option("-e --env", "K=V", "set a variable for the program", many=True),
    Option("-w --workdir", "DIR", "working directory (/)"),
    Option("-i --interactive", None, "accepted: standard input is always "
           "passed"),
    Option("-t --tty", None, "give the program a terminal; Ctrl-] leaves it"),
    Option("--no-stdin", None, "give the program an empty standard input"),
    Option("-h --help", None, "this text"),
]

HELP = """\
usage: linnet exec [OPTION]... NAME PROGRAM [ARGUMENT]...
       linnet shell [OPTION]... NAME

Runs a further program in the VM that runs under this name (linnet run -d, or
linnet run --name NAME).  The program is one of the VM's files: take it along
with linnet run --with PROGRAM.  shell runs bash or sh there, with a terminal.
Input, output, error and the exit status are passed; signals go to the program
and its children, as from a terminal.  Programs inherit the environment of the
VM's first one.  A VM ends when its first program does.

{options}

exit status: the program's; 128+N when signal N ended it; 127 not found;
126 cannot be executed; 137 the VM ended before; 125 other failures.

examples:
  linnet run -d --name web --with bash --with ps ./server
  linnet exec web ps aux
  echo hello | linnet exec web cat
  linnet shell web
"""

EXIT_VM_ENDED = 137
CREDIT_THRESHOLD = control.OUTPUT_WINDOW // 4


def request(values, words, terminal):
    """The frames of the request: 'n', then as many 'm' as it takes."""
    from linnet.run import parse_environment
    environment = parse_environment(values.env)
    rows = columns = 0
    if terminal:
        environment.setdefault("TERM", os.environ.get("TERM", "dumb"))
        rows, columns = window_size()
    strings = [values.workdir or "", *words,
               *(f"{k}={v}" for k, v in environment.items())]
    whole = struct.pack("<BBHHHH", 0, control.NEW_TERMINAL if terminal else 0,
                        rows, columns, len(words), len(environment))
    whole += b"".join(os.fsencode(s) + b"\0" for s in strings)
    if len(whole) > control.REQUEST_MAX:
        raise Failure(f"arguments and variables of {len(whole)} bytes are "
                      f"too long", f"at most {control.REQUEST_MAX}")
    return frames_of(whole)


def frames_of(whole):
    pieces = [whole[:control.FRAME_MAX]]
    room = control.FRAME_MAX - 2
    pieces += [b"\0\0" + whole[at:at + room]
               for at in range(control.FRAME_MAX, len(whole), room)]
    frames = b""
    for i, piece in enumerate(pieces):
        more = control.NEW_MORE if i + 1 < len(pieces) else 0
        piece = piece[:1] + bytes([piece[1] | more]) + piece[2:]
        frames += control.frame(b"m" if i else b"n", piece)
    return frames


def window_size():
    try:
        size = os.get_terminal_size(0)
        return size.lines, size.columns
    except OSError:
        return 24, 80


class Remote:
    """The client's end of one session."""

    forward_signals = True

    def __init__(self, connection, stdin, terminal):
        self.socket = connection
        self.stdin = stdin
        self.terminal = terminal
        self.outputs = {1: streams.FdOutput(1), 2: streams.FdOutput(2)}
        self.reader = control.Reader()
        self.queue = bytearray()
        self.credit = 0
        self.unconsumed = 0   # written to our streams, not told yet
        self.started = False
        self.ended = False    # of the connection
        self.result = None    # ("x", wait status) or ("f", errno)
        self.last_interrupt = -1e9

    def send(self, kind, rest=b""):
        self.queue += control.frame(kind, b"\0" + rest)

    def run(self, request_frames):
        """Returns the result, or None: the VM or the user ended it."""
        self.queue += request_frames
        self.socket.setblocking(False)
        with session.Signals(self) as self.signals:
            with session.RawTerminal(self):
                while not self._is_done():
                    self._step()
        self.socket.close()
        return self.result

    def _is_done(self):
        return self.ended and not any(o.queue for o in self.outputs.values())

    def _step(self):
        watched = {self.signals.descriptor: (select.POLLIN, self._on_signals)}
        if not self.ended:
            watched[self.socket.fileno()] = (
                select.POLLIN | (select.POLLOUT if self.queue else 0),
                self._on_socket)
        for output in self.outputs.values():
            if output.queue:
                watched[output.descriptor] = (
                    select.POLLOUT, lambda _, o=output: self._flush(o))
        if self.credit > 0 and not self.stdin.ended and not self.ended:
            if self.stdin.descriptor is None:
                self._on_stdin(0)
                return
            watched[self.stdin.descriptor] = (select.POLLIN, self._on_stdin)
        poller = select.poll()
        for descriptor, (events, _) in watched.items():
            poller.register(descriptor, events)
        for descriptor, events in poller.poll():
            watched[descriptor][1](events)

    def _on_socket(self, events):
        if events & select.POLLOUT:
            try:
                del self.queue[:self.socket.send(self.queue)]
            except BlockingIOError:
                pass
            except OSError:
                self.queue.clear()
        if events & ~select.POLLOUT:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self.ended = not data
            for kind, payload in self.reader.feed(data):
                self._on_frame(kind, payload)

    def _on_frame(self, kind, payload):
        if kind == b"c" and len(payload) == 5:
            self.started = True
            self.credit += struct.unpack_from("<I", payload, 1)[0]
        elif kind == b"o" and len(payload) > 2 and payload[1] in (1, 2):
            output = self.outputs[payload[1]]
            output.write(payload[2:])
            self._flush(output)
        elif kind in (b"x", b"f") and len(payload) == 5:
            self.result = (kind.decode(), struct.unpack_from(
                "<I", payload, 1)[0])
            self.ended = True

    def _flush(self, output):
        """Only when poll says so: a full pipe must not hold us up."""
        before = len(output.queue)
        poller = select.poll()
        poller.register(output.descriptor, select.POLLOUT)
        if before and poller.poll(0):
            output.flush_some()
        if output.broken:
            self.result = ("x", signal.SIGPIPE)
            self.ended = True
            return
        self.unconsumed += before - len(output.queue)
        if self.unconsumed >= CREDIT_THRESHOLD and not self.ended:
            self.send(b"c", struct.pack("<I", self.unconsumed))
            self.unconsumed = 0

    def _on_stdin(self, _):
        data = self.stdin.read(min(self.credit, control.STDIN_CHUNK))
        if self.terminal and session.ESCAPE in data:
            self.ended = True
            self.result = ("x", 0)
        elif data:
            self.credit -= len(data)
            self.send(b"i", data)
        if self.stdin.ended:
            self.send(b"z")

    def _on_signals(self, _):
        for number in self.signals.take():
            if number == signal.SIGWINCH:
                if self.terminal:
                    self.send(b"w", struct.pack("<HH", *window_size()))
                continue
            now = time.monotonic()
            again = number == signal.SIGINT and \
                now - self.last_interrupt < session.SECOND_INTERRUPT
            if number == signal.SIGINT:
                self.last_interrupt = now
            if again or not self.started:
                self.result = ("x", number)
                self.ended = True
            else:
                self.send(b"s", bytes([number]))


def connect(name):
    connection = remote.connect(detached.file_of(name, ".sock"))
    if connection is None:
        record = detached.find(name)
        raise Failure(f"{name} is not running",
                      f"it is {detached.describe_state(record)}", 1)
    return connection


def execute(name, values, words, terminal):
    """Runs words; returns the result of Remote.run()."""
    from linnet.run import is_open
    stdin = streams.BytesInput(b"") if values.no_stdin or not is_open(0) \
        else streams.FdInput(0)
    terminal = terminal and stdin.descriptor is not None
    frames = request(values, words, terminal)
    return Remote(connect(name), stdin, terminal).run(frames)


def status_of(result, program):
    if result is None:
        raise Failure("the VM ended before the program did",
                      status=EXIT_VM_ENDED)
    kind, number = result
    if kind == "x":
        return control.shell_status(number)
    if number == errno.EAGAIN:
        raise Failure(f"the VM runs {control.SESSIONS_MAX} programs of linnet "
                      "exec, or has no room for more", "end one")
    if number == errno.E2BIG:
        raise Failure("arguments and variables are too long for the VM's "
                      "kernel", f"at most {control.FRAME_MAX} bytes")
    if number == errno.ENOSYS:
        raise Failure("the VM's kernel knows no linnet exec",
                      "start the VM anew")
    cure = f"start the VM with linnet run --with {program}" \
        if number == errno.ENOENT else ""
    not_found = number in (errno.ENOENT, errno.ENOTDIR)
    raise Failure(f"{program}: {os.strerror(number)} (in the VM)", cure,
                  NOT_FOUND if not_found else NOT_EXECUTABLE)


def shell(values, operands):
    if len(operands) != 1:
        raise Failure("shell in which VM?", "linnet shell NAME")
    terminal = bool(values.tty) or os.isatty(0)
    for program in ("bash", "sh"):
        result = execute(operands[0], values, [program], terminal)
        if result != ("f", errno.ENOENT):
            break
    return status_of(result, program)


def main(verb, words):
    values, operands = Parser(verb, OPTIONS).parse(words, stop_at_operand=True)
    if values.help:
        print(HELP.format(options=Parser(verb, OPTIONS).help_lines()), end="")
        return 0
    if values.workdir is not None and not values.workdir.startswith("/"):
        raise Failure(f"-w {values.workdir}: must begin with /")
    if verb == "shell":
        return shell(values, operands)
    if len(operands) < 2:
        raise Failure("exec what?", "linnet exec NAME PROGRAM [ARGUMENT]...")
    result = execute(operands[0], values, operands[1:], bool(values.tty))
    return status_of(result, operands[1])
