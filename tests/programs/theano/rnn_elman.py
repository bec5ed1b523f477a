"""An Elman network by scan: tag every word of a sentence, one sentence of its own length at a time."""

from collections import OrderedDict

import numpy
import theano
from theano import tensor as T

numpy.random.seed(0)


class RNN(object):
    def __init__(self, nh, nc, ne, de, cs):
        uniform = lambda *shape: theano.shared(
            0.2 * numpy.random.uniform(-1.0, 1.0, shape).astype(theano.config.floatX)
        )
        self.emb = uniform(ne + 1, de)
        self.Wx = uniform(de * cs, nh)
        self.Wh = uniform(nh, nh)
        self.W = uniform(nh, nc)
        self.bh = theano.shared(numpy.zeros(nh, dtype=theano.config.floatX))
        self.b = theano.shared(numpy.zeros(nc, dtype=theano.config.floatX))
        self.h0 = theano.shared(numpy.zeros(nh, dtype=theano.config.floatX))
        self.params = [self.emb, self.Wx, self.Wh, self.W, self.bh, self.b, self.h0]

        idxs = T.imatrix()
        x = self.emb[idxs].reshape((idxs.shape[0], de * cs))
        y_sentence = T.ivector("y_sentence")

        def recurrence(x_t, h_tm1):
            h_t = T.nnet.sigmoid(T.dot(x_t, self.Wx) + T.dot(h_tm1, self.Wh) + self.bh)
            s_t = T.nnet.softmax(T.dot(h_t, self.W) + self.b)
            return [h_t, s_t]

        [h, s], _ = theano.scan(fn=recurrence, sequences=x, outputs_info=[self.h0, None], n_steps=x.shape[0])
        p_y_given_x_sentence = s[:, 0, :]
        y_pred = T.argmax(p_y_given_x_sentence, axis=1)

        lr = T.scalar("lr")
        sentence_nll = -T.mean(T.log(p_y_given_x_sentence)[T.arange(x.shape[0]), y_sentence])
        sentence_gradients = T.grad(sentence_nll, self.params)
        sentence_updates = OrderedDict((p, p - lr * g) for p, g in zip(self.params, sentence_gradients))

        self.classify = theano.function(inputs=[idxs], outputs=y_pred)
        self.sentence_train = theano.function(
            inputs=[idxs, y_sentence, lr], outputs=sentence_nll, updates=sentence_updates
        )
        self.normalize = theano.function(
            inputs=[], updates={self.emb: self.emb / T.sqrt((self.emb**2).sum(axis=1)).dimshuffle(0, "x")}
        )


def contextwin(words, win):
    padded = [-1] * (win // 2) + list(words) + [-1] * (win // 2)
    return numpy.array([padded[i : i + win] for i in range(len(words))], dtype="int32")


vocabulary = 12
sentences = [numpy.random.randint(0, vocabulary, numpy.random.choice([4, 5, 6])) for _ in range(60)]
labels = [numpy.array([int(w > 5) for w in s], dtype="int32") for s in sentences]
rnn = RNN(nh=12, nc=2, ne=vocabulary, de=6, cs=3)
for epoch in range(6):
    costs = []
    for words, tags in zip(sentences, labels):
        costs.append(rnn.sentence_train(contextwin(words, 3), tags, 0.5))
        rnn.normalize()
    print("epoch", epoch, numpy.mean(costs))
right = numpy.mean([numpy.mean(rnn.classify(contextwin(w, 3)) == t) for w, t in zip(sentences, labels)])
print("accuracy", right)
assert right > 0.95
