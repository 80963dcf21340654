"""Links lead somewhere, commands exist, and the code map names every module."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from synthetyk.cli.main import app
from synthetyk.cli.reference import every_command
from synthetyk.pipeline.plan import PlanValues

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(?:console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = dict(every_command(typer.main.get_command(app)))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page):
    """Return the anchors of a page's headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@every_page
def test_internal_links_resolve(page):
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def shown_commands(page):
    for block in BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["synthetyk"]:
                yield words


def split_command(words):
    """Return the longest command that the words begin with, and the words after it."""
    longest = max((n for n in range(1, len(words) + 1) if " ".join(words[:n]) in COMMANDS), default=1)
    return COMMANDS[" ".join(words[:longest])], words[longest:]


def is_flag(command, option):
    return next(each.is_flag for each in command.params if option in each.opts)


@every_page
def test_shown_commands_exist_with_their_options_and_arguments(page):
    for words in shown_commands(page):
        command, rest = split_command(words)
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        places = 0
        while rest:
            word = rest.pop(0)
            if not word.startswith("-"):
                places += 1
                continue
            assert word in known, " ".join(words)
            if word != "--help" and not is_flag(command, word):
                value = rest.pop(0)
                assert word != "--set" or value.partition("=")[0] in PlanValues.model_fields, " ".join(words)
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        any_number = any(each.nargs == -1 for each in arguments)
        assert any_number or places <= len(arguments), " ".join(words)
        assert hasattr(command, "commands") is False or "--help" in words or "--version" in words, " ".join(words)


def test_the_readme_shows_commands():
    assert {words[1] for words in shown_commands(ROOT / "README.md")} >= {"run", "train", "generate", "study", "data"}


def test_the_code_map_names_every_module_and_no_other():
    source = ROOT / "src/synthetyk"
    modules = {path.relative_to(source).as_posix() for path in source.rglob("*.py") if path.name != "__init__.py"}
    named = re.findall(r"^- `([\w/]+\.py)`: \S", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(modules)
