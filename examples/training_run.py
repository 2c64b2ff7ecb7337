"""A training run: seeds germinate, rewards come by the thousand, a policy is updated; for `otel-events tui` beside it.

python examples/training_run.py --seconds 60 --rate 3000
otel-events tui            # in another terminal
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import ExitStack

import otel_events as ev

ENVIRONMENTS = 4
BLUEPRINTS = ("conv_light", "attention", "depthwise")
STAGES = ("germinated", "training", "blending", "fossilized")


def run_episode(number: int, *, steps: int, rate: float, chance: random.Random) -> None:
    """Run one episode in every environment, *rate* steps a second in all."""
    with ExitStack() as around:
        around.enter_context(ev.context(episode=number))
        task = around.enter_context(ev.task("episode", task_id=f"episode-{number}"))
        seeds = {env: plant(env, chance) for env in range(ENVIRONMENTS)}
        began = time.monotonic()
        for step in range(steps):
            env = step % ENVIRONMENTS
            ev.emit("reward.computed", env_id=env, step=step, reward=round(chance.gauss(0.2, 0.4), 4))
            if step % (steps // 8) == 0:
                advance(env, seeds, step * len(STAGES) // steps, chance)
                ev.emit("task.progress", progress=step / steps)
            time.sleep(max(0.0, began + step / rate - time.monotonic()))
        loss = round(chance.uniform(0.1, 2.0), 4)
        ev.emit("ppo.update_completed", policy_loss=loss, kl=round(chance.uniform(0, 0.03), 5))
        if loss > 1.8:
            ev.emit("anomaly.detected", "Loss is far from its mean", severity="warning", policy_loss=loss)
        task.set(loss=loss)


def plant(env: int, chance: random.Random) -> str:
    """Let a seed germinate in *env*; return its slot."""
    slot = f"r{chance.randrange(3)}c{chance.randrange(3)}"
    ev.emit("seed.germinated", env_id=env, slot_id=slot, blueprint=chance.choice(BLUEPRINTS))
    return slot


def advance(env: int, seeds: dict[int, str], stage: int, chance: random.Random) -> None:
    """Say at which stage the seed of *env* is; now and then it is pruned."""
    if chance.random() < 0.1:
        ev.emit("seed.pruned", env_id=env, slot_id=seeds[env], reason="no improvement")
        seeds[env] = plant(env, chance)
    else:
        ev.emit("seed.stage_changed", env_id=env, slot_id=seeds[env], stage=STAGES[stage], improvement=chance.random())


def main() -> None:
    """Run episodes for as long as was asked for."""
    parser = argparse.ArgumentParser(description="A training run that says what happens in it.")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long it runs")
    parser.add_argument("--rate", type=float, default=2_000.0, help="steps a second")
    options = parser.parse_args()
    ev.configure(service_name="training")
    chance = random.Random(7)  # noqa: S311  # no secret
    end, number = time.monotonic() + options.seconds, 0
    ev.emit("training.started", environments=ENVIRONMENTS, rate=options.rate)
    while time.monotonic() < end:
        run_episode(number, steps=max(8, int(options.rate * 2)), rate=options.rate, chance=chance)
        number += 1
    print(f"{number} episodes")
    ev.shutdown()


if __name__ == "__main__":
    main()
