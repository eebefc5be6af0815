"""Real DVC, many projects from one process: its start costs more than all that a small project asks of it.

Reads one request per line, {"do": ..., "root": ..., ...}, and answers each with one line, {"value": ...} or {"error": ...}.
"""

import contextlib
import io
import json
import logging
import os
import sys

from dvc.cli import main
from dvc.repo import Repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.utils.serialize import loads_yaml


def init(**_):
    Repo.init(no_scm=True).close()


def status(**_):
    with Repo() as repo:
        return repo.status()


def stage_status(**_):
    """As status, of pipeline stages alone: imports ask the network whether their source has changed."""
    with Repo() as repo:
        names = [stage.addressing for stage in repo.index.stages if not stage.is_data_source]
        return repo.status(targets=names) if names else {}


def order(**_):
    """Addresses in the order in which `dvc repro --all-pipelines` visits them."""
    with Repo() as repo:
        return [stage.addressing for stage in plan_repro(get_active_graph(repo.index.graph))]


def repro(args=(), **_):
    """Addresses of the stages that were not skipped, in order."""
    with Repo() as repo:
        options = {"force": "force" in args, "on_error": "keep-going" if "keep-going" in args else "fail"}
        return [stage.addressing for stage in repo.reproduce(all_pipelines=True, **options)]


def commands(**_):
    """The resolved command of each stage."""
    with Repo() as repo:
        return {stage.addressing: stage.cmd for stage in repo.index.stages}


def call(args=(), **_):
    """Any command of the command line: its exit code."""
    return main(list(args))


def yaml(text="", **_):
    return loads_yaml(text)


actions = {action.__name__: action for action in (init, status, stage_status, order, repro, commands, call, yaml)}
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
logging.disable(logging.CRITICAL)
for line in sys.stdin:
    request = json.loads(line)
    os.chdir(request.get("root", "/"))
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            answer = {"value": actions[request["do"]](**request)}
    except Exception as error:  # whatever DVC throws is an answer
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        answer = {"error": f"{type(error).__name__}: {error}{cause}"}
    print(json.dumps(answer, default=str), file=answers, flush=True)
