"""Complex tensors and Fourier transforms, against NumPy."""

import numpy as np
import tensorflow as tf

RNG = np.random.RandomState(0)
A = (RNG.randn(3, 4) + 1j * RNG.randn(3, 4)).astype(np.complex64)
B = (RNG.randn(3, 4) + 1j * RNG.randn(3, 4)).astype(np.complex64)
X = RNG.randn(3, 8).astype(np.float32)
sess = tf.InteractiveSession()
a, b = tf.constant(A), tf.placeholder(tf.complex64, [None, 4], name="b")
feed = {b: B}


def same(node, wanted, atol=1e-4):
    got = sess.run(node, feed)
    assert got.dtype == np.asarray(wanted).dtype, (got.dtype, np.asarray(wanted).dtype)
    assert got.shape == np.shape(wanted) and np.allclose(got, wanted, atol=atol), (got, wanted)


# The parts, and numbers of them.
assert a.dtype == tf.complex64 and a.dtype.is_complex and a.get_shape().as_list() == [3, 4]
assert b.get_shape().as_list() == [None, 4]
same(b, B)
same(tf.real(a), A.real)
same(tf.imag(a), A.imag)
same(tf.conj(b), B.conj())
same(tf.angle(b), np.angle(B))
same(tf.abs(b), np.abs(B))
same(tf.complex(tf.real(a), tf.imag(a)), A)
same(tf.cast(tf.constant(X), tf.complex64), X.astype(np.complex64))
same(tf.cast(b, tf.complex128), B.astype(np.complex128))
same(
    tf.complex(tf.constant([1.0, 2.0], tf.float64), tf.constant(0.5, tf.float64)),
    np.array([1 + 0.5j, 2 + 0.5j]),
)
same(tf.zeros([2], tf.complex64), np.zeros(2, np.complex64))
same(tf.zeros_like(b), np.zeros_like(B))
same(tf.constant([1 + 2j, 3], tf.complex64), np.array([1 + 2j, 3], np.complex64))

# Arithmetic.
same(a + b, A + B)
same(a - b, A - B)
same(a * b, A * B)
same(a / b, A / B, 1e-3)
same(-b, -B)
same(2 * b + 1, 2 * B + 1)
same(1 / b, 1 / B, 1e-3)
same(b * (1 + 2j), B * np.complex64(1 + 2j))
same(tf.multiply(a, b), A * B)
same(tf.square(b), B * B)
same(tf.exp(b), np.exp(B))
same(tf.sqrt(b), np.sqrt(B))
same(tf.matmul(a, b, transpose_b=True), A @ B.T)
same(tf.matmul(a, b, adjoint_b=True), A @ B.conj().T)
same(tf.add_n([a, b, a]), A + B + A)

# What moves elements moves both parts.
same(tf.transpose(b), B.T)
same(tf.reshape(b, [-1]), B.reshape(-1))
same(b[1:, ::2], B[1:, ::2])
same(tf.concat([a, b], 1), np.concatenate([A, B], 1))
same(tf.stack([a, b]), np.stack([A, B]))
same(tf.expand_dims(b, 1), B[:, None])
same(tf.reduce_sum(b, 0), B.sum(0))
same(tf.reduce_mean(b), B.mean())
same(tf.gather(b, [2, 0]), B[[2, 0]])
same(tf.split(b, 2, 1)[1], B[:, 2:])
same(tf.shape(b), np.array([3, 4], np.int32))

# Transforms, and back.
same(tf.fft(b), np.fft.fft(B).astype(np.complex64))
same(tf.ifft(b), np.fft.ifft(B).astype(np.complex64))
same(tf.fft2d(b), np.fft.fft2(B).astype(np.complex64))
same(tf.ifft2d(tf.fft2d(b)), B)
cube = (RNG.randn(2, 3, 4, 2) + 0j).astype(np.complex64)
same(tf.fft3d(tf.constant(cube)), np.fft.fftn(cube, axes=(1, 2, 3)).astype(np.complex64))
same(tf.spectral.rfft(X), np.fft.rfft(X).astype(np.complex64))
same(tf.spectral.rfft(X, [6]), np.fft.rfft(X, 6).astype(np.complex64))
same(tf.spectral.irfft(tf.spectral.rfft(X)), X)
same(tf.spectral.irfft(b), np.fft.irfft(B).astype(np.float32))
same(tf.spectral.rfft2d(X), np.fft.rfft2(X).astype(np.complex64))
same(tf.spectral.irfft2d(tf.spectral.rfft2d(X)), X)

