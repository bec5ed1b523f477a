"""``tf.contrib.tensorboard.plugins.projector``: what TensorBoard's Projector should show, written beside the events."""

from __future__ import annotations

import os
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.files import atomic_write_text


class _Sprite:
    def __init__(self) -> None:
        self.image_path = ""
        self.single_image_dim: list[int] = []


class EmbeddingInfo:
    """One table: its name, and the files with labels and pictures."""

    def __init__(self) -> None:
        self.tensor_name = self.metadata_path = self.bookmarks_path = self.tensor_path = ""
        self.sprite = _Sprite()


class ProjectorConfig:
    """The tables to show."""

    def __init__(self) -> None:
        self.embeddings = _Tables()
        self.model_checkpoint_path = ""

    def text(self) -> str:
        """The settings as TensorBoard reads them."""
        lines = []
        if self.model_checkpoint_path:
            lines.append(f'model_checkpoint_path: "{self.model_checkpoint_path}"')
        for info in self.embeddings:
            lines.append("embeddings {")
            for key in ("tensor_name", "metadata_path", "bookmarks_path", "tensor_path"):
                if getattr(info, key):
                    lines.append(f'  {key}: "{getattr(info, key)}"')
            if info.sprite.image_path:
                lines += ["  sprite {", f'    image_path: "{info.sprite.image_path}"']
                lines += [f"    single_image_dim: {int(n)}" for n in info.sprite.single_image_dim]
                lines.append("  }")
            lines.append("}")
        return "\n".join(lines) + "\n"


class _Tables(list[EmbeddingInfo]):
    def add(self) -> EmbeddingInfo:
        """One more table."""
        self.append(EmbeddingInfo())
        return self[-1]


def visualize_embeddings(summary_writer: Any, config: ProjectorConfig) -> None:
    """Write the settings into the folder of a summary writer (or of that name)."""
    folder = summary_writer if isinstance(summary_writer, str) else summary_writer.get_logdir()
    os.makedirs(folder, exist_ok=True)
    atomic_write_text(os.path.join(folder, "projector_config.pbtxt"), config.text())


projector = Namespace(
    "tf.contrib.tensorboard.plugins.projector",
    ProjectorConfig=ProjectorConfig,
    EmbeddingInfo=EmbeddingInfo,
    visualize_embeddings=visualize_embeddings,
)
