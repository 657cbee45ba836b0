"""A small hub on loopback: the few addresses that huggingface_hub asks for one model."""

from __future__ import annotations

import json
import threading
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Hub:
    """Serves models from folders. `asked` lists (method, path, range) of every request."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.revisions: dict[str, str] = {"main": "a" * 40}
        self.asked: list[tuple[str, str, str]] = []
        self.stalls_after: int | None = None
        """Bytes of `model.safetensors` after which an answer hangs until `release`."""
        self.release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add(self, model: str, folder: Path) -> None:
        """Serve the files of a folder as a model's."""
        self.files[model] = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(is_head=True)

        def do_GET(self) -> None:
            self._answer(is_head=False)

        def _answer(self, *, is_head: bool) -> None:
            path = self.path.split("?")[0]
            hub.asked.append((self.command, path, self.headers.get("Range", "")))
            if path.startswith("/api/models/"):
                self._info(path)
                return
            model, _, rest = path.strip("/").partition("/resolve/")
            commit, _, name = rest.partition("/")
            body = hub.files.get(model, {}).get(name)
            if body is None or commit not in hub.revisions.values():
                self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
                return
            self._file(name, body, commit, is_head=is_head)

        def _info(self, path: str) -> None:
            model, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            revision = revision.replace("%2F", "/")
            commit = hub.revisions.get(revision) or (revision if revision in hub.revisions.values() else None)
            if model not in hub.files or commit is None:
                self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                return
            siblings = [{"rfilename": name, "size": len(body)} for name, body in hub.files[model].items()]
            said = {"id": model, "modelId": model, "sha": commit, "siblings": siblings}
            self._send(200, json.dumps(said).encode(), {"Content-Type": "application/json"})

        def _file(self, name: str, body: bytes, commit: str, *, is_head: bool) -> None:
            asked = self.headers.get("Range", "")
            start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
            headers = {
                "X-Repo-Commit": commit,
                "ETag": f'"{sha1(body).hexdigest()}"',
                "Accept-Ranges": "bytes",
            }
            if name.endswith(".safetensors"):
                headers |= {"X-Linked-Etag": f'"{sha256(body).hexdigest()}"', "X-Linked-Size": str(len(body))}
            if asked:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            part = body[start:]
            if is_head or hub.stalls_after is None or not name.endswith(".safetensors"):
                self._send(206 if asked else 200, part, headers, is_head=is_head)
                return
            self.send_response(200)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[: hub.stalls_after])
            self.wfile.flush()
            hub.release.wait(60)
            self.close_connection = True

        def _send(self, status: int, body: bytes, headers: dict[str, str], *, is_head: bool = False) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not is_head:
                self.wfile.write(body)

    return Handler
