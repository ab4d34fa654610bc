"""What translation follows beside the document: the operator's choices, the same for all calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pivot.model.instructions import SwitchVoice
from pivot.model.speech import Repertoire
from pivot.schema import Schemas


@dataclass(frozen=True, slots=True)
class TranslateRules:
    """Limits of documents, and which behaviour their faults have."""

    failures: Literal["documented", "kazoo"] = "documented"
    """`kazoo`: what its Erlang app cannot read ends the document and the call."""
    accepted_statuses: frozenset[int] | None = None
    """HTTP statuses whose body is run; None: every 2xx."""
    untyped_is_xml: bool = False
    """An answer without content type is XML; else its body tells."""
    schemas: Schemas = field(default_factory=Schemas.bundled)
    """What a Kazoo-JSON flow is checked against."""
    max_json_depth: int = 200
    """Levels of objects and lists; an action takes two."""
    max_json_nodes: int = 1_000
    """Objects and lists of one flow; an action takes about three."""
    max_xml_bytes: int = 65_536
    max_xml_depth: int = 64
    max_xml_nodes: int = 1_000
    """Elements of one document."""
    max_xml_attributes: int = 100
    """Attributes of one element."""
    max_xml_namespaces: int = 100
    """Namespace declarations in force in one element: its own and those of the elements around it."""
    max_say_characters: int = 4_096
    """Longer texts of one Say are cut."""
    max_tts_bytes: int = 4_000
    """What the switch takes in one `tts` command; system config `pivot.tts_texts_size`."""

    voice: SwitchVoice = field(default_factory=SwitchVoice)
    """How the switch speaks when a document does not say; system config `speech.tts_*`."""
    speech: Repertoire = field(default_factory=Repertoire)
    """The voices of the speech plug-in in use."""
    max_record_s: int | None = None
    """Most and default of Record's maxLength; system config `kzt_twiml_util.max_length`; None: Twilio's."""

    @property
    def as_kazoo(self) -> bool:
        """True when failures are those of Kazoo's Erlang application."""
        return self.failures == "kazoo"
