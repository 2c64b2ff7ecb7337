"""Three personas argue about a question for three cycles, and say what happens as it happens.

    python examples/pipeline.py

Nothing here says where events go: to the ledger on this machine, or with OTEL_EXPORTER_OTLP_ENDPOINT to a Collector.
"""

from __future__ import annotations

import asyncio
import random
import time

import otel_events as ev

QUESTION = "Does spaced practice beat cramming?"
SOURCES = ("cepeda-2006.pdf", "a-forum-thread.html")
LEAST_QUALITY = 0.5

chance = random.Random(7)  # noqa: S311  # the same story on every run


@ev.define("claim.challenged", brief="A weak point was found in a claim.", message="Claim challenged")
class ClaimChallenged:
    """An event of this program's own: its fields are checked by your type checker and known to the catalogue."""

    claim: str
    weakness: str
    strength: float


async def search(source: str, seconds: float) -> float:
    """Look into one source; return how good it is, 0 if it is of no use."""
    async with ev.task("search", source=source) as task:
        await asyncio.sleep(seconds)
        quality = round(chance.uniform(0.6, 0.95) if source.endswith(".pdf") else chance.uniform(0.1, 0.4), 2)
        task.set(quality=quality)
        if quality < LEAST_QUALITY:
            ev.emit("evidence.rejected", source=source, quality=quality, reason="not reviewed")
            return 0.0
        ev.emit("evidence.added", source=source, quality=quality)
        return quality


async def search_all() -> list[float]:
    """Look into all sources at once; each search knows which task it belongs to."""
    return await asyncio.gather(*(search(source, 0.2 * n) for n, source in enumerate(SOURCES, start=1)))


def propose(number: int) -> str:
    """Draft a claim from evidence."""
    with ev.phase("thesis", persona="thesis"), ev.task("draft", task_id=f"draft-{number}", goal=QUESTION) as task:
        qualities = [quality for quality in asyncio.run(search_all()) if quality]
        time.sleep(0.2)
        task.set(evidence_added=len(qualities), quality=round(sum(qualities) / len(qualities), 2))
        return f"spacing wins (version {number})"


@ev.task("verify")
def verify(number: int) -> None:
    """Look up citations in a service that is away in the second cycle."""
    time.sleep(0.25)
    if number == 2:
        raise ConnectionError("the citation index does not answer")
    ev.emit("quality.check", "All citations found", verdict="accept")


def challenge(number: int, claim: str) -> float:
    """Look for the weak point of a claim; return how weak it is."""
    with ev.phase("antithesis", persona="antithesis"), ev.task("challenge", task_id=f"challenge-{number}") as task:
        try:
            verify(number)
        except ConnectionError:
            ev.emit("alert.triggered", "Citation index away, going on unverified", component="citation-index")
        time.sleep(0.2)
        strength = round(0.9 / (number + 1), 2)
        ev.emit(ClaimChallenged(claim=claim, weakness="few studies beyond a month", strength=strength))
        task.set(strength=strength)
        return strength


def resolve(number: int, strength: float) -> float:
    """Weigh claim and challenge; return how confident the answer is."""
    with ev.phase("synthesis", persona="synthesis"), ev.task("resolve", task_id=f"resolve-{number}") as task:
        time.sleep(0.3)
        confidence = round(1.0 - strength, 2)
        ev.emit("decision", intention="revise" if confidence < 0.75 else "answer", confidence=confidence)
        task.set(confidence=confidence)
        return confidence


def main() -> None:
    """Run the cycles; every event inside carries session, cycle, persona and task without being told."""
    ev.configure(service_name="orchestrator")
    with ev.session("s-1", question=QUESTION):
        for number in (1, 2, 3):
            with ev.cycle(number, day=1551):
                claim = propose(number)
                strength = challenge(number, claim)
                resolve(number, strength)
    is_safe = ev.flush()
    print(f"{ev.stats().emitted} events emitted, {'all' if is_safe else 'not all'} of them handed over")


if __name__ == "__main__":
    main()
