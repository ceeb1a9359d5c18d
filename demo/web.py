"""What the demonstration's small web applications share: pages, their style sheet, their headers, their server."""

from __future__ import annotations

import logging
import signal
import sys
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, make_server

PAGES = Path(__file__).parent / "pages"

ERRORS = {
    HTTPStatus.NOT_FOUND: "Cette page n’existe pas.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Cette adresse ne s’utilise pas de cette façon.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "L’envoi est trop volumineux.",
}


def make_app(name: str, *, folder: str, site_url: str) -> Flask:
    """Return an application whose pages are `demo/pages/<folder>/`; `name` is the service it simulates."""
    app = Flask(
        f"demo.{folder}", template_folder=str(PAGES), static_folder=str(PAGES / "assets"), static_url_path="/assets"
    )
    app.config["MAX_CONTENT_LENGTH"] = 30_000_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 30_000_000
    app.jinja_env.globals.update(service=name, site_url=site_url)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.after_request
    def _headers(response: Response) -> Response:
        # browsers apply form-action to the redirects that follow a form: signing in leads back to the portal
        policy = (
            f"default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self' {site_url}"
        )
        response.headers.setdefault("Content-Security-Policy", f"{policy}; frame-ancestors 'none'")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("X-Robots-Tag", "noindex")
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
        app.logger.info("%s %s %s", request.method, request.path, response.status_code)
        return response

    @app.errorhandler(HTTPException)
    def _error(error: HTTPException) -> tuple[str, int]:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        message = ERRORS.get(status, "Le simulateur a rencontré une erreur.")
        return render_template("error.html", message=message, code="", home=site_url), status

    return app


def serve(app: Flask, *, port: int) -> None:
    """Answer on 127.0.0.1 until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its request lines carry tokens
    server = bind(app, port=port)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{app.jinja_env.globals['service']} : http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def bind(app: Flask, *, port: int) -> BaseWSGIServer:
    """Return a server that listens on 127.0.0.1, one thread per request. Port 0 takes a free one."""
    return make_server("127.0.0.1", port, app, threaded=True)
