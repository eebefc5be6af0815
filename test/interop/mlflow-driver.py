"""Writes a store with MLflow's own client and tells what the client says of it, and of a store of ours, as JSON.

mlflow-driver.py FOLDER OURS: stores are made in FOLDER; OURS is the URI of ours. One start of Python for all cases of a version.
"""

import json
import os
import sys
import uuid

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

VALUES = [0.1, 1.0, -0.0, 1e-05, 1e16, 5e-324, 1.5e308, float("nan"), float("inf"), float("-inf"), 1 / 3, 123456789012345680]
TIME = 1795291200000
MAJOR = int(mlflow.__version__.split(".")[0])


def values(client, run):
    for step, value in enumerate(VALUES):
        client.log_metric(run, "deep/er.m", value, timestamp=TIME + step, step=step - 2)


def steps(client, run):
    points = [(1, 5, 0), (2, 5, 0), (3, 5, 7), (4, -3, 9), (5, 2**53, 1), (6, 0, 0)]
    for value, step, time in points:
        client.log_metric(run, "steps", value, timestamp=TIME + time, step=step)
    client.log_metric(run, "once", 1.5)
    client.log_metric(run, "only nan", float("nan"), timestamp=TIME, step=1)


def metric_names(client, run):
    for name in ["a/b/c", "with space", "größe", "dot.s-and_more", "a/b/d", "UPPER", "1"]:
        client.log_metric(run, name, 1, timestamp=TIME, step=1)


def params(client, run):
    texts = {"multi": "a\nb\n", "yes": "no", "number": "0o14", "unicode": "größe 😀", "html": "<b>&${x}</b>", "colon": "a: b #c",
             "long": "x" * 5000 if MAJOR > 2 else "x" * 500, "a/b": "nested", "with space": "1:30", "none": "None", "tab": "a\tb"}
    for name, text in texts.items():
        client.log_param(run, name, text)
    client.log_param(run, "float", 1e-7)


def tags(client, run):
    texts = {"empty": "", "unicode": "größe 😀", "mlflow.note.content": "# *note*\n\n- of lines\n", "a/b": "nested", "long": "y" * 4000, "gone": "x"}
    for name, text in texts.items():
        client.set_tag(run, name, text)
    client.set_tag(run, "mlflow.note.content", "# other\n")
    client.delete_tag(run, "gone")


def batch(client, run):
    metrics = [Metric("m%d" % (i % 20), i / 7, TIME + i, i // 20) for i in range(200)]
    client.log_batch(run, metrics, [Param("p%d" % i, str(i)) for i in range(50)], [RunTag("t%d" % i, str(i)) for i in range(20)])


def renamed(client, run):
    client.set_tag(run, "mlflow.runName", "by tag")


def updated(client, run):
    client.update_run(run, name="it's #1: \"0o14\"") if hasattr(client, "update_run") else client.set_tag(run, "mlflow.runName", "x")


def datasets(client, run):
    if not hasattr(client, "log_inputs"):
        return
    from mlflow.entities import Dataset, DatasetInput, InputTag
    one = Dataset("iris", "abc123", "local", json.dumps({"uri": "/data/iris.csv"}), schema=json.dumps({"x": 1}), profile=json.dumps({"rows": 3}))
    two = Dataset("größe: #2", "def456", "http", json.dumps({"url": "http://nowhere"}))
    client.log_inputs(run, [DatasetInput(one, [InputTag("mlflow.data.context", "training")]), DatasetInput(two, [])])


def dataset_metrics(client, run):
    datasets(client, run)
    extra = {"dataset_name": "iris", "dataset_digest": "abc123"} if MAJOR > 2 else {}
    client.log_batch(run, [Metric("acc", 0.25 * i, TIME + i, i, **extra) for i in range(3)])


def logged_models(client, run):
    if not hasattr(client, "create_logged_model"):
        return
    from mlflow.entities import LoggedModelOutput
    experiment = client.get_run(run).info.experiment_id
    model = client.create_logged_model(experiment, name="net", source_run_id=run, params={"depth": "3"}, tags={"k": "v"})
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 2)])
    client.log_batch(run, [Metric("acc", 0.5, TIME, 1, model_id=model.model_id, run_id=run)])


def artifacts(client, run):
    client.log_text(run, "x", "notes/a.txt")
    client.log_text(run, "y" * 10, "odd # %20 näme.txt")


def restored(client, run):
    client.delete_run(run)
    client.restore_run(run)


def nested(client, run):
    child = client.create_run(client.get_run(run).info.experiment_id, run_name="child", tags={"mlflow.parentRunId": run})
    client.log_metric(child.info.run_id, "val_loss", 0.5, timestamp=TIME, step=1)
    client.set_terminated(child.info.run_id)


