"""News of databases, which Kazoo's nodes drop caches and read settings again for.

Source: kapi_conf.erl; kzs_publish.erl, do_publish_db.
"""

from __future__ import annotations

from pivot.wire import routing
from pivot.wire.envelope import DATAMGR, Message, Sender, seal
from pivot.wire.message_kinds import DATABASE_CHANGE
from pivot.wire.names import Category, EventName, Exchange, Field


def database_created(database: str, sender: Sender, msg_id: str) -> Message:
    """That we made a database.

    Args:
        database: its encoded name, `account%2Fa1%2Fb2%2Fc3…-202611`.
    """
    payload = seal(
        DATABASE_CHANGE,
        {Field.TYPE: "database", Field.ID: database, Field.DATABASE: database},
        kind=(Category.CONFIGURATION, EventName.DB_CREATED),
        app=DATAMGR,
        node=sender.node,
        msg_id=msg_id,
    )
    return Message(Exchange.CONFIGURATION, routing.database_created(database), payload, msg_id)
