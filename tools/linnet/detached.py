# SPDX-License-Identifier: BSD-3-Clause
"""VMs in the background: linnet run -d, ps, logs, stop.

Each has a supervisor, a process of this tool that runs the session, and in
the runtime folder NAME.json (what it is, at last its status), NAME.log (what
it printed) and NAME.sock (for linnet exec).  A record whose supervisor is gone without a status was killed.
Records of ended VMs are kept for a week, at most RECORDS_MAX; a log is cut at
LOG_MAX and its former part kept once.
"""

import json
import os
import re
import signal
import sys
import time

from linnet import paths, remote
from linnet.arguments import Option, Parser, parse_seconds
from linnet.errors import Failure

RECORDS_MAX = 100
KEEP_SECONDS = 7 * 24 * 3600
LOG_MAX = 32 << 20
STOP_DELAY = 10.0
POLL_DELAY = 0.05

HELP = """\
usage: linnet ps [-a] [-q] [--json]
       linnet logs [-f] NAME
       linnet stop [-t SECONDS] NAME...

VMs that were started with linnet run -d.

  ps      running ones; -a: ended ones too; -q: names only
  logs    what the program has printed; -f: and what it prints from now on
  stop    sends SIGTERM to the program, and ends the VM after 10 seconds
          (-t SECONDS)

examples:
  linnet run -d --name web ./server
  linnet ps -a
  linnet logs -f web
  linnet stop -t 1 web
"""


# --- records ---------------------------------------------------------------

def file_of(name, suffix):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise Failure(f"{name}: a VM's name is made of letters, digits, _ . -",
                      status=2)
    return os.path.join(paths.runtime_folder(), name + suffix)


def read_record(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def write_record(record):
    path = file_of(record["name"], ".json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(path + ".new", path)


def records():
    found = []
    for entry in os.scandir(paths.runtime_folder()):
        if entry.name.endswith(".json"):
            record = read_record(entry.path)
            if record is not None:
                found.append(record)
    return sorted(found, key=lambda r: r["started"])


def process_start(pid):
    """When the process began, in ticks: tells a reused number apart."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8",
                  errors="replace") as file:
            return int(file.read().rsplit(")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def is_running(record):
    return record.get("status") is None and record.get("pid") and \
        process_start(record["pid"]) == record.get("pid_start")


def describe_state(record):
    if is_running(record):
        return "running"
    if record.get("status") is None:
        return "killed"
    return f"exited ({record['status']})"


def prune():
    ended = [r for r in records() if not is_running(r)]
    old = time.time() - KEEP_SECONDS
    for i, record in enumerate(reversed(ended)):
        if i >= RECORDS_MAX or record["started"] < old:
            remove(record["name"])


def remove(name):
    for suffix in (".json", ".log", ".log.1", ".sock"):
        try:
            os.unlink(file_of(name, suffix))
        except FileNotFoundError:
            pass


def choose_name(program):
    base = re.sub(r"[^A-Za-z0-9]", "", os.path.basename(program))[:20] or "vm"
    for number in range(1, 10000):
        name = f"{base}-{number}"
        if not os.path.exists(file_of(name, ".json")):
            return name
    raise Failure("too many VMs", "linnet ps -a lists them")


# --- run -d ----------------------------------------------------------------

class LogOutput:
    """A stream into the log file."""

    descriptor = None
    broken = False
    queue = b""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "ab", buffering=0)

    def write(self, data):
        if self.file.tell() + len(data) > LOG_MAX:
            self.file.close()
            os.replace(self.path, self.path + ".1")
            self.file = open(self.path, "ab", buffering=0)
        self.file.write(data)

    def has_room(self):
        return True


def start(plan, machine):
    """Starts the supervisor; prints the VM's name."""
    values = plan.values
    if values.tty:
        raise Failure("-d and -t exclude each other: there is no attach",
                      "linnet run -d, then linnet shell NAME")
    prune()
    name = values.name or choose_name(plan.program)
    old = read_record(file_of(name, ".json"))
    if old is not None and is_running(old):
        raise Failure(f"a VM named {name} is running",
                      f"linnet stop {name}, or choose another --name")
    remove(name)
    record = {"name": name, "program": [plan.program, *plan.arguments],
              "started": time.time(), "memory": machine.memory,
              "cpus": machine.cpus, "vmm": machine.vmm, "status": None}
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.close(read_end)
        supervise(plan, machine, record, write_end)
    os.close(write_end)
    os.wait()
    with os.fdopen(read_end, "rb") as file:
        if file.read() != b"ok":
            raise Failure("the VM's supervisor did not start")
    print(name)
    return 0


def supervise(plan, machine, record, ready):
    """The supervisor: never returns."""
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    status = 125
    try:
        record["pid"] = os.getpid()
        record["pid_start"] = process_start(os.getpid())
        write_record(record)
        null = os.open(os.devnull, os.O_RDWR)
        log = LogOutput(file_of(record["name"], ".log"))
        for descriptor in (0, 1, 2):
            os.dup2(null if descriptor == 0 else log.file.fileno(),
                    descriptor)
        server = remote.Server(file_of(record["name"], ".sock"))
        os.write(ready, b"ok")
        os.close(ready)
        status = run_session(plan, machine, log, server)
    finally:
        record["status"] = status
        record["ended"] = time.time()
        write_record(record)
        os._exit(0)


def run_session(plan, machine, log, server):
    from linnet import run, session, streams
    values = plan.values
    live_log = values.verbose or values.strace or values.bootchart
    outcome = session.Session(
        run.pipe_command(machine), streams.BytesInput(b""), log, log,
        timeout=plan.timeout, server=server,
        on_log=log.write if live_log else None,
        on_notice=log.write).run()
    run.explain(outcome, plan, machine, shown=live_log)
    return outcome.status()


# --- ps, logs, stop -----------------------------------------------------------

PS_OPTIONS = [Option("-a --all"), Option("-q --quiet"), Option("--json"),
              Option("-h --help")]
LOGS_OPTIONS = [Option("-f --follow"), Option("-h --help")]
STOP_OPTIONS = [Option("-t --time", "SECONDS"), Option("-h --help")]


def age(seconds):
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds / size)}{unit}"
    return f"{int(seconds)}s"


