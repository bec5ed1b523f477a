"""The main job: train one of four networks on one of three data sets, and write down what was learnt."""

from thalweg.train.job import Outcome, Request, run
from thalweg.train.settings import MODELS, Settings, settings_for

__all__ = ["MODELS", "Outcome", "Request", "Settings", "run", "settings_for"]
