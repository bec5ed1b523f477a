"""A session owns the values of symbolic variables: two sessions over one graph know nothing of each other."""

import numpy as np

import thalweg as tw

x = tw.placeholder("float32", (None, 2), name="x")
w = tw.Variable([[0.2], [0.7]], name="w", symbolic=True)
loss = tw.mean((x @ w - 20.0) ** 2)
optimizer = tw.optimizers.Momentum(0.01, 0.9)
train = optimizer.minimize(loss)
initialise = tw.Operation([(v, v.initializer) for v in [w, *optimizer.variables()]])

batch = {x: np.ones((1, 2), "float32")}
with tw.Session() as first, tw.Session() as second:
    try:
        first.run(loss, batch)
    except tw.UninitializedError as error:
        print(str(error).split(";")[0])
    for session in (first, second):
        session.run(initialise)
    for _ in range(100):
        first.run(train, batch)
    trained, untouched = first.run(loss, batch), second.run(loss, batch)
    print(f"loss {trained:.4f} in the one, {untouched:.4f} in the other")
assert trained < 1 < untouched
