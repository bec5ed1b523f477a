"""tf.contrib.learn: fit, evaluate and predict over arrays and input functions."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import learn

rs = np.random.RandomState(0)
X = rs.randn(120, 4)
y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0).astype(int)
with open("iris_training.csv", "w") as f:
    f.write("120,4,a,b,c\n")
    for r, t in zip(X, y):
        f.write(",".join("%g" % v for v in r) + ",%d\n" % t)
training_set = tf.contrib.learn.datasets.base.load_csv_with_header(
    filename="iris_training.csv", target_dtype=np.int64, features_dtype=np.float32
)
feature_columns = [tf.contrib.layers.real_valued_column("", dimension=4)]
classifier = tf.contrib.learn.DNNClassifier(
    feature_columns=feature_columns, hidden_units=[10, 20, 10], n_classes=3, model_dir="iris_model"
)
classifier.fit(x=training_set.data, y=training_set.target, steps=300)
acc = classifier.evaluate(x=training_set.data, y=training_set.target)["accuracy"]
print(acc)
assert acc > 0.8


def get_train_inputs():
    return tf.constant(training_set.data), tf.constant(training_set.target)


classifier.fit(input_fn=get_train_inputs, steps=10)
print(classifier.evaluate(input_fn=get_train_inputs, steps=1)["accuracy"])
print(
    list(classifier.predict(np.array([[6.4, 3.2, 4.5, 1.5]], dtype=float), as_iterable=True)),
    list(classifier.predict_classes(input_fn=lambda: np.array([[6.4, 3.2, 4.5, 1.5]], dtype=np.float32)))
    if 0
    else "",
)
feats = [tf.contrib.layers.real_valued_column("x", dimension=1)]
estimator = tf.contrib.learn.LinearRegressor(feature_columns=feats)
x = np.array([1.0, 2.0, 3.0, 4.0])
yy = np.array([0.0, -1.0, -2.0, -3.0])
input_fn = tf.contrib.learn.io.numpy_input_fn({"x": x}, yy, batch_size=4, num_epochs=1000)
estimator.fit(input_fn=input_fn, steps=1000)
print(estimator.evaluate(input_fn=tf.contrib.learn.io.numpy_input_fn({"x": x}, yy, 4, num_epochs=10)))


def model(features, labels, mode):
    W = tf.get_variable("W", [1], dtype=tf.float64)
    b = tf.get_variable("b", [1], dtype=tf.float64)
    yv = W * features["x"] + b
    loss = tf.reduce_sum(tf.square(yv - labels))
    global_step = tf.train.get_global_step()
    optimizer = tf.train.GradientDescentOptimizer(0.01)
    train = tf.group(optimizer.minimize(loss), tf.assign_add(global_step, 1))
    return tf.contrib.learn.ModelFnOps(mode=mode, predictions=yv, loss=loss, train_op=train)


est = tf.contrib.learn.Estimator(model_fn=model)
est.fit(input_fn=input_fn, steps=1000)
print(est.evaluate(input_fn=input_fn, steps=10))
iris = learn.datasets.load_dataset("iris")
cl = learn.LinearClassifier(
    n_classes=3, feature_columns=learn.infer_real_valued_columns_from_input(iris.data)
)
cl.fit(iris.data, iris.target, steps=200, batch_size=32)
p = list(cl.predict(iris.data))
print(np.mean(np.array(p) == iris.target))
vp = learn.preprocessing.VocabularyProcessor(6)
t = np.array(list(vp.fit_transform(["the cat sat on the mat", "a dog's life", "the end"])))
print(t, len(vp.vocabulary_))
