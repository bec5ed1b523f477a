"""The graph: tensors as expressions, walks over them, their text and pictures, and what makes one legal."""
