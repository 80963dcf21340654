"""When a request is sent again, and how long that waits."""

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import httpx

from synthetyk.client.calls import Call
from synthetyk.client.failures import error_of, unreachable

Result = TypeVar("Result")
Outcome = httpx.Response | httpx.TransportError
AGAIN = (429, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """How often a request is sent again that met no service, or one that could not answer just then.

    Every request of the client may be: what is stored or drawn is decided by the bytes that are sent, so that twice is
    once, and what is gone cannot be deleted twice. A prediction whose answer was lost on its way may stand in the store
    twice, and so may the event of what was drawn; both say the same.

    Attributes:
        attempts: In all; 1: never again.
        first: Seconds before the second, on average half of it; doubled each time.
        longest: Seconds at most. A service that asks to be left alone for longer is not asked again.
    """

    attempts: int = 5
    first: float = 0.25
    longest: float = 30.0

    def wait(
        self, attempt: int, answer: httpx.Response | None, draw: Callable[[], float] = random.random
    ) -> float | None:
        """Return how many seconds to wait before the next attempt; None: there is none.

        Args:
            attempt: How many there have been.
            answer: What came back; None if nothing did.
            draw: A random number in [0, 1): those who were refused together do not come back together.
        """
        if attempt >= self.attempts or (answer is not None and answer.status_code not in AGAIN):
            return None
        backoff = min(self.longest, self.first * 2 ** (attempt - 1)) * draw()
        asked = 0.0 if answer is None else _retry_after(answer)
        return None if asked > self.longest else asked + backoff


def _retry_after(answer: httpx.Response) -> float:
    """Return the seconds that an answer asks to wait; a date, which our services never say, counts as none."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() else 0.0


def attempts(
    call: Call[Result], retries: Retries, draw: Callable[[], float] = random.random
) -> Generator[float, Outcome, Result]:
    """Say how a request is made, without making it: whoever drives this waits and sends, in a thread or a loop.

    Yields:
        Seconds to wait before the next attempt. What the attempt came to is to be sent in.

    Returns:
        The result.

    Raises:
        SynthetykError: The service refuses, or no attempt met an answer.
    """
    wait, attempt = 0.0, 0
    while True:
        outcome = yield wait
        attempt += 1
        answer = outcome if isinstance(outcome, httpx.Response) else None
        if answer is not None and call.answered(answer, attempt):
            return call.result(answer)
        again = retries.wait(attempt, answer, draw)
        if again is None:
            raise unreachable(outcome) if isinstance(outcome, httpx.TransportError) else error_of(outcome)
        wait = again
