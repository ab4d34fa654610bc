"""Rules of the engine as tests use them."""

from __future__ import annotations

from dataclasses import replace

from pivot.execute.rules import Rules
from pivot.model.speech import Repertoire
from pivot.schema import Schemas
from pivot.translate.rules import TranslateRules

RULES = Rules(translate=TranslateRules(schemas=Schemas.bundled()))
PLUGIN = Repertoire(("Polly.*", "kate"))
"""The voices of a speech plug-in, where a test has one."""
RULES_WITH_PLUGIN = replace(RULES, translate=replace(RULES.translate, speech=PLUGIN))
