"""The bar of a batch."""

from __future__ import annotations

import gc
import io
import itertools
import sys

import pytest
import tqdm.std
from script import Script, refused, reviewed

from hitl._methods import Methods
from hitl._progress_bar import bar
from hitl.exceptions import ConfigurationError

ITEM = {"template_id": "template_123", "content": {}}


@pytest.fixture
def core():
    return Methods({"api_key": "hitl_test_key"})


def test_each_item_moves_the_bar_whatever_became_of_it(core, capfd):
    script = Script([reviewed(code=201), refused(400), reviewed(code=201)])
    script.play(core.create_reviews([ITEM] * 3, 2, "return", progress=True))
    assert "create_reviews: 100%" in capfd.readouterr().err


def test_without_a_length_it_counts(core, capfd):
    Script([reviewed(code=201)]).play(core.create_reviews(iter([ITEM] * 3), 2, progress=True))
    assert "create_reviews: 3" in capfd.readouterr().err


def test_nothing_is_shown_unless_it_is_asked_for(core, capfd):
    Script([reviewed(code=201)]).play(core.create_reviews([ITEM], 2))
    assert capfd.readouterr().err == ""


def test_it_is_there_before_the_first_answer(core, capfd):
    next(core.create_reviews([ITEM], 2, progress=True))
    assert "create_reviews:   0%" in capfd.readouterr().err


def test_nothing_is_shown_of_a_batch_that_does_not_begin(core, capfd):
    with pytest.raises(ConfigurationError):
        core.create_reviews([ITEM, 3], 2, progress=True)
    gc.collect()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("characters", [0, 200, 10_000])
def test_a_terminal_that_is_closed_meanwhile_costs_nothing_but_the_bar(core, monkeypatch, characters):
    class Closing(io.StringIO):
        def write(self, text):
            if self.tell() > characters:
                raise BrokenPipeError
            return super().write(text or "?")

    monkeypatch.setattr(sys, "stderr", Closing())
    monkeypatch.setattr(tqdm.std, "time", itertools.count().__next__)  # it draws no more often than ten times a second
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    assert len(Script([reviewed(code=201)]).play(core.create_reviews([ITEM] * 30, 2, progress=True))) == 30
    gc.collect()
    assert complaints == []


def test_without_a_standard_error_there_is_no_bar(core, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(Script([reviewed(code=201)]).play(core.create_reviews([ITEM] * 3, 2, progress=True))) == 3


def test_where_it_is_not_installed_the_error_says_what_to_install(core, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ConfigurationError, match=r"with its 'progress' extra"):
        core.create_reviews([ITEM], 2, progress=True)


def test_a_fault_inside_of_it_is_not_taken_for_its_absence(monkeypatch, tmp_path):
    (tmp_path / "tqdm").mkdir()
    (tmp_path / "tqdm" / "__init__.py").write_text("")
    (tmp_path / "tqdm" / "auto.py").write_text("import no_such_module")
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        bar("create_reviews", None)
