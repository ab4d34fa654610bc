"""Is this flow one that callflow can run? Judged as Kazoo judges it, with the documents of `schemas/`.

Every action of a flow is an object with `module`, `data` and `children`; `data` is checked against the
document `callflows.<module>`. Actions are taken one by one, children before their parent, so that a deep
flow needs no deep stack. The order of faults is Kazoo's: its action document lists `children` first.

    schemas = Schemas.bundled()
    verdict = schemas.check_flow({"module": "tts", "data": {"text": "hi"}})

Source: kzd_callflows.erl, validate_flow; kz_json_schema_extensions.erl, extra_validator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from pivot.model.json import JsonObject
from pivot.schema.actions import ACTION, ActionDocument, actions, place_of
from pivot.schema.compiled import Fills, Test, compiled
from pivot.schema.documents import Schema, bundled_documents, problem_of, reachable
from pivot.schema.faults import ROOT_IS_NO_OBJECT, fault, merged, schema_not_found, told
from pivot.schema.shown import MAX_MESSAGE, clipped
from pivot.schema.urls import KAZOOS_OWN, Blacklist, is_client_url
from pivot.schema.validator import Faults, FlowValidator, complain, not_found

URLS = (
    "callflows.pivot.voice_url",
    "callflows.record_call.url",
    "callflows.record_caller.url",
    "callflows.webhook.uri",
)


@dataclass(frozen=True, slots=True)
class FlowVerdict:
    """What a check found: a flow with its defaults filled in, or its faults in Kazoo's order and form."""

    flow: JsonObject | None
    faults: tuple[JsonObject, ...] = ()
    more: bool = False
    """There are faults that are not told."""

    @property
    def schema_errors(self) -> JsonObject:
        """The faults in one object: member `schema_errors` of a debug document."""
        return merged(self.faults)


