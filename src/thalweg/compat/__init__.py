"""Old front ends: thin translations of the names of TensorFlow, Theano and Keras, and what runs programs."""
