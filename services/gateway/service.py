"""The gateway service: the only door; here its employees and the workspace's settings."""

from __future__ import annotations

from contracts.gateway.commands import AddEmployee, ChangeEmployee, ChangeWorkspaceSettings, EmployeeLeaves
from services.gateway import edge
from services.gateway.api import QUERIES
from services.gateway.domain.employee import EMPLOYEE
from services.gateway.domain.settings import SETTINGS
from services.gateway.known import GatewayKnown
from services.gateway.projections import GATEWAY_GROUP
from services.kit.rights import needs
from services.kit.service import Handles, Service

SERVICE = Service(
    name="gateway",
    handles=(
        Handles(
            "/employees", AddEmployee, EMPLOYEE, "employee_id", creates=True, needs=needs("staff.write"), whose=None
        ),
        Handles(
            "/employees/{employee_id}", ChangeEmployee, EMPLOYEE, "employee_id", needs=needs("staff.write"), whose=None
        ),
        Handles(
            "/employees/{employee_id}/leave",
            EmployeeLeaves,
            EMPLOYEE,
            "employee_id",
            needs=needs("staff.write"),
            whose=None,
        ),
        Handles(
            "/settings",
            ChangeWorkspaceSettings,
            SETTINGS,
            "workspace_id",
            enrich=edge.change_settings,
            needs=needs("setup.write"),
            whose=None,
        ),
    ),
    projections=(GATEWAY_GROUP,),
    known=GatewayKnown,
    queries=QUERIES,
)