@dataclass(frozen=True)
class Schemas:
    """A library of schema documents by id, and the checks made of them, each when it is first needed."""

    documents: Mapping[str, Schema]
    problems: tuple[str, ...] = ()
    """What was wrong with documents that were passed over: `<id>: <problem>`."""
    blacklist: Blacklist = KAZOOS_OWN
    """Hosts that no URL in a flow may name."""

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which makes its own checks."""
        return {
            "documents": dict(self.documents),
            "problems": self.problems,
            "blacklist": self.blacklist,
        }

    @classmethod
    def bundled(cls) -> Schemas:
        """The documents that pivot brings along; one library for all who ask."""
        return _bundled()

    def with_documents(self, documents: Mapping[str, Schema]) -> Schemas:
        """The same with a cluster's own documents (database `system_schemas`) in front of these.

        Only those that a flow may need are taken. One that is no schema is passed over, so that a bundled one
        of its id stays in force, and named in `problems`.
        """
        needed = reachable({**self.documents, **documents}, "callflows.")
        problems = {
            schema_id: problem
            for schema_id in sorted(needed & documents.keys())
            if (problem := problem_of(documents[schema_id])) is not None
        }
        usable = {
            schema_id: documents[schema_id] for schema_id in (needed & documents.keys()) - problems.keys()
        }
        return Schemas(
            MappingProxyType({**self.documents, **usable}),
            tuple(f"{schema_id}: {problem}" for schema_id, problem in problems.items()),
            self.blacklist,
        )

    def with_blacklist(self, blacklist: Blacklist) -> Schemas:
        """The same with other hosts denied."""
        return self if blacklist == self.blacklist else replace(self, blacklist=blacklist)

    def prepare(self) -> Schemas:
        """Make every check now and not when it is first needed: some 50 ms, best spent in a thread."""
        for schema_id in self.documents:
            if schema_id.startswith("callflows.") and schema_id != ACTION:
                self._data_test(schema_id.removeprefix("callflows."))
        self._judge.prepare()
        self._surely_fits({})
        return self

    def check_flow(self, flow: Any) -> FlowVerdict:
        """Judge a flow just decoded; the defaults are filled into `flow` itself.

        Args:
            flow: any JSON value made of plain dicts and lists; not to be used afterwards.
        """
        if not isinstance(flow, dict):
            return FlowVerdict(None, (ROOT_IS_NO_OBJECT,))
        faults, more = told(self._flow_faults(flow))
        return FlowVerdict(None, faults, more) if faults else FlowVerdict(flow)

    def _flow_faults(self, flow: dict[str, Any]) -> Iterator[JsonObject]:
        for place, action in actions(flow, self._action.branches):
            if not self._surely_fits(action):
                names: list[str] | None = None
                for error in self._judge.faults(ACTION, action):
                    names = place_of(place) if names is None else names
                    yield fault(error, names)

    def faults(self, schema_id: str, value: Any) -> tuple[JsonObject, ...]:
        """The faults of any value against one document, as far as they are told; fills in its defaults.

        A document that is missing is itself the one fault.
        """
        if schema_id not in self.documents:
            return (schema_not_found(schema_id),)
        return told(fault(error, []) for error in self._whole_judge.faults(schema_id, value))[0]

    def _surely_fits(self, action: Any) -> bool:
        fills: Fills = []
        if not self._action_test(action, fills):
            return False
        for holder, name, default in fills:
            holder[name] = default
        return True

    @cached_property
    def _action(self) -> ActionDocument:
        return ActionDocument.of(self.documents[ACTION])

    @cached_property
    def _judge(self) -> FlowValidator:
        """Judges single actions: what their children are is not its matter."""
        return FlowValidator({**self.documents, ACTION: self._action.without_children}, self._extras)

    @cached_property
    def _whole_judge(self) -> FlowValidator:
        return FlowValidator(self.documents, self._extras)

    @cached_property
    def _extras(self) -> dict[str, Any]:
        return {
            f"{ACTION}.data": self._data_faults,
            f"{ACTION}.module": self._module_faults,
            **dict.fromkeys(URLS, self._url_faults),
        }

    def _data_faults(self, validator: FlowValidator, action: dict[str, Any], data: Any) -> Faults:
        module = action.get("module")
        if isinstance(module, str):
            schema_id = f"callflows.{module}"
            if schema_id not in self.documents:
                yield not_found(schema_id)
            elif schema_id == ACTION:  # an action as data of an action: nobody has taken its children apart
                yield from self._whole_judge.faults(ACTION, data)
            else:
                yield from validator.faults(schema_id, data)

    def _module_faults(self, validator: FlowValidator, action: dict[str, Any], module: Any) -> Faults:
        if isinstance(module, str) and f"callflows.{module}" not in self.documents:
            name = clipped(module, MAX_MESSAGE)
            yield complain(f"unable to find callflow schema for module {name}", module)

    @cached_property
    def _action_test(self) -> Test:
        extras = {f"{ACTION}.data": self._data_fits, f"{ACTION}.module": self._module_known}
        return compiled(self._action.without_children, extras, ACTION)

    @cached_property
    def _data_tests(self) -> dict[str, Test]:
        return {}

    def _data_fits(self, action: dict[str, Any], data: Any, fills: Fills) -> bool:
        module = action.get("module")
        if not isinstance(module, str):
            return False
        test = self._data_tests.get(module) or self._data_test(module)
        return test is not None and test(data, fills)

    def _data_test(self, module: str) -> Test | None:
        schema_id = f"callflows.{module}"
        if schema_id not in self.documents or schema_id == ACTION:  # the validator follows actions in actions
            return None
        test = compiled(self.documents[schema_id], dict.fromkeys(URLS, self._url_fits), schema_id)
        self._data_tests[module] = test
        return test

    def _module_known(self, action: dict[str, Any], module: Any, fills: Fills) -> bool:
        return module in self._data_tests

    def _url_faults(self, validator: FlowValidator, parent: dict[str, Any], url: Any) -> Faults:
        if isinstance(url, str) and not is_client_url(url, self.blacklist):
            yield complain("invalid client URL", url)

    def _url_fits(self, parent: dict[str, Any], url: Any, fills: Fills) -> bool:
        return isinstance(url, str) and is_client_url(url, self.blacklist)


@cache
def _bundled() -> Schemas:
    return Schemas(MappingProxyType(dict(bundled_documents())))
