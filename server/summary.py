"""A plan in a few lines, for the person who is asked to agree to it."""

from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.amounts import files, size


def summary(plan: PlanAnswer) -> str:
    """Return what the plan would do, in counts: no file name, so nothing a stranger wrote."""
    lines = [f"Plan {plan.plan} ({plan.status}), digest {plan.digest}, in {plan.base}:"]
    lines += [
        f"  {action}: {files(total.files)}, {size(total.bytes)}"
        for action, total in plan.summary.items()
    ]
    lines.append(f"  frees {size(plan.bytes_freed)}")
    lines += [f"  risk {risk.code}: {files(len(risk.files))}" for risk in plan.risks]
    return "\n".join(lines)
