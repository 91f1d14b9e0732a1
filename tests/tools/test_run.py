# SPDX-License-Identifier: BSD-3-Clause
"""linnet run and its relatives against the stand-in for QEMU."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
import unittest

from support import FAKE_QEMU, LINNET, ROOT, TemporaryFolder, \
    fake_environment, linnet
from linnet import qemu


class Streams(unittest.TestCase):
    def test_separate_and_exact(self):
        done = linnet("run", "true", script=r"ready out:a\x00b err:c\xff exit:7")
        self.assertEqual((done.stdout, done.stderr, done.returncode),
                         (b"a\x00b", b"c\xff", 7))

    def test_large_input(self):
        data = os.urandom(1 << 20)
        done = linnet("run", "cat", script="ready cat exit:0", stdin=data)
        self.assertEqual(done.stdout, data)
        self.assertEqual(done.returncode, 0)

    def test_large_output(self):
        done = linnet("run", "true", script="ready big:5000000 exit:0")
        self.assertEqual(len(done.stdout), 5000000)

    def test_no_stdin(self):
        done = linnet("run", "--no-stdin", "cat", script="ready cat exit:0",
                      stdin=b"x")
        self.assertEqual((done.stdout, done.returncode), (b"", 0))

    def test_reader_goes_away(self):
        text = subprocess.run(
            f"{LINNET} run cat </dev/zero | head -c 3; echo ${{PIPESTATUS[0]}}",
            shell=True, executable="/bin/bash", stdout=subprocess.PIPE,
            env=fake_environment("ready cat exit:0"), timeout=60,
            check=True).stdout
        self.assertEqual(text, b"\0\0\0" b"141\n")

    def test_json(self):
        done = linnet("run", "--json", "true",
                      script=r"ready out:a\xff log:l exit:3")
        result = json.loads(done.stdout)
        self.assertEqual((result["status"], done.returncode), (3, 3))
        self.assertEqual(result["log"], "l")
        self.assertEqual(result["stdout_base64"], "Yf8=")


class Endings(unittest.TestCase):
    def check(self, script, status, text=b"", *options, **more):
        done = linnet("run", *options, "true", script=script, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(text, done.stderr)
        return done

    def test_signal(self):
        done = self.check("ready log:SIGSEGV_at kill:11", 139, b"SIGSEGV_at")
        self.assertEqual(done.stdout, b"")

    def test_core_flag(self):
        self.check("ready kill:139", 139)

    def test_log_is_silent(self):
        done = self.check("ready log:noise exit:1", 1)
        self.assertEqual(done.stderr, b"")
        self.check("ready log:noise exit:1", 1, b"noise", "--verbose")

    def test_notice_is_shown_once(self):
        """And at once: before what the program writes after it."""
        done = self.check(r"ready notice:child_died\n err:later\n exit:0", 0)
        self.assertEqual(done.stderr, b"child_died\nlater\n")
        done = self.check(r"ready log:a\n notice:died\n log:b\n kill:11", 139)
        self.assertEqual(done.stderr, b"died\na\nb\n")
        done = self.check(r"ready notice:died\n exit:0", 0, b"", "--verbose")
        self.assertEqual(done.stderr, b"died\n")

    def test_out_of_memory(self):
        done = self.check(r"ready notice:out\x20of\x20memory:\x20x\n exit:0",
                          0, b"larger -m")
        self.assertEqual(done.stderr.count(b"\n"), 2)

    def test_panic(self):
        self.check(r"ready out:x panic:dead\n end:35", 125, b"dead")
        self.check(r"ready panic:dead\n exit:0", 125, b"dead")
        self.check("ready end:35", 125, b"kernel has failed")

    def test_no_status_is_no_success(self):
        self.check("ready out:x", 125, b"before the program did")
        self.check(r"early:usage:\n", 125, b"usage:")
        self.check("fail:no_such_machine end:1", 125, b"no_such_machine")
        self.check("fail:cannot_allocate_memory end:1", 125)

    def test_timeout(self):
        self.check("ready hang", 124, b"--timeout", "--timeout", "0.5")
        self.check("hang", 124, b"", "--timeout", "0.5")

    def test_qemu_that_stays(self):
        begun = time.monotonic()
        self.check("ready exit:4 hang", 4)
        self.assertLess(time.monotonic() - begun, 30)

    def test_reported_status_stands(self):
        """QEMU may crash behind the program's end; verbose tells."""
        for end, text in (("die:11", b"was killed by SIGSEGV"),
                          ("die:9", b"was killed by SIGKILL"),
                          ("die:63", b"was killed by signal 63"),
                          ("fail:trouble end:125", b"ended with status 125"),
                          ("end:0", b"ended with status 0"),
                          ("hang", b"stayed and was killed")):
            script = f"ready out:all exit:4 {end}"
            done = self.check(script, 4, text, "--verbose")
            self.assertEqual(done.stdout, b"all")
            self.assertIn(b"after the program had ended", done.stderr)
            if end != "hang":
                self.assertEqual(self.check(script, 4).stderr, b"")
        done = self.check("ready exit:0 die:6", 0, b"", "--json")
        self.assertEqual(json.loads(done.stdout)["qemu_status"], -6)

    def test_death_before_the_end(self):
        """One line says what became of QEMU."""
        for end, text in (("die:9", b"was killed by SIGKILL"),
                          ("end:125", b"ended with status 125"),
                          ("end:0", b"ended with status 0")):
            done = self.check(f"ready out:some {end}", 125, text)
            self.assertEqual(done.stdout, b"some")
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_bad_frame(self):
        self.check("ready", 125, b"")

    def test_no_qemu(self):
        done = linnet("run", "true", LINNET_QEMU="/no/such/qemu")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"not installed; run scripts/setup.py", done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_one_line_each(self):
        for words, status in (
                (["nosuchprogram"], 127), (["/etc/passwd"], 126),
                (["/etc"], 126), (["-m", "512K", "true"], 125),
                (["-m", "x", "true"], 125), (["-c", "0", "true"], 125),
                (["-v", "/nope:/x", "true"], 125), ([], 125),
                (["-w", "rel", "true"], 125), (["-p", "1:1", "true"], 125),
                (["--rootfs", "/nope", "true"], 125),
                (["--kernel-arg=x", "true"], 125),
                (["-e", "=x", "true"], 125), (["--bogus"], 125)):
            done = linnet("run", *words, script="ready exit:0")
            self.assertEqual(done.returncode, status, words)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(b"linnet: "), words)


