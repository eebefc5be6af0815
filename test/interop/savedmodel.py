# Loads SavedModels and compares what they give with what they should: savedmodel.py CASES. CASES is a JSON file with a list of
# {folder, batches: [{inputs, outputs}]}, each input and output a mapping from names to {shape, dtype, values}. Prints for each
# folder the largest difference and the signature as TensorFlow has read it.
import json
import sys

import numpy as np
import tensorflow as tf


def to_array(tensor):
    return np.array(tensor["values"], dtype=tensor["dtype"]).reshape(tensor["shape"])


def compare(case):
    loaded = tf.saved_model.load(case["folder"])
    serve = loaded.signatures["serving_default"]
    difference = 0.0
    for batch in case["batches"]:
        given = serve(**{name: tf.constant(to_array(tensor)) for name, tensor in batch["inputs"].items()})
        assert sorted(given) == sorted(batch["outputs"]), (sorted(given), sorted(batch["outputs"]))
        for name, tensor in batch["outputs"].items():
            expected = to_array(tensor)
            found = given[name].numpy()
            assert (found.shape, found.dtype) == (expected.shape, expected.dtype), (name, found.dtype, found.shape)
            if not np.isfinite(found).all():
                return {"difference": float("inf")}
            difference = max(difference, float(np.max(np.abs(found.astype("float64") - expected))))
    _, inputs = serve.structured_input_signature
    return {
        "difference": difference,
        "inputs": {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in inputs.items()},
        "outputs": {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in serve.structured_outputs.items()},
    }


with open(sys.argv[1], encoding="utf8") as file:
    cases = json.load(file)
results = {}
for case in cases:
    try:
        results[case["folder"]] = compare(case)
    except Exception as error:
        results[case["folder"]] = {"error": f"{type(error).__name__}: {error}"[:2000]}
print(json.dumps(results))
