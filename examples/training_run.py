"""A training run: seeds germinate, rewards come by the thousand, a policy is updated; for `otel-events tui` beside it.

python examples/training_run.py --seconds 60 --rate 3000
otel-events tui            # in another terminal
"""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import dataclass

import otel_events as ev

EPOCHS = 8
BLUEPRINTS = ("conv_light", "attention", "depthwise")
STAGES = ("germinated", "training", "blending")
DIVERGES_IN = 3  # of all episodes the first whose policy does, then every seventh after it


@dataclass
class Seed:
    """What grows in a slot of an environment, and how far it is."""

    slot: str
    blueprint: str
    stage: int = 0


class Run:
    """Episodes in environments side by side.

    Args:
        environments: how many.
        rate: steps a second, of all environments together.
        episode_seconds: how long an episode takes.
    """

    def __init__(self, environments: int, rate: float, episode_seconds: float) -> None:
        self._chance = random.Random(7)  # noqa: S311  # the same story on every run
        self._environments = environments
        self._rate = rate
        self._steps = max(environments, int(rate * episode_seconds / EPOCHS))  # in an epoch

    def play(self, episode: int) -> None:
        """Play one episode; one that fails has said so, and the run goes on."""
        try:
            with ev.context(episode=episode), ev.task("episode", task_id=f"episode-{episode}") as task:
                self._play_epochs()
                task.set(policy_loss=self._update_policy(episode))
        except FloatingPointError:
            ev.emit("anomaly.detected", "Policy diverged, taking the one before", severity="warn", episode=episode)

    def _play_epochs(self) -> None:
        seeds = [self._plant(env) for env in range(self._environments)]
        began, step = time.monotonic(), 0
        for epoch in range(1, EPOCHS + 1):
            for _ in range(self._steps):
                reward = round(self._chance.gauss(0.2, 0.4), 4)
                ev.emit("reward.computed", env_id=step % self._environments, step=step, reward=reward)
                step += 1
                time.sleep(max(0.0, began + step / self._rate - time.monotonic()))
            self._end_epoch(epoch, seeds)

    def _end_epoch(self, epoch: int, seeds: list[Seed]) -> None:
        losses = [round(self._chance.uniform(0.8, 1.2) / epoch, 4) for _ in seeds]
        for env, loss in enumerate(losses):
            ev.emit("epoch.completed", env_id=env, epoch=epoch, loss=loss, accuracy=round(90 - 40 * loss, 2))
        ev.emit("batch.epoch_completed", epoch=epoch, loss=round(sum(losses) / len(losses), 4))
        ev.emit("task.progress", progress=epoch / EPOCHS)
        for env in range(epoch % 2, self._environments, 2):
            seeds[env] = self._grow(env, seeds[env])

    def _plant(self, env: int) -> Seed:
        seed = Seed(f"r{self._chance.randrange(3)}c{self._chance.randrange(3)}", self._chance.choice(BLUEPRINTS))
        ev.emit("seed.germinated", env_id=env, slot_id=seed.slot, blueprint=seed.blueprint)
        return seed

    def _grow(self, env: int, seed: Seed) -> Seed:
        """Take *seed* through its next gate, and return what is in the slot then."""
        improvement = round(self._chance.gauss(0.5, 0.5), 3)
        has_passed = improvement > 0
        ev.emit("seed.gate_evaluated", env_id=env, slot_id=seed.slot, gate=f"G{seed.stage + 1}", passed=has_passed)
        if not has_passed:
            ev.emit("seed.pruned", env_id=env, slot_id=seed.slot, improvement=improvement)
            return self._plant(env)
        if seed.stage == len(STAGES) - 1:
            ev.emit("seed.fossilized", env_id=env, slot_id=seed.slot, blueprint=seed.blueprint, improvement=improvement)
            return self._plant(env)
        before, seed.stage = STAGES[seed.stage], seed.stage + 1
        ev.emit("seed.stage_changed", env_id=env, slot_id=seed.slot, from_=before, to=STAGES[seed.stage])
        return seed

    @ev.task("update")
    def _update_policy(self, episode: int) -> float:
        """Learn from the episode; return the loss, or raise FloatingPointError if it is beyond all measure."""
        loss = math.inf if episode % 7 == DIVERGES_IN else round(self._chance.uniform(0.1, 0.9), 4)
        if not math.isfinite(loss):
            raise FloatingPointError(f"policy loss is {loss} after {EPOCHS * self._steps:,} steps")
        entropy = round(self._chance.uniform(0.5, 1.5), 3)
        ev.emit("ppo.update_completed", policy_loss=loss, value_loss=round(loss / 2, 4), entropy=entropy)
        return loss


def main() -> None:
    """Play episodes for as long as was asked for."""
    parser = argparse.ArgumentParser(description="A training run that says what happens in it.")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long it runs")
    parser.add_argument("--rate", type=float, default=2_000.0, help="steps a second")
    parser.add_argument("--environments", type=int, default=4, help="side by side")
    parser.add_argument("--episode", type=float, default=8.0, help="how many seconds an episode takes")
    options = parser.parse_args()
    ev.configure(service_name="training")
    run, episode, end = Run(options.environments, options.rate, options.episode), 0, time.monotonic() + options.seconds
    ev.emit("training.started", environments=options.environments, rate=options.rate)
    while time.monotonic() < end:
        episode += 1
        run.play(episode)
    is_safe = ev.flush()
    told = ev.stats()
    is_whole = is_safe and not told.dropped
    print(f"{episode} episodes, {told.emitted:,} events, {'all' if is_whole else 'not all'} of them handed over")


if __name__ == "__main__":
    main()
