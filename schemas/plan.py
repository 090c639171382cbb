"""A plan: everything we mean to do to someone's files, written down before any of it is done.

A plan is only data. It can be stored, shown to a person, read back next week, and refused if
the files have moved on since. Its digest binds what is applied to what was reviewed.
"""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from autodedup.schemas.base import Frozen
from autodedup.schemas.vocabulary import ActionKind, ByteCount, FileId, GroupId, Kind, PlanId


class Witness(Frozen):
    """What a file looked like when we judged it. If any of this differs later, we do not act.

    `path` is relative to the root of number `root`; bytes that are not UTF-8 are kept as
    lone surrogates (PEP 383), so that every name on a disk can be written down. Surrogates
    never reach a client: names are shown through `engine.names.shown`.
    """

    file: FileId
    root: int
    path: str
    device: int
    inode: int
    size: Annotated[int, Field(ge=0)]
    mtime_ns: int


class Action(Frozen):
    """One step: what happens to one file, because of which keeper, and why.

    `to` is the intended destination relative to the same root; the name may get a suffix
    when it is taken. `keeper` is the copy that stays, absent for actions that need none.
    """

    n: Annotated[int, Field(ge=1)]
    action: ActionKind
    victim: Witness
    keeper: Witness | None = None
    relation: Kind | None = None
    group: GroupId | None = None
    to: str | None = None
    because: str
    frees: ByteCount = 0

    @model_validator(mode="after")
    def _removal_names_its_keeper(self) -> Self:
        removes = self.action in {"trash", "delete", "hardlink", "reflink", "symlink"}
        if removes and self.keeper is None:
            raise ValueError(f"{self.action} of {self.victim.path} names no copy that stays")
        return self


class Risk(Frozen):
    """Something a reviewer should look at before agreeing."""

    code: str
    files: tuple[FileId, ...]


class Plan(Frozen):
    """An ordered list of actions that leaves at least one copy of every recording in place."""

    id: PlanId
    actions: tuple[Action, ...]
    risks: tuple[Risk, ...] = ()

    @model_validator(mode="after")
    def _keepers_stay(self) -> Self:
        """No file that justifies a removal may itself be removed or moved elsewhere twice."""
        gone = {
            (action.victim.root, action.victim.path)
            for action in self.actions
            if action.action in {"trash", "delete", "hardlink", "reflink", "symlink", "quarantine"}
        }
        for action in self.actions:
            keeper = action.keeper
            if keeper is not None and (keeper.root, keeper.path) in gone:
                raise ValueError(f"{keeper.path} is kept by one action and removed by another")
        return self

    @property
    def digest(self) -> str:
        """Return the fingerprint of exactly these actions: 32 hexadecimal digits of SHA-256."""
        said = [action.model_dump(mode="python", exclude_none=True) for action in self.actions]
        told = [risk.model_dump(mode="python") for risk in self.risks]
        text = json.dumps([said, told], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


PlanStatus = Literal["planned", "applying", "applied", "partial", "undoing", "undone"]
