"""Real Keras, many trainings from one process: its start costs more than most of them.

Reads one request per line, {"do": ..., ...}, and answers each with one line, {"value": ...} or {"error": ...}. Numbers lie in files of
32-bit floats, one after the other, little-endian.
"""

import json
import os
import sys
import time

import keras
import numpy as np


def build(input, layers, **_):
    """Each layer takes the answer before it, or those whose numbers it tells; 0 is the input."""
    answers = [keras.layers.Input(input)]
    for name, arguments, *numbers in layers:
        given = [answers[number] for number in numbers[0]] if numbers else answers[-1:]
        answers.append(getattr(keras.layers, name)(**arguments)(given if len(given) > 1 else given[0]))
    return keras.Model(answers[0], answers[-1])


def compiled(request, **options):
    model = build(**request)
    name, arguments = request["optimizer"]
    model.compile(getattr(keras.optimizers, name)(**arguments), request["loss"], **options)
    return model


def read(file, *shape):
    return np.fromfile(file, "<f4").reshape(-1, *shape)


def put_weights(model, file):
    numbers = np.fromfile(file, "<f4")
    for layer in model.layers:
        given = []
        for shape in [weight.shape for weight in layer.get_weights()]:
            size = int(np.prod(shape))
            given.append(numbers[:size].reshape(shape))
            numbers = numbers[size:]
        layer.set_weights(given)
    if len(numbers) > 0:
        raise ValueError(f"{len(numbers)} numbers too many")


def train(**request):
    """A batch after the other from the weights of a file: the loss of each. What it ends with goes into another file."""
    model = compiled(request, jit_compile=False)
    put_weights(model, request["start"])
    xs, ys = read(request["xs"], *request["input"]), read(request["ys"], request["width"])
    losses = []
    for first in range(0, len(xs), request["batch"]):
        part = slice(first, first + request["batch"])
        # Else it gives the mean over the batches so far.
        model.reset_metrics()
        losses.append(float(model.train_on_batch(xs[part], ys[part])))
    weights = [weight.flatten() for layer in model.layers for weight in layer.get_weights()]
    np.concatenate(weights).astype("<f4").tofile(request["end"])
    return losses


kept = {}


def pace(epochs=1, **request):
    """Training examples a second of each epoch, as a person would call `fit`. The model is kept: only its first epoch is slow.

    Whether it is compiled by XLA, which is better for some nets and worse for others, is tried out at first.
    """
    name = json.dumps([request["input"], request["layers"]])
    data = read(request["xs"], *request["input"]), read(request["ys"], request["width"])
    if name not in kept:
        ways = [compiled(request, metrics=["accuracy"], jit_compile=each) for each in (False, True)]
        kept[name] = max(ways, key=lambda model: max(paces(model, data, request["batch"], 3)))
    return paces(kept[name], data, request["batch"], epochs)


def paces(model, data, batch, epochs):
    seconds = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.start)

    model.fit(*data, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
    return [len(data[0]) / each for each in seconds]


def accuracy(epochs=1, seed=0, **request):
    """Of a part that is not trained, after some epochs."""
    keras.utils.set_random_seed(seed)
    model = compiled(request, metrics=["accuracy"])
    xs, ys = read(request["xs"], *request["input"]), read(request["ys"], request["width"])
    model.fit(xs, ys, batch_size=request["batch"], epochs=epochs, verbose=0)
    test = (read(request["test_xs"], *request["input"]), read(request["test_ys"], request["width"]))
    return float(model.evaluate(*test, verbose=0)[1])


actions = {action.__name__: action for action in (train, pace, accuracy)}
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"value": actions[request.pop("do")](**request)}
    except Exception as error:  # whatever Keras throws is an answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
