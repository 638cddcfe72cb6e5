"""Frames of pandas as content, to the sandbox and back, through both clients."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import ContentError

FRAME = pd.DataFrame(
    {
        "price": [9.5, float("nan"), float("inf"), float("-inf")],
        "seen": [pd.Timestamp("2024-01-20 18:00:00"), pd.NaT, pd.Timestamp("2024-02-29"), pd.NaT],
        "took": [pd.Timedelta(minutes=90), pd.NaT, pd.Timedelta(0), pd.NaT],
        "stock": pd.array([1, None, 3, 4], dtype="Int64"),
        "name": ["Žluťoučký", None, "", "🙂"],
    },
    index=pd.Index([10, 20, 30, 40], name="sku"),
)


def sent(client: HITLClient, content: dict[str, Any]) -> dict[str, Any]:
    """Return the content as the sandbox gives it back."""
    return client.get_review(client.create_review("data_qa", content).id).content


def test_a_frame_goes_through_as_columns(client: HITLClient) -> None:
    sample = sent(client, {"data_sample": FRAME.head().to_dict()})["data_sample"]
    assert sample["price"] == {"10": 9.5, "20": None, "30": "Infinity", "40": "-Infinity"}
    assert sample["seen"] == {"10": "2024-01-20T18:00:00", "20": None, "30": "2024-02-29T00:00:00", "40": None}
    assert sample["took"] == {"10": "PT1H30M", "20": None, "30": "PT0S", "40": None}
    assert sample["stock"] == {"10": 1, "20": None, "30": 3, "40": 4}
    assert sample["name"] == {"10": "Žluťoučký", "20": None, "30": "", "40": "🙂"}


def test_a_frame_itself_goes_through_as_rows(client: HITLClient) -> None:
    rows = sent(client, {"data_sample": FRAME})["data_sample"]
    assert [row["price"] for row in rows] == [9.5, None, "Infinity", "-Infinity"]
    assert rows[1] == {"price": None, "seen": None, "took": None, "stock": None, "name": None}


def test_what_is_not_finite_goes_through_wherever_it_stands(client: HITLClient) -> None:
    content = {"scores": [np.float32("nan"), np.float64("inf"), -math.inf, Decimal("NaN")], "at": pd.NaT}
    assert sent(client, content) == {"scores": [None, "Infinity", "-Infinity", None], "at": None}


def test_an_update_takes_the_same_values(client: HITLClient) -> None:
    review = client.create_review("data_qa", {"processing_notes": "Cleaned"})
    updated = client.update_review(review.id, content={"share": np.float64("nan"), "rows": np.int64(3)})
    assert updated.content == {"processing_notes": "Cleaned", "share": None, "rows": 3}


def test_a_frame_with_something_that_has_no_json_form_is_refused_by_its_place(
    client: HITLClient, recorder: Recorder
) -> None:
    pictures = pd.DataFrame({"picture": [b"PNG"]}, index=["a"])
    with pytest.raises(ContentError) as caught:
        client.create_review("data_qa", {"data_sample": pictures.to_dict()})
    assert caught.value.path == "content['data_sample']['picture']['a']"
    assert recorder.exchanges == []
