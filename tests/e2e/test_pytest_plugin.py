"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

# The runs have processes of their own, so that modules which are imported late do not outlive one and enter the next.
pytest_plugins = ["pytester"]

AGENT = '''
from hitl import HITLClient


def publish(text):
    """Ask until somebody approves, with a shorter text each time."""
    with HITLClient() as client:
        while True:
            review = client.create_review("content_review", {"text": text})
            answer = client.wait_for_review(review.id)
            if answer.status != "rejected":
                return text
            text = text[: len(text) // 2]
'''

# The ten lines of a stranger who has read one page.
STRANGER = """
from agent import publish
from hitl.testing import after, reject


def test_the_agent_shortens_its_text_and_waits_three_days(hitl_sandbox, reviewer):
    hitl_sandbox.fast_forward()
    reviewer.on(template_id="content_review").in_turn([reject(feedback="Too long"), after("72h").approve()])
    assert publish("Ring! Ring!!") == "Ring! "
    first, second = reviewer.asked(template_id="content_review", times=2)
    assert (first.status, second.content) == ("rejected", {"text": "Ring! "})
    assert (second.completed_at - second.created_at).days == 3
"""


def test_a_stranger_tests_an_agent_that_asks_twice_and_waits_three_days(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(agent=AGENT, test_agent=STRANGER)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=1)


def test_the_blocks_of_the_how_to_are_one_test_file(pytester: pytest.Pytester) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/test-your-code.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    pytester.makepyfile("\n\n".join(blocks))
    outcomes = pytester.runpytest_subprocess("-Werror").parseoutcomes()
    assert outcomes == {"passed": page.count("\ndef test_")}


def test_each_test_has_a_sandbox_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_first_review(hitl_client, number):
            assert hitl_client.create_review("template_123", {}).id == "rev_1"
    """)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=3)


def test_an_asynchronous_client_works_on_any_event_loop_and_needs_no_closing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import asyncio

        import pytest

        @pytest.mark.anyio
        async def test_asking_on_the_loops_of_a_plugin(hitl_async_client, reviewer):
            reviewer.on().approve()
            review = await hitl_async_client.create_review("template_123", {})
            assert (await hitl_async_client.wait_for_review(review.id)).result == {"approved": True}

        def test_asking_on_two_loops_of_its_own(hitl_async_client):
            for _ in range(2):
                asyncio.run(hitl_async_client.create_review("template_123", {}))
    """)
    pytester.runpytest_subprocess("-Werror", "-p", "no:asyncio").assert_outcomes(passed=3)


def test_reviews_that_nobody_answered_fail_the_test_with_a_list(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(hitl_client, reviewer):
            reviewer.on(template_id="code_review").approve()
            hitl_client.create_review("content_review", {"text": "Ring!"})
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*reviews without an answer: 1",
            "*rev_1 (content_review, created) {'text': 'Ring!'}",
            "*not on(template_id='code_review'): template_id is 'content_review', not 'code_review'",
        ]
    )


def test_reviews_may_stay_open_on_purpose_or_end_otherwise(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from datetime import timedelta

        def test_never(hitl_client, reviewer):
            reviewer.on().never()
            hitl_client.create_review("template_123", {})

        def test_cancelled(hitl_client, reviewer):
            hitl_client.cancel_review(hitl_client.create_review("template_123", {}).id)

        def test_expired(hitl_sandbox, hitl_client, reviewer):
            hitl_client.create_review("template_123", {}, due_date=hitl_sandbox.clock() + timedelta(hours=1))
            hitl_sandbox.clock.advance("1h")

        def test_without_a_reviewer(hitl_client):
            hitl_client.create_review("template_123", {})
    """)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=4)


def test_a_test_that_fails_by_itself_is_told_nothing_more(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(hitl_client, reviewer):
            hitl_client.create_review("template_123", {})
            assert 1 == 2
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*nobody answered*")


def test_faults_that_no_request_met_fail_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(hitl_sandbox):
            hitl_sandbox.faults.next(status=500, times=2, path="/v1/reviews")
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["planned faults that no request triggered:", "*status 500 (/v1/reviews), 2 more times"]
    )


def test_a_project_brings_its_own_templates(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        @pytest.fixture
        def hitl_sandbox_settings():
            fields = [{"name": "volume", "type": "rating", "required": True}]
            return {"templates": [{"id": "bell", "name": "Bell", "fields": fields}]}
    """)
    pytester.makepyfile("""
        def test_it(hitl_client, reviewer):
            reviewer.on(template_id="bell").approve(volume=5)
            assert hitl_client.wait_for_review(hitl_client.create_review("bell", {}).id).result == {"volume": 5}
    """)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=1)


def test_without_the_extra_only_the_tests_that_use_a_fixture_fail(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import sys

        sys.modules["uvicorn"] = None
    """)
    pytester.makepyfile("""
        def test_other():
            pass

        def test_asking(hitl_client):
            pass
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*hitl.testing needs the sandbox*pip install 'hitl?sandbox?'*"])


def test_the_plugin_imports_nothing_until_it_is_used() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import hitl.pytest_plugin; print(*set(sys.modules) - before)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"hitl", "hitl._lazy", "hitl.pytest_plugin"}
