"""Rules about what the code does: caught exceptions and waiting everywhere, determinism and imports in the core."""

import ast
import sys
from collections.abc import Iterator

from tests.tidy.finding import Finding
from tests.tidy.sources import Source

# The supervisors that may catch everything -> why each must.
SUPERVISORS = {
    "daonode/cli/main.py": "the command ends with a code and a sentence, never with a traceback",
    "daonode/node/rpc/dispatch.py": "an answer never holds a traceback, and one request's defect ends no other",
    "daonode/gateway/app.py": "an answer never holds a traceback, and one request's defect ends no other",
    "daonode/httpd/server.py": "a defect in one connection ends that connection, not the process",
    "daonode/replica/jobs.py": "what a job raises the replica raises again, unless its block is abandoned by then",
    "daonode/node/transport/handshake.py": "libraries that parse a stranger's bytes document no closed set of errors",
}

# What the deterministic core may import besides the standard library and daonode. The forbidden part of the standard
# library is the import contract `pure-core` in setup.cfg.
CORE_THIRD_PARTY = frozenset({"mnemonic", "msgspec", "nacl", "typing_extensions"})
# Calls whose result depends on the process, not on the arguments.
PROCESS_DEPENDENT_CALLS = frozenset({"hash", "id", "input", "open", "vars", "globals"})
FLOAT_CALLS = frozenset({"float", "round", "complex"})
# Calls that keep the order in which they were given their argument.
ORDER_KEEPING_CALLS = frozenset(
    {"list", "tuple", "iter", "next", "enumerate", "zip", "map", "filter", "reversed", "dict"}
)
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_NAMES = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet"})


def broad_excepts(source: Source) -> Iterator[Finding]:
    if not source.is_package_code or source.path in SUPERVISORS:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            for kind in caught:
                if kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}):
                    yield Finding(source.path, node.lineno, "a broad except: name the errors; only a supervisor may")


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Tells whether the handler only cleans up: it ends with a bare raise."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def waiting(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr="sleep", lineno=line):
                yield Finding(source.path, line, "time.sleep: wait for the event, or use a virtual clock")
            case _:
                pass


def untyped_values(source: Source) -> Iterator[Finding]:
    """Yields each import of typing.Any in the package."""
    if not source.is_package_code:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.ImportFrom(module="typing", names=imported, lineno=line):
                if any(alias.name == "Any" for alias in imported):
                    yield Finding(source.path, line, "typing.Any: name the type, or use object and narrow it")
            case _:
                pass


def core_imports(source: Source) -> Iterator[Finding]:
    if not source.is_core:
        return
    allowed = CORE_THIRD_PARTY | {"daonode"} | sys.stdlib_module_names
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            modules = [node.module]
        else:
            continue
        for module in modules:
            if module.split(".")[0] not in allowed:
                yield Finding(source.path, node.lineno, f"the core may not import {module} (CORE_THIRD_PARTY)")


def core_floats(source: Source) -> Iterator[Finding]:
    if not source.is_core:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Constant(value=float() | complex()):
                yield Finding(source.path, node.lineno, "a float in the core: use integers with a unit")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield Finding(source.path, node.lineno, "true division in the core makes a float: use //")
            case ast.Call(func=ast.Name(id=name)) if name in FLOAT_CALLS:
                yield Finding(source.path, node.lineno, f"{name}() in the core: use integers with a unit")
            case ast.arg(annotation=ast.Name(id="float")) | ast.AnnAssign(annotation=ast.Name(id="float")):
                yield Finding(source.path, node.lineno, "a float in the core: use integers with a unit")
            case _:
                pass


def core_process_state(source: Source) -> Iterator[Finding]:
    if not source.is_core:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in PROCESS_DEPENDENT_CALLS:
                yield Finding(source.path, node.lineno, f"{name}() in the core differs from process to process")
            case _:
                pass


def core_set_iteration(source: Source) -> Iterator[Finding]:
    """Yields each place in the core that depends on the order of a set; sorted(), len(), sum() and `in` do not."""
    if not source.is_core:
        return
    known = _known_sets(source.tree)
    for node in ast.walk(source.tree):
        for iterated in _iterated(node):
            if _is_set(iterated, known):
                yield Finding(source.path, iterated.lineno, "a set has another order in another process: sort it")


def _iterated(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.For(iter=iterated) | ast.AsyncFor(iter=iterated) | ast.YieldFrom(value=iterated):
            yield iterated
        case ast.ListComp(generators=generators) | ast.DictComp(generators=generators):
            yield from (generator.iter for generator in generators)
        case ast.Starred(value=iterated):
            yield iterated
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=iterated):
            yield iterated
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in ORDER_KEEPING_CALLS:
            yield from arguments
        case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys"), args=arguments):
            yield from arguments
        case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[]):
            yield value
        case _:
            pass


def _known_sets(tree: ast.Module) -> frozenset[str]:
    """The names of variables, parameters and attributes that the file annotates or assigns as sets."""
    known: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=target, annotation=annotation) if _is_set_type(annotation):
                known |= _target_names(target)
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if _is_set_type(annotation):
                known.add(name)
            case ast.Assign(targets=targets, value=value) if _is_set(value, frozenset()):
                for assigned in targets:
                    known |= _target_names(assigned)
            case _:
                pass
    return frozenset(known)


def _target_names(target: ast.expr) -> set[str]:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name}
        case _:
            return set()


def _is_set_type(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name in SET_NAMES
        case _:
            return False


def _is_set(value: ast.expr, known: frozenset[str]) -> bool:
    match value:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Call(func=ast.Attribute(value=owner, attr=method)):
            return method in SET_METHODS and _is_set(owner, known)
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, known) or _is_set(right, known)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in known
        case _:
            return False
