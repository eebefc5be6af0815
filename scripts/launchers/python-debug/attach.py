"""Waits for the debugger, then runs a program, a module (-m) or a command (-c) as Python itself would."""
import os
import runpy
import sys


def wait_for_debugger():
    sys.path.append(os.environ["MLOPS_DEBUGPY"])
    import debugpy

    _, port = debugpy.listen(("127.0.0.1", 0))
    open(os.path.join(os.environ["MLOPS_DEBUG_FOLDER"], "%d-%d" % (os.getpid(), port)), "w").close()
    debugpy.wait_for_client()


def run(arguments):
    kind = arguments[0][:2] if arguments[0][:2] in ("-m", "-c") else ""
    if kind and arguments[0] != kind:
        # -mpytest
        arguments = [kind, arguments[0][2:]] + arguments[1:]
    target, rest = (arguments[1], arguments[2:]) if kind else (arguments[0], arguments[1:])
    sys.argv = [kind or target] + rest
    # The first place that modules are looked for is that of the program; of a module or command it is the working folder.
    sys.path[0] = "" if kind == "-c" else os.getcwd() if kind else os.path.dirname(os.path.abspath(target))
    if kind == "-m":
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        main = sys.modules["__main__"].__dict__
        for name in [name for name in main if not name.startswith("__")]:
            del main[name]
        exec(compile(target, "<string>", "exec"), main)
    else:
        runpy.run_path(target, run_name="__main__")


wait_for_debugger()
run(sys.argv[1:])
