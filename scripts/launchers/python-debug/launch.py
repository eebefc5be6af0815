"""Starts `PYTHON ARG...` so that a program, a module or a command waits for the debugger; anything else as it is.

MLOPS_DEBUG_FOLDER takes an empty file for each process: its name is "PID-PORT", or "python" where no debugger is installed.
MLOPS_DEBUGPY is the folder that holds the package debugpy; '' when there is none.
"""
import os
import sys

WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
NO_PROGRAM = ("-", "-V", "-VV", "--version", "-h", "-?", "--help", "--help-env", "--help-xoptions", "--help-all")


def find_program(arguments):
    """Index of the first argument that is no option of Python itself; None where no program is named."""
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument in NO_PROGRAM:
            return None
        if not argument.startswith("-") or argument[:2] in ("-m", "-c"):
            return index
        index += 2 if argument in WITH_VALUE else 1
    return None


def announce(name):
    folder = os.environ.get("MLOPS_DEBUG_FOLDER", "")
    if folder:
        open(os.path.join(folder, name), "w").close()


def main():
    python, arguments = sys.argv[1], sys.argv[2:]
    program = find_program(arguments)
    if program is not None and not os.environ.get("MLOPS_DEBUGPY"):
        announce("python")
        program = None
    if program is None:
        os.execv(python, [python] + arguments)
    attach = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attach.py")
    # Frozen modules hide breakpoints in what Python itself starts with; a Python that knows no such option ignores it.
    options = arguments[:program] + ["-X", "frozen_modules=off"]
    os.execv(python, [python] + options + [attach] + arguments[program:])


main()
