# SPDX-License-Identifier: BSD-3-Clause
"""linnet exec and shell against the stand-in for QEMU."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

from support import LINNET, ROOT, TemporaryFolder, fake_environment, linnet
from linnet import control, remote

sys.path.insert(0, os.path.join(ROOT, "tests"))
from harness.terminal import Terminal  # noqa: E402

LIMIT = 60


class Exec(TemporaryFolder):
    def start(self, sessions, version="serve"):
        """A VM named vm that ends after so many sessions."""
        self.environment = fake_environment(XDG_RUNTIME_DIR=self.folder)
        done = linnet("run", "-d", "--name", "vm", "true",
                      script=f"{version}:{sessions} exit:0",
                      XDG_RUNTIME_DIR=self.folder)
        self.assertEqual(done.stdout, b"vm\n")
        self.addCleanup(self.stop)

    def stop(self):
        linnet("stop", "-t", "0.1", "vm", XDG_RUNTIME_DIR=self.folder)

    def exec(self, *words, stdin=b"", verb="exec"):
        done = subprocess.run([LINNET, verb, *words], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment, timeout=LIMIT,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def popen(self, *words):
        client = subprocess.Popen([LINNET, "exec", "vm", *words],
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  env=self.environment)
        self.addCleanup(client.stdin.close)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        return client

    def wait_log(self, text):
        for _ in range(200):
            log = linnet("logs", "vm", XDG_RUNTIME_DIR=self.folder).stdout
            if text in log:
                return
            time.sleep(0.05)
        self.fail(log)

    def test_streams_and_status(self):
        self.start(3)
        data = os.urandom(300000)
        self.assertEqual(self.exec("vm", "echo", stdin=data), (0, data, b""))
        self.assertEqual(self.exec("vm", "exit", "7"), (7, b"", b"error"))
        self.assertEqual(self.exec("vm", "big", "1000000"),
                         (0, b"x" * 1000000, b""))

    def test_request(self):
        self.start(1)
        self.assertEqual(
            self.exec("-e", "A=b c", "-w", "/x", "vm", "show", "-t", ""),
            (0, b"0 0 0 /x ['show', '-t', '', 'A=b c']", b""))

    def test_refusals(self):
        self.start(4)
        for number, status in ((2, 127), (13, 126), (8, 126), (11, 125)):
            got, _, error = self.exec("vm", "refuse", str(number))
            self.assertEqual((got, error.count(b"\n")), (status, 1), error)

    def test_shell(self):
        """No bash: then sh."""
        self.start(2)
        self.assertEqual(self.exec("vm", verb="shell"), (6, b"", b"error"))

    def test_long_request(self):
        self.start(3)
        for size in (4000, 5000, 130000):
            self.assertEqual(self.exec("vm", "length", "x" * size, "y"),
                             (0, f"[{size}, 1]".encode(), b""))

    def test_too_long(self):
        self.start(1)
        status, _, error = self.exec("vm", "show", "x" * 120000, "y" * 12000)
        self.assertEqual((status, error.count(b"\n")), (125, 1))

    def test_long_request_for_an_old_kernel(self):
        self.start(1, "serve2")
        status, _, error = self.exec("vm", "show", "x" * 5000)
        self.assertEqual((status, error.count(b"\n")), (125, 1))
        self.assertIn(b"at most 4096", error)

    def test_all_places_taken(self):
        self.start(9)
        holders = [self.popen("hold") for _ in range(8)]
        for holder in holders:
            self.assertEqual(holder.stdout.readline(), b"up\n")
        status, _, error = self.exec("vm", "exit", "0")
        self.assertEqual((status, error.count(b"\n")), (125, 1))
        holders[3].kill()
        self.wait_log(b"hold has left")
        self.assertEqual(self.exec("vm", "exit", "4")[0], 4)

    def test_slow_reader_holds_nobody_up(self):
        self.start(2)
        slow = self.popen("big", "3000000")
        time.sleep(0.3)
        self.assertEqual(self.exec("vm", "exit", "3")[0], 3)
        self.assertEqual(slow.communicate(timeout=LIMIT)[0], b"x" * 3000000)

    def test_reader_goes_away(self):
        self.start(2)
        slow = self.popen("big", "30000000")
        slow.stdout.read(3)
        slow.stdout.close()
        self.assertEqual(slow.wait(LIMIT), 141)
        self.wait_log(b"big has left")

    def test_signal(self):
        self.start(1)
        client = self.popen("signal")
        self.assertEqual(client.stdout.readline(), b"up\n")
        client.send_signal(signal.SIGUSR1)
        self.assertEqual(client.stdout.read(), b"10\n")
        self.assertEqual(client.wait(LIMIT), 5)

    def test_terminal(self):
        self.start(2)
        os.environ.update(XDG_RUNTIME_DIR=self.folder)
        self.addCleanup(os.environ.pop, "XDG_RUNTIME_DIR")
        terminal = Terminal([LINNET, "exec", "-t", "-e", "TERM=x", "vm",
                             "show"], 7, 9)
        terminal.expect(rb"1 7 9  \['show', 'TERM=x'\]")
        self.assertEqual(terminal.finish(), 0)
        terminal = Terminal([LINNET, "exec", "-t", "vm", "window"])
        terminal.expect(rb"up\n")  # raw: no carriage return comes in between
        terminal.resize(11, 12)
        terminal.expect(rb"11 12\n")
        self.assertEqual(terminal.finish(), 0)

    def test_vm_ends(self):
        self.start(1)
        holder = self.popen("hold")
        holder.stdout.readline()
        self.stop()
        self.assertEqual(holder.wait(LIMIT), 137)

    def test_no_such_vm(self):
        self.start(1)
        self.exec("vm", "exit", "0")
        for words in (["none", "true"], ["../x", "true"], ["vm"], []):
            status, _, error = self.exec(*words)
            self.assertNotEqual(status, 0)
            self.assertEqual(error.count(b"\n"), 1, error)

    def test_old_kernel(self):
        self.environment = fake_environment(XDG_RUNTIME_DIR=self.folder)
        linnet("run", "-d", "--name", "vm", "true", script="ready hang",
               XDG_RUNTIME_DIR=self.folder)
        self.addCleanup(self.stop)
        status, _, error = self.exec("vm", "true")
        self.assertEqual(status, 125)
        self.assertIn(b"kernel knows no linnet exec", error)

    def test_foreground_with_a_name(self):
        self.environment = fake_environment(
            "serve:1 exit:3", XDG_RUNTIME_DIR=self.folder)
        with subprocess.Popen([LINNET, "run", "--name", "vm", "true"],
                              env=self.environment,
                              stdin=subprocess.DEVNULL) as process:
            path = os.path.join(self.folder, "linnet", "vm.sock")
            for _ in range(200):
                if os.path.exists(path):
                    break
                time.sleep(0.05)
            self.assertEqual(self.exec("vm", "exit", "5")[0], 5)
            self.assertEqual(process.wait(LIMIT), 3)
        self.assertFalse(os.path.exists(path))

    def test_bad_clients(self):
        """They are thrown out; the VM and the others go on."""
        self.start(1)
        path = os.path.join(self.folder, "linnet", "vm.sock")
        for bad in (b"garbage that is no frame", b"n\xff\xff",
                    control.frame(b"n", b"\0"), control.frame(b"x", b"\0"),
                    control.frame(b"s", b"\0\1\1"), control.frame(b"i"),
                    control.frame(b"m", b"\0\0x")):
            client = remote.connect(path)
            client.settimeout(LIMIT)
            client.sendall(bad)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(100), b"", bad)
            client.close()
        request = struct.pack("<BBHHHH", 7, 0, 0, 0, 2, 0) + b"\0exit\x006\0"
        client = remote.connect(path)
        client.sendall(control.frame(b"n", request))
        client.settimeout(LIMIT)
        data = b""
        while b"x\5\0" not in data:
            data += client.recv(100)
        client.close()


if __name__ == "__main__":
    unittest.main()
