"""A plan in a few lines, for the person who is asked to agree to it."""

from autodedup.schemas.plan_actions import PlanAnswer


def summary(plan: PlanAnswer) -> str:
    """Return what the plan would do, in counts: no file name, so nothing a stranger wrote."""
    lines = [f"Plan {plan.plan} ({plan.status}), digest {plan.digest}, in {plan.base}:"]
    lines += [
        f"  {action}: {_files(total.files)}, {_size(total.bytes)}"
        for action, total in plan.summary.items()
    ]
    lines.append(f"  frees {_size(plan.bytes_freed)}")
    lines += [f"  risk {risk.code}: {_files(len(risk.files))}" for risk in plan.risks]
    return "\n".join(lines)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _size(count: int) -> str:
    """Return a number of bytes in decimal units, as disks are sold."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004  # the step between units
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
