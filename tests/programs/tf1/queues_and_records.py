"""Queues, queue runners, and record files read by queues and by tf.data."""

import numpy as np
import tensorflow as tf

sess = tf.Session()
# queue
q = tf.FIFOQueue(10, [tf.float32, tf.int32], shapes=[[2], []])
enq = q.enqueue_many([np.random.rand(20, 2).astype("f"), np.arange(20)])
qr = tf.train.QueueRunner(q, [enq] * 4)
a, b = q.dequeue()
ab, bb = q.dequeue_many(4)
coord = tf.train.Coordinator()
th = qr.create_threads(sess, coord=coord, start=True)
for i in range(3):
    print(sess.run([a, b]))
print(sess.run([ab, bb])[1], sess.run(q.size()))
coord.request_stop()
coord.join(th)
inc = tf.Variable(0)
q2 = tf.FIFOQueue(3, tf.float32)
i = q2.enqueue_many([[0.0, 0.0, 0.0]])
d = q2.dequeue()
y = d + 1
e = q2.enqueue([y])
sess.run(i)
for _ in range(4):
    sess.run(e)
print(sess.run(d))
# tf records
w = tf.python_io.TFRecordWriter("t.tfrecords")
for k in range(6):
    ex = tf.train.Example(
        features=tf.train.Features(
            feature={
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[k])),
                "image_raw": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[np.full(4, k, np.uint8).tobytes()])
                ),
                "f": tf.train.Feature(float_list=tf.train.FloatList(value=[k, 0.5])),
            }
        )
    )
    w.write(ex.SerializeToString())
w.close()
fq = tf.train.string_input_producer(["t.tfrecords"], num_epochs=1)
reader = tf.TFRecordReader()
_, ser = reader.read(fq)
fe = tf.parse_single_example(
    ser,
    features={
        "label": tf.FixedLenFeature([], tf.int64),
        "image_raw": tf.FixedLenFeature([], tf.string),
        "f": tf.FixedLenFeature([2], tf.float32),
    },
)
im = tf.decode_raw(fe["image_raw"], tf.uint8)
im.set_shape([4])
im = tf.cast(im, tf.float32) * (1.0 / 255) - 0.5
lab = tf.cast(fe["label"], tf.int32)
images, labels = tf.train.shuffle_batch(
    [im, lab], batch_size=3, num_threads=2, capacity=100, min_after_dequeue=2
)
init = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
with tf.Session() as sess:
    sess.run(init)
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    try:
        step = 0
        while not coord.should_stop():
            I, Lb = sess.run([images, labels])
            print(I[:, 0] * 255 + 127.5, Lb)
            step += 1
    except tf.errors.OutOfRangeError:
        print("Done training for %d steps" % step)
    finally:
        coord.request_stop()
    coord.join(threads)


def parse(rec):
    f = tf.parse_single_example(
        rec,
        {
            "label": tf.FixedLenFeature((), tf.int64, default_value=0),
            "image_raw": tf.FixedLenFeature((), tf.string, default_value=""),
        },
    )
    return tf.decode_raw(f["image_raw"], tf.uint8), f["label"]


filenames = tf.placeholder(tf.string, shape=[None])
it = tf.data.TFRecordDataset(filenames).map(parse).batch(2).make_initializable_iterator()
nx = it.get_next()
with tf.Session() as sess:
    sess.run(it.initializer, feed_dict={filenames: ["t.tfrecords"]})
    print(sess.run(nx))
