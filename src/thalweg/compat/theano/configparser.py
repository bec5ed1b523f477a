"""``theano.configparser``: where later versions have ``change_flags``, and the settings one by one."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.configuration import change_flags as change_flags
from thalweg.compat.theano.configuration import config as config


class ConfigParam:
    """One setting: programs change it by ``__set__`` and read it by ``__get__``, whatever the object."""

    def __init__(self, fullname: str) -> None:
        self.fullname = fullname

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return getattr(config, self.fullname)

    def __set__(self, owner: Any, value: Any) -> None:
        setattr(config, self.fullname, value)


_config_var_list = [ConfigParam(name) for name in config.names()]
