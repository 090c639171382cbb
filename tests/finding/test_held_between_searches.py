"""What a server holds from one search to the next changes no answer, whatever happened in between.

Files come, go, change and are renamed in the state of a small library; it is asked by a server that
has been asked before, and by one that has just started.
"""

import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from match_films import Edit, clip, film, joined

from autodedup.engine.finding import parts, remembered, run
from autodedup.engine.finding.contents import contents_of
from autodedup.engine.finding.run import FindRun
from autodedup.engine.library import Library
from autodedup.engine.match.model import Clip
from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.roots import Root, Roots
from autodedup.engine.settings import Settings
from autodedup.engine.signature.model import Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.store import decisions, files, generation, results, signatures
from autodedup.engine.store import roots as root_numbers
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import Stat
from autodedup.schemas.find_duplicates import FindArguments, Group

MEMORY = Path("/dev/shm")  # noqa: S108  # a commit waits for the disk, and there are many
SECONDS = 12.0
EDITS = {
    "encoded anew": Edit(noise=0.2),
    "mirrored": Edit(turn="mirror"),
    "cropped": Edit(crop="crop80"),
    "trimmed": Edit(start=3.25),
}
films = st.integers(0, 3)
edits = st.sampled_from(sorted(EDITS))
places = st.integers(0, 1000)  # of a file among those there are, counted around
QUESTIONS = (
    {},
    {"kinds": ["near", "contains"]},
    {"kinds": ["exact"]},
    {"min_confidence": 0.95},
    {"profile": "strict"},
)


def shown(number: int, seed: int, edit: str) -> Clip:
    """Return what the file of this number shows: films 0 and 1 begin with one intro."""
    own, lasts = film(seed), SECONDS
    if seed <= 1:
        own, lasts = joined([(film(77), 0, 4.0), (own, 0, SECONDS)])
    return clip(number, own, lasts / 2 if edit == "trimmed" else lasts, EDITS[edit])


def signed(of: Clip) -> Signature:
    return Signature(
        recipe=RECIPE,
        facts=MediaFacts("mp4", "h264", 640, 360, 0, of.seconds, 25.0, 900_000, None, None, None),
        route=DecodeRoute("pyav", "made up"),
        seen_seconds=of.seconds,
        shown_share=1.0,
        inset=None,
        times_seconds=of.times_seconds,
        hashes=of.hashes,
        quality=of.quality,
        anchor_whashes=of.anchor_whashes,
    )


