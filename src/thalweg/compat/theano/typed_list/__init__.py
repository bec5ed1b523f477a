"""``theano.typed_list``: lists of arrays of one type, which functions take and give."""

from thalweg.compat.theano.lists import TypedListType as TypedListType
from thalweg.compat.theano.lists import TypedListVariable as TypedListVariable
from thalweg.compat.theano.typed_list import basic as basic
from thalweg.compat.theano.typed_list import type as type
from thalweg.compat.theano.typed_list.basic import append as append
from thalweg.compat.theano.typed_list.basic import count as count
from thalweg.compat.theano.typed_list.basic import extend as extend
from thalweg.compat.theano.typed_list.basic import getitem as getitem
from thalweg.compat.theano.typed_list.basic import index_ as index_
from thalweg.compat.theano.typed_list.basic import insert as insert
from thalweg.compat.theano.typed_list.basic import length as length
from thalweg.compat.theano.typed_list.basic import make_list as make_list
from thalweg.compat.theano.typed_list.basic import remove as remove
from thalweg.compat.theano.typed_list.basic import reverse as reverse
