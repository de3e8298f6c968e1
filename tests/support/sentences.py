"""What the sources tell people, found in the sources themselves: so none of it can be forgotten in the catalogues."""

import ast
from collections.abc import Iterable
from pathlib import Path


def sentences(paths: Iterable[Path], says: set[str], *, begins: str = "", told_of: str = "") -> set[str]:
    """Return the last text of all calls of these names, with 7 in each gap; also what is returned or raised and begins
    so. `told_of`: the call that puts the name of a file before its text."""
    found: set[str] = set()
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _named(node) in says:
                texts = [text for each in node.args if (text := written(each, constants))]
                found |= {f"7: {text}" if told_of and _named(node) == told_of else text for text in texts[-1:]}
            elif begins and isinstance(node, ast.Return | ast.Raise):
                found |= {
                    written(each, constants)
                    for each in ast.walk(node)
                    if isinstance(each, ast.Constant) and str(each.value).startswith(begins)
                }
    return found


def written(node: ast.expr, constants: dict[str, str]) -> str:
    """Return the text of an expression, with 7 in each gap; nothing if it is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name, "")
        case ast.JoinedStr(values=parts):
            return "".join(written(part, constants) or "7" for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return constants.get(name, "7")
        case _:
            return ""


def _named(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))
