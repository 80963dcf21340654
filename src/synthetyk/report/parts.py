"""What a section of the report is made of; each part has a template of its own."""

from dataclasses import dataclass
from typing import ClassVar, Literal

Tone = Literal["plain", "good", "bad", "unsure"]


@dataclass(frozen=True)
class Text:
    """A paragraph; `tone` other than plain sets it in a box."""

    template: ClassVar[str] = "text.html"

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What it says.
        notes: Short lines under it.
        tone: Its colour, never the only bearer of a meaning.
        code: Whether the text is a name that a computer knows.
        shade: From 0 to 1, how strongly the cell is filled.
    """

    text: str
    notes: tuple[str, ...] = ()
    tone: Tone = "plain"
    code: bool = False
    shade: float = 0.0


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is the row's header.

    Attributes:
        caption: What it shows.
        header: One cell per column.
        rows: Cells by row.
        about: How to read it.
        prose: Whether it holds sentences: it is then stacked on a phone; numbers are scrolled instead.
    """

    template: ClassVar[str] = "table.html"

    caption: str
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    about: str = ""
    prose: bool = False


@dataclass(frozen=True)
class Tables:
    """Small tables side by side, as many as fit."""

    template: ClassVar[str] = "tables.html"

    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Figure:
    """A picture with its title.

    Attributes:
        title: What it shows.
        about: How to read it.
        alt: What it shows, for those who cannot see it.
        light: Data URI.
        dark: Data URI for dark screens, if it is another.
        wide: Whether it takes a row of its own.
    """

    title: str
    about: str
    alt: str
    light: str
    dark: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Gallery:
    """Figures side by side, as many as fit."""

    template: ClassVar[str] = "gallery.html"

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Terms:
    """Words explained where they stand."""

    template: ClassVar[str] = "terms.html"

    title: str
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    template: ClassVar[str] = "points.html"

    points: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """The run at a glance: label, value, note."""

    template: ClassVar[str] = "facts.html"

    facts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot; positions are percentages of its width."""

    name: str
    text: str
    left: float
    middle: float
    right: float
    strong: bool


@dataclass(frozen=True)
class Forest:
    """Intervals under each other on one scale.

    Attributes:
        caption: What it shows.
        about: How to read it.
        unit: What the scale measures.
        rows: From top to bottom.
        ticks: Label and position of each mark of the scale.
        reference: Position of the line to compare with.
    """

    template: ClassVar[str] = "forest.html"

    caption: str
    about: str
    unit: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[str, float], ...]
    reference: float


Part = Text | Table | Tables | Gallery | Terms | Points | Facts | Forest


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Attributes:
        name: Its anchor.
        title: Its heading, often a question.
        parts: What it says, from top to bottom.
    """

    name: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Answer:
    """The head of the report: a question and its answer in one sentence.

    Attributes:
        name: Its anchor.
        question: What the reader wants to know.
        word: The answer in a word or two.
        sentence: The answer in full.
        tone: Its colour.
        carries: What the answer can carry, and what not.
    """

    name: str
    question: str
    word: str
    sentence: str
    tone: Tone
    carries: tuple[str, ...]
