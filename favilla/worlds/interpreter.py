"""An interpreter for a small part of Python, for programs that nobody trusts.

It walks the syntax tree itself; Python's own eval and exec are never used. Values are integers and lists of integers.
Statements: assignment to names and list items, augmented assignment to names, if, while, for over range or a list, print,
append. Expressions: + - * // %, unary minus, names, integers, list displays, indexing, abs, len, max, min, sum; in the
conditions of if and while one comparison. Everything else raises `ProgramError`, and so does whatever grows beyond the
limits below; what is accepted does what Python does.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

Value = int | list[int]

# Longest source in characters, deepest nesting of its tree, largest absolute value, longest list, most evaluated nodes.
LONGEST_SOURCE = 2000
DEEPEST = 40
LARGEST = 10**12
LONGEST_LIST = 100
BUDGET = 10_000
# So many values of a loop are noted when it begins.
NOTED = 20

ARITHMETIC: dict[type, tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("+", operator.add), ast.Sub: ("-", operator.sub), ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv), ast.Mod: ("%", operator.mod),
}  # fmt: skip
COMPARISONS: dict[type, tuple[str, Callable[[int, int], bool]]] = {
    ast.Lt: ("<", operator.lt), ast.LtE: ("<=", operator.le), ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge), ast.Eq: ("==", operator.eq), ast.NotEq: ("!=", operator.ne),
}  # fmt: skip
FUNCTIONS = ("abs", "len", "max", "min", "sum")
RESERVED = (*FUNCTIONS, "range", "print")

IN_EXPRESSIONS = (
    ast.BinOp, ast.UnaryOp, ast.USub, ast.Constant, ast.Name, ast.Load, ast.Subscript, ast.Call, *ARITHMETIC,
)  # fmt: skip
IN_PROGRAMS = (
    *IN_EXPRESSIONS, ast.Module, ast.Assign, ast.AugAssign, ast.If, ast.While, ast.For, ast.Expr, ast.Store, ast.Compare,
    ast.List, ast.Attribute, *COMPARISONS,
)  # fmt: skip

_NAME = re.compile(r"[a-z]{1,8}")
# Such texts are numbers that Python writes otherwise, or keywords grown into numbers.
_NUMBER_AND_LETTER = re.compile(r"[0-9][A-Za-z_]")
_PRINTABLE = re.compile(r"[\n -~]*")


class ProgramError(Exception):
    """A program that is refused, fails, or outgrows its limits; the text says which."""


@dataclass(frozen=True)
class Operation:
    """One operation that was worked out: + - * // % < ... == [] or a function's name, its operands and its result."""

    name: str
    operands: tuple[Value, ...]
    result: Value


@dataclass(frozen=True)
class Event:
    """One executed statement.

    kind: assign, append, if, while, for (once, when it begins), next (each turn of it) or print. line: from 1.
    target: the name that changed, "" for none. value: what it has now (a copy), a condition's outcome, what was printed, or
    a loop's first values. operations: what was worked out for it, in order.
    """

    kind: str
    line: int
    target: str
    value: Value | bool | str
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Run:
    """What a program did: its output without the last line end, all events, and its variables at the end."""

    output: str
    events: tuple[Event, ...]
    names: dict[str, Value]


def run(source: str, budget: int = BUDGET) -> Run:
    """Run a program. Raises ProgramError for what the module's docstring does not name, and beyond the limits."""
    tree = _parsed(source)
    _allowed(tree, IN_PROGRAMS)
    machine = _Machine({}, budget)
    machine.block(tree.body)
    return Run("\n".join(machine.printed), tuple(machine.events), machine.names)


def expression(source: str, names: tuple[str, ...]) -> ast.expr:
    """Parse one arithmetic expression in `names`, without comparisons and list displays. Raises ProgramError."""
    body = _parsed(source).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ProgramError("not one expression")
    return _arithmetic(body[0].value, names)


