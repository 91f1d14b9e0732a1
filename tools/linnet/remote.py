# SPDX-License-Identifier: BSD-3-Clause
"""The launcher's door for linnet exec: further programs in a running VM.

    linnet exec <-- unix socket NAME.sock --> launcher <-- COM2 --> guest

Both sides speak the session frames of include/drivers/control.h.  The launcher
chooses the session's number and puts it in the place of the client's; else it
passes frames on, but for the pieces of a request, which go to the guest one by
one when it asks.  Credits bound what is under way, in both directions.  A
client that goes away becomes 'q'; its number is free when the guest says so.
"""

import errno
import os
import select
import socket
import struct

from linnet import control

FROM_CLIENT = {b"n": (10, control.FRAME_MAX), b"m": (2, control.FRAME_MAX),
               b"i": (1, control.FRAME_MAX), b"z": (1, 1), b"s": (2, 2), b"w": (5, 5), b"c": (5, 5)}
CLIENTS_MAX = 32


def bind_or_connect(path, action):
    """Paths of sockets are short; through the folder's descriptor all fit."""
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    try:
        action(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


def connect(path):
    """A connected socket, or None: nobody listens."""
    client = socket.socket(socket.AF_UNIX)
    try:
        bind_or_connect(path, client.connect)
    except (FileNotFoundError, ConnectionRefusedError):
        client.close()
        return None
    return client


class Client:
    """One linnet exec."""

    def __init__(self, connection):
        self.socket = connection
        self.reader = control.Reader()
        self.queue = bytearray()
        self.number = None     # of its session
        self.request = []      # its 'n' and 'm': (kind, payload)
        self.size = 0          # of all of them
        self.complete = False  # the last one has come
        self.finished = False  # 'x' or 'f' was queued

    def flush(self):
        try:
            del self.queue[:self.socket.send(self.queue)]
        except BlockingIOError:
            pass
        except OSError:
            self.queue.clear()


class Server:
    """Listens on a path; `attach` names the session whose guest it serves."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setblocking(False)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        bind_or_connect(path, self.socket.bind)
        self.socket.listen(CLIENTS_MAX)
        self.clients = []
        self.numbers = {}     # number -> client, or None: it has left
        self.waiting = []     # clients whose 'n' was not sent yet
        self.starting = None  # number whose 'n' was not answered yet
        self.pieces = []      # of it: what was not sent yet

    def attach(self, session):
        self.session = session

    def close(self):
        for client in self.clients:
            client.flush()
            client.socket.close()
        self.socket.close()
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass

    # --- the loop of the session asks ---------------------------------------

    def watched(self):
        """descriptor -> (events, handler), as Session._watched()."""
        watched = {}
        if len(self.clients) < CLIENTS_MAX:
            watched[self.socket.fileno()] = (select.POLLIN, self._on_connect)
        room = len(self.session.to_control) < control.WINDOW
        for client in self.clients:
            events = (select.POLLIN if room and not client.finished else 0) | \
                (select.POLLOUT if client.queue else 0)
            if events:
                watched[client.socket.fileno()] = (
                    events, lambda e, _, c=client: self._on_client(c, e))
        return watched

    def _on_connect(self, _, __):
        try:
            connection, _ = self.socket.accept()
        except OSError:
            return
        connection.setblocking(False)
        self.clients.append(Client(connection))

    def _on_client(self, client, events):
        if events & select.POLLOUT:
            client.flush()
        if events & ~select.POLLOUT:
            try:
                data = client.socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            try:
                if not data:
                    raise EOFError
                for kind, payload in client.reader.feed(data):
                    self._take(client, kind, payload)
            except (EOFError, ValueError):
                self._leave(client)
                return
        if client.finished and not client.queue:
            self._leave(client)

    # --- from the client -------------------------------------------------------

    def _take(self, client, kind, payload):
        least, most = FROM_CLIENT.get(kind, (1, 0))
        if not least <= len(payload) <= most:
            raise ValueError(f"frame {kind} of {len(payload)} bytes")
        if kind in (b"n", b"m"):
            self._take_piece(client, kind, payload)
        elif client.number is not None and not client.finished:
            self._send(kind, client.number, payload[1:])

    def _take_piece(self, client, kind, payload):
        client.size += len(payload)
        if client.complete or (kind == b"n") != (not client.request) or \
                client.size > 2 * control.REQUEST_MAX:
            raise ValueError("not a piece of a request")
        client.request.append((kind, payload[1:]))
        if not payload[1] & control.NEW_MORE:
            client.complete = True
            self.waiting.append(client)
            self._start_next()

    def _send(self, kind, number, rest=b""):
        self.session.to_control += control.frame(kind, bytes([number]) + rest)

    def _start_next(self):
        while self.waiting and self.starting is None:
            client = self.waiting.pop(0)
            free = [n for n in range(control.SESSIONS_MAX)
                    if n not in self.numbers]
            error = self._why_not(client, free)
            if error:
                self._finish(client, b"f", struct.pack("<I", error))
                continue
            client.number = self.starting = free[0]
            self.numbers[client.number] = client
            self.pieces = client.request
            self._send_piece()

    def _why_not(self, client, free):
        if not free:
            return errno.EAGAIN
        if self.session.guest_version < 2:
            return errno.ENOSYS
        if self.session.guest_version < 3 and len(client.request) > 1:
            return errno.E2BIG
        return 0

    def _send_piece(self):
        kind, rest = self.pieces.pop(0)
        self._send(kind, self.starting, rest)

    def _leave(self, client):
        client.socket.close()
        self.clients.remove(client)
        if client in self.waiting:
            self.waiting.remove(client)
        number = client.number
        if number is not None and self.numbers.get(number) is client:
            self.numbers[number] = None
            if number != self.starting:  # else when it has started
                self._send(b"q", number)

    @staticmethod
    def _finish(client, kind, rest):
        client.queue += control.frame(kind, b"\0" + rest)
        client.finished = True

    # --- from the guest --------------------------------------------------------

    def on_frame(self, kind, payload):
        if not payload or payload[0] not in self.numbers:
            return
        number = payload[0]
        client = self.numbers[number]
        if kind == b"a":
            if number == self.starting and self.pieces:
                self._send_piece()
            return
        if number == self.starting:
            self.starting = None
            if client is None and kind == b"c":
                self._send(b"q", number)
        if kind in (b"x", b"f"):
            del self.numbers[number]
            if client is not None:
                self._finish(client, kind, payload[1:])
        elif client is not None and kind in (b"c", b"o"):
            client.queue += control.frame(kind, b"\0" + payload[1:])
        self._start_next()
