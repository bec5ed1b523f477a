"""Matrix factorisation: ratings by user and item vectors, of which a step changes only those that it used."""

import numpy as np
import theano
import theano.tensor as T

rng = np.random.RandomState(3)
n_users, n_items, n_factors = 40, 30, 4
truth = rng.randn(n_users, n_factors).dot(rng.randn(n_factors, n_items))
rows, cols = np.nonzero(rng.rand(n_users, n_items) < 0.6)
ratings = truth[rows, cols]

P = theano.shared(0.1 * rng.randn(n_users, n_factors), name="P")
Q = theano.shared(0.1 * rng.randn(n_items, n_factors), name="Q")
users, items, r = T.lvector("users"), T.lvector("items"), T.dvector("ratings")
p, q = P[users], Q[items]
prediction = T.sum(p * q, axis=1)
loss = T.sum(T.sqr(r - prediction)) + 0.002 * (T.sum(p**2) + T.sum(q**2))
gp, gq = T.grad(loss, [p, q])
lr = T.scalar("lr")
train = theano.function(
    [users, items, r, theano.In(lr, value=0.03)],
    loss,
    updates=[(P, T.inc_subtensor(p, -lr * gp)), (Q, T.inc_subtensor(q, -lr * gq))],
)
rmse = theano.function([users, items, r], T.sqrt(T.mean(T.sqr(r - prediction))))
before = rmse(rows, cols, ratings)
for epoch in range(60):
    order = rng.permutation(len(ratings))
    for start in range(0, len(order), 20):
        batch = order[start : start + 20]
        train(rows[batch], cols[batch], ratings[batch])
after = rmse(rows, cols, ratings)
print("rmse", before, "to", after)
assert after < 0.15 * before