def nothing(client, run):
    pass


# Name of the run, what is done with it, its status at the end (None: it goes on).
CASES = [
    ("values", values, "FINISHED"), ("steps", steps, "FINISHED"), ("metric names", metric_names, "FINISHED"),
    ("params", params, "FINISHED"), ("tags", tags, "FINISHED"), ("batch", batch, "FINISHED"), ("renamed", renamed, "FINISHED"),
    ("updated", updated, "FINISHED"), ("datasets", datasets, "FINISHED"), ("metrics of a data set", dataset_metrics, "FINISHED"),
    ("logged models", logged_models, "FINISHED"), ("artifacts", artifacts, "FINISHED"), ("restored", restored, "FINISHED"),
    ("nested", nested, "FINISHED"), ("failed", nothing, "FAILED"), ("killed", nothing, "KILLED"), ("goes on", values, None),
    ("scheduled", nothing, "SCHEDULED"), ("0o14", nothing, "FINISHED"), ("12e4", nothing, "FINISHED"), ("yes", nothing, "FINISHED"),
    ("größe 😀 / \\ : #", nothing, "FINISHED"),
]

# Ids that YAML would take for numbers.
ODD_IDS = ["12345678901234567890123456789012", "1234567890123456789012345678e123"]


def with_id(text, work):
    original = uuid.uuid4
    uuid.uuid4 = lambda: uuid.UUID(text)
    try:
        return work()
    finally:
        uuid.uuid4 = original


def write(client):
    experiment = client.create_experiment("ünï/code: #yes")
    ids = {}
    for name, work, status in CASES:
        run = client.create_run(experiment, run_name=name, start_time=TIME).info.run_id
        work(client, run)
        if status == "SCHEDULED":
            client.update_run(run, status=status) if hasattr(client, "update_run") else None
        elif status is not None:
            client.set_terminated(run, status, end_time=TIME + 1000)
        ids[name] = run
    for index, text in enumerate(ODD_IDS):
        run = with_id(text, lambda: client.create_run(experiment, run_name="odd id %d" % index, start_time=TIME + 1)).info.run_id
        client.log_metric(run, "m", index, timestamp=TIME, step=1)
        ids["odd id %d" % index] = run
    client.delete_run(client.create_run(experiment, run_name="deleted").info.run_id)
    for name in ["no", "007"]:
        other = client.create_experiment(name)
        ids["in " + name] = client.create_run(other, run_name="in " + name).info.run_id
    client.rename_experiment(other, "0o8")
    gone = client.create_experiment("gone")
    client.create_run(gone, run_name="of a deleted experiment")
    client.delete_experiment(gone)
    return ids


def inputs_of(run):
    inputs = getattr(run, "inputs", None)
    if inputs is None:
        return []
    return [
        {"name": i.dataset.name, "digest": i.dataset.digest, "sourceType": i.dataset.source_type,
         "source": i.dataset.source, "context": "".join(t.value for t in i.tags if t.key == "mlflow.data.context")}
        for i in inputs.dataset_inputs
    ]


def files_of(client, run):
    try:
        return sorted(f.path for f in client.list_artifacts(run))
    except Exception as error:  # noqa: BLE001 - told as it is
        return [repr(error)]


def tell(client):
    told = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id], max_results=1000):
            info, data = run.info, run.data
            history = {
                key: [[repr(m.value), m.step, m.timestamp] for m in client.get_metric_history(info.run_id, key)]
                for key in data.metrics
            }
            told[info.run_id] = {
                "name": info.run_name, "experiment": experiment.name, "status": info.status, "user": info.user_id,
                "start": info.start_time, "end": info.end_time, "params": data.params, "tags": data.tags,
                "last": {key: repr(value) for key, value in data.metrics.items()}, "history": history,
                "files": files_of(client, info.run_id), "inputs": inputs_of(run),
            }
    return told


def main(folder, ours):
    stores = {}
    # Each in a folder of its own: artifacts of a database's runs go where the process stands.
    for kind, scheme, name in [("folder", "file://", "mlruns"), ("database", "sqlite:///", "mlflow.db")]:
        home = os.path.join(folder, kind)
        os.makedirs(home)
        os.chdir(home)
        uri = scheme + os.path.join(home, name)
        mlflow.set_tracking_uri(uri)
        client = MlflowClient(tracking_uri=uri)
        ids = write(client)
        stores[kind] = {"uri": uri, "ids": ids, "runs": tell(client)}
    mlflow.set_tracking_uri(ours)
    stores["ours"] = {"uri": ours, "ids": {}, "runs": tell(MlflowClient(tracking_uri=ours))}
    print(json.dumps({"version": mlflow.__version__, **stores}))


main(*sys.argv[1:])
