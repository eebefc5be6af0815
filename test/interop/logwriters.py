"""Logs as other programs write them, and what they read back: writes below the folder given, prints JSON."""

import json
import os
import sys

folder = sys.argv[1]


def write_tensorboard():
    from tensorboard.summary import Writer
    from tensorboardX import SummaryWriter

    with SummaryWriter(os.path.join(folder, "x")) as writer:
        for step in range(5):
            writer.add_scalar("loss/train", 1.0 / (step + 1), step, walltime=1700000000.25 + step)
        writer.add_scalar("odd name é", float("nan"), 0)
        writer.add_scalar("odd name é", float("inf"), 7)
        writer.add_text("note", "hello", 0)
        writer.add_histogram("weights", [0.5, 1.5, 2.5], 0)
        writer.add_hparams({"lr": 0.1, "net": "cnn", "deep": True}, {"score": 0.5}, name="trial")
    # Two files in one folder, the second one beginning again at step 3.
    with SummaryWriter(os.path.join(folder, "again")) as writer:
        for step in range(6):
            writer.add_scalar("loss", step, step)
    with SummaryWriter(os.path.join(folder, "again"), purge_step=3, filename_suffix=".z") as writer:
        for step in range(3, 5):
            writer.add_scalar("loss", 10 + step, step)
    writer = Writer(os.path.join(folder, "tensors", "deep"))
    for step in range(4):
        writer.add_scalar("accuracy", step / 7, step)
    writer.close()


def read_tensorboard():
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    runs = {}
    for path, _, files in os.walk(folder):
        if not any("tfevents" in name for name in files):
            continue
        events = EventAccumulator(path, size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        points = {
            tag: [[event.step, event.value, event.wall_time] for event in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]
        }
        for tag in events.Tags()["tensors"]:
            if events.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
                points[tag] = [
                    [event.step, make_ndarray(event.tensor_proto).item(), event.wall_time] for event in events.Tensors(tag)
                ]
        runs[os.path.relpath(path, folder)] = points
    return runs


def write_dvclive():
    from dvclive import Live

    for name, stamped in [("one", False), ("deep/two", True)]:
        with Live(os.path.join(folder, name), save_dvc_exp=False, dvcyaml=None, report=None) as live:
            live.log_params({"lr": 0.1, "net": {"units": [1, 2], "act": "relu"}, "flag": True})
            for step in range(4):
                live.log_metric("train/acc", step / 7, timestamp=stamped)
                live.log_metric("loss", float("nan") if step == 1 else 1e-7 * step)
                live.next_step()
            live.log_metric("final", 5, plot=False)


def read_dvclive():
    from dvclive.serialize import load_yaml
    from dvclive.utils import parse_metrics
    from dvclive import Live

    runs = {}
    for name in ["one", "deep/two"]:
        live = Live(os.path.join(folder, name), save_dvc_exp=False, dvcyaml=None, report=None, resume=True)
        histories, latest = parse_metrics(live)
        prefix = os.path.join(folder, name, "plots", "metrics") + os.sep
        runs[name] = {
            "histories": {
                os.path.relpath(str(path), prefix)[: -len(".tsv")]: [[row["step"], row.get(list(row)[-1])] for row in rows]
                for path, rows in histories.items()
            },
            "latest": latest,
            "params": load_yaml(os.path.join(folder, name, "params.yaml")),
        }
    return runs


write, read = {"tensorboard": (write_tensorboard, read_tensorboard), "dvclive": (write_dvclive, read_dvclive)}[sys.argv[2]]
write()
print(json.dumps(read(), default=str))