# Gradients pass through the parts: d sum |fft(x)|^2 / d x = 2 n x, and d sum |z| / d x = x / |z|.
x = tf.placeholder(tf.float32, [3, 8])
feed[x] = X
spectrum = tf.fft(tf.cast(x, tf.complex64))
same(tf.gradients(tf.reduce_sum(tf.square(tf.abs(spectrum))), x)[0], 16 * X, 1e-3)
sizes = tf.abs(tf.complex(x, tf.ones_like(x)))
same(tf.gradients(sizes, x)[0], X / np.sqrt(X**2 + 1))
assert not np.isnan(sess.run(tf.gradients(tf.abs(tf.complex(x, x * 0)), x)[0], {x: 0 * X})).any()

# Loops, and choices.
_, powers = tf.while_loop(lambda k, z: k < 3, lambda k, z: (k + 1, z * b), [0, tf.identity(b)])
same(powers, B**4, 1e-2)
same(tf.map_fn(lambda z: z * 2, b), B * 2)
same(tf.cond(tf.constant(True), lambda: a, lambda: a * 2), A)
same(tf.map_fn(lambda v: tf.fft(tf.cast(v, tf.complex64)), tf.constant(X), dtype=tf.complex64),
     np.fft.fft(X).astype(np.complex64))  # fmt: skip

# Mandelbrot's set: variables of complex numbers.
Y0, X0 = np.mgrid[-1.3:1.3:0.1, -2:1:0.1]
grid = (X0 + 1j * Y0).astype(np.complex64)
xs = tf.constant(grid)
zs, ns = tf.Variable(xs), tf.Variable(tf.zeros_like(xs, tf.float32))
tf.global_variables_initializer().run()
new = zs * zs + xs
step = tf.group(zs.assign(new), ns.assign_add(tf.cast(tf.abs(new) < 4, tf.float32)))
z, n = grid, np.zeros(grid.shape, np.float32)
with np.errstate(all="ignore"):
    for _ in range(30):
        step.run()
        z = z * z + grid
        n += np.abs(z) < 4
assert (ns.eval() == n).mean() > 0.99 and n.max() == 30 and n.min() < 5

# Short-time spectra, of signals of unknown length, too.
wave = RNG.randn(2, 40).astype(np.float32)
signal = tf.placeholder(tf.float32, [None, None])
hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 8)
frames = np.stack([wave[:, k : k + 8] for k in range(0, 33, 4)], 1)
spectra = np.fft.rfft(frames * hann, 16).astype(np.complex64)
for given, fed in ((signal, {signal: wave}), (tf.constant(wave), {})):
    feed.update(fed)
    same(tf.contrib.signal.frame(given, 8, 4), frames)
    same(tf.contrib.signal.stft(given, 8, 4, 16), spectra)
    same(tf.abs(tf.contrib.signal.stft(given, 8, 4, 16)), np.abs(spectra))
back = tf.contrib.signal.inverse_stft(
    tf.contrib.signal.stft(wave, 8, 4), 8, 4, window_fn=tf.contrib.signal.inverse_stft_window_fn(4)
)
same(back[:, 8:-8], wave[:, 8:-8])
same(
    tf.contrib.signal.overlap_and_add(np.ones((2, 3, 4), np.float32), 2),
    np.array([[1, 1, 2, 2, 2, 2, 1, 1]] * 2, "f"),
)

# Cosines: n numbers by the definition.
k = np.arange(8)
wanted = 2 * X @ np.cos(np.pi * k[None] * (2 * k[:, None] + 1) / 16)
same(tf.spectral.dct(X), wanted.astype(np.float32))
same(tf.spectral.idct(tf.spectral.dct(X, norm="ortho"), norm="ortho"), X)
same(tf.contrib.signal.mfccs_from_log_mel_spectrograms(tf.constant(X)), (wanted / 4).astype(np.float32))

# Bands evenly spread in mel; these numbers were printed by TensorFlow 2.21.
bands = tf.contrib.signal.linear_to_mel_weight_matrix(3, 9, 8000, 100.0, 3800.0)
mel = np.zeros((9, 3), np.float32)
mel[[1, 2, 2, 3, 3, 4], [0, 0, 1, 1, 2, 1]] = 0.939, 0.25437072, 0.7456293, 0.65727496, 0.34272507, 0.18299991
mel[4:8, 2] = 0.8170001, 0.789538, 0.45331678, 0.15977758
same(bands, mel)

# A complex tensor is refused where real numbers are needed.
try:
    tf.nn.relu(b)
except TypeError as error:
    assert "complex" in str(error), error
else:
    raise AssertionError("relu took complex numbers")
