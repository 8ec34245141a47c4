"""Who may lead: the duty list names them, past complaints and the text tell them apart."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.duties import DutyList
from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint, Duty, Source
from classifier.suggest.leads import likeliest_leads
from classifier.suggest.sharing import LEADS, DutyTables, Where, shares_of, without_one
from classifier.suggest.suggester import Suggester

WHERE = Where(None, dt.date(2026, 6, 1))
counts = st.lists(st.integers(0, 50), min_size=1, max_size=6)


def _shared(ledger: Ledger) -> Ledger:
    return dataclasses.replace(ledger, settings=dataclasses.replace(ledger.settings, assisting_may_lead=True))


@given(counts)
def test_the_lead_holds_half_and_the_rest_goes_by_who_led(led: list[int]) -> None:
    shares = shares_of(np.array(led, dtype=np.float32))
    assert np.isclose(shares.sum(), 1)
    assert shares[0] >= LEADS
    assert np.all(shares > 0)
    others = np.array(led[1:])
    assert np.array_equal(np.argsort(-shares[1:], kind="stable"), np.argsort(-others, kind="stable"))


@given(counts, st.data())
def test_without_one_is_as_if_it_had_never_been_counted(led: list[int], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(led)))
    counted = np.array([*led, 3], dtype=np.float32)  # the last one led some and is not named
    counted[at] += 1
    shares = np.append(shares_of(counted[:-1]), np.float32(0))
    expected = np.append(shares_of(np.array([*led, 3], dtype=np.float32)[:-1]), np.float32(0))
    found = without_one(shares[None], counted[None], np.array([at]))
    assert np.allclose(found[0], expected, atol=1e-5)


def test_every_duty_gives_all_its_probability_to_those_it_names(small_ledger: Ledger) -> None:
    departments, leaves = len(list(small_ledger.departments)), len(small_ledger.categories.leaves)
    shared = _shared(small_ledger)
    table = DutyTables(shared, np.zeros((leaves, departments), dtype=np.float32)).at(WHERE)
    generator = np.random.default_rng(0)
    favour = generator.lognormal(0, 3, departments).astype(np.float32)
    for at in range(leaves):
        mass = np.zeros(leaves, dtype=np.float32)
        mass[at] = 1
        nothing = np.zeros(departments, dtype=np.float32)
        leads = likeliest_leads(mass, favour, np.ones_like(favour), nothing, 0.0, table.namings, departments)
        found = nothing.copy()
        for department, chance, by_duty, naming in leads:
            assert by_duty
            assert (table.namings.duties[naming], table.namings.departments[naming]) == (at, department)
            found[department] = chance
        named = table.namings.departments[table.namings.duties == at]
        assert np.isclose(found.sum(), 1 if len(named) else 0, atol=1e-5)
        assert set(np.flatnonzero(found > 0)) == set(named)
        shared = favour * table.dense(departments)[at]
        assert np.allclose(found, shared / max(shared.sum(), 1e-9), atol=1e-5)


def test_the_text_chooses_among_those_a_duty_names_and_never_another(suggester: Suggester, ledgers: Path) -> None:
    # 污水 names 城市管理 (lead) and 生态环境 from 2026 on: what complaints said of 生态环境 until then still counts.
    sewage = Complaint("河水发黑发臭，有人往河里排污水", date=dt.date(2026, 6, 1))
    assert suggester.suggest(sewage).departments[0].department.name == "城市管理"
    ledger = _shared(load_ledger("small", ledgers))
    assert Suggester(ledger, suggester.model).suggest(sewage).departments[0].department.name == "生态环境"
    alone = [dataclasses.replace(one, assisting=()) if one.category == "A2" else one for one in ledger.duties]
    without = Suggester(dataclasses.replace(ledger, duties=DutyList(alone)), suggester.model)
    assert without.suggest(sewage).departments[0].department.name == "城市管理"


def test_who_leads_though_named_as_assisting_has_the_lead_assist(suggester: Suggester, ledgers: Path) -> None:
    ledger = _shared(load_ledger("small", ledgers))
    duties = [
        Duty("B", "街道乡镇", ("人力资源社会保障",), basis="试点"),
        *(one for one in ledger.duties if one.category != "B"),
    ]
    asked = Suggester(dataclasses.replace(ledger, duties=DutyList(duties)), suggester.model)
    suggestion = asked.suggest(Complaint("老板拖欠工资半年不给"))
    first = suggestion.departments[0]
    assert (first.department.name, first.source, first.basis) == ("人力资源社会保障", Source.DUTY, "试点")
    assert [one.name for one in suggestion.assisting] == ["街道乡镇"]
