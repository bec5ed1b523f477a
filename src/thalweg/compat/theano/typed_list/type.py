"""``theano.typed_list.type``."""

from thalweg.compat.theano.lists import TypedListType as TypedListType

__all__ = ["TypedListType"]
