from __future__ import annotations

from hitl.cli.inbox_page import InboxPage

FORM = """
<div role="alert" data-live="rev_1"></div>
<form method="post" action="start"><input type="hidden" name="reviewer" value="not this one"></form>
<form method="post" class="judge">
  <input type="hidden" name="version" value="3"><input type="hidden" name="form_token" value="t&amp;k">
  <div class="field buttons faulty" data-field="approved">
    <input type="radio" name="field.approved" value="true"><input type="radio" name="field.approved" value="false">
    <p class="error">This is <b>required</b>.</p>
  </div>
  <div class="field"><input name="reviewer" value="ann@example.com"><p class="error">Say who you are.</p></div>
</form>
"""


def test_the_form_is_read_as_a_browser_would_send_it() -> None:
    page = InboxPage(FORM)
    assert page.values == {"version": "3", "form_token": "t&k", "reviewer": "ann@example.com"}
    assert page.fields == {"approved"}


def test_faults_are_told_with_their_fields() -> None:
    assert InboxPage(FORM).complaint == "approved: This is required. Say who you are."


def test_faults_that_belong_to_no_field_are_told_too() -> None:
    page = '<div class="banner error compact" role="alert"><p>files[2] is too large</p></div>'
    assert InboxPage(page).complaint == "files[2] is too large"


def test_a_banner_counts_if_no_field_is_faulty() -> None:
    page = '<h1>A review</h1><div class="banner warning" role="alert"><strong>Too late</strong><p>Not sent.</p></div>'
    assert InboxPage(page).complaint == "Too late Not sent."


def test_content_is_not_taken_for_a_complaint() -> None:
    page = "<h1>Not found</h1><main><strong>Hello</strong><p>There is no such review.</p></main>"
    assert InboxPage(page).complaint == "Not found"


def test_a_page_that_is_none_says_nothing() -> None:
    page = InboxPage('{"error": "<"}')
    assert (page.values, page.fields, page.complaint) == ({}, set(), "")