class State:
    """The state of a library of which no file exists."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.db = Database(home / "state.db")
        self.roots = Roots([Root(each.id, each.path) for each in self._registered(self.db)])
        self.made = 0

    def _registered(self, db: Database) -> tuple[Root, ...]:
        return tuple(root_numbers.register(db, (self.home,)))

    def adds(self, seed: int, edit: str, name: str | None = None) -> int:
        """Add a file that shows a film, and return its number."""
        self.made += 1
        with self.db.atomic() as connection:
            stat = Stat(1_000_000 + self.made, self.made, 1, self.made)
            name = name or f"{self.made}.mp4"
            number = files.add(connection, self.roots.base.id, name, stat)
            files.set_edges(connection, number, self.made.to_bytes(32))
            signature = signed(shown(self.made, seed, edit))
            files.set_signature(
                connection, number, signatures.add(connection, signature, "exact,perceptual")
            )
            generation.advance(connection)
        return number

    def asked(self, question: dict[str, object]) -> tuple[list[Group], object]:
        """Return what a server that has been asked before answers."""
        return answer(self.db, self.roots, question)

    def asked_afresh(self, question: dict[str, object]) -> tuple[list[Group], object]:
        """Return what a server that has just started answers."""
        db = Database(self.home / "state.db")
        try:
            return answer(db, Roots(self.roots.all), question)
        finally:
            db.close()


def answer(db: Database, roots: Roots, question: dict[str, object]) -> tuple[list[Group], object]:
    """Return all groups and totals of a search that is carried out."""
    arguments = FindArguments.model_validate(question)
    search = FindRun(db, roots, Settings(root=(roots.base.path,)), arguments)
    told = search.run(threading.Event())
    assert told.result is not None
    row = results.get(db, int(told.result[1:]))
    assert row is not None
    return results.page(db, row.id, 0, 1000), row.summary


class Searches(RuleBasedStateMachine):
    """A library that changes, and a server that is asked again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.state = State(self.home)
        for number in range(14):
            self.state.adds(number if number > 1 else 0, "encoded anew")
        self.state.asked({})

    def teardown(self) -> None:
        self.state.db.close()
        shutil.rmtree(self.home)

    def row(self, place: int) -> files.FileRow:
        there = files.select(self.state.db, "status NOT IN ('DELETED', 'MISSING')")
        return there[place % len(there)]

    @rule(seed=films, edit=edits)
    def a_file_comes(self, seed: int, edit: str) -> None:
        self.state.adds(seed, edit)

    @rule(place=places)
    def an_exact_copy_comes(self, place: int) -> None:
        original = self.row(place)
        copy = self.state.adds(0, "encoded anew")
        with self.state.db.atomic() as connection:
            for number in (original.id, copy):
                files.set_sha256(connection, number, original.id.to_bytes(32))
            if original.signature_id is not None:
                files.set_signature(connection, copy, original.signature_id)
            signatures.prune(connection)
            generation.advance(connection)

    @rule(place=places, seed=films, edit=edits)
    def a_file_is_changed(self, place: int, seed: int, edit: str) -> None:
        row = self.row(place)
        with self.state.db.atomic() as connection:
            files.reset(connection, row.id, row.stat._replace(size=row.stat.size + 100_000))
            new = signed(shown(row.id + 500, seed, edit))
            number = signatures.add(connection, new, "exact,perceptual")
            files.set_signature(connection, row.id, number)
            signatures.prune(connection)
            generation.advance(connection)

    @rule(place=places)
    def a_file_is_broken(self, place: int) -> None:
        with self.state.db.atomic() as connection:
            files.set_failed(connection, self.row(place).id, "BROKEN", "NOT_MEDIA", "no film")
            generation.advance(connection)

    @rule(place=places)
    def a_file_is_renamed(self, place: int) -> None:
        row = self.row(place)
        with self.state.db.atomic() as connection:
            files.relocate(connection, row.id, row.root_id, f"a {row.path}", row.stat)
            generation.advance(connection)

    @precondition(lambda self: files.count(self.state.db) > 6)
    @rule(place=places)
    def a_file_vanishes(self, place: int) -> None:
        with self.state.db.atomic() as connection:
            files.mark_missing(connection, [self.row(place).id])
            generation.advance(connection)

    @rule()
    def what_vanished_comes_back(self) -> None:
        gone = files.select(self.state.db, "status = 'MISSING'")
        with self.state.db.atomic() as connection:
            for row in gone[:1]:
                files.come_back(connection, row.id, row.stat)
            generation.advance(connection)

    @rule(one=places, other=places)
    def two_streams_prove_the_same(self, one: int, other: int) -> None:
        with self.state.db.atomic() as connection:
            for place in (one, other):
                number = self.row(place).signature_id
                if number is not None:
                    signatures.set_stream_hash(connection, number, one.to_bytes(32))
            generation.advance(connection)

    @rule(one=places, other=places)
    def a_person_says_that_two_are_no_duplicates(self, one: int, other: int) -> None:
        pair = decisions.pair(self.row(one), self.row(other))
        with self.state.db.atomic() as connection:
            decisions.remember_pairs(connection, [pair])
            generation.advance(connection)

    @rule(question=st.sampled_from(QUESTIONS))
    def both_are_asked(self, question: dict[str, object]) -> None:
        assert self.state.asked(question) == self.state.asked_afresh(question)

    @rule(place=places, others=st.sets(places, max_size=8))
    def both_are_asked_of_some_files(self, place: int, others: set[int]) -> None:
        like = f"f{self.row(place).id}"
        some = [f"f{self.row(other).id}" for other in sorted({place, *others})]
        for question in ({"like": like}, {"paths": some}):
            assert self.state.asked(question) == self.state.asked_afresh(question)


