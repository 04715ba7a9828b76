"""Who may import whom: one row a folder, from the mathematics up to the table of contents."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements/run.txt", "requirements/test.txt")

_CONTENT = {"pages.lessons", "rnn_core"}
_LOWER = {"pages.charts", "pages.controls", "pages.server", "pages.inside", *_CONTENT}
_DRAWN = {"pages.figures", *_LOWER}
_WEB = {"streamlit", "starlette"}

ARROWS = {  # folder → what its modules may import besides one another and the standard library
    "rnn_core": {"numpy"},
    "pages.lessons": {"rnn_core", "numpy"},
    "pages.charts": {*_CONTENT, "numpy"},
    "pages.charts.parts": {*_CONTENT, "numpy"},
    "pages.charts.drawings": {"pages.charts.parts", *_CONTENT, "numpy"},
    "pages.charts.views": {"pages.charts", *_CONTENT, "numpy"},
    "pages.inside": {*_WEB, "pandas"},
    "pages.controls": {"pages.inside", *_CONTENT, "streamlit", "pandas"},
    "pages.server": {"pages.inside", *_WEB, "plotly", "segno"},
    "pages.browser": {"pages.inside"},
    "pages.figures": {*_LOWER, *_WEB, "pages.browser", "numpy", "latex2mathml"},
    "pages.stage": {*_DRAWN, *_WEB, "pages.browser", "segno"},
    "pages.frame": {*_DRAWN, *_WEB, "pages.browser", "pages.stage"},
    "pages.teach": {*_DRAWN, *_WEB, "pages.browser", "pages.stage", "pages.frame", "latex2mathml", "jinja2"},
    "pages": {*_DRAWN, "pages.stage", "pages.frame", "pages.teach", "streamlit"},
    "app": {"pages", *_WEB},
}
INSIDE_FUNCTIONS = {"pandas"}  # slow to import and seldom needed
WITHOUT_SUBMODULES = {"plotly"}  # asked only where its plotly.min.js lies


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {
    module_name(path): path for top in ("app.py", "pages/**/*.py", "rnn_core/**/*.py") for path in ROOT.glob(top)
}
SCRIPTS = sorted(ROOT.glob("pages/**/*.js"))


def part_of(module: str) -> str:
    """The innermost part that holds the module: pages.charts before pages."""
    return max((part for part in ARROWS if within(module, part)), key=len)


def within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def imported_names(node: ast.AST, module: str) -> Iterator[str]:
    """`from a import b` counts as a.b, so that a package's parts can be told apart."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.split(".")[: -node.level] if node.level else []
        yield from (".".join(filter(None, (*package, node.module, alias.name))) for alias in node.names)


def imports(module: str, inside_functions: bool = True, for_types: bool = True) -> list[str]:
    nodes: list[ast.AST] = [ast.parse(MODULES[module].read_text(encoding="utf-8"))]
    names: set[str] = set()
    while nodes:
        node = nodes.pop()
        names.update(imported_names(node, module))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not inside_functions:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not for_types:
            continue
        nodes.extend(ast.iter_child_nodes(node))
    return sorted(names)


def allowed(name: str, part: str) -> bool:
    if name.split(".")[0] in sys.stdlib_module_names or within(name, part):
        return True
    return any(name == package if package in WITHOUT_SUBMODULES else within(name, package) for package in ARROWS[part])


@pytest.mark.parametrize("part", ARROWS)
def test_every_part_has_modules(part):
    assert part in map(part_of, (*MODULES, *map(module_name, SCRIPTS)))


@pytest.mark.parametrize("module", MODULES)
def test_every_import_follows_the_arrow(module):
    part = part_of(module)
    assert [name for name in imports(module) if not allowed(name, part)] == []


def home_of(name: str) -> str | None:
    """The module of this house that an imported name lives in."""
    parts = name.split(".")
    above = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((found for one in above for found in (one, f"{one}.__init__") if found in MODULES), None)


def test_no_imports_run_in_a_circle():
    homes = {
        module: {home_of(name) for name in imports(module, inside_functions=False, for_types=False)} - {None, module}
        for module in MODULES
    }
    assert len([*TopologicalSorter(homes).static_order()]) == len(MODULES)  # else CycleError, which names them


def test_every_folder_of_the_core_is_packaged():
    """setuptools finds a folder by its `__init__.py`."""
    folders = {path.parent for path in ROOT.glob("rnn_core/**/*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_of_the_browser_follows_the_arrow(script):
    needed = re.findall(r'\bfrom "([^"]+)"|import\("([^"]+)"\)', script.read_text(encoding="utf-8"))
    modules = [module_name((script.parent / (one or other)).resolve()) for one, other in needed]
    assert [name for name in modules if not allowed(name, part_of(module_name(script)))] == []


@pytest.mark.parametrize("module", MODULES)
def test_what_is_slow_to_import_waits_until_it_is_needed(module):
    at_load = imports(module, inside_functions=False)
    assert [name for name in at_load if name.split(".")[0] in INSIDE_FUNCTIONS] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_no_registry_address(lock):
    """Nothing but pinned names, hashes and remarks: no address, no option, no path of one machine."""
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^/@]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    remark = re.compile(r" *#(?!.*(://| /)).*")
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not (pin.fullmatch(line) or remark.fullmatch(line))] == []


def test_tests_run_with_the_versions_of_the_app():
    run, test = (set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(encoding="utf-8"), re.M)) for lock in LOCKS)
    assert run
    assert run <= test
