"""Models: layers that train, are saved and loaded."""

from thalweg.layers.nodes import Input as Input
from thalweg.models.model import Model as Model
from thalweg.models.saving import clone_model as clone_model
from thalweg.models.saving import load_model as load_model
from thalweg.models.saving import model_from_json as model_from_json
from thalweg.models.saving import save_model as save_model
from thalweg.models.sequential import Sequential as Sequential
from thalweg.registry import register as register
