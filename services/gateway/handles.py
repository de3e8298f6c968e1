"""The commands that the gateway service takes: their routes, what each needs, and whose records it binds (P17)."""

from __future__ import annotations

from functools import partial

from contracts.gateway import account_commands as a
from contracts.gateway import bulk_commands as b
from contracts.gateway import view_commands as v
from contracts.gateway.commands import (
    AddEmployee,
    ChangeEmployee,
    ChangeWorkspaceSettings,
    EmployeeLeaves,
    RecordExport,
)
from services.gateway import edge, edge_accounts, edge_own, edge_views
from services.gateway.domain.account import ACCOUNT
from services.gateway.domain.bulk import BULK
from services.gateway.domain.employee import EMPLOYEE
from services.gateway.domain.export import EXPORT
from services.gateway.domain.settings import SETTINGS
from services.gateway.domain.view import VIEW
from services.kit.rights import BY_SESSION, SIGNED_IN, needs
from services.kit.service import Handles

_ID, _ADMIN = "account_id", needs("accounts")
_ACCOUNTS = (
    Handles(
        "/accounts/{account_id}",
        a.OpenAccount,
        ACCOUNT,
        _ID,
        enrich=edge_accounts.open_account,
        needs=_ADMIN,
        whose=None,
    ),
    Handles(
        "/accounts/{account_id}/login",
        a.ChangeAccountLogin,
        ACCOUNT,
        _ID,
        enrich=edge_accounts.change_login,
        needs=_ADMIN,
        whose=None,
    ),
    Handles(
        "/accounts/{account_id}/role",
        a.ChangeAccountRole,
        ACCOUNT,
        _ID,
        enrich=edge_accounts.change_role,
        needs=_ADMIN,
        whose=None,
    ),
    Handles("/accounts/{account_id}/rights", a.ChangeAccountRights, ACCOUNT, _ID, needs=_ADMIN, whose=None),
    Handles(
        "/accounts/{account_id}/close",
        a.CloseAccount,
        ACCOUNT,
        _ID,
        enrich=edge_accounts.close_account,
        needs=_ADMIN,
        whose=None,
    ),
    Handles("/accounts/{account_id}/reopen", a.ReopenAccount, ACCOUNT, _ID, needs=_ADMIN, whose=None),
    Handles("/accounts/{account_id}/end-sessions", a.EndSessions, ACCOUNT, _ID, needs=_ADMIN, whose=None),
    Handles(None, a.IssueAccountLink, ACCOUNT, _ID, needs=_ADMIN, whose=None),
    Handles(None, a.ChangePassword, ACCOUNT, _ID, needs=SIGNED_IN, whose=None),
    Handles(None, a.NoteSignIn, ACCOUNT, _ID, needs=SIGNED_IN, whose=None),
)
_own = partial(Handles, decider=ACCOUNT, key=_ID, own=True, whose=None)
_OWN = (
    _own("/me/password", a.ChangeOwnPassword, enrich=edge_own.change_password, needs=BY_SESSION),
    _own("/me/sessions/{session_id}/end", a.EndSession, needs=BY_SESSION),
    _own("/me/sessions/end-others", a.EndOtherSessions, enrich=edge_own.end_others, needs=BY_SESSION),
    _own(
        "/me/tokens",
        a.IssueToken,
        makes="token_id",
        once=edge_own.with_secret,
        enrich=edge_own.issue_token,
        needs=needs("tokens"),
    ),
    _own("/me/tokens/{token_id}/revoke", a.RevokeToken, enrich=edge_own.revoke_token, needs=SIGNED_IN),
)

_BULK = tuple(
    Handles(None, command, BULK, "bulk_id", needs=needs("clients.write"), whose=None)
    for command in (b.ChooseBulkClients, b.ChooseBulkContacts, b.BeginBulk, b.FinishBulk, b.UndoBulk, b.FinishBulkUndo)
)
_view = partial(Handles, decider=VIEW, key="view_id", needs=needs("clients.read"), whose=None)
_VIEWS = (
    _view("/views", v.SaveView, creates=True, enrich=edge_views.save_view),
    _view("/views/{view_id}", v.ChangeView, enrich=edge_views.change_view),
    _view("/views/{view_id}/remove", v.RemoveView, enrich=edge_views.own_view),
    _view("/views/{view_id}/restore", v.RestoreView, enrich=edge_views.own_view),
)
HANDLES = (
    Handles("/employees", AddEmployee, EMPLOYEE, "employee_id", creates=True, needs=needs("staff.write"), whose=None),
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
    Handles(None, RecordExport, EXPORT, "export_id", needs=needs("export"), whose=None),
    *_ACCOUNTS,
    *_OWN,
    *_BULK,
    *_VIEWS,
)
