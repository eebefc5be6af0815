"""Least milliseconds that ONNX Runtime takes for answers of a net: onnxpace.py '{"input": [...], "layers": [...], "batches": [1, 128]}'.

The net is one in Keras' words, of layers one after the other; its weights are drawn at random. Pictures have their channels first, as ONNX
has them.
"""

import json
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SECONDS = 1

request = json.loads(sys.argv[1])
random = np.random.default_rng(1)
nodes, weights = [], []
*sizes, channels = request["input"]
shape = [channels, *sizes]
answer = "input"


def weight(*sizes):
    numbers = (random.random(sizes, dtype=np.float32) - 0.5) * (2 / np.sqrt(np.prod(sizes[1:])))
    weights.append(numpy_helper.from_array(numbers.astype(np.float32), f"weight{len(weights)}"))
    return weights[-1].name


def add(kind, *inputs, **attributes):
    global answer
    name = f"answer{len(nodes)}"
    nodes.append(helper.make_node(kind, [answer, *inputs], [name], **attributes))
    answer = name


def activate(name):
    if name is not None:
        add({"relu": "Relu", "softmax": "Softmax"}[name])


def add_layer(name, arguments, *_):
    global shape
    if name == "Dense":
        add("Gemm", weight(shape[0], arguments["units"]), weight(arguments["units"]))
        shape = [arguments["units"]]
        activate(arguments["activation"])
    elif name == "Conv2D":
        size = arguments["kernel_size"]
        add("Conv", weight(arguments["filters"], shape[0], size, size), weight(arguments["filters"]))
        shape = [arguments["filters"], *(side - size + 1 for side in shape[1:])]
        activate(arguments["activation"])
    elif name == "MaxPooling2D":
        size = arguments["pool_size"]
        add("MaxPool", kernel_shape=[size, size], strides=[size, size])
        shape = [shape[0], *(side // size for side in shape[1:])]
    elif name == "Flatten":
        add("Flatten")
        shape = [int(np.prod(shape))]
    elif name != "Dropout":
        raise ValueError(f"no layer {name} here")


for layer in request["layers"]:
    add_layer(*layer)
graph = helper.make_graph(
    nodes,
    "net",
    [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", channels, *sizes])],
    [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["batch", *shape])],
    weights,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
least = []
for batch in request["batches"]:
    xs = random.random((batch, channels, *sizes), dtype=np.float32)
    times = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, {"input": xs})
        times.append((time.perf_counter() - start) * 1000)
    least.append(min(times))
print(json.dumps(least))
