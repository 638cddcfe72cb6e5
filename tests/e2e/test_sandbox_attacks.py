"""What a hostile page, a hostile request and hostile content try against the sandbox of somebody who is at work in it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hitl import HITLClient
from hitl.models import Review
from hitl.testing import Sandbox

SECRET = "The draft that nobody else may read"


class Attacker:
    """A web server with one page, which the reviewer is lured to.

    Attributes:
        page: The page.
    """

    def __init__(self) -> None:
        attacker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(attacker.page.encode())

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.page = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def url(self, host: str = "www.attacker.example") -> str:
        return f"http://{host}:{self.port}/"


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    attacker = Attacker()
    thread = threading.Thread(target=attacker.server.serve_forever)
    thread.start()
    yield attacker
    attacker.server.shutdown()
    attacker.server.server_close()
    thread.join()


@pytest.fixture
def review(client: HITLClient) -> Review:
    return client.create_review(template_id="template_123", content={"text": SECRET})


@pytest.fixture
def page(context: BrowserContext, sandbox: Sandbox, review: Review) -> Page:
    """A browser at work: its session has begun, and a review is open in it."""
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_role("heading", name=SECRET)).to_be_visible()
    return page


# The second is another port of the same host: to a browser that is the same site, whose cookies it sends.
ORIGINS = pytest.mark.parametrize("host", ["www.attacker.example", "127.0.0.1"])


@ORIGINS
def test_a_form_of_another_page_decides_nothing(
    page: Page, attacker: Attacker, sandbox: Sandbox, client: HITLClient, review: Review, host: str
) -> None:
    attacker.page = (
        f'<form method=post action="{sandbox.base_url}/inbox/reviews/{review.id}/answer">'
        "<input name=version value=1><input name=reviewer value=eve><input name=field.approved value=true>"
        "<button name=decision value=complete>Win a prize</button></form>"
    )
    page.goto(attacker.url(host))
    with page.expect_navigation() as navigation:
        page.get_by_role("button").click()
    assert navigation.value is not None
    assert navigation.value.status in (401, 403)
    assert SECRET not in page.content()
    assert client.get_review(review.id).status == "created"


@ORIGINS
@pytest.mark.parametrize("path", ["/inbox/", "/inbox/reviews/rev_1/answer", "/v1/reviews", "/v1/events", "/healthz"])
def test_a_script_of_another_page_reads_nothing(
    page: Page, attacker: Attacker, sandbox: Sandbox, host: str, path: str
) -> None:
    page.goto(attacker.url(host))
    options = "{credentials: 'include', headers: {Accept: 'application/json'}}"
    read = f"url => fetch(url, {options}).then(answer => answer.text(), () => 'refused')"
    assert page.evaluate(read, sandbox.base_url + path) == "refused"


@ORIGINS
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_script_of_another_page_creates_nothing_even_with_the_key(
    page: Page, attacker: Attacker, sandbox: Sandbox, client: HITLClient, host: str, content_type: str
) -> None:
    page.goto(attacker.url(host))
    send = """([url, key, type]) => fetch(url, {
        method: 'POST', body: '{"template_id": "template_123", "content": {}}',
        headers: {'Content-Type': type, ...(type === 'text/plain' ? {} : {Authorization: `Bearer ${key}`})},
    }).then(() => 'answered', () => 'refused')"""
    assert page.evaluate(send, [f"{sandbox.base_url}/v1/reviews", sandbox.api_key, content_type]) == "refused"
    assert len(client.list_reviews()) == 1


@ORIGINS
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_script_of_another_page_answers_nothing(
    page: Page, attacker: Attacker, sandbox: Sandbox, client: HITLClient, review: Review, host: str, content_type: str
) -> None:
    page.goto(attacker.url(host))
    send = """([url, type]) => fetch(url, {
        method: 'POST', credentials: 'include', headers: {'Content-Type': type, Accept: 'application/json'},
        body: '{"version": 1, "reviewer": "eve", "decision": "complete", "answers": {"approved": true}}',
    }).then(() => 'answered', () => 'refused')"""
    url = f"{sandbox.base_url}/inbox/reviews/{review.id}/answer"
    assert page.evaluate(send, [url, content_type]) == "refused"
    assert client.get_review(review.id).status == "created"


@ORIGINS
def test_the_inbox_shows_in_no_frame(
    page: Page, attacker: Attacker, sandbox: Sandbox, review: Review, host: str
) -> None:
    attacker.page = f'<iframe src="{sandbox.base_url}/inbox/reviews/{review.id}"></iframe>'
    page.goto(attacker.url(host))
    [frame] = page.main_frame.child_frames
    frame.wait_for_load_state()
    assert SECRET not in frame.content()
    assert "reviewer" not in frame.content()


def test_a_domain_that_points_here_reads_nothing(page: Page, sandbox: Sandbox, review: Review) -> None:
    port = httpx.URL(sandbox.base_url).port
    for path in (f"/inbox/reviews/{review.id}", "/v1/reviews", "/"):
        answer = page.goto(f"http://rebound.attacker.example:{port}{path}")
        assert answer is not None
        assert answer.status == 400
        assert SECRET not in page.content()


def test_a_link_of_another_site_leads_to_the_review(
    page: Page, attacker: Attacker, sandbox: Sandbox, review: Review
) -> None:
    attacker.page = f'<a href="{sandbox.base_url}/inbox/reviews/{review.id}">Please have a look</a>'
    page.goto(attacker.url())
    page.get_by_role("link").click()
    expect(page.get_by_role("heading", name=SECRET)).to_be_visible()


def test_a_window_that_another_page_opens_tells_it_nothing(
    page: Page, attacker: Attacker, sandbox: Sandbox, review: Review
) -> None:
    page.goto(attacker.url("127.0.0.1"))
    with page.context.expect_page() as opened:
        page.evaluate("url => { window.victim = window.open(url) }", f"{sandbox.base_url}/inbox/reviews/{review.id}")
    expect(opened.value.get_by_role("heading", name=SECRET)).to_be_visible()
    peek = "() => { try { return window.victim.document.body.innerText } catch (error) { return error.name } }"
    assert page.evaluate(peek) in ("SecurityError", "TypeError")
    assert page.evaluate("() => window.victim.closed") is True  # cut off (Cross-Origin-Opener-Policy)


@pytest.mark.parametrize(
    "path",
    [
        *("/inbox/static/../reviews/rev_1", "/inbox/static/%2e%2e/reviews/rev_1"),
        *("/inbox/static/..%2freviews/rev_1", "/inbox/static//../../reviews/rev_1"),
        *("/inbox/static/..%2f..%2fapp.py", "/inbox/static/%2fetc/passwd", "/inbox/enter/../reviews/rev_1"),
        *("/inbox/enter/x/../../reviews/rev_1", "/inbox//reviews/rev_1", "/inbox/./reviews/rev_1"),
        *("/INBOX/reviews/rev_1", "/inbox;/reviews/rev_1", "/inbox/reviews/rev_1%00"),
        *("/inbox/reviews/rev_1?x=/static/", "/v1/../inbox/reviews/rev_1", "/v1/%2e%2e/inbox/reviews/rev_1"),
        *("//127.0.0.1/inbox/reviews/rev_1", "http://localhost/inbox/reviews/rev_1"),
    ],
)
def test_no_trick_with_a_path_leads_around_the_door(sandbox: Sandbox, review: Review, path: str) -> None:
    port = httpx.URL(sandbox.base_url).port
    connection = http.client.HTTPConnection("127.0.0.1", port)  # sends a path as it is
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status in (400, 401, 404)
    assert SECRET not in body
    assert "def " not in body
    assert "root:" not in body
