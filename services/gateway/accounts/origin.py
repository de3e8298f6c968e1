"""Where a request comes from: its address, and whether it came by TLS, also behind a proxy that says so."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "voronka"
_SAFE_COOKIE = "__Host-voronka"


@dataclass(frozen=True)
class Origin:
    """`proxied`: a reverse proxy stands before us and sets X-Forwarded-For and X-Forwarded-Proto."""

    proxied: bool = False

    def address(self, request: Request) -> str:
        """Return the address of who asks: behind a proxy, the last one it names."""
        forwarded = request.headers.get("x-forwarded-for", "") if self.proxied else ""
        direct = request.client.host if request.client else ""
        return forwarded.rpartition(",")[2].strip() or direct or "unknown"

    def secure(self, request: Request) -> bool:
        """Tell whether the browser came by TLS."""
        forwarded = request.headers.get("x-forwarded-proto", "") if self.proxied else ""
        return (forwarded.rpartition(",")[2].strip() or request.url.scheme) == "https"

    def cookie(self, request: Request) -> str | None:
        """Return what the session's cookie holds."""
        return request.cookies.get(_SAFE_COOKIE if self.secure(request) else COOKIE) or None

    def give(self, request: Request, response: Response, value: str, seconds: int) -> None:
        """Give the browser the session's cookie."""
        secure = self.secure(request)
        response.set_cookie(
            _SAFE_COOKIE if secure else COOKIE, value, max_age=seconds, httponly=True, samesite="lax", secure=secure
        )

    def take_back(self, request: Request, response: Response) -> None:
        """Have the browser forget the cookie."""
        secure = self.secure(request)
        name = _SAFE_COOKIE if secure else COOKIE
        response.delete_cookie(name, httponly=True, samesite="lax", secure=secure)
