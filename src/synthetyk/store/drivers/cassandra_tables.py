"""The tables of a Cassandra store, and every order that is given to them.

No partition grows without bound: the pieces of an image lie in partitions of 8 MB at most, lists of images in one for
each hour, events in one for each kind and minute.
Whatever belongs to one upload carries its number, so that taking an image away never touches one that is stored again
meanwhile.
"""

from typing import Any

PIECE = 512 * 1024  # bytes
PIECES = 16  # in a partition
HOUR, MINUTE = 3_600_000, 60_000  # milliseconds
WHOLE = 0  # the one partition that names all hours: a year adds 8,760 short rows

TABLES = {
    "images": """CREATE TABLE IF NOT EXISTS {keyspace}.images (
        id text PRIMARY KEY, upload uuid, record text, pieces int, complete boolean)""",
    "pieces": """CREATE TABLE IF NOT EXISTS {keyspace}.pieces (
        id text, upload uuid, part int, number int, data blob, PRIMARY KEY ((id, upload, part), number))""",
    "images_by_hour": """CREATE TABLE IF NOT EXISTS {keyspace}.images_by_hour (
        hour bigint, created bigint, id text, upload uuid, record text, PRIMARY KEY ((hour), created, id, upload)
        ) WITH CLUSTERING ORDER BY (created DESC, id DESC, upload DESC)""",
    "hours": """CREATE TABLE IF NOT EXISTS {keyspace}.hours (
        whole int, hour bigint, PRIMARY KEY ((whole), hour)) WITH CLUSTERING ORDER BY (hour DESC)""",
    "predictions": """CREATE TABLE IF NOT EXISTS {keyspace}.predictions (
        image text, upload uuid, created bigint, id text, prediction text,
        PRIMARY KEY ((image, upload), id))""",
    "events": """CREATE TABLE IF NOT EXISTS {keyspace}.events (
        kind text, minute bigint, created bigint, id text, event text, PRIMARY KEY ((kind, minute), created, id)
        ) WITH CLUSTERING ORDER BY (created DESC, id DESC)""",
    "event_minutes": """CREATE TABLE IF NOT EXISTS {keyspace}.event_minutes (
        kind text, minute bigint, PRIMARY KEY ((kind), minute)) WITH CLUSTERING ORDER BY (minute DESC)""",
}
ORDERS = {
    "find": "SELECT upload, record, pieces, complete FROM {keyspace}.images WHERE id = ?",
    "claim": """INSERT INTO {keyspace}.images (id, upload, record, pieces, complete)
        VALUES (?, ?, ?, ?, true) IF NOT EXISTS""",
    "release": "DELETE FROM {keyspace}.images WHERE id = ? IF upload = ?",
    "write": "INSERT INTO {keyspace}.pieces (id, upload, part, number, data) VALUES (?, ?, ?, ?, ?)",
    "read": "SELECT number, data FROM {keyspace}.pieces WHERE id = ? AND upload = ? AND part = ?",
    "drop": "DELETE FROM {keyspace}.pieces WHERE id = ? AND upload = ? AND part = ?",
    "list": "INSERT INTO {keyspace}.images_by_hour (hour, created, id, upload, record) VALUES (?, ?, ?, ?, ?)",
    "unlist": "DELETE FROM {keyspace}.images_by_hour WHERE hour = ? AND created = ? AND id = ? AND upload = ?",
    "page": "SELECT created, id, record FROM {keyspace}.images_by_hour WHERE hour = ?",
    "page_after": "SELECT created, id, record FROM {keyspace}.images_by_hour WHERE hour = ? AND (created, id) < (?, ?)",
    "open_hour": "INSERT INTO {keyspace}.hours (whole, hour) VALUES (?, ?)",
    "hours": "SELECT hour FROM {keyspace}.hours WHERE whole = ? AND hour <= ?",
    "say": """INSERT INTO {keyspace}.predictions (image, upload, id, created, prediction)
        VALUES (?, ?, ?, ?, ?) IF NOT EXISTS""",
    "said": "SELECT prediction FROM {keyspace}.predictions WHERE image = ? AND upload = ?",
    "unsay": "DELETE FROM {keyspace}.predictions WHERE image = ? AND upload = ?",
    "open_minute": "INSERT INTO {keyspace}.event_minutes (kind, minute) VALUES (?, ?)",
    "happen": "INSERT INTO {keyspace}.events (kind, minute, created, id, event) VALUES (?, ?, ?, ?, ?)",
    "minutes": "SELECT minute FROM {keyspace}.event_minutes WHERE kind = ? AND minute <= ?",
    "happened": "SELECT event FROM {keyspace}.events WHERE kind = ? AND minute = ?",
    "happened_before": """SELECT event FROM {keyspace}.events
        WHERE kind = ? AND minute = ? AND (created, id) < (?, ?)""",
    "kinds": "SELECT DISTINCT kind FROM {keyspace}.event_minutes",
    "ready": "SELECT hour FROM {keyspace}.hours WHERE whole = ? LIMIT 1",
}


def pieces_of(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return the pieces of an image as (part, number, bytes); none for no bytes."""
    starts = range(0, len(data), PIECE)
    return [(number // PIECES, number, data[start : start + PIECE]) for number, start in enumerate(starts)]


def parts_of(pieces: int) -> range:
    """Return the partitions that so many pieces lie in."""
    return range(-(-pieces // PIECES))


def joined(rows: list[Any], pieces: int) -> bytes | None:
    """Return the bytes of rows (number, data), None if one is missing."""
    by_number = {row.number: row.data for row in rows}
    if len(by_number) != pieces:
        return None
    return b"".join(by_number[number] for number in sorted(by_number))
