"""Signals as spectra: a filter learnt on the Fourier transform, complex gains, and lists of signals."""

from __future__ import print_function

import numpy as np
import theano
import theano.tensor as T
import theano.typed_list
from theano.tensor import fft

theano.config.floatX = "float64"
rng = np.random.RandomState(0)

# --- a filter in the frequency domain, learnt by gradient descent ---------------------------------------------------

length = 16
signals = T.dmatrix("signals")
wanted = T.dmatrix("wanted")
gains = theano.shared(np.zeros((length // 2 + 1, 2)), name="gains")  # (real, imaginary) for each frequency

spectrum = fft.rfft(signals)
real = spectrum[:, :, 0] * gains[:, 0] - spectrum[:, :, 1] * gains[:, 1]
imag = spectrum[:, :, 0] * gains[:, 1] + spectrum[:, :, 1] * gains[:, 0]
filtered = fft.irfft(T.stack([real, imag], axis=2))
loss = T.mean((filtered - wanted) ** 2)
step = theano.function([signals, wanted], loss, updates=[(gains, gains - 1.0 * T.grad(loss, gains))])

x = rng.normal(size=(64, length))
y = np.roll(x, 1, axis=1)  # the filter to find: a delay by one
losses = [float(step(x, y)) for _ in range(200)]
print("loss from %.3f to %.6f" % (losses[0], losses[-1]))
assert losses[-1] < 1e-4 * losses[0]
delay = np.exp(-2j * np.pi * np.arange(length // 2 + 1) / length)
found = gains.get_value()
np.testing.assert_allclose(found[1:-1, 0] + 1j * found[1:-1, 1], delay[1:-1], atol=0.05)

# --- the same gains as complex numbers ------------------------------------------------------------------------------

spectra, z = T.zmatrix("spectra"), T.zvector("z")
turned = theano.function([spectra, z], [spectra * z, abs(spectra * z), T.angle(z)])
whole, size, angle = turned(np.fft.rfft(x), delay)
np.testing.assert_allclose(np.fft.irfft(whole), y, atol=1e-10)
np.testing.assert_allclose(size, abs(np.fft.rfft(x)))
np.testing.assert_allclose(angle[1:-1], np.angle(delay)[1:-1])

# --- signals of different lengths, as a list ------------------------------------------------------------------------

several = theano.typed_list.TypedListType(T.dvector)("several")
one = T.dvector("one")
longer = theano.typed_list.append(several, one * 2)
add = theano.function([several, one], [longer, theano.typed_list.length(longer), longer[0].sum()])
members, count, total = add([np.ones(3), np.ones(5)], [1.0, 2.0])
assert [m.tolist() for m in members] == [[1.0] * 3, [1.0] * 5, [2.0, 4.0]] and count == 3 and total == 3

# --- every second frame, from where the caller says, and what lies beyond the end -----------------------------------

frames, start, hop = T.dmatrix("frames"), T.iscalar("start"), T.iscalar("hop")
chosen = theano.function([frames, start, hop], frames[start::hop])
grid = np.arange(12.0).reshape(6, 2)
np.testing.assert_array_equal(chosen(grid, 1, 2), grid[1::2])
np.testing.assert_array_equal(chosen(grid, -1, -3), grid[-1::-3])
try:
    theano.function([frames, start], frames[start])(grid, 6)
except IndexError as error:
    print("refused:", error)
else:
    raise AssertionError("a row beyond the end was given")
