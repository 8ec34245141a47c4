"""What a place decides on beside the category: how far a matter reaches, how to settle it, by whom."""

from __future__ import annotations

import pytest

from classifier.desk import open_desk
from classifier.domain import Complaint, Disposal, Scope, Source
from classifier.settings import Places
from classifier.suggest.suggester import Suggester


@pytest.fixture(scope="module")
def visits(places: Places) -> Suggester:
    return open_desk(places, "visits")


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("东庄镇王家村的路灯坏了，晚上黑漆漆", Scope.INDIVIDUAL),
        ("路灯坏了没人修", Scope.INDIVIDUAL),
        ("李家洼村和东庄镇王家村路灯都坏了", Scope.COMMON),
        ("李家洼村的路灯坏了，李家洼晚上黑", Scope.INDIVIDUAL),
        ("群众普遍反映路灯坏了", Scope.COMMON),
    ],
)
def test_a_matter_of_several_villages_is_common(visits: Suggester, text: str, scope: Scope) -> None:
    assert visits.suggest(Complaint(text)).scope is scope


def test_a_matter_of_one_village_goes_to_its_town_and_a_common_one_to_the_department(visits: Suggester) -> None:
    single = visits.suggest(Complaint("东庄镇王家村的路灯坏了，晚上黑漆漆"))
    assert single.departments[0].department.name == "东庄镇政府"
    assert single.departments[0].source is Source.JURISDICTION
    assert [one.name for one in single.assisting] == ["东县城管大队"]
    common = visits.suggest(Complaint("东庄镇王家村、李家洼村的路灯坏了，晚上黑漆漆"))
    assert common.departments[0].department.name == "东县城管大队"
    assert [one.name for one in common.assisting] == ["东庄镇政府"]


def test_the_place_of_a_common_matter_is_the_one_around_its_villages(visits: Suggester) -> None:
    region = visits.suggest(Complaint("东庄镇王家村、李家洼村的路灯坏了")).region
    assert region
    assert region.path == "东庄镇"


@pytest.mark.parametrize(
    ("text", "disposal"),
    [
        ("门口的路灯坏了，晚上黑漆漆", Disposal.ON_THE_SPOT),
        ("道路上一个大坑没人补，要求硬化", Disposal.TIME_LIMIT),
        ("化工厂往河里排污水，水都黑了", Disposal.MEETING),
        ("化工厂往河里排污水，问一下归谁管", Disposal.ON_THE_SPOT),
        ("门口的路灯坏了，多年没人管，问一下", Disposal.MEETING),
    ],
)
def test_rules_decide_how_to_settle_before_the_category(visits: Suggester, text: str, disposal: Disposal) -> None:
    assert visits.suggest(Complaint(text)).disposal is disposal


def test_a_ledger_that_does_not_sort_so_says_nothing(suggester: Suggester) -> None:
    suggestion = suggester.suggest(Complaint("东庄镇王家村、李家洼村的路灯坏了"))
    assert (suggestion.scope, suggestion.disposal) == (None, None)


def test_keywords_decide_between_categories_that_share_one_of_the_base(visits: Suggester) -> None:
    for text, code in {"路灯坏了，照明没有": "LU1", "路上大坑，道路没有硬化": "LU2"}.items():
        understood = visits.understand(Complaint(text))
        column = [one.code for one in visits.classification.categories].index("LU")
        assert visits.classification.lowest(understood.classified, column).code == code


def test_what_keywords_weigh_still_sums_to_one(visits: Suggester) -> None:
    understood = visits.understand(Complaint("路灯、污水、工资、道路硬化"))
    assert understood.classified.own.sum() + understood.classified.outside == pytest.approx(1, abs=1e-4)
    assert understood.classified.reported.sum() == pytest.approx(1, abs=1e-4)


def test_what_the_text_says_of_the_bases_departments_counts_for_their_local_names(visits: Suggester) -> None:
    carried = visits.router.carried(visits.understand(Complaint("门口的路灯坏了")).prediction)
    names = [one.name for one in visits.ledger.departments]
    assert names[int(carried.argmax())] == "东县城管大队"
