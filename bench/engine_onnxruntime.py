"""The peer of the cpu engine in table.sh: a network in ONNX Runtime, with as many pictures as the file says.

Usage: python3 engine_onnxruntime.py MODEL.onnx [THREADS] [SECONDS]

Prints the median milliseconds a picture.
"""

import statistics
import sys
import time

import numpy as np
import onnxruntime as ort

model = sys.argv[1]
threads, seconds = (int(a) for a in (sys.argv[2:] + ["2", "3"][len(sys.argv) - 2 :]))
options = ort.SessionOptions()
options.intra_op_num_threads = threads
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
pictures = session.get_inputs()[0]
batch = pictures.shape[0]
x = np.random.default_rng(0).standard_normal(pictures.shape, dtype=np.float32)
for _ in range(3):
    session.run(None, {pictures.name: x})
times = []
end = time.perf_counter() + seconds
while time.perf_counter() < end:
    t = time.perf_counter()
    session.run(None, {pictures.name: x})
    times.append((time.perf_counter() - t) / batch * 1e3)
print(f"{statistics.median(times):.3f}")
