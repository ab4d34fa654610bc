"""Rules of the engine as tests use them."""

from __future__ import annotations

from pivot.execute.rules import Rules
from pivot.schema import Schemas
from pivot.translate.rules import TranslateRules

RULES = Rules(translate=TranslateRules(schemas=Schemas.bundled()))
