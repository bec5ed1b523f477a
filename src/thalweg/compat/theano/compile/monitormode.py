"""``theano.compile.monitormode``."""

from thalweg.compat.theano.monitored import MonitorMode as MonitorMode
from thalweg.compat.theano.monitored import detect_nan as detect_nan
