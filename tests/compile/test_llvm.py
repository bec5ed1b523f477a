"""Native code: it runs, it is freed, broken modules are refused, and other targets give text."""

import ctypes
import gc
import sys
import threading

import llvmlite.binding
import pytest
from llvmlite import ir

from thalweg.compile import llvm, target
from thalweg.compile.loops import function


def adds(k: int) -> ir.Module:
    """A module with one function f(x) = x + k of int64."""
    module = ir.Module()
    e = function(module, "f", ["int64"], target.host_target(), returns="int64")
    e.ret(e.args[0] + k)
    return module


def call(code: llvm.NativeCode, x: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("f"))(x)


def test_compiles_and_runs():
    code = llvm.compile_module(adds(3))
    assert call(code, 4) == 7
    with pytest.raises(KeyError):
        code.address("g")


def test_object_code_can_be_kept_and_loaded_again():
    saved = llvm.emit_object(adds(5))
    assert call(llvm.load_object([saved], ["f"]), 1) == 6


def test_threads_that_ask_at_once_for_the_same_code_get_the_same():
    """Else the code of all but one would go away while they hold its address."""
    both = threading.Barrier(2)

    def make() -> llvm.NativeCode:
        code = llvm.compile_module(adds(9))
        both.wait(60)  # neither is done before the other began
        return code

    kept = llvm.once(make)
    found: list[llvm.NativeCode] = []
    threads = [threading.Thread(target=lambda: found.append(kept())) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [kept(), kept()] and call(found[0], 1) == 10


def test_code_lives_as_long_as_its_object():
    kept = llvm.compile_module(adds(1))
    for k in range(100):
        llvm.compile_module(adds(k))
    gc.collect()
    assert call(kept, 1) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_many_modules_do_not_leak():
    def resident_kb() -> int:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * 4

    def compile_many() -> None:
        for k in range(200):
            assert call(llvm.compile_module(adds(k)), k) == 2 * k
        gc.collect()

    compile_many()
    before = resident_kb()
    compile_many()
    assert resident_kb() - before < 2048


def test_threads_may_compile_at_once():
    results: dict[int, int] = {}

    def work(k: int) -> None:
        for _ in range(5):
            results[k] = call(llvm.compile_module(adds(k)), 100)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {k: 100 + k for k in range(4)}


def test_a_broken_module_is_refused():
    module = ir.Module()
    fn = ir.Function(module, ir.FunctionType(ir.IntType(64), []), "f")
    ir.IRBuilder(fn.append_basic_block()).ret(ir.Constant(ir.IntType(32), 0))
    with pytest.raises(RuntimeError, match="function result type"):
        llvm.compile_module(module)


@pytest.mark.parametrize(
    "machine, register, multiply_add",
    [
        (target.AVX512, "zmm", "vfmadd"),
        (target.AVX2, "ymm", "vfmadd"),
        (target.SSE, "xmm", "mulps"),
        (target.NEON, "v0", "fmla"),
    ],
)
def test_text_for_other_targets(machine, register, multiply_add):
    module = ir.Module()
    e = function(module, "f", ["ptr", "ptr", "int64"], machine)
    x, y, n = e.args
    width = machine.lanes("float32")
    with e.loop(0, n, width) as i:
        e.store(y, i, e.load(x, i, "float32", width) * 3.0 + e.load(y, i, "float32", width))
    e.ret()
    text = llvm.assembly(module, machine)
    assert register in text and multiply_add in text


def test_loop_constants_and_variables_stay_in_registers():
    module = ir.Module()
    e = function(module, "f", ["ptr", "ptr", "int64"], target.AVX2)
    total = e.var(e.const(0, "float32", 8))
    with e.loop(0, e.args[2], 8) as i:
        total.set(total.get() + e.load(e.args[0], i, "float32", 8) * 3.0)
    e.store(e.args[1], 0, total.get())
    e.ret()
    text = llvm.assembly(module, target.AVX2)
    assert "rsp" not in text and text.count("broadcast") == 1
    assert "alloca" not in llvm.optimised_ir(module, target.AVX2)


def test_host_target():
    host = target.host_target()
    assert host.lanes("float32") == host.vector_bytes // 4 == 2 * host.lanes("float64")
    assert host.lanes("float16") == host.lanes("float32")
    narrow = target.host_target(16)
    assert narrow.vector_bytes == 16 and (not narrow.is_x86 or not narrow.has_fma)
    assert target.host_target() is host


def test_strength_reduction_is_off_only_while_code_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    set_option = llvmlite.binding.set_option

    def noted(name: str, option: str) -> None:
        asked.append(option)
        set_option(name, option)

    monkeypatch.setattr(llvmlite.binding, "set_option", noted)
    with llvm._plain_addresses(target.AVX2), llvm._plain_addresses(target.AVX2):
        assert asked == ["-disable-lsr=true"]
    assert asked == ["-disable-lsr=true", "-disable-lsr=false"]
    with llvm._plain_addresses(target.NEON):
        assert len(asked) == 2
    monkeypatch.setattr(llvmlite.binding, "llvm_version_info", (99, 0, 0))  # one that may not know it
    with llvm._plain_addresses(target.AVX2):
        assert len(asked) == 2


@pytest.mark.parametrize("cores", [1, 2])
def test_meanwhile_another_thread_makes_what_comes_next(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm, "num_cores", lambda: cores)
    begun, made = threading.Event(), []

    def make() -> None:
        begun.wait(10)
        made.append(threading.current_thread())
        raise RuntimeError("whoever needs it hears of this")

    with llvm.meanwhile(make):
        assert not made
        begun.set()
    assert len(made) == cores - 1 and threading.current_thread() not in made