def ps(values, operands):
    if operands:
        raise Failure("ps takes no arguments", "see linnet ps --help", 2)
    rows = [r for r in records() if values.all or is_running(r)]
    if values.json:
        for row in rows:
            row["state"] = describe_state(row)
        print(json.dumps(rows))
        return 0
    if values.quiet:
        print("".join(r["name"] + "\n" for r in rows), end="")
        return 0
    print(f"{'NAME':<20} {'STATE':<14} {'STARTED':<9} {'CPUS':<5} "
          f"{'MEMORY':<7} PROGRAM")
    for row in rows:
        started = age(time.time() - row["started"]) + " ago"
        print(f"{row['name']:<20} {describe_state(row):<14} {started:<9} "
              f"{row['cpus']:<5} {row['memory'] >> 20:>4}M   "
              f"{' '.join(row['program'])}")
    return 0


def find(name):
    record = read_record(file_of(name, ".json"))
    if record is None:
        raise Failure(f"no VM is named {name}", "linnet ps -a lists them", 1)
    return record


def logs(values, operands):
    if len(operands) != 1:
        raise Failure("logs of what?", "linnet logs NAME", 2)
    record = find(operands[0])
    out = sys.stdout.buffer
    path = file_of(operands[0], ".log")
    for part in (path + ".1",):
        if os.path.exists(part):
            with open(part, "rb") as file:
                out.write(file.read())
    with open(path, "rb") as file:
        while True:
            running = is_running(record)
            data = file.read(1 << 20)
            out.write(data)
            out.flush()
            if data:
                continue
            if not values.follow or not running:
                return 0
            time.sleep(POLL_DELAY)
            record = find(operands[0])


def stop(values, operands):
    if not operands:
        raise Failure("stop what?", "linnet stop NAME...", 2)
    delay = parse_seconds(values.time, "-t") if values.time else STOP_DELAY
    for name in operands:
        record = find(name)
        if not is_running(record):
            raise Failure(f"{name} is not running",
                          f"it is {describe_state(record)}", 1)
        stop_one(record, delay)
        print(name)
    return 0


def stop_one(record, delay):
    os.kill(record["pid"], signal.SIGTERM)
    deadline = time.monotonic() + delay
    while is_running(find(record["name"])):
        if time.monotonic() > deadline:
            # QEMU has asked to die with the supervisor.
            os.kill(record["pid"], signal.SIGKILL)
            record = find(record["name"])
            record["status"] = 137
            write_record(record)
            return
        time.sleep(POLL_DELAY)


VERBS = {"ps": (ps, PS_OPTIONS), "logs": (logs, LOGS_OPTIONS),
         "stop": (stop, STOP_OPTIONS)}


def main(verb, words):
    action, options = VERBS[verb]
    values, operands = Parser(verb, options, 2).parse(words)
    if values.help:
        print(HELP, end="")
        return 0
    return action(values, operands)
