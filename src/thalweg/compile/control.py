"""Control of the loop language: loops, branches, and variables that change from turn to turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from thalweg.compile.values import POINTER, Lanes, Operand, Value, Variable, ir_type


class Control(Lanes):
    """Loops, branches and variables."""

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: int | Value = 1, name: str = "i") -> Iterator[Value]:
        """`for i in range(start, stop, step)`, with int64 `i`; a Value as `step` must be positive.

        The test is at the end, where the code generator wants it, and before the first turn where that may not be.
        """
        b, less = self.builder, ">" if isinstance(step, int) and step < 0 else "<"
        first, last, by = (self.index(x).ir for x in (start, stop, step))
        before, body = b.block, b.append_basic_block(f"{name}.body")
        after = b.append_basic_block(f"{name}.end")
        known = type(start) is type(stop) is int  # a length of the running program is an int of another type
        if known and (start > stop if less == ">" else start < stop):  # type: ignore[operator]
            b.branch(body)
        else:
            b.cbranch(b.icmp_signed(less, first, last), body, after)
        b.position_at_end(body)
        i = b.phi(ir_type("int64"), name=name)
        i.add_incoming(first, before)
        yield Value(self, i, "int64", 1)
        following = b.add(i, by, name=f"{name}.next", flags=("nsw",))
        i.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed(less, following, last), body, after)
        b.position_at_end(after)

    @contextmanager
    def repeat(self, name: str = "repeat") -> Iterator[Callable[[Value], None]]:
        """`with e.repeat() as again:` ends with `again(condition)`: all of it is done once more while that holds."""
        b = self.builder
        body, after = b.append_basic_block(f"{name}.body"), b.append_basic_block(f"{name}.end")
        b.branch(body)
        b.position_at_end(body)
        conditions: list[Value] = []
        yield conditions.append
        (condition,) = conditions
        b.cbranch(condition.ir, body, after)
        b.position_at_end(after)

    @contextmanager
    def when(self, condition: Value, name: str = "when", likely: bool | None = None) -> Iterator[None]:
        """Do what follows only if the scalar `condition` holds; `likely=False` keeps it out of the hot path."""
        b = self.builder
        then, after = b.append_basic_block(f"{name}.then"), b.append_basic_block(f"{name}.end")
        branch = b.cbranch(condition.ir, then, after)
        if likely is not None:
            branch.set_weights([1000, 1] if likely else [1, 1000])
        b.position_at_end(then)
        yield
        b.branch(after)
        b.position_at_end(after)

    @contextmanager
    def either(self, condition: Value) -> Iterator[tuple[Any, Any]]:
        """`with e.either(c) as (yes, no):` then `with yes:` and `with no:`, each exactly once."""
        with self.builder.if_else(condition.ir) as branches:
            yield branches

    def ret(self, value: Value | None = None) -> None:
        """Return from the function."""
        if value is None:
            self.builder.ret_void()
        else:
            self.builder.ret(value.ir)

    def comment(self, text: str) -> None:
        """A comment line in the IR."""
        self.builder.comment(text)

    def index(self, x: Operand) -> Value:
        """`x` as an int64 scalar."""
        if not isinstance(x, Value):
            return self.const(x, "int64")
        return x.astype("int64")

    def var(self, init: Value, name: str = "var") -> Variable:
        """A variable that begins as `init`."""
        slot = self._alloca(ir_type(init.dtype, init.width), name)
        variable = Variable(self, slot, init.dtype, init.width)
        variable.set(init)
        return variable

    def _alloca(self, kind: ir.Type, name: str) -> Any:
        # in the entry block: a variable declared inside a loop must not grow the stack at every turn
        with self.builder.goto_entry_block():
            slot = self.builder.alloca(kind, name=name)
        slot.type = POINTER
        return slot
