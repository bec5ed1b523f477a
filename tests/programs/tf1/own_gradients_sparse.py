"""Own gradients, sparse tensors, distributions, and pictures turned and cut."""

import numpy as np
import tensorflow as tf

sess = tf.Session()
# distributions
n = tf.distributions.Normal(loc=0.0, scale=[1.0, 2.0])
print(
    sess.run(
        [
            n.sample(5),
            n.log_prob([0.0, 1.0]),
            n.entropy(),
            tf.distributions.kl_divergence(n, tf.distributions.Normal(1.0, 1.0)),
        ]
    )
)
ds = tf.contrib.distributions
print(
    sess.run(ds.MultivariateNormalDiag(tf.zeros(3), tf.ones(3)).sample(4)).shape,
    sess.run(ds.Bernoulli(logits=[0.0, 1.0]).sample([2, 3])).shape,
    sess.run(ds.Categorical(logits=[[0.0, 1.0]]).sample()),
)


# own gradients
@tf.RegisterGradient("STE")
def ste(op, grad):
    return [grad]


g = tf.get_default_graph()
x = tf.placeholder(tf.float32, [3])
with g.gradient_override_map({"Sign": "STE"}):
    s = tf.sign(x)
print(sess.run(tf.gradients(s * x, x), {x: [1.0, -2.0, 3.0]}))


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1 - 1 / (1 + e))

    return tf.log(1 + e), grad


print(sess.run(tf.gradients(log1pexp(x), x), {x: [100.0, 0.0, 1.0]}))
print(
    sess.run(
        [
            tf.matrix_band_part(tf.ones([3, 3]), 0, -1),
            tf.roll([1, 2, 3], 1, 0),
            tf.dynamic_partition([1, 2, 3, 4], [0, 1, 0, 1], 2),
            tf.segment_max([1.0, 2.0, 3.0], [0, 0, 1]),
            tf.space_to_depth(tf.ones([1, 4, 4, 1]), 2),
        ]
    )
)
sp = tf.SparseTensor(indices=[[0, 0], [1, 2]], values=[1.0, 2.0], dense_shape=[3, 4])
print(
    sess.run(tf.sparse_tensor_to_dense(sp)),
    sess.run(tf.sparse_tensor_dense_matmul(sp, tf.ones([4, 2]))),
    sess.run(sp),
)
spp = tf.sparse_placeholder(tf.float32)
r = tf.sparse_reduce_sum(spp) if 0 else tf.sparse_tensor_dense_matmul(spp, tf.ones([4, 2]))
for _ in range(2):
    print(sess.run(r, {spp: tf.SparseTensorValue([[0, 0], [1, 2]], [1.0, 2.0], [3, 4])}))
img = tf.constant(np.random.rand(8, 8, 3).astype("float32"))
print(
    [
        v.shape
        for v in sess.run(
            [
                tf.image.adjust_hue(img, 0.2),
                tf.image.adjust_saturation(img, 0.5),
                tf.image.central_crop(img, 0.5),
                tf.image.resize_images(img, [4, 4], method=tf.image.ResizeMethod.BICUBIC),
                tf.image.random_hue(img, 0.1),
            ]
        )
    ]
)
v = np.random.rand(8, 8, 3).astype("float32")
assert np.allclose(sess.run(tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(v))), v, atol=1e-5)
b, s, box = tf.image.sample_distorted_bounding_box(
    [8, 8, 3], bounding_boxes=tf.zeros([1, 1, 4]), min_object_covered=0.1
)
print(sess.run(tf.slice(img, b, s)).shape)