class Signals(unittest.TestCase):
    def start(self, script):
        process = subprocess.Popen(
            [LINNET, "run", "true"], env=fake_environment(script),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def children(process):
        with open(f"/proc/{process.pid}/task/{process.pid}/children",
                  encoding="ascii") as file:
            return file.read().split()

    def test_forwarded(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                       signal.SIGUSR1):
            process = self.start(r"ready out:up\n signal exit:5")
            self.assertEqual(process.stdout.readline(), b"up\n")
            process.send_signal(number)
            out, _ = process.communicate(timeout=30)
            self.assertEqual((out, process.returncode),
                             (b"%d\n" % number, 5))

    def test_second_interrupt_ends_the_vm(self):
        process = self.start(r"ready out:up\n hang")
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)

    def test_before_ready(self):
        process = self.start("hang")
        for _ in range(600):
            if self.children(process):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143)

    def test_qemu_dies_with_the_launcher(self):
        process = self.start(r"ready out:up\n hang")
        process.stdout.readline()
        child = int(self.children(process)[0])
        process.kill()
        process.wait()
        for _ in range(100):
            try:
                with open(f"/proc/{child}/stat", encoding="ascii") as file:
                    if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return
            except OSError:
                return
            time.sleep(0.05)
        self.fail("QEMU lives on")


class Terminal(unittest.TestCase):
    def run_on_terminal(self, script, typed):
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [LINNET, "run", "-it", "true"], env=fake_environment(script),
            stdin=child, stdout=child, stderr=child, start_new_session=True)
        os.close(child)
        self.addCleanup(process.kill)
        output = b""
        while b"up" not in output:
            output += os.read(parent, 100)
        os.write(parent, typed)
        try:
            while True:
                data = os.read(parent, 1000)
                if not data:
                    break
                output += data
        except OSError:
            pass
        os.close(parent)
        return output, process.wait(timeout=30)

    def test_raw(self):
        output, status = self.run_on_terminal("ready out:up raw:3 exit:2",
                                              b"\x03\rx")
        self.assertEqual((output, status), (b"up\x03\rx", 2))

    def test_escape(self):
        _, status = self.run_on_terminal("ready out:up hang", b"\x1d")
        self.assertEqual(status, 137)

    def test_window(self):
        output, _ = self.run_on_terminal("ready out:up window exit:0", b"")
        self.assertIn(b"0 0", output)


