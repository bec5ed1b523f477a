"""A decoder that looks back at all words of a sentence: masks, a scan with many constants, clipped gradients."""

from collections import OrderedDict

import numpy
import theano
from theano import tensor
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams

theano.config.floatX = "float32"
rng = numpy.random.RandomState(3)
WORDS, EMB, STATE, CTX = 11, 6, 10, 8


def weights(rows, columns, scale=0.3):
    return (scale * rng.randn(rows, columns)).astype("float32")


params = OrderedDict(
    Wemb=weights(WORDS, EMB), W_enc=weights(EMB, CTX), W=weights(EMB, 2 * STATE), U=weights(STATE, 2 * STATE),
    b=numpy.zeros(2 * STATE, "float32"), Wx=weights(EMB, STATE), Ux=weights(STATE, STATE),
    bx=numpy.zeros(STATE, "float32"), Wc=weights(CTX, 2 * STATE), Wcx=weights(CTX, STATE), W_att=weights(STATE, CTX),
    Wc_att=weights(CTX, CTX), b_att=numpy.zeros(CTX, "float32"), U_att=weights(CTX, 1), Wo=weights(STATE, WORDS),
    bo=numpy.zeros(WORDS, "float32"),
)  # fmt: skip
tparams = OrderedDict((name, theano.shared(value, name=name)) for name, value in params.items())


def part(x, n, width):
    return x[:, n * width : (n + 1) * width]


x, y = tensor.matrix("x", dtype="int64"), tensor.matrix("y", dtype="int64")
x_mask, y_mask = tensor.matrix("x_mask", dtype="float32"), tensor.matrix("y_mask", dtype="float32")
n_samples = x.shape[1]
emb = tparams["Wemb"][x.flatten()].reshape([x.shape[0], n_samples, EMB])
ctx = tensor.tanh(tensor.dot(emb, tparams["W_enc"]) + tensor.cast(x % 3, "float32")[:, :, None])
pctx = tensor.dot(ctx, tparams["Wc_att"]) + tparams["b_att"]
target = tparams["Wemb"][y.flatten()].reshape([y.shape[0], n_samples, EMB])
shifted = tensor.set_subtensor(tensor.zeros_like(target)[1:], target[:-1])
below, belowx = (tensor.dot(shifted, tparams[w]) + tparams[b] for w, b in (("W", "b"), ("Wx", "bx")))


def step(m, below_t, belowx_t, h_before, _ctx, _alpha, pctx, cc, U, Wc, W_att, U_att, Ux, Wcx):
    scores = tensor.dot(tensor.tanh(pctx + tensor.dot(h_before, W_att)[None, :, :]), U_att)
    alpha = tensor.exp(scores.reshape([scores.shape[0], scores.shape[1]])) * x_mask
    alpha = alpha / alpha.sum(0, keepdims=True)
    seen = (cc * alpha[:, :, None]).sum(0)
    gates = tensor.nnet.sigmoid(tensor.dot(h_before, U) + below_t + tensor.dot(seen, Wc))
    r, u = part(gates, 0, STATE), part(gates, 1, STATE)
    h = tensor.tanh(tensor.dot(h_before, Ux) * r + belowx_t + tensor.dot(seen, Wcx))
    h = u * h_before + (1.0 - u) * h
    return m[:, None] * h + (1.0 - m)[:, None] * h_before, seen, alpha.T


(states, _, alphas), updates = theano.scan(
    step,
    sequences=[y_mask, below, belowx],
    outputs_info=[
        tensor.alloc(0.0, n_samples, STATE),
        tensor.alloc(0.0, n_samples, CTX),
        tensor.alloc(0.0, n_samples, ctx.shape[0]),
    ],
    non_sequences=[pctx, ctx] + [tparams[k] for k in ("U", "Wc", "W_att", "U_att", "Ux", "Wcx")],
    n_steps=y.shape[0],
    name="decoder",
    profile=False,
    strict=False,
)
logit = tensor.dot(states, tparams["Wo"]) + tparams["bo"]
probs = tensor.nnet.softmax(logit.reshape([logit.shape[0] * logit.shape[1], logit.shape[2]]))
y_flat = y.flatten()
cost = -tensor.log(probs.flatten()[tensor.arange(y_flat.shape[0]) * WORDS + y_flat])
cost = (cost.reshape([y.shape[0], y.shape[1]]) * y_mask).sum(0).mean()

grads = tensor.grad(cost, wrt=list(tparams.values()))
g2 = 0.0
for g in grads:
    g2 += (g**2).sum()
grads = [tensor.switch(g2 > 1.0, g / tensor.sqrt(g2), g) for g in grads]
f_step = theano.function(
    [x, x_mask, y, y_mask],
    [cost, alphas],
    updates=[(p, p - numpy.float32(0.5) * g) for p, g in zip(tparams.values(), grads)],
)

sentences = rng.randint(1, WORDS, (4, 12))
mask = numpy.ones((4, 12), "float32")
mask[3, ::2] = 0
costs = []
for _ in range(250):
    value, looked_at = f_step(sentences, mask, sentences[:3], numpy.ones((3, 12), "float32"))
    costs.append(float(value))
assert costs[-1] < 0.6 * costs[0], (costs[0], costs[-1])
assert looked_at.shape == (3, 12, 4)
assert numpy.allclose(looked_at.sum(axis=2), 1, atol=1e-5) and (looked_at[:, ::2, 3] == 0).all()

trng = RandomStreams(1234)
p = tensor.matrix("p")
draw = theano.function([p], trng.multinomial(pvals=p).argmax(1))
drawn = numpy.concatenate([draw(numpy.tile(numpy.float32([0.1, 0.2, 0.7]), (100, 1))) for _ in range(20)])
assert abs((drawn == 2).mean() - 0.7) < 0.05