def one_line_function(source: str, names: tuple[str, ...]) -> ast.expr:
    """Parse `def f(<names>): return <expression>` and give the expression. Raises ProgramError."""
    body = _parsed(source).body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or "\n" in source:
        raise ProgramError("not one function on one line")
    function, arguments = body[0], body[0].args
    plain = not (
        function.decorator_list or function.returns or arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg
        or arguments.kwarg or arguments.defaults or any(argument.annotation for argument in arguments.args)
    )  # fmt: skip
    if function.name != "f" or not plain or tuple(argument.arg for argument in arguments.args) != names:
        raise ProgramError(f"not a function f({', '.join(names)})")
    if len(function.body) != 1 or not isinstance(function.body[0], ast.Return) or function.body[0].value is None:
        raise ProgramError("its body is not one return")
    return _arithmetic(function.body[0].value, names)


def evaluate(tree: ast.expr, names: dict[str, Value], budget: int = BUDGET) -> Value:
    """The value of a parsed expression. Raises ProgramError when it fails or outgrows the limits."""
    return _Machine(names, budget).value(tree)


def _parsed(source: str) -> ast.Module:
    if len(source) > LONGEST_SOURCE:
        raise ProgramError("the source is too long")
    if not _PRINTABLE.fullmatch(source) or _NUMBER_AND_LETTER.search(source):
        raise ProgramError("signs that are not allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"not Python: {type(error).__name__}") from error
    # Not by recursion: the depth of what is measured is what is not known yet.
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise ProgramError("nested too deeply")
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return tree


def _arithmetic(tree: ast.expr, names: tuple[str, ...]) -> ast.expr:
    _allowed(tree, IN_EXPRESSIONS)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in names and node.id not in called & set(FUNCTIONS):
            raise ProgramError(f"unknown name {node.id!r}")
    return tree


def _allowed(tree: ast.AST, kinds: tuple[type, ...]) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, kinds):
            raise ProgramError(f"{type(node).__name__} is not allowed")
        if isinstance(node, ast.Constant) and (type(node.value) is not int or node.kind is not None):
            raise ProgramError("only integers are allowed as constants")
        if isinstance(node, ast.Name) and not _NAME.fullmatch(node.id):
            raise ProgramError(f"the name {node.id!r} is not allowed")
        if isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, (ast.Name, ast.Attribute))):
            raise ProgramError("such a call is not allowed")
        if isinstance(node, ast.Attribute) and (node.attr != "append" or not isinstance(node.value, ast.Name)):
            raise ProgramError(f"the attribute {node.attr!r} is not allowed")


