"""The mistakes that models make with tools: wrong types, unknown names, made-up ids, no order."""

from typing import Any

Call = tuple[str, dict[str, Any]]
NOUGHTS = "0" * 32

# On a library that nobody has looked at yet.
TOO_EARLY: tuple[Call, ...] = (
    ("apply_plan", {}),
    ("plan_actions", {}),
    ("find_duplicates", {}),
)

WRONG_TYPES: tuple[Call, ...] = (
    ("find_duplicates", {"limit": "5"}),
    ("find_duplicates", {"limit": 0}),
    ("find_duplicates", {"limit": 5000}),
    ("find_duplicates", {"kinds": "exact"}),
    ("find_duplicates", {"kinds": ["duplicate", "exact"]}),
    ("find_duplicates", {"min_confidence": 90}),
    ("find_duplicates", {"min_confidence": "0.9"}),
    ("find_duplicates", {"fields": ["filename"]}),
    ("find_duplicates", {"wait_s": 1e6}),
    ("find_duplicates", {"cancel": True}),
    ("ingest", {"recursive": "yes", "tiers": "exact"}),
    ("ingest", {"tiers": ["exact", "percetual"]}),
    ("preflight", {"paths": "camera"}),
    ("plan_actions", {"policy": "trash"}),
    ("plan_actions", {"policy": {"near": "trash_it"}}),
    ("plan_actions", {"groups": "g1"}),
    ("plan_actions", {"keep": ["highest_resolution"]}),
)

UNKNOWN_NAMES: tuple[Call, ...] = (
    ("find_duplicates", {"threshold": 0.9}),
    ("find_duplicates", {"path": "camera"}),
    ("find_duplicates", {"limits": 3, "kind": ["exact"]}),
    ("ingest", {"directory": "camera", "tiers": ["exact"]}),
    ("plan_actions", {"dry_run": True, "strategy": "keep_best"}),
    ("schema", {"about": "policy"}),
    ("find_duplicate", {}),
    ("plan", {}),
)

MADE_UP_IDS: tuple[Call, ...] = (
    ("plan_actions", {"groups": ["g999"]}),
    ("plan_actions", {"result": "r99"}),
    ("plan_actions", {"exclude": ["f9999"]}),
    ("find_duplicates", {"like": "f9999"}),
    ("find_duplicates", {"cursor": "cGFnZTI="}),
    ("find_duplicates", {"job": "j77"}),
    ("ingest", {"job": "j999"}),
    ("ingest", {"paths": ["/etc"], "tiers": ["exact"]}),
    ("plan_actions", {"policy": {"exact": "delete"}}),
    ("apply_plan", {"plan": "p99", "digest": NOUGHTS}),
    ("apply_plan", {"plan": "p1", "digest": "sha256:abc"}),
    ("undo_plan", {"plan": "p77"}),
    ("undo_plan", {}),
)
