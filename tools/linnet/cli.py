# SPDX-License-Identifier: BSD-3-Clause
"""The verbs of ./linnet.  Each is imported only when it is used."""

import sys

from linnet.errors import Failure

VERBS = {
    "run": ("run", "run a program in a microVM"),
    "build": ("build_verb", "build the kernel"),
    "image": ("image_verb", "make images and look into them"),
    "exec": ("exec_verb", "run a further program in a running VM"),
    "shell": ("exec_verb", "open a shell in a running VM"),
    "ps": ("detached", "list VMs that run in the background"),
    "logs": ("detached", "print what a VM has printed"),
    "stop": ("detached", "end a VM"),
}

HELP = """\
usage: linnet VERB [OPTION]... [ARGUMENT]...

Linnet runs unmodified Linux programs in microVMs.

{verbs}

examples:
  linnet run /bin/ls -l /
  linnet run -m 256M -c 2 python3 -c 'print("hello")'
  linnet image tree image.erofs
  linnet VERB --help

What is missing on this machine is installed at first use (scripts/setup.py).
Environment: LINNET_QEMU (QEMU to use), LINNET_KERNEL (kernel to boot),
LINNET_IMAGES_MAX (size of the image cache, 8G).
"""


def help_text():
    lines = [f"  {verb:<8} {text}" for verb, (_, text) in VERBS.items()]
    return HELP.format(verbs="\n".join(lines))


def dispatch(words):
    if not words or words[0] in ("-h", "--help", "help"):
        if len(words) > 1 and words[1] in VERBS:
            return dispatch([words[1], "--help"])
        print(help_text(), end="")
        return 0 if words else 2
    if words[0] == "--version":
        return print_version()
    if words[0] not in VERBS:
        import difflib
        near = difflib.get_close_matches(words[0], VERBS, 1)
        cure = f"did you mean linnet {near[0]}?" if near else \
            f"to run a program: linnet run {words[0]}"
        raise Failure(f"unknown verb {words[0]}", cure, 2)
    import importlib
    module = importlib.import_module("linnet." + VERBS[words[0]][0])
    if VERBS[words[0]][0] in ("detached", "exec_verb"):
        return module.main(words[0], words[1:])
    return module.main(words[1:])


def print_version():
    import subprocess
    from linnet import paths
    result = subprocess.run(
        ["git", "-C", paths.ROOT, "describe", "--always", "--dirty"],
        capture_output=True, text=True, check=False)
    print("linnet", result.stdout.strip() or "unknown")
    return 0


def main(words=None):
    """Returns the exit status."""
    try:
        return dispatch(sys.argv[1:] if words is None else words)
    except Failure as failure:
        sys.stdout.flush()
        print(f"linnet: {failure.line()}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        import os
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        print(f"linnet: {what}{error.strerror or error}", file=sys.stderr)
        return 125
