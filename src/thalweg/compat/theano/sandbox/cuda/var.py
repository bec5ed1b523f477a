"""``theano.sandbox.cuda.var`` and its types: of what is on a graphics device, which nothing here is."""


class CudaNdarraySharedVariable:
    """A shared variable on a graphics device."""


class CudaNdarrayType:
    """The type of an array on a graphics device."""


class CudaNdarray:
    """An array on a graphics device."""


__all__ = ["CudaNdarray", "CudaNdarraySharedVariable", "CudaNdarrayType"]
