"""The HTTP edge of a process: one application factory, one middleware, one form of error."""

from mela.kernel.web.app import WebSettings, create_app
from mela.kernel.web.health import Health

__all__ = ["Health", "WebSettings", "create_app"]
