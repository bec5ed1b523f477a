"""``tf.saved_model``: graphs with the values of their variables and what to feed and fetch, in a folder.

``saved_model.pb`` is this library's own text, the values are a checkpoint: another process of this library loads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import checkpoints, meta
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.types import TensorShape, as_dtype
from thalweg.files import atomic_write_text

_FILE, _VALUES = "saved_model.pb", os.path.join("variables", "variables")
DEFAULT = "serving_default"


class TensorInfo(NamedTuple):
    """A tensor of a graph: its name, dtype and shape."""

    name: str
    dtype: Any
    tensor_shape: TensorShape


class SignatureDef(NamedTuple):
    """What to feed and what to fetch, by names of the program's own."""

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]
    method_name: str = ""


def build_tensor_info(tensor: Any) -> TensorInfo:
    """What is said of a tensor."""
    return TensorInfo(tensor.name, tensor.dtype, tensor.shape)


def build_signature_def(
    inputs: Any = None, outputs: Any = None, method_name: str | None = None
) -> SignatureDef:
    """A signature of tensors of which is said what they are."""
    return SignatureDef(dict(inputs or {}), dict(outputs or {}), method_name or "")


def _signature(method: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> SignatureDef:
    def told(part: Mapping[str, Any]) -> dict[str, TensorInfo]:
        return {name: build_tensor_info(t) for name, t in part.items() if t is not None}

    return SignatureDef(told(inputs), told(outputs), f"tensorflow/serving/{method}")


def predict_signature_def(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> SignatureDef:
    """A signature of tensors."""
    return _signature("predict", inputs, outputs)


def classification_signature_def(examples: Any, classes: Any, scores: Any) -> SignatureDef:
    """A signature that classifies examples."""
    return _signature("classify", {"inputs": examples}, {"classes": classes, "scores": scores})


def regression_signature_def(examples: Any, predictions: Any) -> SignatureDef:
    """A signature that gives a number for each example."""
    return _signature("regress", {"inputs": examples}, {"outputs": predictions})


class SavedModelBuilder:
    """Writes a folder: the values of the variables once, and graphs by their tags."""

    def __init__(self, export_dir: str) -> None:
        self._folder = Path(os.fsdecode(export_dir))
        if self._folder.is_dir() and any(self._folder.iterdir()):
            raise AssertionError(
                f"Export directory already exists, and isn't empty. Please choose a different export directory, "
                f"or delete all the contents of the specified directory: {export_dir}"
            )
        self._graphs: list[dict[str, Any]] = []

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Sequence[str],
        signature_def_map: Any = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Any = None,
    ) -> None:
        """The graph of a session and the values that its variables have there."""
        only("add_meta_graph_and_variables", "saver", saver)
        (self._folder / "variables").mkdir(parents=True, exist_ok=True)
        session = getattr(sess, "session", sess)
        with session.graph.as_default():
            held = session.graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES)
            if held:
                saver = checkpoints.Saver(held)
                saver.save(session, str(self._folder / _VALUES), write_meta_graph=False, write_state=False)
            self._add(session.graph, tags, signature_def_map, held)

    def add_meta_graph(
        self,
        tags: Sequence[str],
        signature_def_map: Any = None,
        assets_collection: Any = None,
        legacy_init_op: Any = None,
        clear_devices: bool = False,
        main_op: Any = None,
        strip_default_attrs: bool = False,
        saver: Any = None,
    ) -> None:
        """The default graph, whose variables have the values that were written before."""
        if not self._graphs:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        graph = g.default_graph()
        self._add(graph, tags, signature_def_map, graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES))

    def _add(self, graph: g.Graph, tags: Sequence[str], signatures: Any, variables: Sequence[Any]) -> None:
        file = f"graph-{len(self._graphs)}.meta"
        meta.remember(str(self._folder / file), graph, {v.op.name: v.op.name for v in variables} or None)
        told = {key: _as_words(signature) for key, signature in (signatures or {}).items()}
        self._graphs.append({"tags": list(tags), "file": file, "signatures": told})

    def save(self, as_text: bool = False) -> bytes:
        """Write what there is in the folder; its path."""
        path = self._folder / _FILE
        atomic_write_text(path, json.dumps(self._graphs, indent=1))
        return str(path).encode()


def _as_words(signature: SignatureDef) -> list[Any]:
    def words(infos: Mapping[str, TensorInfo]) -> dict[str, Any]:
        return {
            key: [
                x.name,
                as_dtype(x.dtype).name,
                None if x.tensor_shape.dims is None else x.tensor_shape.as_list(),
            ]
            for key, x in infos.items()
        }

    return [words(signature.inputs), words(signature.outputs), signature.method_name]


def _from_words(words: Sequence[Any], scope: str) -> SignatureDef:
    def infos(held: Mapping[str, Any]) -> dict[str, TensorInfo]:
        return {k: TensorInfo(scope + n, as_dtype(d), TensorShape(s)) for k, (n, d, s) in held.items()}

    return SignatureDef(infos(words[0]), infos(words[1]), words[2])


def simple_save(
    session: Any,
    export_dir: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    legacy_init_op: Any = None,
) -> None:
    """Write the graph of a session for serving, with one signature."""
    builder = SavedModelBuilder(export_dir)
    signatures = {DEFAULT: predict_signature_def(inputs, outputs)}
    builder.add_meta_graph_and_variables(session, ["serve"], signatures)
    builder.save()


