"""What is said of a mention that would tell nobody (#5)."""

from __future__ import annotations

from contracts.problem import Invalid


def tells_nobody(name: str, field: str) -> Invalid:
    """Return why an employee of this name, who may not see the client, is not mentioned; the field is the form's."""
    return Invalid(
        f"{name} may not see this client and would not be told; write the name without @, or have an administrator "
        "give the right",
        field=field,
    )
