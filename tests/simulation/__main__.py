"""Runs simulations on SQLite, and looks for planted bugs with them.

`make simulate` calls it, with PYTHONHASHSEED=0: sets of words have the same order each time. A seed
that breaks something is named with the command that replays it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests.simulation import bugs
from tests.simulation.processes import Result, open_template, run, set_up

PROGRESS_EVERY = 50
REPLAY = "make simulate SIMULATE_SEED={seed}"


def run_all(options: argparse.Namespace, template: str) -> int:
    """Prints how it goes, and the failures. Returns how many there were."""
    began, seeds = time.monotonic(), range(1, options.seeds + 1)
    done = steps = failed = 0
    with ProcessPoolExecutor(
        options.processes, get_context("spawn"), initializer=set_up, initargs=(template,)
    ) as pool:
        futures: list[Future[Result]] = [pool.submit(run, seed, template) for seed in seeds]
        for future in as_completed(futures):
            result = future.result()
            done, steps = done + 1, steps + result.steps
            if result.failure:
                failed += 1
                print(f"seed {result.seed}: {result.failure}", flush=True)
                print(f"  Replay it: {REPLAY.format(seed=result.seed)}", flush=True)
                if options.stop_at_failure:
                    pool.shutdown(cancel_futures=True)
                    break
            if done % PROGRESS_EVERY == 0:
                took = time.monotonic() - began
                print(f"{done} of {len(seeds)} seeds, {steps} steps, {took:.0f} s", flush=True)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="run the seeds up to this one")
    parser.add_argument("--seed", type=int, help="run this one alone and print its steps")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bugs", action="store_true", help="look for the planted bugs too")
    parser.add_argument("--stop-at-failure", action="store_true")
    parser.add_argument("--template", default="", help="an SQLite file with empty tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loopsweb-simulation-") as folder:
        template = options.template or str(Path(folder) / "template.sqlite3")
        set_up(template)
        if not options.template:
            from tests.simulation.seeds import use_own_database

            with use_own_database(), open_template(template):
                pass
        if options.seed:
            failure = run(options.seed, template, tells_steps=True).failure
            print(failure or f"seed {options.seed}: all promises were kept")
            return bool(failure)
        failed = run_all(options, template)
        if options.bugs:
            failed += bugs.look_for_all(template, at_most=bugs.SEEDS)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
