"""Prints the training examples a second of Keras: keras-yardstick.py MODEL SAMPLES EPOCHS.

The networks, losses, optimizer and batch size of templates/mnist, on the packaged digits; the first epoch is left out.
"""
import gzip
import sys
import time

import keras
import numpy as np

model_name, samples, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])


def read_idx(name, offset):
    with gzip.open(f"{samples}/{name}.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


labels = read_idx("train_labels", 8)
pixels = read_idx("train_images", 16).reshape(len(labels), -1).astype("float32") / 255
# As many as the project's training split has: the rest is its validation split.
count = int(len(labels) * 0.9)
labels, pixels = labels[:count], pixels[:count]

if model_name == "cnnbased":
    xs, ys = pixels.reshape(-1, 28, 28, 1), keras.utils.to_categorical(labels, 10)
    layers = [
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ]
    loss, metric = "categorical_crossentropy", "accuracy"
else:
    xs, ys = pixels, labels.astype("float32")
    layers = [keras.layers.Dense(224, activation="sigmoid") for _ in range(5)] + [keras.layers.Dense(1)]
    loss, metric = "mae", "mse"

model = keras.Sequential([keras.layers.Input(xs.shape[1:]), *layers])
model.compile(optimizer="adam", loss=loss, metrics=[metric])
times = []


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        times.append(time.perf_counter() - self.start)


model.fit(xs, ys, batch_size=128, epochs=epochs, verbose=0, callbacks=[Clock()])
print(count * (epochs - 1) / sum(times[1:]))
