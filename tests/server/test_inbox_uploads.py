"""A request's page shows the uploads of this server, by addresses of its own, and loads nothing else."""

from __future__ import annotations

import re

import pytest
from server_calls import REQUEST
from starlette.testclient import TestClient

from hitl.server.loops.accounts import account_of
from hitl.server.review_server import ReviewServer
from hitl.server.uploads.kinds import DOCUMENTS, IMAGES
from hitl.server.uploads.multipart import SentFile

OWNER = account_of("owner")


def page_of(browser: TestClient, server: ReviewServer, **shown: object) -> str:
    loop = server.loops.create_loop(OWNER, {"name": "Editors", "icon": "pen"}).document["loop"]
    receipt = server.loops.create_request(OWNER, loop["id"], {**REQUEST, **shown}).document
    return browser.get(f"/inbox/requests/{receipt['request_id']}").text


def test_an_image_of_ours_is_shown_and_a_document_is_offered(browser: TestClient, server: ReviewServer) -> None:
    image = server.uploads.add(IMAGES, SentFile('<b>".gif', b"GIF89a"))
    report = server.uploads.add(DOCUMENTS, SentFile("report.pdf", b"%PDF-" + b"x" * 2043))
    page = page_of(
        browser,
        server,
        type="image",
        image_url=f"http://127.0.0.1:4010{image.path}",
        file_urls=[f"https://elsewhere.example{report.path}"],  # the same server by another name
    )
    assert f'<img src="{image.path}" alt="&lt;b&gt;&#34;.gif">' in page
    assert re.search(rf'<a href="{re.escape(report.path)}"[^>]*>report.pdf</a> <span class="quiet">2 KB</span>', page)


@pytest.mark.parametrize("others", [[], ["https://example.com/b.png"]])
def test_a_file_of_ours_is_shown_once(browser: TestClient, server: ReviewServer, others: list[str]) -> None:
    image = server.uploads.add(IMAGES, SentFile("a.png", b"\x89PNG\r\n\x1a\n"))
    address = f"https://reviews.example.com{image.path}"
    page = page_of(browser, server, type="image", image_url=address, image_urls=[address, *others], file_name="a.png")
    assert page.count(f'<img src="{image.path}"') == 1
    assert "from reviews.example.com" not in page
    assert re.findall(r">Load picture from ([\w.]+)<", page) == ["example.com"] * len(others)
    assert ("file_name" in page.partition("<summary>JSON")[0]) == bool(others)


def test_what_is_not_ours_is_not_loaded(browser: TestClient, server: ReviewServer) -> None:
    image = server.uploads.add(IMAGES, SentFile("a.gif", b"GIF89a"))
    for url in (
        "https://example.com/a.png",
        f"http://127.0.0.1:4010/uploads/img/{'A' * 32}.gif",
        f"http://127.0.0.1:4010{image.path}/../a.gif",
        "http://[bad/uploads/img/x.gif",
    ):
        if url.startswith("http://[bad"):
            assert server.uploads.at(url) is None
            continue
        assert "<img" not in page_of(browser, server, type="image", image_url=url)
