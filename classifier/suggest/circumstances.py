"""What a place decides on beside category and department: how far a matter reaches, and how it is to be settled."""

from __future__ import annotations

from classifier.catalogue.ledger import Ledger
from classifier.catalogue.rules import Outcome
from classifier.domain import Category, Disposal, Scope


def scope_of(ledger: Ledger, text: str, rules: Outcome) -> Scope | None:
    """Tell a matter of one household or village (个性) from one of many (共性); None where a ledger does not.

    A rule decides first, then how many villages the text names.
    """
    if not ledger.tells_scopes:
        return None
    if rules.scope is not None:
        return rules.scope
    many = len(ledger.regions.villages(text)) >= ledger.settings.common_villages
    return Scope.COMMON if many else Scope.INDIVIDUAL


def disposal_of(ledger: Ledger, category: Category, rules: Outcome) -> Disposal | None:
    """Suggest one of the three ways to settle a matter (三类处置); None where a ledger does not use them.

    The rules met decide first, the hardest of what they say; then what the category, or the nearest above it,
    mostly needs; a time limit where nothing is said.
    """
    if not ledger.tells_disposals:
        return None
    if rules.disposal is not None:
        return rules.disposal
    stated = (one.disposal for one in ledger.categories.ancestry(category) if one.disposal)
    return next(stated, Disposal.TIME_LIMIT)
