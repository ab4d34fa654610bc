"""Kazoo's own config.ini tells where its broker and database are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pivot.errors import ConfigError
from pivot.settings.kazoo_config import read
from pivot.settings.loading import load

INI = """
; a cluster of two zones
[zone]
name = "east"
amqp_uri = "amqp://kazoo:secret@rabbit2.east:5672"
amqp_uri = "amqp://kazoo:secret@rabbit1.east:5672"

[zone]
name = west
amqp_uri = "amqp://guest:guest@rabbit.west:5672"   ; the other one

[bigcouch]
compact_automatically = true
cookie = change_me
ip = "db.example.com"
port = 15984
username = "admin"
password = "s#cr@t"
admin_port = 15986

[kazoo_apps]
cookie = change_me
zone = west
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text(INI)
    return path


def test_the_own_zones_brokers_come_in_kazoos_order(file: Path) -> None:
    """Of several, Kazoo takes the alphabetically smallest that is there."""
    settings = load(environment={}, kazoo=read(file, {"KAZOO_ZONE": "east"}))

    assert settings.bus.url == "amqp://kazoo:secret@rabbit1.east:5672"
    assert settings.bus.urls == ("amqp://kazoo:secret@rabbit2.east:5672",)
    assert settings.kazoo.zone == "east"


def test_the_nodes_section_names_the_zone(file: Path) -> None:
    """Without KAZOO_ZONE in the environment."""
    settings = load(environment={}, kazoo=read(file, {}))

    assert (settings.kazoo.zone, settings.bus.url) == ("west", "amqp://guest:guest@rabbit.west:5672")


def test_the_database_is_read_with_its_password(file: Path) -> None:
    """Characters that mean something in a URL are quoted."""
    settings = load(environment={}, kazoo=read(file, {}))

    assert settings.debug.couch_url == "http://admin:s%23cr%40t@db.example.com:15984"


def test_an_old_file_without_zones_has_an_amqp_section(tmp_path: Path) -> None:
    """And without any broker there is Kazoo's default."""
    old = tmp_path / "old.ini"
    old.write_text("[amqp]\nuri = amqp://old:old@host:5672\n")
    bare = tmp_path / "bare.ini"
    bare.write_text("[kazoo_apps]\ncookie = x\n")

    assert read(old, {})["bus"]["url"] == "amqp://old:old@host:5672"
    assert read(bare, {})["bus"]["url"] == "amqp://guest:guest@localhost:5672"
    assert "debug" not in read(bare, {})


ONE_FILE_FOR_ALL = """
[zone]
name = zone_1
amqp_uri = "amqp://guest:guest@10.26.0.81:5672"
[zone]
name = zone_2
amqp_uri = "amqp://guest:guest@10.26.0.82:5672"
[amqp]
uri = "amqp://guest:guest@10.9.9.9:5672"
"""


@pytest.mark.parametrize(
    ("more", "zone", "broker", "couch"),
    [
        pytest.param(
            "[kazoo_apps]\nhost = other\nzone = zone_1\n[kazoo_apps]\nhost = mine\nzone = zone_2\n",
            "zone_2",
            "10.26.0.82",
            None,
            id="the node's section of this machine",
        ),
        pytest.param(
            "[bigcouch]\nhost = other\nip = 10.0.1.1\n[bigcouch]\nhost = mine\nip = 10.0.2.2\n",
            "local",
            "10.9.9.9",
            "http://10.0.2.2:5984",
            id="the database's section of this machine",
        ),
        pytest.param(
            "[bigcouch]\nzone = zone_1\nip = 10.0.1.1\n[bigcouch]\nzone = zone_2\nip = 10.0.2.2\n"
            "[kazoo_apps]\nzone = zone_2\n",
            "zone_2",
            "10.26.0.82",
            "http://10.0.2.2:5984",
            id="the database's section of the zone",
        ),
        pytest.param(
            "[bigcouch]\nip = 10.0.1.1\n[bigcouch]\nhost = other\nip = 10.0.2.2\n",
            "local",
            "10.9.9.9",
            "http://10.0.1.1:5984",
            id="a general section, and another machine's",
        ),
        pytest.param(
            "[zone]\nname = zone_1\nhost = mine\namqp_uri = amqp://x@10.1.1.1\n[kazoo_apps]\nzone = zone_2\n",
            "zone_2",
            "10.1.1.1",
            None,
            id="a broker of this machine's own",
        ),
        pytest.param(
            "[kazoo_apps]\ncookie = x\n",
            "local",
            "10.9.9.9",
            None,
            id="a zone that has no section of its own",
        ),
        pytest.param("[bigcouch]\nhost = other\nip = 10.0.1.1\n", "local", "10.9.9.9", None, id="not for us"),
    ],
)
def test_one_file_serves_all_machines(
    tmp_path: Path, more: str, zone: str, broker: str, couch: str | None
) -> None:
    """Kazoo's nodes take what is of their host or zone; so does a worker beside them."""
    file = tmp_path / "config.ini"
    file.write_text(ONE_FILE_FOR_ALL + more)

    settings = read(file, {}, hosts=frozenset({"mine", "mine.example.com"}))

    assert settings["kazoo"]["zone"] == zone
    assert broker in settings["bus"]["url"]
    assert settings.get("debug", {}).get("couch_url") == couch


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    """Some editors write one."""
    file = tmp_path / "config.ini"
    file.write_bytes(b"\xef\xbb\xbf[amqp]\nuri = amqp://a@b:5672\n")

    assert read(file, {})["bus"]["url"] == "amqp://a@b:5672"


def test_a_line_that_is_nothing_is_named(tmp_path: Path) -> None:
    """With its number, so that it can be found."""
    broken = tmp_path / "broken.ini"
    broken.write_text("[zone]\nname = east\nnonsense\n")

    with pytest.raises(ConfigError, match=r"broken.ini:3 is 'nonsense'"):
        read(broken, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nowhere.ini", {})
