"""What the library does is there to be seen: the graph, the rewrites, the gradient, the kernels, the machine code."""

import numpy as np

import thalweg as tw
from thalweg.compile.emit import begin
from thalweg.compile.target import host_target
from thalweg.graph.show import show
from thalweg.rewrite.pipeline import optimise

x = tw.placeholder("float32", (None, 4), name="x")
w = tw.Variable(np.zeros((4, 3), "float32"), name="w")
scores = tw.exp(x @ w)
loss = -tw.mean(tw.log(scores / tw.sum(scores, axis=1, keepdims=True)))

print("as written:")
print(show([loss], lines=False))

log = []
print("\nas computed:")
print(show(optimise([loss], log=log), lines=False))
print("\nbecause:")
for fired in log:
    print(" ", str(fired).split("  #")[0])
assert "log_softmax" in show(optimise([loss]), lines=False)

step = tw.function([x], loss, updates=[(w, w - 0.1 * tw.gradients(loss, w))])
batch = np.ones((8, 4), "float32")
step(batch)
program = step.program.form([batch]).executable
print("\none native function of these kernels:")
for kernel in program.report.kernels:
    print(" ", kernel)
assert not program.report.host_ops
print("\nwhich begins in LLVM as")
written = begin(program.schedule, host_target())
written.native(program.schedule.kernels, "step")
print("\n".join(str(written.module).splitlines()[:12]))