def maybe_saved_model_directory(export_dir: str) -> bool:
    """Whether there is a saved model in a folder."""
    return (Path(os.fsdecode(export_dir)) / _FILE).is_file()


def load(
    sess: Any,
    tags: Sequence[str],
    export_dir: str,
    import_scope: str | None = None,
    *,
    clear_devices: bool = False,
) -> Any:
    """The nodes of the saved graph that has these tags in the graph of a session, and the values of its variables.

    Returns the meta graph, whose ``signature_def`` says by name what to feed and fetch.
    """
    folder = Path(os.fsdecode(export_dir))
    if not maybe_saved_model_directory(str(folder)):
        raise OSError(f"SavedModel file does not exist at: {export_dir}/{_FILE}")
    try:
        graphs = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except ValueError:
        raise NotImplementedError(
            f"tf.saved_model: {folder / _FILE} holds TensorFlow's own nodes, which cannot be read; build the network "
            "in Python and give its variables their values"
        ) from None
    found = [held for held in graphs if set(held["tags"]) == set(tags)]
    if not found:
        raise RuntimeError(
            f"MetaGraphDef associated with tags {', '.join(tags)} could not be found in SavedModel; it has "
            f"{[held['tags'] for held in graphs]}"
        )
    with sess.graph.as_default():
        saver = meta.import_meta_graph(str(folder / found[0]["file"]), import_scope=import_scope)
        if saver is not None:
            saver.restore(sess, str(folder / _VALUES))
    scope = f"{import_scope}/" if import_scope else ""
    made = meta.MetaGraphDef(meta.copied(sess.graph))
    made.signature_def.update({k: _from_words(words, scope) for k, words in found[0]["signatures"].items()})
    return made


class Predictor:
    """A function of arrays by name: a saved model, or a graph in a session."""

    def __init__(self, session: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        self.session, self.graph = session, session.graph
        self.feed_tensors, self.fetch_tensors = dict(inputs), dict(outputs)

    def __call__(self, input_dict: Mapping[str, Any]) -> dict[str, Any]:
        unknown = set(input_dict) - set(self.feed_tensors)
        if unknown:
            raise ValueError(
                f"Got unexpected keys in input_dict: {unknown}\nexpected: {set(self.feed_tensors)}"
            )
        return self.session.run(  # type: ignore[no-any-return]
            self.fetch_tensors, {self.feed_tensors[key]: x for key, x in input_dict.items()}
        )

    def close(self) -> None:
        """Close the session."""
        self.session.close()

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def from_saved_model(
    export_dir: str,
    signature_def_key: str | None = None,
    signature_def: SignatureDef | None = None,
    input_names: Mapping[str, str] | None = None,
    output_names: Mapping[str, str] | None = None,
    tags: str | None = None,
    graph: Any = None,
    config: Any = None,
) -> Predictor:
    """A saved model as a function of arrays by name."""
    from thalweg.compat.tf1.session import Session

    session = Session(graph=graph or g.Graph())
    told = load(session, (tags or "serve").split(","), export_dir).signature_def
    if input_names is None or output_names is None:
        key = signature_def_key or DEFAULT
        if signature_def is None and key not in told:
            raise ValueError(f"Got signature_def_key {key!r}; available: {sorted(told)}")
        chosen = signature_def or told[key]
        input_names = {name: info.name for name, info in chosen.inputs.items()}
        output_names = {name: info.name for name, info in chosen.outputs.items()}
    found = [
        {n: session.graph.get_tensor_by_name(t) for n, t in part.items()}
        for part in (input_names, output_names)
    ]
    return Predictor(session, *found)


_constants = Namespace(
    "tf.saved_model.signature_constants",
    DEFAULT_SERVING_SIGNATURE_DEF_KEY=DEFAULT,
    CLASSIFY_INPUTS="inputs",
    CLASSIFY_METHOD_NAME="tensorflow/serving/classify",
    CLASSIFY_OUTPUT_CLASSES="classes",
    CLASSIFY_OUTPUT_SCORES="scores",
    PREDICT_INPUTS="inputs",
    PREDICT_METHOD_NAME="tensorflow/serving/predict",
    PREDICT_OUTPUTS="outputs",
    REGRESS_INPUTS="inputs",
    REGRESS_METHOD_NAME="tensorflow/serving/regress",
    REGRESS_OUTPUTS="outputs",
)
_tags = Namespace("tf.saved_model.tag_constants", SERVING="serve", TRAINING="train", GPU="gpu", TPU="tpu")
_signatures = {
    fn.__name__: fn
    for fn in (
        build_signature_def, predict_signature_def, classification_signature_def, regression_signature_def,
    )
}  # fmt: skip
saved_model = Namespace(
    "tf.saved_model",
    Builder=SavedModelBuilder,
    builder=Namespace("tf.saved_model.builder", SavedModelBuilder=SavedModelBuilder),
    simple_save=simple_save,
    load=load,
    loader=Namespace(
        "tf.saved_model.loader", load=load, maybe_saved_model_directory=maybe_saved_model_directory
    ),
    maybe_saved_model_directory=maybe_saved_model_directory,
    contains_saved_model=maybe_saved_model_directory,
    signature_constants=_constants,
    signature_def_utils=Namespace("tf.saved_model.signature_def_utils", **_signatures),
    tag_constants=_tags,
    build_tensor_info=build_tensor_info,
    utils=Namespace("tf.saved_model.utils", build_tensor_info=build_tensor_info),
    **_signatures,
)
predictor = Namespace("tf.contrib.predictor", from_saved_model=from_saved_model)
