"""Everything an operator can set, read once at start: one source for flags, environment, docs."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

VIDEO_EXTENSIONS = (
    "mp4", "mkv", "avi", "mov", "wmv", "flv", "webm", "m4v", "mpeg", "mpg", "3gp", "ts", "m2ts",
    "mts", "vob", "ogv", "asf", "rm", "3g2", "rmvb", "divx", "f4v", "m2v", "ogm", "mxf", "dv",
    "264", "h264", "265", "h265", "hevc", "ivf", "gif",
    "apng",
)  # fmt: skip


class Settings(BaseSettings):
    """The configuration of one server.

    Every field is a flag (`--decode-timeout-s`) and an environment variable
    (`AUTODEDUP_DECODE_TIMEOUT_S`); a flag wins. Lists in the environment are separated by the
    platform's path separator (folders) or by commas (extensions).
    """

    model_config = SettingsConfigDict(
        env_prefix="AUTODEDUP_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
    )

    root: Annotated[
        tuple[Path, ...],
        NoDecode,
        Field(description="A library folder; give it once for each. Nothing outside is touched."),
    ] = ()
    protect: Annotated[
        tuple[Path, ...],
        NoDecode,
        Field(description="A folder whose files are compared but never acted upon."),
    ] = ()
    db: Annotated[
        Path | None,
        Field(description="State database; default: .autodedup/state.db in the first root."),
    ] = None
    read_only: Annotated[
        bool, Field(description="Take the tools that write off the list; wins over all else.")
    ] = False
    allow_delete: Annotated[
        bool, Field(description="Allow plans to delete for good; else files only go to the trash.")
    ] = False
    require_approval: Annotated[
        bool, Field(description="Apply a plan only after a person has approved it.")
    ] = False
    mcp_era: Annotated[
        Literal["tolerant", "auto", "legacy"],
        Field(description="Protocol eras to speak; tolerant suits every known client."),
    ] = "tolerant"
    workers: Annotated[
        int | None, Field(ge=1, le=256, description="Decoder processes; default: one a core.")
    ] = None
    decode_timeout_s: Annotated[
        float, Field(gt=0, le=3600, description="Seconds a file may go without progress.")
    ] = 30.0
    extensions: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(description="File name extensions taken for videos.", min_length=1),
    ] = VIDEO_EXTENSIONS
    min_free_bytes: Annotated[
        int, Field(ge=0, description="Free disk space under which preflight fails.")
    ] = 1 << 30
    busy_timeout_s: Annotated[
        float, Field(ge=0, le=300, description="Seconds to wait for a locked database.")
    ] = 5.0
    near_bits: Annotated[
        int, Field(ge=1, le=127, description="Two frames may be alike up to this many bits of 256.")
    ] = 70
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        Field(description="Where to decode and compute; auto takes an NVIDIA GPU if it can."),
    ] = "auto"
    gpu_memory_share: Annotated[
        float, Field(gt=0, le=1, description="Share of the GPU's memory that may be used.")
    ] = 0.8
    semantic_model: Annotated[
        str,
        Field(description="Semantic tier: an open_clip model, or a JSON file describing one."),
    ] = "ViT-B-32"
    semantic_weights: Annotated[
        str | None,
        Field(description="Semantic tier: its checkpoint file, or a tag that is in the cache."),
    ] = None
    semantic_cosine: Annotated[
        float, Field(gt=0, lt=1, description="Two films mean the same from this cosine on.")
    ] = 0.9
    strict_mean_bits: Annotated[
        float, Field(ge=0, le=32, description="Strict: mean distance of three frames, of 64 bits.")
    ] = 10.0
    strict_worst_bits: Annotated[
        int, Field(ge=0, le=64, description="Strict: no frame of the three further than this.")
    ] = 16
    strict_seconds: Annotated[
        float, Field(ge=0, description="Strict: how far durations may differ.")
    ] = 1.0
    strict_size_ratio: Annotated[
        float, Field(ge=0, le=1, description="Strict: how far sizes may differ, of the larger.")
    ] = 0.3

    @field_validator("root", "protect", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        import os

        return (
            tuple(part for part in value.split(os.pathsep) if part)
            if isinstance(value, str)
            else value
        )

    @field_validator("extensions", mode="before")
    @classmethod
    def _split_extensions(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)):
            return value
        return tuple(str(part).strip().lower().lstrip(".") for part in parts if str(part).strip())

    @model_validator(mode="after")
    def _strict_worst_is_not_under_the_mean(self) -> "Settings":
        if self.strict_worst_bits < self.strict_mean_bits:
            raise ValueError(
                f"strict_worst_bits ({self.strict_worst_bits}) must be at least "
                f"strict_mean_bits ({self.strict_mean_bits:g})"
            )
        return self
