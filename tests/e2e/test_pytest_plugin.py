"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

# The runs have processes of their own, so that modules which are imported late do not outlive one and enter the next.
pytest_plugins = ["pytester"]


def test_each_test_has_a_sandbox_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_first_review(hitl_client, number):
            assert hitl_client.create_review("template_123", {}).id == "rev_1"
    """)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=3)


def test_reviews_that_nobody_answered_fail_the_test_with_a_list(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(hitl_client, reviewer):
            reviewer.on(template_id="code_review").approve()
            hitl_client.create_review("content_review", {"text": "Refund?"})
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*questions without an answer: 1",
            "*rev_1 (content_review, created) {'text': 'Refund?'}",
            "*on(template_id='code_review') does not apply: template_id is 'content_review', not 'code_review'",
        ]
    )


def test_waits_without_an_end_fail_where_the_test_waits_and_say_why(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import asyncio
        from hitl import AsyncHITLClient, HITLClient

        def agent():
            with HITLClient() as client:
                return client.wait_for_review(client.create_review("content_review", {"text": "Refund?"}))

        async def async_agent():
            async with AsyncHITLClient() as client:
                return await client.wait_for_review(await client.create_review("content_review", {}))

        def test_misfit(reviewer):
            reviewer.on().complete({"aproved": True})
            agent()

        def test_no_rule(hitl_sandbox):
            agent()

        def test_another_rule(reviewer):
            reviewer.on(template_id="code_review").approve()
            asyncio.run(async_agent())

        def test_too_late(reviewer):
            reviewer.on().after("72h").approve()
            agent()

        def test_swallowed(reviewer):
            try:
                agent()
            except Exception:
                pass
    """)
    result = pytester.runpytest_subprocess("--tb=short", timeout=60)
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "*: in agent",
            "E *waited for what nobody will answer: 1",
            "E *rev_1 (content_review, created) {'text': 'Refund?'}",
            "E *could not complete: approved: is required",
            "E *no rules",
            "E *on(template_id='code_review') does not apply: *",
            "E *will approve after 3 days, *",
            "questions without an answer: 1",
        ]
    )
    result.stdout.no_fnmatch_line("*hitl/*.py:*")


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
            fields = [{"name": "risk", "type": "rating", "required": True}]
            return {"templates": [{"id": "deploy", "name": "Deploy", "fields": fields}]}
    """)
    pytester.makepyfile("""
        def test_it(hitl_client, reviewer):
            reviewer.on(template_id="deploy").approve(risk=5)
            assert hitl_client.wait_for_review(hitl_client.create_review("deploy", {}).id).result == {"risk": 5}
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
    result.stdout.fnmatch_lines(["*hitl.testing needs the sandbox*with its 'sandbox' extra*"])


def test_the_plugin_imports_nothing_until_it_is_used() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import hitl.pytest_plugin; print(*set(sys.modules) - before)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"hitl", "hitl._lazy", "hitl.pytest_plugin"}