class CommandLines(unittest.TestCase):
    def dry(self, *words):
        done = linnet("run", "--dry-run", "--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["command"]

    def line(self, *words):
        command = self.dry(*words)
        return command[command.index("-append") + 1]

    def test_machines(self):
        command = self.dry("-m", "64M", "-c", "4", "true")
        text = " ".join(command)
        for part in ("-M microvm,", "-m 64M", "-smp 4", "-no-reboot",
                     "isa-serial,index=1", "force-legacy=off",
                     "isa-debug-exit,iobase=0xf4"):
            self.assertIn(part, text)
        text = " ".join(self.dry("--vmm", "q35", "--fs", "rofs", "true"))
        self.assertIn("virtio-blk-pci,disable-legacy=on,drive=root", text)
        self.assertIn("-serial chardev:control", text)
        self.assertIn("-initrd", self.dry("--fs", "ramfs", "true"))

    def test_kernel_options(self):
        line = self.line("-e", "A=b c", "-w", "/w", "--strace", "--isolate",
                         "--kernel-arg=--delay=1", "true", "-x", "a b",
                         '$"\\;', "")
        self.assertIn(r"--env=A=b\ c ", line)
        self.assertTrue(line.endswith(
            r'/bin/true -x "a b" "\$\"\\;" ""'), line)
        for word in ("--cwd=/w", "--strace", "--isolate", "--delay=1",
                     "--stdio=pipe", "--control=com2"):
            self.assertIn(word, line.split(" "))

    def test_environment_from_here(self):
        os.environ["LINNET_TEST_VALUE"] = "v"
        self.assertIn("--env=LINNET_TEST_VALUE=v",
                      self.line("-e", "LINNET_TEST_VALUE", "true"))
        self.assertNotIn("NOT_SET", self.line("-e", "NOT_SET", "true"))

    def test_device_words_are_no_devices(self):
        self.assertNotIn("virtio_mmio.device=", qemu.quote(
            "x virtio_mmio.device=512@0:1"))

    def test_memory_grows_with_ramfs(self):
        from linnet.run import choose_memory
        self.assertEqual(choose_memory(None, 3 << 20), 128 << 20)
        self.assertEqual(choose_memory(None, 0), 128 << 20)
        self.assertGreater(choose_memory(None, 500 << 20),
                           1000 << 20)


class Detached(TemporaryFolder):
    def linnet(self, *words, **more):
        return linnet(*words, XDG_RUNTIME_DIR=self.folder, **more)

    def test_life(self):
        done = self.linnet("run", "-d", "--name", "vm", "sleep", "1",
                           script=r"ready out:hello\n signal exit:3")
        self.assertEqual(done.stdout, b"vm\n")
        for _ in range(100):
            if self.linnet("logs", "vm").stdout:
                break
            time.sleep(0.05)
        self.assertIn(b"running", self.linnet("ps").stdout)
        again = self.linnet("run", "-d", "--name", "vm", "true")
        self.assertIn(b"is running", again.stderr)
        self.assertEqual(self.linnet("stop", "vm").stdout, b"vm\n")
        self.assertEqual(self.linnet("logs", "-f", "vm").stdout,
                         b"hello\n15\n")
        self.assertNotIn(b"vm", self.linnet("ps").stdout)
        rows = json.loads(self.linnet("ps", "-a", "--json").stdout)
        self.assertEqual(rows[0]["state"], "exited (3)")

    def test_stubborn(self):
        self.linnet("run", "-d", "--name", "vm", "true",
                    script=r"ready out:up\n hang")
        for _ in range(100):
            if self.linnet("logs", "vm").stdout:
                break
            time.sleep(0.05)
        self.linnet("stop", "-t", "0.3", "vm")
        self.assertIn(b"exited (137)", self.linnet("ps", "-a").stdout)

    def test_failures(self):
        for words, status in ((["stop", "none"], 1), (["logs", "none"], 1),
                              (["logs", "../x"], 2), (["stop"], 2),
                              (["run", "-d", "-t", "true"], 125)):
            done = self.linnet(*words)
            self.assertEqual(done.returncode, status, words)
            self.assertEqual(done.stderr.count(b"\n"), 1)


class Verbs(TemporaryFolder):
    def test_help_has_examples(self):
        for words in (["--help"], ["run", "--help"], ["image", "--help"],
                      ["build", "--help"], ["ps", "--help"],
                      ["help", "run"]):
            done = linnet(*words)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"examples:", done.stdout)

    def test_unknown_verb(self):
        done = linnet("rnu")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"did you mean linnet run?", done.stderr)

    def test_image(self):
        self.write("data/a.txt", "hello")
        target = self.path("x.cpio")
        done = linnet("image", "make", "--fs", "ramfs", "-v",
                      f"{self.path('data')}:/data", target, "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(linnet("image", "cat", target,
                                "/data/a.txt").stdout, b"hello")
        self.assertEqual(linnet("image", "ls", target, "/data").stdout,
                         b"a.txt\n")
        self.assertIn(b"`-- a.txt", linnet("image", "tree", target,
                                           "/data").stdout)
        self.assertEqual(linnet("image", "cat", target, "/no").returncode, 1)
        self.assertEqual(linnet("image", "ls", "/bin/ls").returncode, 125)

    def test_tool_is_quick(self):
        """Detects a module that is imported without need, not slowness."""
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-c", "import sys\n"
             f"sys.path.insert(0, {os.path.join(ROOT, 'tools')!r})\n"
             "import linnet.run\n"
             "print(' '.join(sys.modules))"], capture_output=True, text=True,
            check=True)
        for module in ("subprocess", "hashlib", "shutil", "argparse",
                       "socket", "linnet.packages", "linnet.erofs"):
            self.assertNotIn(module, done.stdout.split())