Searches.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_a_server_that_was_asked_before_answers_as_one_that_has_just_started = Searches.TestCase
test_a_server_that_was_asked_before_answers_as_one_that_has_just_started.pytestmark = [
    pytest.mark.slow
]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def named(groups: list[Group]) -> set[tuple[object, ...]]:
    """Return groups by the names of their files, which no order of ingest changes."""
    return {
        (group.kind, frozenset((file.path, file.relation) for file in group.files))
        for group in groups
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_newcomers_in_any_order_are_grouped_as_all_at_once_are(tmp_path: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)
    library = [(n, "encoded anew") for n in range(20)]
    comers = [(int(chance.integers(0, 6)), edit) for edit in (*EDITS, *EDITS)]
    one_by_one, at_once = State(tmp_path / "one by one"), State(tmp_path / "at once")
    for state in (one_by_one, at_once):
        for each in library:
            state.adds(*each)
    one_by_one.asked({})
    order = chance.permutation(len(comers)).tolist()
    for place in order:
        one_by_one.made = 100 + place
        one_by_one.adds(*comers[place])
        answered = one_by_one.asked({})
    for place, comer in enumerate(comers):
        at_once.made = 100 + place
        at_once.adds(*comer)

    assert named(answered[0]) == named(at_once.asked({})[0])


def test_many_newcomers_are_grouped_alike_looked_up_or_searched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[int | None] = []
    search = run.find_pairs

    def watched(*asked: object, like: int | None, **how: object) -> object:
        looked_up.append(like)
        return search(*asked, like=like, **how)

    monkeypatch.setattr(run, "find_pairs", watched)
    monkeypatch.setattr(run, "FEW", 1.0)
    answers = []
    for most in (0, 12):
        monkeypatch.setattr(run, "A_FEW", most)
        state = State(tmp_path / str(most))
        for seed in range(12):
            state.adds(seed, "encoded anew")
        state.asked({})
        for seed in range(3):
            for edit in EDITS:
                state.adds(seed, edit)
        looked_up.clear()
        answers.append((state.asked({}), [like is None for like in looked_up]))

    assert [how for _, how in answers] == [[True], [False] * 12]
    assert answers[0][0] == answers[1][0]
    assert len(answers[0][0][0]) == 3


def test_two_searches_at_a_time_answer_as_each_alone(state: State) -> None:
    for seed in (*range(6), *range(6)):
        state.adds(seed, "encoded anew")
    alone = [state.asked_afresh(question) for question in QUESTIONS]
    answers: dict[tuple[int, int], object] = {}

    def asks(number: int) -> None:
        for again in range(4):
            answers[number, again] = state.asked(QUESTIONS[number])
        state.db.release()

    threads = [threading.Thread(target=asks, args=(number,)) for number in range(len(QUESTIONS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {(n, again): alone[n] for n in range(len(QUESTIONS)) for again in range(4)}


def test_only_what_a_newcomer_is_related_to_is_grouped_again(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        for edit in ("encoded anew", "mirrored"):
            state.adds(seed, edit)
    state.asked({})
    newcomer = state.adds(5, "cropped")
    grouped: list[parts.Part] = []
    of_part = remembered.GroupMemory.grouped

    def watched(memory: remembered.GroupMemory, *asked: object) -> object:
        some, kinds, group = asked
        return of_part(memory, some, kinds, lambda part: grouped.append(part) or group(part))

    monkeypatch.setattr(remembered.GroupMemory, "grouped", watched)
    state.asked({})

    (part,) = grouped
    assert newcomer in {file.row.id for file in part.files}
    assert len(part.files) == 3


def test_files_that_are_what_they_were_are_not_made_anew(state: State) -> None:
    numbers = [state.adds(seed, "encoded anew") for seed in range(3)]
    held = contents_of(state.db).library
    before = Library(state.db, state.roots, held).files
    with state.db.atomic() as connection:
        files.set_sha256(connection, numbers[1], b"new")

    after = Library(state.db, state.roots, held).files

    assert [after[n] is before[n] for n in numbers] == [True, False, True]
    assert after == Library(state.db, state.roots).files
