"""The smallest script that still breaks a promise, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent.sim.simulation.promises import breaches
from agent.sim.simulation.script import Script
from agent.sim.simulation.simulated import simulate

MOST_TRIES = 200


def smallest(script: Script, promise: str) -> Script:
    """Leave out what is not needed to break this promise, one thing after the other."""
    tries = 0
    found = True
    while found and tries < MOST_TRIES:
        found = False
        for smaller in _smaller(script):
            tries += 1
            if any(breach.promise == promise for breach in breaches(simulate(smaller))):
                script, found = smaller, True
                break
    return script


def _smaller(script: Script) -> Iterator[Script]:
    """The same with one thing less."""
    troubles, utterances = script.troubles, script.utterances
    for i in range(len(troubles)):
        yield replace(script, troubles=troubles[:i] + troubles[i + 1 :])
    for i in reversed(range(len(utterances))):
        yield replace(script, utterances=utterances[:i] + utterances[i + 1 :])
    if script.keys:
        yield replace(script, keys=())
    for i, utterance in enumerate(utterances):
        if utterance.barge_in_s is not None:
            plain = replace(utterance, barge_in_s=None)
            yield replace(script, utterances=(*utterances[:i], plain, *utterances[i + 1 :]))
