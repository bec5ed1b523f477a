"""The programs that ask the peers are not tests."""

collect_ignore = ["make_pytorch.py", "make_keras.py", "make_layers.py", "make_models.py", "make_trained.py"]
