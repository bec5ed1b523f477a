"""Softmax regression with early stopping as programs of 2012 have it: the syntax and the division of Python 2."""

import cPickle
import os
import sys
import time

import numpy
import theano
import theano.tensor as T


class LogisticRegression(object):
    def __init__(self, input, (n_in, n_out)):
        zeros = lambda *shape: numpy.zeros(shape, dtype=theano.config.floatX)
        self.W, self.b = map(theano.shared, [zeros(n_in, n_out), zeros(n_out)])
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        if y.ndim <> self.y_pred.ndim:
            raise TypeError, ('y should have the same shape as self.y_pred', ('y', y.type))
        return T.mean(T.neq(self.y_pred, y))


def load_data(path):
    rng = numpy.random.RandomState(42)
    centres = rng.randn(4, 20) * 2
    sets = []
    for n in 640, 210, 210:
        labels = rng.randint(0, 4, n)
        sets.append((centres[labels] + rng.randn(n, 20), labels))
    cPickle.dump(sets, open(path, 'w'), 2)
    def shared_dataset((data_x, data_y)):
        shared_x = theano.shared(numpy.asarray(data_x, dtype=theano.config.floatX))
        return shared_x, T.cast(theano.shared(numpy.asarray(data_y, dtype=theano.config.floatX)), 'int32')
    return map(shared_dataset, cPickle.load(open(path)))


def sgd_optimization(learning_rate=0.13, n_epochs=40, dataset='sets.pkl', batch_size=60):
    datasets = load_data(dataset)
    n_train_batches, n_valid_batches, n_test_batches = [
        x.get_value(borrow=True).shape[0] / batch_size for x, y in datasets]
    print '... %d minibatches,' % n_train_batches, n_valid_batches, n_test_batches
    assert (n_train_batches, n_valid_batches) == (10, 3)

    index, x, y = T.lscalar(), T.matrix('x'), T.ivector('y')
    classifier = LogisticRegression(x, (20, 4))
    cost = classifier.negative_log_likelihood(y)
    updates = {}
    for param in classifier.params:
        updates[param] = param - learning_rate * T.grad(cost, param)

    def model(outputs, (data_x, data_y), **options):
        part = slice(index * batch_size, (index + 1) * batch_size)
        return theano.function([index], outputs, givens={x: data_x[part], y: data_y[part]}, **options)

    train_model = model(cost, datasets[0], updates=updates.items())
    validate_model, test_model = model(classifier.errors(y), datasets[1]), model(classifier.errors(y), datasets[2])

    patience, best, test_score = 100, numpy.inf, 0.
    validation_frequency = min(n_train_batches, patience / 2)
    epoch, done_looping = 0, False
    start_time = time.clock()
    while epoch < n_epochs and not done_looping:
        epoch += 1
        for minibatch_index in xrange(n_train_batches):
            train_model(minibatch_index)
            iter = (epoch - 1) * n_train_batches + minibatch_index
            if (iter + 1) % validation_frequency == 0:
                loss = numpy.mean([validate_model(i) for i in xrange(n_valid_batches)])
                print 'epoch %i, minibatch %i/%i, validation error %f %%' % (
                    epoch, minibatch_index + 1, n_train_batches, loss * 100.)
                if loss < best:
                    if loss < best * 0.995: patience = max(patience, iter * 2)
                    best = loss
                    test_score = numpy.mean(map(test_model, range(n_test_batches)))
            if patience <= iter:
                done_looping = True
                break
    print >> sys.stderr, ('The code for file ' + os.path.split(__file__)[1] +
                          ' ran for %.1fs' % (time.clock() - start_time))
    return best, test_score


def halves():
    "Integers of Theano divide as Python's did"
    n = T.iscalar('n')
    print theano.function([n], [n / 2, n / 2.])(7)
    v = T.vector('v')
    return theano.function([v], v[v.shape[0] / 2:])(numpy.arange(5, dtype=theano.config.floatX))


if __name__ == '__main__':
    try:
        best, test_score = sgd_optimization()
    except IOError, e:
        print 'no data', e
    print 'best validation score of %f %%,' % (best * 100.),
    print 'with test performance %f %%' % (test_score * 100.)
    assert best < 0.05 and test_score < 0.05
    assert halves().tolist() == [2., 3., 4.]
