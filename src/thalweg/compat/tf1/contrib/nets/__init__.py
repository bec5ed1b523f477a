"""``tf.contrib.slim.nets``: classic networks for pictures, with the names of variables that their checkpoints have."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import Namespace, own
from thalweg.compat.tf1.contrib.nets import chains, inception_v1, inceptions, resnet_utils, resnets

_V1 = {n: getattr(resnets, n) for n in vars(resnets) if "resnet_v1" in n}
_V2 = {n: getattr(resnets, n) for n in vars(resnets) if "resnet_v2" in n}
_scope = resnet_utils.resnet_arg_scope


def _of(version: str) -> dict[str, Any]:
    return {n: fn for n, fn in own(inceptions).items() if version in n}


nets = Namespace(
    "tf.contrib.slim.nets",
    alexnet=Namespace("tf.contrib.slim.nets.alexnet", **chains.of("alexnet")),
    lenet=Namespace("tf.contrib.slim.nets.lenet", **chains.of("lenet")),
    overfeat=Namespace("tf.contrib.slim.nets.overfeat", **chains.of("overfeat")),
    vgg=Namespace("tf.contrib.slim.nets.vgg", **chains.of("vgg")),
    inception=Namespace("tf.contrib.slim.nets.inception", **own(inception_v1), **own(inceptions)),
    inception_v1=Namespace("tf.contrib.slim.nets.inception_v1", **own(inception_v1)),
    inception_v2=Namespace("tf.contrib.slim.nets.inception_v2", **_of("v2")),
    inception_v3=Namespace("tf.contrib.slim.nets.inception_v3", **_of("v3")),
    resnet_utils=Namespace("tf.contrib.slim.nets.resnet_utils", **own(resnet_utils)),
    resnet_v1=Namespace(
        "tf.contrib.slim.nets.resnet_v1", bottleneck=resnets.bottleneck_v1, resnet_arg_scope=_scope, **_V1
    ),
    resnet_v2=Namespace(
        "tf.contrib.slim.nets.resnet_v2", bottleneck=resnets.bottleneck_v2, resnet_arg_scope=_scope, **_V2
    ),
)
