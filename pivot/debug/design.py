"""Design documents of a month database: Kazoo's `pivot`, and our own lists in `pivot_calls`.

Their functions are old JavaScript, because old CouchDBs run nothing newer. `rows.py` says the same in Python.

Source of `pivot`: core/kazoo_modb/priv/couchdb/views/pivot.json, what its views emit.
"""

from __future__ import annotations

from pivot.model.json import JsonObject

KAZOO: JsonObject = {
    "_id": "_design/pivot",
    "language": "javascript",
    "views": {
        "crossbar_listing": {
            "map": "function (doc) {"
            " if (!doc.pvt_deleted && doc.pvt_type == 'pivot') { emit(doc._id, null); } }"
        },
        "debug_listing": {
            "map": "function (doc) {"
            " if (!doc.pvt_deleted && doc.pvt_type == 'pivot_debug')"
            " { emit([doc.call_id, doc.pvt_created], null); } }"
        },
        "first_iteration": {
            "map": "function (doc) {"
            " if (!doc.pvt_deleted && doc.pvt_type == 'pivot_debug' && doc.iteration == 1)"
            " { emit(doc.call_id, { call_id: doc.call_id, created: doc.pvt_created, uri: doc.uri,"
            " status_code: doc.resp_status_code, node: doc.pvt_node, iteration: doc.iteration,"
            " has_schema_errors: 'schema_errors' in doc, has_json_errors: 'json_errors' in doc }); } }"
        },
    },
}

_BY_CALL = """function (doc) {
  if (doc.pvt_deleted || (doc.pvt_type != 'pivot_debug' && doc.pvt_type != 'pivot_timeline')) { return; }
  var at = (doc.pvt_created - 62167219200) * 1000;
  if (doc.pivot && doc.pivot.started_ms) { at = doc.pivot.started_ms + doc.pivot.at_ms; }
  emit([doc.call_id, at], null);
}"""

_BY_FACET = """function (doc) {
  var ours = doc.pivot || {}, row, name;
  if (doc.pvt_deleted) { return; }
  if (doc.pvt_type == 'pivot_timeline') {
    row = { call_id: doc.call_id, node: doc.pvt_node, msg_id: ours.msg_id, finished: true };
    for (name in ours.row) { row[name] = ours.row[name]; }
  } else if (doc.pvt_type == 'pivot_debug' && doc.iteration == 1 && 'uri' in doc) {
    if (ours.kind ? ours.kind != 'request' : /Hangup-Cause=/.test(doc.req_body || '')) { return; }
    row = { call_id: doc.call_id, node: doc.pvt_node, msg_id: ours.msg_id || '', uri: doc.uri,
            started_ms: ours.started_ms || (doc.pvt_created - 62167219200) * 1000,
            from: ours.from, to: ours.to };
    name = /^[a-z]+:\\/\\/(?:[^\\/?#@]*@)?(\\[[^\\]]*\\]|[^:\\/?#]*)/i.exec(doc.uri);
    row.host = name ? name[1].replace(/[\\[\\]]/g, '').toLowerCase() : '';
  } else { return; }
  var key = [row.started_ms, row.call_id, row.msg_id];
  emit([''].concat(key), row);
  if (row.host) { emit(['host:' + row.host].concat(key), row); }
  if (row.outcome) { emit(['outcome:' + row.outcome].concat(key), row); }
  if (row.code) { emit(['code:' + row.code].concat(key), row); }
}"""

CALLS: JsonObject = {
    "_id": "_design/pivot_calls",
    "language": "javascript",
    "views": {"by_call": {"map": _BY_CALL}, "by_facet": {"map": _BY_FACET}},
    "filters": {"ended": "function (doc) { return doc.pvt_type == 'pivot_timeline'; }"},
}
