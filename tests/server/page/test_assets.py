"""The built page: small, whole, from nobody else's server, and what the source builds."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
applications = pytest.importorskip("starlette.applications")

from otel_events.server import page  # noqa: E402
from tests.server.node_packages import require_packages  # noqa: E402

WEB = Path(__file__).parents[3] / "web"
FILES = sorted(path for path in page.FOLDER.rglob("*") if path.is_file())
MOST = 100_000  # bytes, gzipped, all files together


def ask(path, **headers):
    """Answer a request as the server's page does."""

    async def asked():
        app = applications.Starlette(routes=page.routes(None))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


def test_the_page_is_small():
    """All that a browser loads is less than 100 KB, compressed."""
    assert 0 < sum(len(gzip.compress(path.read_bytes())) for path in FILES) < MOST


def test_nothing_comes_from_elsewhere():
    """No file of the page names a server."""
    found = {
        address
        for path in FILES
        for address in re.findall(r"https?://[\w.:-]+", path.read_text(encoding="utf-8"))
        if not address.startswith("http://www.w3.org")  # a name of XML's, which nobody asks for
    }

    assert found == set()


def test_the_document_holds_no_script_and_no_style():
    """Scripts and styles are files, so that the policy need allow nothing in the document."""
    document = (page.FOLDER / "index.html").read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", document) == []


def test_the_policy_allows_the_pages_own_files_alone():
    """No inline script, no markup out of text, no other server, no frame around it."""
    policy = ask("/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_assets_are_kept_and_the_document_is_asked_for_again():
    """What has its digest in its name is kept for good; the document that names it is not."""
    document = ask("/")
    asset = ask(re.search(r'src="(/assets/[^"]+)"', document.text)[1])

    assert document.headers["cache-control"] == "no-cache"
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"].startswith("text/javascript")


def test_a_document_that_is_known_is_not_sent_again():
    """Whoever has the document learns that it is still the same."""
    known = ask("/").headers["etag"]

    assert ask("/", **{"if-none-match": known}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/../page.py", "/index.html/x", "/page.py", "/assets/%2e%2e/index.html"]
)
def test_nothing_else_can_be_asked_for(path):
    """Only the page's own files have an address."""
    assert ask(path).status_code == 404


@pytest.mark.skipif(not WEB.exists(), reason="the source is not here: this is an installed package")
def test_the_pictures_of_the_document_are_there_and_small():
    """Whoever reads docs/page.md loads six pictures of less than 150 KB each."""
    docs = WEB.parent / "docs"
    pictures = re.findall(r"\((images/[\w-]+\.png)\)", (docs / "page.md").read_text(encoding="utf-8"))

    assert len(pictures) == 6
    assert all(0 < (docs / picture).stat().st_size < 150_000 for picture in pictures)


@pytest.mark.skipif(not WEB.exists(), reason="the source is not here: this is an installed package")
def test_no_committed_file_names_a_registry():
    """The lock file says versions and digests; where packages come from is each user's own setting."""
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert '"integrity"' in lock


@pytest.mark.slow
@pytest.mark.skipif(not WEB.exists(), reason="the source is not here: this is an installed package")
def test_the_committed_files_are_what_the_source_builds(tmp_path):
    """`make web` would change nothing."""
    require_packages(WEB)
    built = tmp_path / "page"
    build = ["node", "node_modules/vite/bin/vite.js", "build", "--outDir", str(built), "--logLevel", "error"]
    subprocess.run(build, cwd=WEB, check=True, timeout=120, env={**os.environ, "NODE_ENV": "production"})

    assert contents(built) == contents(page.FOLDER)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
