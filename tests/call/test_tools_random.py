"""Whatever happens in whatever order: an effect begins once, a call is answered once.

A service that repeats itself, connections that come and go, functions that end whenever they like;
the model's side keeps its own books of which ids it waits for.
"""

from collections import Counter
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.call.effects import RunTool
from agent.call.requests import RECALL_S, CallerTurns
from agent.call.tools import MOST_CALLS, OpenTools, ToolState
from agent.gemini.messages import FunctionResponse
from agent.gemini.session_events import ToolCall

RESPONSES: list[dict[str, object]] = [{"output": "done"}, {"error": "no", "retryable": False}]


class Calls(RuleBasedStateMachine):
    """The model, the shell with its journal, and the connections between them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tools = OpenTools(8.0)
        self.turns = CallerTurns()
        self.connected = True
        self.count = 0
        self.waiting: dict[str, tuple[str, int]] = {}  # ids the model waits for; what it asked for
        self.over: set[str] = set()  # answered or cancelled on this connection
        self.running: dict[str, str] = {}  # run id -> key
        self.began: Counter[str] = Counter()  # starts by key, cancelled ones taken back
        self.results: dict[str, dict[str, object]] = {}  # by key
        self.unsaved: set[tuple[str, int]] = set()  # answered, and lost with the connection
        self.forgotten: dict[tuple[str, int], float] = {}  # which it was; since when
        self.promised: set[str] = set()  # keys of calls answered with "still running"
        self.texts: list[str] = []  # keys of results that wait for a quiet moment
        self.told: Counter[str] = Counter()  # texts by key
        self.owed: dict[tuple[str, int], str] = {}  # lost, and neither asked again nor told; keys

    def answered(self, answers: list[FunctionResponse]) -> None:
        for answer in answers:
            assert answer.id in self.waiting, f"{answer.id} is answered, and nobody waits for it"
            what = self.waiting.pop(answer.id)
            self.owed.pop(what, None)
            self.forgotten.pop(what, None)
            self.unsaved.add(what)
            self.over.add(answer.id)

    def ask(self, id: str, what: tuple[str, int]) -> None:
        assert id not in self.over
        self.waiting[id] = what
        call = ToolCall(id, what[0], {"people": what[1]})
        step = self.tools.request(call, 1, self.turns.number, self.now)
        if isinstance(step, RunTool):
            assert step.id not in self.running
            assert step.key not in self.running.values(), "the effect is under way"
            assert step.key not in self.results, "the effect has happened"
            assert self.owed.get(what, step.key) == step.key, "it was asked for before"
            assert self.now >= self.forgotten.get(what, -inf) + RECALL_S, "the model forgot it"
            self.forgotten.pop(what, None)
            self.running[step.id] = step.key
            self.began[step.key] += 1
        elif step is not None:
            self.answered([step])

    @precondition(lambda self: self.connected and self.count < MOST_CALLS - 10)
    @rule(
        what=st.tuples(st.just("book"), st.sampled_from([2, 4])),
        times=st.integers(1, 2),
    )
    def model_asks(self, what: tuple[str, int], times: int) -> None:
        for _ in range(times):
            self.count += 1
            self.ask(f"id{self.count}", what)

    @precondition(lambda self: self.connected and self.waiting)
    @rule(data=st.data())
    def service_cancels(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.waiting)), unique=True))
        done = self.tools.cancel([*ids, "unknown"], self.now)
        assert set(done.ids) <= set(ids)
        for id in ids:
            del self.waiting[id]
            self.over.add(id)
        for run in done.runs:
            self.began[self.running.pop(run)] -= 1  # the journal sees to it from here

    @precondition(lambda self: self.running)
    @rule(data=st.data(), response=st.sampled_from(RESPONSES))
    def function_ends(self, data: st.DataObject, response: dict[str, object]) -> None:
        run = data.draw(st.sampled_from(sorted(self.running)))
        key = self.running.pop(run)
        self.results[key] = response
        answers = self.tools.finish(run, response, self.now)
        assert answers is not None
        assert all(answer.response == response for answer in answers)
        self.answered(answers)

    @precondition(lambda self: self.connected)
    @rule(lost=st.booleans())
    def connection_goes(self, lost: bool) -> None:
        self.connected = False
        self.texts.clear()
        self.forgotten.update(dict.fromkeys(self.unsaved, self.now))
        self.unsaved.clear()
        self.tools.left(self.now)
        if lost:
            lost_keys = {r.id: r.key for r in self.tools.records}
            self.owed.update({what: lost_keys[id] for id, what in self.waiting.items()})
            assert set(self.tools.lost(list(self.waiting), self.now)) == set(self.waiting)
            self.waiting.clear()

    @precondition(lambda self: not self.connected)
    @rule(resumed=st.booleans())
    def connection_comes(self, resumed: bool) -> None:
        self.connected = True
        self.over.clear()
        self.tools.requests.moved(resumed, self.turns.number, self.now)

    @precondition(lambda self: self.connected)
    @rule()
    def caller_goes_on(self) -> None:
        self.model_ends_its_turn(saved=False)
        self.turns.caller_spoke()

    @precondition(lambda self: self.connected)
    @rule(saved=st.booleans())
    def model_ends_its_turn(self, saved: bool) -> None:
        self.turns.model_answered()
        self.tools.requests.used(self.now)
        if saved:
            self.tools.requests.saved(self.now)
            self.unsaved.clear()

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 9.0, 130.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for answer in self.tools.overdue(self.now):
            assert answer.id in self.waiting
            del self.waiting[answer.id]
            self.promised |= {r.key for r in self.tools.records if r.id == answer.id}
            self.over.add(answer.id)
        for request in self.tools.requests.due(self.now):
            assert self.connected
            assert request.key in self.results
            self.texts.append(request.key)

    @precondition(lambda self: self.connected and self.texts)
    @rule()
    def a_quiet_moment(self) -> None:
        for key in self.texts:
            if self.tools.requests.tell(key, self.now):
                assert key in self.owed.values() or key in self.promised, "the model knows it"
                self.told[key] += 1
                self.owed = {what: k for what, k in self.owed.items() if k != key}
        self.texts.clear()

    @invariant()
    def each_effect_begins_once(self) -> None:
        assert all(count <= 1 for count in self.began.values())

    @invariant()
    def each_result_is_told_once(self) -> None:
        assert all(count <= 1 for count in self.told.values())

    @invariant()
    def who_waits_is_known_on_both_sides(self) -> None:
        open_ids = {r.id for r in self.tools.records if r.state is ToolState.RUNNING}
        assert open_ids == set(self.waiting)
        assert self.tools.pending == bool(self.waiting)


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=300, deadline=None)
