"""The pages of the visual Turing test: which one is real?"""

import secrets
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import Field

from synthetyk.core.errors import ImageNotFoundError, RequestError, RunError
from synthetyk.service.context import Service, TheService
from synthetyk.service.csrf import Protected
from synthetyk.service.pages.classify import model_of
from synthetyk.service.pages.form import FormValues
from synthetyk.service.pages.generate import classes_of, generators
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.pages.turing_images import REALS, labels_of, real_images, shown
from synthetyk.service.pages.turing_record import (
    KIND,
    all_sittings,
    as_csv,
    as_json,
    record_of,
    sitting_of,
)
from synthetyk.service.pages.turing_trial import MOST, Pair, Side, Trial, fingerprint, pairs_of
from synthetyk.store.record import Event, now

HERE = "turing"
LISTED = 50
SIDES: dict[str, Side] = {"l": "left", "r": "right"}

router = page_router("/which-is-real")


class Begin(FormValues):
    """What the form for a new trial says; see `Trial`.

    Attributes:
        model: Name or hash; empty: the first that has a generator.
        label: Class; empty: all.
        pairs: How many.
        reader: Who looks.
    """

    model: str = Field(default="", max_length=200)
    label: str = Field(default="", max_length=200)
    pairs: int = Field(default=20, ge=4, le=MOST)
    reader: str = Field(default="", max_length=60)


class Sat(Trial):
    """A trial, and how far it is.

    Attributes:
        pairs_are: What `fingerprint` says of its pairs.
        answers: A letter for each answer so far: l, left, or r, right.
    """

    pairs_are: str = Field(pattern="^[0-9a-f]{16}$")
    answers: str = Field(default="", pattern=f"^[lr]{{0,{MOST}}}$")

    @property
    def given(self) -> list[Side]:
        """The answers so far."""
        return [SIDES[letter] for letter in self.answers]

    def address(self, path: str, **more: object) -> str:
        """Return the address of a page of this trial."""
        said = self.model_dump() | more
        return f"/which-is-real/{path}?" + urlencode({name: value for name, value in said.items() if value != ""})


class Answered(Sat):
    """An answer, or the end.

    Attributes:
        answer: Where the reader says that the real image stands; None: the reader ends the trial.
    """

    answer: Annotated[str, Field(pattern="^(l|r|end)$")]


@router.get("")
def index(service: TheService, request: Request) -> HTMLResponse:
    """Show the form for a new trial, and what was found before."""
    served = generators(service.models)
    found = service.store.events(KIND, limit=LISTED)
    labels = dict.fromkeys(label for model in served if model.generator for label in labels_of("", model.generator))
    reals = real_images(service.store, labels, now() + 1)
    return page(
        request,
        "turing",
        HERE,
        served=served,
        classes=classes_of(served),
        reals={label: len(ids) for label, ids in reals.items()},
        reals_most=REALS,
        sittings=[(event, sitting_of(event)) for event in found.events],
        names={model.sha256: model.name for model in service.models},
        most=MOST,
    )


@router.post("", dependencies=[Protected])
def begin(service: TheService, asked: Annotated[Begin, Form()]) -> Response:
    """Begin a trial."""
    model, generator = service.models.generator(asked.model)
    if asked.label:
        generator.label_of(asked.label)
    said = asked.model_dump() | {"model": model.sha256}
    trial = Trial(id=secrets.token_hex(16), seed=secrets.randbelow(2**31), begun=now() + 1, **said)
    pairs = _pairs(service, trial)
    sat = Sat(pairs_are=fingerprint(pairs), **trial.model_dump() | {"pairs": len(pairs)})
    return RedirectResponse(sat.address("trial"), 303)


@router.get("/trial")
async def trial(service: TheService, request: Request, sat: Annotated[Sat, Query()]) -> Response:
    """Show the next pair of a trial."""
    pairs = await service.threads.store.run(_same_pairs, service, sat)
    number = len(sat.answers)
    if number >= len(pairs):
        raise RequestError("All pairs of this trial are answered", action="Begin another")
    return page(
        request,
        "turing_pair",
        HERE,
        number=number + 1,
        count=len(pairs),
        label=pairs[number].label,
        sources=await shown(service, sat, pairs[number]),
        kept=sat.model_dump(),
    )


@router.post("/answer", dependencies=[Protected])
async def answer(service: TheService, said: Annotated[Answered, Form()]) -> Response:
    """Take an answer, and lead to the next pair or to the result, which is recorded first."""
    ended = said.answer == "end"
    answers = said.answers + ("" if ended else said.answer)
    sat = Sat(**said.model_dump(exclude={"answer"}) | {"answers": answers[: said.pairs]})
    if not ended and len(answers) < said.pairs:
        return RedirectResponse(sat.address("trial"), 303)
    if not answers:
        return RedirectResponse("/which-is-real", 303)
    pairs = await service.threads.store.run(_same_pairs, service, sat)
    event = record_of(Trial(**sat.model_dump(include=set(Trial.model_fields))), pairs, sat.given)
    await service.recorder.record(event)
    return RedirectResponse(f"/which-is-real/results/{event.created}/{event.id}", 303)


@router.get("/results/{created}/{name}")
def result(service: TheService, request: Request, created: int, name: str) -> HTMLResponse:
    """Show what came of a trial."""
    event = _event(service, created, name)
    sitting = sitting_of(event)
    return page(
        request,
        "turing_result",
        HERE,
        event=event,
        sitting=sitting,
        score=sitting.score,
        model=model_of(service.models, sitting.model),
    )


@router.get("/export.csv")
def export_csv(service: TheService) -> Response:
    """Return all answers of all trials as a table."""
    headers = {"Content-Disposition": 'attachment; filename="which-is-real.csv"'}
    return Response(as_csv(all_sittings(service.store)), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/export.json")
def export_json(service: TheService) -> Response:
    """Return all trials with their answers and scores."""
    headers = {"Content-Disposition": 'attachment; filename="which-is-real.json"'}
    return JSONResponse(as_json(all_sittings(service.store)), headers=headers)


def _pairs(service: Service, trial: Trial) -> tuple[Pair, ...]:
    _, generator = service.models.generator(trial.model)
    return pairs_of(trial, real_images(service.store, labels_of(trial.label, generator), trial.begun))


def _same_pairs(service: Service, sat: Sat) -> tuple[Pair, ...]:
    """Return the pairs of a trial, as they were when it began."""
    pairs = _pairs(service, sat)
    if fingerprint(pairs) != sat.pairs_are:
        raise RunError("Images were deleted since this trial began", action="Begin another")
    return pairs


def _event(service: Service, created: int, name: str) -> Event:
    """Return a record by its moment and its name."""
    place: dict[str, Any] = {"limit": 20, "after": f"{created + 1}-0"}
    for event in service.store.events(KIND, **place).events:
        if (event.created, event.id) == (created, name):
            return event
    raise ImageNotFoundError("There is no such trial", action="Look for it in the list of trials")
