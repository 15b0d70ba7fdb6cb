"""Calls that once broke a promise: each drawn from the seed that found it."""

from __future__ import annotations

import pytest

from agent.sim.simulation.draw import draw
from agent.sim.simulation.promises import breaches
from agent.sim.simulation.simulated import simulate

FOUND = {
    10521: "a key pressed in the last words cut them short",
    10774: "the rest of a sentence was asked for behind words that the model answered by itself",
    11645: "a dial and two resumes without an answer used up the budget",
    12073: "a late result cut the last words short",
    20825: "what the model said after its last words was thrown away while they were still heard",
    20962: "an answer to a text was taken for the answer to the caller",
    22716: "words kept behind those that were answered first were not sent again",
    22972: "an answer to the utterance before was taken for the answer to this one",
    23049: "a handle held back by a stall was held against us",
    23207: "a result was to be told before there was a model",
    25946: "words under way when a handle came, four times as many as usual, were lost",
    28520: "a quick answer after an interruption of nothing was taken for late",
    31082: "the service's own second greeting was held against us",
    46397: "what was said of a result was taken for late, its call having ended the turn",
    47486: "words under way when a handle came, just after others were sent again, were lost",
    67453: "words under way when a handle came, after the carrier held them back, were lost",
    70071: "words under way when a handle came were lost over a slow set-up",
    83912: "what a forgetful service had acknowledged was held against us",
    85644: "what the carrier held back until the caller had hung up was held against us",
    87272: "a reply that the caller spoke into as it came was taken for an answer",
    87732: "what waited for a function when the caller hung up was held against us",
    90770: "what the model had not been sent yet kept its answer from being one",
    93404: "a caller who waited for a lost function was asked whether he was there",
    94848: "words under way when a handle came, sent again at once, were lost",
    100793: "words sent again cut what was said of a result",
    103138: "a result that the service had not acknowledged was taken for saved",
    101093: "words under way twice over were lost",
    105745: "a turn that began as words went out was taken to answer them",
    108345: "words said on as a turn began were lost",
    111247: "a model that was only interrupted was taken to have answered",
    54307: "what waited behind other words when the caller hung up was held against us",
    119921: "a notice that was nearly over when the connection was ready was held against us",
    132393: "words of which the carrier left two coughs were waited for",
    132574: "the budget ended with a handle whose service never answered",
    805519: "a wait for the model and then for a function was two waits",
    830006: "a handle whose service never answered was tried again with little time left",
    837376: "words sent again were counted as new, and a function ran again for them",
    840661: "a quick answer to words that cut a function short was taken for late",
    841085: "a result of which the caller heard half a word was taken for known",
    848375: "words still being sent again at the end were held against us",
    868664: "the first milliseconds of words begun as a function ended were lost",
    874415: "words kept before the first connection and not sent yet were held against us",
    879685: "a reply to words before, cut as it began, was taken for the answer to these",
    881148: "what older words, sent again, cut short was held against us",
    3002993: "an answer that crossed our asking for its rest was held against us",
    221220: "words before a line broke counted as unanswered, since no sound followed them",
    6006609: "the answer after an interruption was taken for the rest of what it cut",
    6009917: "keys interrupted a turn that had all come, and their answer was taken for late",
    6010856: "after a barge-in, what a broken line left to say was cut within a frame",
    7004460: "a caller hung up, and what he had said came when his phone was let go",
    7016202: "the setup after one that failed could go out before that was closed",
    7016619: "he hung up while he was held back for a function's sake, and that counted as lost",
    8009598: "a handle that failed once was tried again, and left no time for a session afresh",
    8009843: "nobody spoke to a caller whose line had been dead for longer than it was known",
    8021413: "the same while the model was away as well",
    42534: "what the service went on with by itself was taken for the answer to the caller",
    77: "the phone came back, and what was to be told cut the result of a function",
    7281: "the line broke, and nobody else in the call was told at once",
    11795: "a sentence cut while the phone was away had an endless gap",
    26293: "words said while a function ran were lost as the line broke",
    34014: "the phone came back, and what was to be told cut the greeting",
    38119: "the first frame of another stream was said to be before its beginning",
    49276: "a line that had run dry since counted as heard later than it was",
    10118: "a caller who hung up as he was given up was held against us",
    13653: "a call that was ending as its line broke unseen was held against us",
    242319: "words sent again while the phone was away were waited on for more",
    265144: "a caller who hung up at the very moment he was given up was held against us",
    2000852: "a prompt on a line that nobody knew to be broken was held against us",
    2007098: "words of which the carrier lost half were taken for lost",
    91977: "what could be kept from the model no longer was held against us",
}


@pytest.mark.parametrize("seed", FOUND, ids=[f"{seed}: {what}" for seed, what in FOUND.items()])
def test_what_was_found_stays_away(seed: int) -> None:
    assert breaches(simulate(draw(seed))) == []
