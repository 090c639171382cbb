"""A plan says what will happen to each file, keeps one copy of everything, and touches nothing."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import PATIENT, ingest

from autodedup.engine.errors import (
    CursorExpiredError,
    DeleteNotAllowedError,
    InvalidArgumentError,
    NotIngestedError,
    PathNotFoundError,
    PathOutsideRootsError,
    PlanNotFoundError,
    UnknownIdError,
)
from autodedup.engine.footage.encode import AudioEncoder, Encoding, encode
from autodedup.engine.footage.film import Film, cut_out, joined, render_film
from autodedup.engine.footage.picture_edits import cropped, inside, padded, resized, tall
from autodedup.engine.footage.time_edits import looped
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindAnswer, FindArguments
from autodedup.schemas.plan_actions import PlanAnswer, PlanArguments
from autodedup.schemas.preflight import PreflightArguments

OpenBench = Callable[..., Workbench]


def find(bench: Workbench, **arguments: object) -> FindAnswer:
    asked = FindArguments.model_validate(arguments)
    return bench.find_duplicates(asked, PATIENT)


def plan(bench: Workbench, **arguments: object) -> PlanAnswer:
    return bench.plan_actions(PlanArguments.model_validate(arguments))


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".autodedup" not in path.parts
    }


@pytest.fixture
def bench(library: Path, open_bench: OpenBench) -> Workbench:
    opened = open_bench(library)
    find(opened)
    return opened


def paths_of(answer: PlanAnswer, action: str) -> set[str]:
    return {item.path for item in answer.actions if item.action == action}


REDUNDANT = {
    "holiday/harbour (1).mp4",
    "backup/harbour.mkv",
    "phone/VID-20240704.mp4",
    "phone/harbour_small.webm",
    "shared/harbour_tv.mp4",
    "phone/walk.mp4",
}


def test_redundant_copies_go_to_the_trash_and_clips_stay(bench: Workbench) -> None:
    answer = plan(bench)
    assert paths_of(answer, "trash") == REDUNDANT
    assert paths_of(answer, "keep") == {"shared/harbour_clip.mp4"}
    assert answer.bytes_freed == answer.summary["trash"].bytes > 0
    assert all(item.because and item.keep for item in answer.actions)


def test_a_film_of_which_the_others_are_parts_is_kept_for_its_length(bench: Workbench) -> None:
    (group,) = find(bench, kinds=["contains"]).groups

    assert [file.relation for file in group.files[1:]] == ["contains"]
    assert group.why_keep == "length: the others are parts of it"


def test_of_a_film_and_its_bordered_copy_the_film_is_kept(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    film = render_film(5, size=(320, 180), seconds=6.0)
    encode(film, tmp_path / "film.mp4", Encoding())
    small = resized(film.frames, (256, 144))
    bordered = replace(film, frames=padded(small, sides=0.2, ends=0.2, fill=(190, 30, 60)))
    encode(bordered, tmp_path / "bordered.mp4", Encoding(quality=16))
    bench = open_bench(tmp_path)
    ingest(bench)

    (group,) = find(bench).groups
    risks = {risk.code for risk in plan(bench).risks}

    assert group.files[0].path == "film.mp4"
    # The other's frame is larger, and has more bits; its picture is smaller.
    assert group.why_keep == "resolution: the largest picture, bars not counted: 320x180"
    # Where bars are is seen and not known: that more pixels go is told all the same.
    assert "LARGER_PICTURE_THAN_KEEPER" in risks


@pytest.fixture
def cropped_up(open_bench: OpenBench, tmp_path: Path) -> Workbench:
    """Return a bench with a film and the middle of it, blown up for a telephone."""
    film = render_film(5, size=(320, 180), seconds=6.0)
    encode(film, tmp_path / "film.mp4", Encoding())
    upright = replace(film, frames=resized(tall(film.frames), (360, 640)))
    encode(upright, tmp_path / "telephone.mp4", Encoding(quality=16))
    bench = open_bench(tmp_path)
    ingest(bench)
    return bench


def test_a_crop_is_not_kept_for_its_pixels(cropped_up: Workbench) -> None:
    (group,) = find(cropped_up).groups
    (item,) = plan(cropped_up).actions

    assert group.why_keep == "resolution: the largest picture, crops not counted: 320x180"
    evidence = group.files[1].evidence
    assert evidence is not None
    assert evidence.cropped == "a"
    assert (item.action, item.path) == ("trash", "telephone.mp4")


def test_what_shows_more_than_the_keeper_goes_only_if_somebody_chose_it(
    cropped_up: Workbench,
) -> None:
    (group,) = find(cropped_up).groups
    crop = group.files[1].id

    kept = plan(cropped_up, keep=["size"])
    chosen = plan(cropped_up, overrides={group.id: crop})

    (item,) = kept.actions
    assert (item.action, item.path, item.keep) == ("keep", "film.mp4", crop)
    assert item.because.endswith(f"a crop of it; to let it go, name {crop} in overrides")
    (item,) = chosen.actions
    assert (item.action, item.path) == ("trash", "film.mp4")
    assert "SHOWS_MORE_THAN_KEEPER" in {risk.code for risk in chosen.risks}


def test_neither_a_film_nor_another_that_it_is_set_into_is_let_go_by_itself(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    film = render_film(1003, size=(320, 180), seconds=8.0)
    around = render_film(1200, size=(320, 180), seconds=8.0)
    encode(film, tmp_path / "film.mp4", Encoding())
    both = replace(film, frames=inside(film.frames, around.frames, share=0.6))
    encode(both, tmp_path / "both.mp4", Encoding(quality=16))
    bench = open_bench(tmp_path)
    ingest(bench)

    (group,) = find(bench).groups
    (item,) = plan(bench).actions
    small = group.files[1].id
    (forced,) = plan(bench, overrides={group.id: small}).actions

    assert (group.kind, group.reclaimable_bytes) == ("near", 0)
    assert group.files[0].path == "film.mp4"
    evidence = group.files[1].evidence
    assert evidence is not None
    assert evidence.inset == "b"
    assert (item.action, item.path) == ("keep", "both.mp4")
    assert "within another film" in item.because
    assert (forced.action, forced.path) == ("trash", "film.mp4")
    assert "INSET_IN_KEEPER" in {r.code for r in plan(bench, overrides={group.id: small}).risks}


@pytest.mark.parametrize(
    ("audio", "agrees"), [("aac", ("duration", "sound")), (None, ("duration",))]
)
def test_files_agree_on_sound_only_where_there_is_any(
    audio: AudioEncoder | None, agrees: tuple[str, ...], open_bench: OpenBench, tmp_path: Path
) -> None:
    film = render_film(5, size=(320, 180), seconds=6.0)
    encode(film, tmp_path / "film.mp4", Encoding(audio=audio))
    small = replace(film, frames=resized(film.frames, (240, 136)))
    encode(small, tmp_path / "small.mp4", Encoding(audio=audio))
    bench = open_bench(tmp_path)
    ingest(bench)

    (group,) = find(bench).groups

    evidence = group.files[1].evidence
    assert evidence is not None
    assert evidence.agrees == agrees


def test_planning_touches_no_library_file(bench: Workbench, library: Path) -> None:
    before = contents(library)
    plan(bench, policy={"broken": "quarantine", "survivors": "organize", "contains": "trash"})
    assert contents(library) == before


def test_the_same_call_in_the_same_state_gives_the_same_plan(bench: Workbench) -> None:
    first, second = plan(bench), plan(bench)
    assert (first.plan, first.digest) == (second.plan, second.digest)
    assert plan(bench, policy={"near": "keep"}).digest != first.digest


def test_a_stored_plan_is_shown_again_page_by_page(bench: Workbench) -> None:
    whole = plan(bench)
    page, seen = plan(bench, plan=whole.plan, limit=3), []
    while True:
        seen.extend(page.actions)
        assert page.digest == whole.digest
        if page.next_cursor is None:
            break
        page = plan(bench, cursor=page.next_cursor, limit=3)
    assert tuple(seen) == whole.actions
    assert len(seen) == whole.actions_total


def test_a_policy_acts_by_relation(bench: Workbench) -> None:
    answer = plan(bench, policy={"exact": "keep", "same_stream": "keep", "near": "keep",
                                 "contains": "trash", "broken": "quarantine"})  # fmt: skip
    assert paths_of(answer, "trash") == {"shared/harbour_clip.mp4"}
    assert paths_of(answer, "quarantine") == {"downloads/walk.mp4"}
    assert {risk.code for risk in answer.risks} == {"PART_OF_KEEPER"}


def test_survivors_are_organized_by_size_and_leavers_are_not(bench: Workbench) -> None:
    answer = plan(bench, policy={"survivors": "organize"})
    homes = {item.path: item.to for item in answer.actions if item.action == "organize"}
    assert homes["holiday/harbour.mp4"] == "Organized/Low_Quality/harbour.mp4"
    assert not REDUNDANT & homes.keys()
    assert "downloads/walk.mp4" not in homes


def test_deleting_needs_the_operators_word(
    bench: Workbench, library: Path, open_bench: OpenBench
) -> None:
    with pytest.raises(DeleteNotAllowedError):
        plan(bench, policy={"exact": "delete"})
    allowed = plan(open_bench(library, allow_delete=True), policy={"exact": "delete"})
    assert paths_of(allowed, "delete") == {"holiday/harbour (1).mp4"}
    assert any(risk.code == "DELETED_FOR_GOOD" for risk in allowed.risks)


def test_an_override_chooses_the_keeper_and_only_direct_matches_go(bench: Workbench) -> None:
    group = next(g for g in find(bench).groups if len(g.files) > 2)
    chosen = next(f for f in group.files if f.path == "backup/harbour.mkv")
    answer = plan(bench, groups=[group.id], overrides={group.id: chosen.id})
    assert "backup/harbour.mkv" not in paths_of(answer, "trash")
    assert "holiday/harbour.mp4" in paths_of(answer, "trash")
    assert {item.keep for item in answer.actions} == {chosen.id}


def test_a_clip_chosen_as_keeper_takes_nothing_longer_with_it(bench: Workbench) -> None:
    group = next(g for g in find(bench).groups if len(g.files) > 2)
    clip = next(f for f in group.files if f.path == "shared/harbour_clip.mp4")
    answer = plan(bench, groups=[group.id], overrides={group.id: clip.id})
    assert paths_of(answer, "trash") == set()
    assert {item.because for item in answer.actions} == {f"does not match {clip.id} directly"}


def test_an_override_that_names_a_stranger_is_refused(bench: Workbench) -> None:
    group = find(bench).groups[0]
    for overrides in ({group.id: "camera/night.webm"}, {"g99": group.keep}):
        with pytest.raises(InvalidArgumentError):
            plan(bench, groups=[group.id], overrides=overrides)


def test_excluded_and_protected_files_are_left_alone(bench: Workbench) -> None:
    assert "phone/walk.mp4" not in paths_of(plan(bench, exclude=["phone/walk.mp4"]), "trash")
    protected = plan(bench, protect=["phone"])
    assert not {path for path in paths_of(protected, "trash") if path.startswith("phone/")}


def test_files_of_protected_folders_are_preferred_as_keepers(
    library: Path, open_bench: OpenBench
) -> None:
    bench = open_bench(library, protect=(library / "phone",))
    groups = find(bench).groups
    kept = {file.path for group in groups for file in group.files if file.id == group.keep}
    assert all(path is not None and path.startswith("phone/") for path in kept)
    assert not {path for path in paths_of(plan(bench), "trash") if path.startswith("phone/")}


def test_what_a_person_called_no_duplicate_is_remembered_over_renames(
    bench: Workbench, library: Path
) -> None:
    ingest(bench)
    answer = plan(bench, exclude=["phone/walk.mp4"], remember=True)
    assert answer.remembered
    (library / "phone/walk.mp4").rename(library / "phone/my walk.mp4")
    ingest(bench)
    found = {file.path for group in find(bench).groups for file in group.files}
    assert "phone/my walk.mp4" not in found
    assert "camera/walk.mkv" not in found


def test_the_next_plan_heeds_what_a_person_said_without_a_new_search(bench: Workbench) -> None:
    plan(bench, exclude=["phone/walk.mp4"], remember=True)
    assert "phone/walk.mp4" not in paths_of(plan(bench), "trash")


@pytest.mark.parametrize("changed", ["phone/walk.mp4", "camera/walk.mkv"])
def test_a_stale_result_moves_no_file_whose_content_changed_since(
    bench: Workbench, library: Path, changed: str
) -> None:
    (library / changed).write_bytes((library / "camera/garden.mp4").read_bytes())
    ingest(bench)
    assert "phone/walk.mp4" not in paths_of(plan(bench), "trash")


def test_keep_rules_never_set_protection_aside(library: Path, open_bench: OpenBench) -> None:
    bench = open_bench(library, protect=(library / "phone",))
    find(bench)
    answer = plan(bench, keep=["size"])
    assert not {path for path in paths_of(answer, "trash") if path.startswith("phone/")}
    assert paths_of(answer, "trash")


def test_a_protected_folder_that_is_mistyped_is_refused(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    with pytest.raises(PathNotFoundError):
        find(open_bench(library, protect=(library / "fone",)))
    with pytest.raises(PathOutsideRootsError):
        find(open_bench(library, protect=(tmp_path,)))
    mistyped = open_bench(library, protect=(library / "fone",))
    answer = mistyped.preflight(PreflightArguments())
    assert not answer.ready
    assert [check.name for check in answer.checks if check.status == "fail"] == ["protect"]


def test_a_search_knows_which_roots_it_was_asked_for(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (library / "phone").rename(other)
    both = open_bench(library, other, db=tmp_path / "state.db")
    ingest(both)
    alone = find(open_bench(library, db=tmp_path / "state.db"))
    assert find(both).totals.redundant_files > alone.totals.redundant_files


def test_a_hard_link_frees_nothing_and_says_so(bench: Workbench, library: Path) -> None:
    os.link(library / "camera/garden.mp4", library / "camera/garden again.mp4")
    ingest(bench)
    group = next(
        g for g in find(bench).groups if any(f.path == "camera/garden.mp4" for f in g.files)
    )
    assert group.reclaimable_bytes == 0
    answer = plan(bench, groups=[group.id])
    assert answer.bytes_freed == 0
    assert [risk.code for risk in answer.risks] == ["FREES_NOTHING"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"result": "r999"}, UnknownIdError),
        ({"groups": ["g999"]}, UnknownIdError),
        ({"plan": "p999"}, PlanNotFoundError),
        ({"cursor": "nonsense"}, CursorExpiredError),
        ({"exclude": ["f999"]}, UnknownIdError),
    ],
)
def test_ids_that_do_not_exist_are_told_apart(
    bench: Workbench, arguments: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        plan(bench, **arguments)


def test_without_a_result_there_is_nothing_to_plan_from(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    bench = open_bench(fresh_library)
    with pytest.raises(NotIngestedError):
        plan(bench)
    with pytest.raises(NotIngestedError):
        find(bench)


def test_a_result_does_not_shift_while_files_change(bench: Workbench, library: Path) -> None:
    first = find(bench, limit=1)
    assert first.next_cursor is not None
    (library / "camera/walk.mkv").unlink()
    ingest(bench)
    second = find(bench, limit=1, cursor=first.next_cursor)
    assert second.result == first.result
    assert second.totals == first.totals
    assert second.groups[0].id != first.groups[0].id


def test_asking_again_costs_nothing_and_gives_the_same_result(bench: Workbench) -> None:
    assert find(bench).result == find(bench).result


def test_fields_are_honoured_and_the_id_always_comes(bench: Workbench) -> None:
    answer = find(bench, fields=["path"])
    told = [file.wire() for group in answer.groups for file in group.files]
    assert all(file.keys() == {"id", "path"} for file in told)


def test_like_answers_for_one_file(bench: Workbench) -> None:
    hit = find(bench, like="phone/walk.mp4")
    assert [sorted(str(f.path) for f in g.files) for g in hit.groups] == [
        ["camera/walk.mkv", "phone/walk.mp4"]
    ]
    assert find(bench, like="camera/garden.mp4").groups == ()


def test_like_answers_as_the_whole_search_does_where_nothing_was_compared_yet(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    """A clip of a film that is there twice: the clip says nothing of how these are related."""
    film = render_film(5, size=(320, 180), seconds=10.0)
    encode(film, tmp_path / "film.mp4")
    encode(film, tmp_path / "film.webm", Encoding(".webm", "libvpx-vp9", "libopus"))
    encode(cut_out(film, 2.0, 7.0), tmp_path / "clip.mp4")
    bench = open_bench(tmp_path)
    ingest(bench)
    kinds = ["near", "contains", "overlap"]

    (hit,) = find(bench, kinds=kinds, like="clip.mp4").groups

    (group,) = find(bench, kinds=kinds).groups
    assert {str(file.path): file.relation for file in hit.files} == {
        str(file.path): file.relation for file in group.files
    }
    assert len(hit.files) == 3


def test_like_answers_for_a_file_that_no_group_has_room_for(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    """Two longer cuts both hold the film; it can stand in the group of one of them."""
    film = render_film(5, size=(320, 180), seconds=10.0)
    encode(film, tmp_path / "film.mp4")
    one, other = (render_film(seed, size=(320, 180), seconds=4.0) for seed in (6, 7))
    encode(joined(film, one), tmp_path / "before.mp4")
    encode(joined(other, film), tmp_path / "after.mp4")
    bench = open_bench(tmp_path)
    ingest(bench)
    (group,) = find(bench).groups
    alone = ({"film.mp4", "before.mp4", "after.mp4"} - {str(f.path) for f in group.files}).pop()

    (hit,) = find(bench, like=alone).groups

    assert {str(f.path) for f in hit.files} == {"film.mp4", alone}
    shared = find(bench, kinds=["near", "contains", "overlap"], like=alone).groups
    assert ("overlap", {"film.mp4", alone}) in [
        (g.kind, {str(f.path) for f in g.files}) for g in shared
    ]


def test_a_loop_stands_in_the_group_of_a_longer_cut_of_its_film(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    film = render_film(5, size=(320, 180), seconds=10.0)
    encode(film, tmp_path / "film.mp4")
    encode(looped(film, 2), tmp_path / "loop.mp4")
    encode(joined(render_film(6, size=(320, 180), seconds=4.0), film), tmp_path / "longer.mp4")
    bench = open_bench(tmp_path)
    ingest(bench)

    (group,) = find(bench).groups

    told = {(str(file.path), file.relation) for file in group.files}
    assert told == {("longer.mp4", None), ("film.mp4", "contains"), ("loop.mp4", "contains")}
    assert {item.action for item in plan(bench).actions} == {"keep"}


def film_and_talk() -> tuple[Film, Film]:
    """Return a film of twenty seconds, and another film over a corner of it."""
    film, other = (render_film(seed, size=(320, 180), seconds=20.0, fps=12) for seed in (5, 9))
    return film, replace(film, frames=inside(other.frames, film.frames, share=0.36))


def test_a_talk_about_a_film_is_let_go_for_the_film_by_no_plan(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    film, talk = film_and_talk()
    encode(film, tmp_path / "film.mp4")
    encode(film, tmp_path / "copy.webm", Encoding(".webm", "libvpx-vp9", "libopus"))
    encode(talk, tmp_path / "talk.mp4")
    bench = open_bench(tmp_path)
    ingest(bench)

    groups = find(bench, kinds=["near", "contains", "overlap"]).groups

    told = {(g.kind, frozenset(str(f.path) for f in g.files)) for g in groups}
    assert ("near", frozenset({"film.mp4", "copy.webm"})) in told
    assert {kind for kind, files in told if "talk.mp4" in files} == {"overlap"}
    assert "talk.mp4" not in {item.path for item in plan(bench).actions if item.action != "keep"}
    shared = next(f for g in groups if g.kind == "overlap" for f in g.files if f.evidence)
    assert shared.evidence is not None
    assert shared.evidence.overlap is not None
    assert shared.evidence.overlap[0].a == pytest.approx((0.0, 20.0), abs=1.0)


def test_where_a_crop_does_not_tell_a_talk_from_its_film_the_film_tells_for_it(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    film, talk = film_and_talk()
    encode(talk, tmp_path / "talk.mp4")
    encode(replace(film, frames=cropped(film.frames, 0.25, 0.25, 1, 1)), tmp_path / "crop.mp4")
    bench = open_bench(tmp_path)
    ingest(bench)
    before = find(bench)
    assert [group.kind for group in before.groups] == ["near"]
    encode(film, tmp_path / "film.mp4")
    ingest(bench)

    asked = {"paths": ["talk.mp4", "crop.mp4"], "kinds": ["near", "contains", "overlap"]}
    (told,) = find(bench, **asked).groups

    assert told.kind == "overlap"
    late = plan(bench, result=before.result)
    assert paths_of(late, "trash") == set()


def test_of_broken_copies_one_is_kept_in_place(bench: Workbench, library: Path) -> None:
    broken = library / "downloads/walk.mp4"
    shutil.copyfile(broken, library / "downloads/walk again.mp4")
    ingest(bench)
    find(bench)
    answer = plan(bench, policy={"broken": "quarantine"})
    done = {item.path: item.action for item in answer.actions if "downloads" in item.path}
    assert sorted(done.values()) == ["trash"]


def test_the_report_is_one_page_that_runs_its_own_script_and_escapes_every_name(
    bench: Workbench, library: Path
) -> None:
    (library / "phone/walk.mp4").rename(library / "phone/<script>alert(1)<!-- walk.mp4")
    ingest(bench)
    find(bench)
    answer = plan(bench, report=True)
    assert answer.report == f".autodedup/reports/{answer.plan}.html"
    page = (library / answer.report).read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<script") == 1
    assert "default-src 'none'" in page
    assert all(action.file in page for action in answer.actions)


def test_strict_asks_for_near_equality(bench: Workbench) -> None:
    answer = find(bench, profile="strict")
    members = {f.path for g in answer.groups for f in g.files if f.relation == "near"}
    assert "phone/harbour_small.webm" in members
    assert "shared/harbour_clip.mp4" not in members
