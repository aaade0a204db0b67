"""Prints how long functions and files of the package are; fails above the hard limits."""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
FUNCTION_LIMIT = 60
FILE_LIMIT = 450


def functions(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"


def files() -> Iterator[tuple[int, str]]:
    for path in SOURCE.rglob("*.py"):
        lines = path.read_text("utf-8").count("\n")
        if lines:
            yield lines, str(path.relative_to(SOURCE))


def row(what: str, sizes: list[tuple[int, str]], aims: tuple[int, int], limit: int) -> str:
    lines = sorted(size for size, _ in sizes)
    middle, ninth, longest = statistics.median(lines), lines[len(lines) * 9 // 10], max(sizes)
    shares = f"{middle:6g} ({aims[0]}) {ninth:6d} ({aims[1]}) {longest[0]:6d} ({limit})"
    return f"{what:10}{len(lines):6d}{shares}   {longest[1]}"


def main() -> int:
    of_functions = [size for path in SOURCE.rglob("*.py") for size in functions(path)]
    of_files = list(files())
    print("lines of   number  median     90 %       most (aim or limit in brackets)")
    print(row("functions", of_functions, (8, 30), FUNCTION_LIMIT))
    print(row("files", of_files, (120, 300), FILE_LIMIT))
    too_long = [size for size in of_functions if size[0] > FUNCTION_LIMIT]
    too_long += [size for size in of_files if size[0] > FILE_LIMIT]
    for lines, where in too_long:
        print(f"too long: {where} has {lines} lines")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