class SeedScripts(TemporaryFolder):
    def script(self, name, *words):
        return subprocess.run(
            [os.path.join(ROOT, "scripts", name), *words], text=True,
            capture_output=True, check=False, env=fake_environment())

    def test_help(self):
        for name in ("build", "run.py", "manifest_from_host.sh", "convert",
                     "setup.py", "test.py"):
            done = self.script(name, "--help")
            self.assertEqual(done.returncode, 0, name)
            self.assertIn("usage:", done.stdout)

    def test_refused_by_name(self):
        for name, words in (("build", ["fs=zfs"]), ("build", ["export=all"]),
                            ("build", ["--create-disk"]),
                            ("build", ["image=nginx"]),
                            ("build", ["conf_x=1"]), ("run.py", ["-n"]),
                            ("run.py", ["--nvme"]), ("run.py", ["-p", "xen"]),
                            ("setup.py", ["--bogus"]), ("setup.py", ["all"]),
                            ("test.py", ["--bogus"]), ("test.py", ["nothing"]),
                            ("convert", ["vhd"]),
                            ("manifest_from_host.sh", ["-r", "x"])):
            done = self.script(name, *words)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words[0].split("=")[0], done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def setup_of(self, status, **as_whom):
        """scripts/setup.py where dpkg and apt are stand-ins: each package is
        installed or none, and what apt-get is asked for lands in a file."""
        self.write("bin/dpkg-query", f"#!/bin/sh\nprintf '{status}'\n", 0o755)
        self.write("bin/apt-get", "#!/bin/sh\necho \"$@\" >> "
                   f"{self.path('asked')}\n", 0o755)
        os.chmod(self.folder, 0o755)
        return subprocess.run(
            [os.path.join(ROOT, "scripts/setup.py"), "run"], text=True,
            capture_output=True, check=False, **as_whom,
            env={**os.environ, "PATH": self.path("bin") + ":/usr/bin:/bin"})

    def test_setup_all_there(self):
        done = self.setup_of("install ok installed")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))

    @unittest.skipIf(os.geteuid() != 0, "changes the user")
    def test_setup(self):
        done = self.setup_of("unknown ok not-installed", user=65534)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("sudo apt-get install -y", done.stderr)
        self.assertIn("qemu-system-x86", done.stderr)
        self.assertFalse(os.path.exists(self.path("asked")))
        done = self.setup_of("unknown ok not-installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("setup: installing qemu-system-x86", done.stdout)
        with open(self.path("asked"), encoding="ascii") as file:
            self.assertIn("qemu-system-x86", file.read())

    def test_manifest(self):
        text = self.script("manifest_from_host.sh", "ls").stdout
        self.assertIn("/ls: ", text)
        self.assertIn("libc.so.6", text)
        from linnet import manifest
        from linnet.tree import Tree
        path = self.write("m", text + "/d/**: data/**\n/l: ->ls\n"
                          "/&/a.txt: data/&\n/v: %(V)s\n# comment\n")
        self.write("data/a.txt", "x")
        tree = Tree()
        manifest.add_to(tree, manifest.parse(
            path, {"V": self.path("data/a.txt")}), self.folder)
        for name in ("/ls", "/d/a.txt", "/l", "/a.txt", "/v"):
            self.assertIn(name, tree.nodes)


class FakeQemu(unittest.TestCase):
    def test_is_executable(self):
        self.assertTrue(os.access(FAKE_QEMU, os.X_OK))


if __name__ == "__main__":
    unittest.main()
