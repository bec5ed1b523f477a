"""Thalweg beside its peers: the same training steps, the same numbers, in turns on one machine.

``python -m benchmarks`` measures, ``python -m benchmarks.profile STEP`` shows where our own time goes.
"""