@dataclass
class _Machine:
    names: dict[str, Value]
    budget: int
    events: list[Event] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        self.spend()
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.assign(node, name, self.value(node.value))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=place)]):
                value = self.integer(node.value)
                items, index = self.item(name, self.integer(place))
                items[index] = value
                self.note("assign", node, name, list(items))
            case ast.AugAssign(target=ast.Name(id=name), op=op):
                left, right = self.known(name), self.integer(node.value)
                if type(left) is not int:
                    raise ProgramError("augmented assignment to a list")
                self.assign(node, name, self.arithmetic(op, left, right))
            case ast.If():
                self.block(node.body if self.condition("if", node, node.test) else node.orelse)
            case ast.While(orelse=[]):
                while self.condition("while", node, node.test):
                    self.block(node.body)
            case ast.For(target=ast.Name(id=name), orelse=[], type_comment=None):
                self.loop(node, name)
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)) if args:
                text = " ".join(str(self.value(arg)) for arg in args)
                self.printed.append(text)
                self.note("print", node, "", text)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=[arg])):
                grown, value = self.known(name), self.integer(arg)
                if not isinstance(grown, list):
                    raise ProgramError("append to what is no list")
                if len(grown) >= LONGEST_LIST:
                    raise ProgramError("the list grows too long")
                grown.append(value)
                self.note("append", node, name, list(grown))
            case _:
                raise ProgramError(f"this form of {type(node).__name__} is not allowed")

    def loop(self, node: ast.For, name: str) -> None:
        values: range | list[int]
        match node.iter:
            case ast.Call(func=ast.Name(id="range"), args=args) if 1 <= len(args) <= 3:
                try:
                    values = range(*[self.integer(arg) for arg in args])
                except ValueError as error:
                    raise ProgramError("a range without a step") from error
            case ast.Name(id=listed) if isinstance(items := self.known(listed), list):
                values = items
            case _:
                raise ProgramError("a loop over what is neither a range nor a list")
        self.note("for", node, "", list(islice(values, NOTED)))
        for value in values:
            self.spend()
            self.assign(node, name, value, kind="next")
            self.block(node.body)

    def condition(self, kind: str, node: ast.stmt, test: ast.expr) -> bool:
        self.spend()
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            raise ProgramError("a condition that is not one comparison")
        left, right = self.integer(test.left), self.integer(test.comparators[0])
        sign, compare = COMPARISONS[type(test.ops[0])]
        holds = compare(left, right)
        self.operations.append(Operation(sign, (left, right), int(holds)))
        self.note(kind, node, "", holds)
        return holds

    def value(self, node: ast.expr) -> Value:
        self.spend()
        match node:
            case ast.Constant(value=int(value)):
                return self.bounded(value)
            case ast.Name(id=name):
                return self.known(name)
            case ast.UnaryOp(operand=operand):
                return -self.integer(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self.arithmetic(op, self.integer(left), self.integer(right))
            case ast.List(elts=elements) if len(elements) <= LONGEST_LIST:
                return [self.integer(element) for element in elements]
            case ast.Subscript(value=ast.Name(id=name), slice=place):
                index = self.integer(place)
                items, index = self.item(name, index)
                return self.noted("[]", (list(items), index), items[index])
            case ast.Call(func=ast.Name(id=name), args=args) if name in FUNCTIONS:
                return self.call(name, [self.value(arg) for arg in args])
            case _:
                raise ProgramError(f"this form of {type(node).__name__} is not allowed")

    def call(self, name: str, values: list[Value]) -> int:
        operands = tuple(list(value) if isinstance(value, list) else value for value in values)
        match name, values:
            case "abs", [int(number)]:
                result = abs(number)
            case "len", [list(items)]:
                result = len(items)
            case "sum", [list(items)]:
                result = sum(items)
            case (("max" | "min"), [list(items)]) if items:
                result = max(items) if name == "max" else min(items)
            case (("max" | "min"), [int(), int(), *_]):
                numbers = list(self.integers(values))
                result = max(numbers) if name == "max" else min(numbers)
            case _:
                raise ProgramError(f"{name} does not take this")
        return self.noted(name, operands, result)

    def arithmetic(self, op: ast.operator, left: int, right: int) -> int:
        sign, apply = ARITHMETIC[type(op)]
        if right == 0 and sign in ("//", "%"):
            raise ProgramError("division by zero")
        return self.noted(sign, (left, right), apply(left, right))

    def noted(self, name: str, operands: tuple[Value, ...], result: int) -> int:
        self.operations.append(Operation(name, operands, self.bounded(result)))
        return result

    def integer(self, node: ast.expr) -> int:
        value = self.value(node)
        if type(value) is not int:
            raise ProgramError("a list where an integer is needed")
        return value

    def integers(self, values: list[Value]) -> Iterator[int]:
        for value in values:
            if type(value) is not int:
                raise ProgramError("a list where an integer is needed")
            yield value

    def item(self, name: str, index: int) -> tuple[list[int], int]:
        items = self.known(name)
        if not isinstance(items, list) or not -len(items) <= index < len(items):
            raise ProgramError("an index out of range")
        return items, index

    def known(self, name: str) -> Value:
        if name not in self.names:
            raise ProgramError(f"{name!r} has no value")
        return self.names[name]

    def assign(self, node: ast.stmt, name: str, value: Value, kind: str = "assign") -> None:
        if name in RESERVED:
            raise ProgramError(f"{name!r} is not a variable")
        self.names[name] = value
        self.note(kind, node, name, list(value) if isinstance(value, list) else value)

    def note(self, kind: str, node: ast.stmt, target: str, value: Value | bool | str) -> None:
        self.events.append(Event(kind, node.lineno, target, value, tuple(self.operations)))
        self.operations.clear()

    def bounded(self, value: int) -> int:
        if abs(value) > LARGEST:
            raise ProgramError("a number grows too large")
        return value

    def spend(self) -> None:
        self.budget -= 1
        if self.budget < 0:
            raise ProgramError("too many steps")
