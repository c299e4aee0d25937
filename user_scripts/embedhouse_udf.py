"""Serves a Python function to ClickHouse as an executable function. One file, nothing to install: put it beside your
script in user_scripts and write

    #!/usr/bin/env python3
    from embedhouse_udf import serve

    serve(lambda text, n: text * n)

Types and format are read from the function's own *_function.xml. docs/udf.md of embedhouse explains the rest; the kit for
JavaScript, `embedhouse/udf`, does the same.
"""
import collections
import datetime
import json
import os
import re
import signal
import struct
import sys
import time
import xml.etree.ElementTree as ElementTree

# Modules that only some functions need are loaded where they are needed: a script starts in half the time.

__all__ = ["parameters", "serve"]

# Answers leave through a descriptor of their own: what print() or a library writes to stdout goes to stderr, from the
# moment that a script loads the kit.
_output = os.dup(1)
os.dup2(2, 1)

FORMATS = ("TabSeparated", "JSONEachRow", "RowBinary", "Native")
_CHUNK = 256 * 1024
_FLUSH_SECONDS = 0.5


class ValueRefused(Exception):
    """A value that its ClickHouse type cannot hold."""


class InputRefused(Exception):
    """Input that is not what the definition says."""


def _unexpected(expected, value):
    return ValueRefused(f"expected {expected}, got {_shorten(repr(value), 60)}")


def _shorten(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"


# ---------------------------------------------------------------------------------------------------------------------
# Bytes that have arrived


class _Input:
    """Reads stdin. Inside a row or a block it waits for more; between them it only does so when told to."""

    def __init__(self, descriptor=0):
        self.descriptor = descriptor
        self.before_wait = lambda: None
        self.data = b""
        self.position = 0

    @property
    def is_empty(self):
        return self.position == len(self.data)

    def fill(self):
        """Waits for more bytes; False at the end of the input."""
        chunk = os.read(self.descriptor, _CHUNK)
        self.data = self.data[self.position :] + chunk
        self.position = 0
        return len(chunk) > 0

    def take(self, count):
        start, end = self.position, self.position + count
        if end > len(self.data):
            self._gather(count)
            start, end = 0, count
        self.position = end
        return self.data[start:end]

    def _gather(self, count):
        self.before_wait()
        parts = [self.data[self.position :]]
        length = len(parts[0])
        while length < count:
            chunk = os.read(self.descriptor, max(_CHUNK, min(count - length, 1 << 24)))
            if not chunk:
                raise InputRefused("the input ended inside of a row, or before the last row of its block")
            parts.append(chunk)
            length += len(chunk)
        self.data = b"".join(parts)
        self.position = 0

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def string(self):
        return self.take(self.varint())

    def line(self):
        end = self.data.find(b"\n", self.position)
        while end < 0:
            searched = len(self.data) - self.position
            self._gather(searched + 1)
            end = self.data.find(b"\n", searched)
        line = self.data[self.position : end]
        self.position = end + 1
        return line.decode("utf-8", "surrogateescape")


def _put_varint(out, value):
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)


# ---------------------------------------------------------------------------------------------------------------------
# Types: how their values are read and written in each format

_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v", "e": "\x1b"}
_ESCAPED = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"}
)


def _unescape(text):
    if "\\" not in text:
        return text
    return re.sub(
        r"\\(?:x([0-9a-fA-F]{2})|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2]),
        text,
        flags=re.DOTALL,
    )


class _Text:
    """The text of an array, a tuple or a map, read from left to right."""

    WORD = re.compile(r"[^,:)\]}]*")
    QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)

    def __init__(self, text):
        self.text = text
        self.position = 0

    def expect(self, character):
        if not self.text.startswith(character, self.position):
            raise InputRefused(f"expected '{character}' at character {self.position + 1} of '{_shorten(self.text, 60)}'")
        self.position += len(character)

    def take_if(self, word):
        found = self.text.startswith(word, self.position)
        if found:
            self.position += len(word)
        return found

    def word(self):
        match = self.WORD.match(self.text, self.position)
        self.position = match.end()
        return match[0]

    def quoted(self):
        match = self.QUOTED.match(self.text, self.position)
        if not match:
            raise InputRefused(f"expected a text in quotes in '{_shorten(self.text, 60)}'")
        self.position = match.end()
        return _unescape(match[1])

    def items(self, opening, closing):
        self.expect(opening)
        if self.take_if(closing):
            return
        while True:
            yield
            if not self.take_if(","):
                break
        self.expect(closing)


class _Scalar:
    """A type without parts. `code` is struct's; `size` bytes where there is none; strings have neither."""

    quoted = True
    escaped = False
    code = None
    size = None

    def from_raw(self, raw):
        return raw

    @property
    def is_plain(self):
        """Whether what struct gives is the value."""
        return type(self).from_raw is _Scalar.from_raw

    def read(self, source):
        if self.code:
            return self.from_raw(struct.unpack("<" + self.code, source.take(self.size))[0])
        return self.from_raw(source.take(self.size) if self.size is not None else source.string())

    def write(self, out, value):
        raw = self.to_raw(value)
        if self.code:
            out += struct.pack("<" + self.code, raw)
            return
        if self.size is None:
            _put_varint(out, len(raw))
        out += raw

    def write_zero(self, out):
        out += bytes(self.size or 1)

    def read_column(self, source, rows):
        if self.code:
            raws = struct.unpack(f"<{rows}{self.code}", source.take(rows * self.size))
            return list(raws) if self.is_plain else [self.from_raw(raw) for raw in raws]
        return [self.read(source) for _ in range(rows)]

    def write_column(self, out, values):
        if self.code:
            out += struct.pack(f"<{len(values)}{self.code}", *map(self.to_raw, values))
            return
        for value in values:
            self.write(out, value)

    def read_prefix(self, source):
        pass

    def write_prefix(self, out):
        pass

    def parse_field(self, text):
        return self.parse(_unescape(text) if self.escaped else text)

    def format_field(self, value):
        text = self.format(value)
        return text.translate(_ESCAPED) if self.escaped else text

    def parse_inside(self, text):
        return self.parse(text.quoted() if self.quoted else text.word())

    def format_inside(self, value):
        return "'" + self.format_field(value).replace("'", "\\'") + "'" if self.quoted else self.format(value)

    def from_json(self, value):
        if isinstance(value, bool):
            return value
        return self.parse(str(value))

    def to_json(self, value):
        text = self.format(value)
        return json.dumps(text, ensure_ascii=False) if self.quoted else text


class _Integer(_Scalar):
    quoted = False
    CODES = {8: "b", 16: "h", 32: "i", 64: "q"}

    def __init__(self, bits, signed):
        self.name = f"{'' if signed else 'U'}Int{bits}"
        self.signed, self.size = signed, bits // 8
        code = self.CODES.get(bits)
        self.code = code if signed or code is None else code.upper()
        self.low = -(1 << (bits - 1)) if signed else 0
        self.high = (1 << (bits - (1 if signed else 0))) - 1
        if self.code is None:
            self.from_raw = lambda raw: int.from_bytes(raw, "little", signed=signed)

    def check(self, value):
        if type(value) is int and self.low <= value <= self.high:
            return value
        if type(value) is not int and hasattr(value, "__index__") and not isinstance(value, bool):
            return self.check(value.__index__())  # such as numpy's integers
        raise _unexpected(f"{self.name} (a whole number from {self.low} to {self.high})", value)

    def to_raw(self, value):
        number = self.check(value)
        return number if self.code else number.to_bytes(self.size, "little", signed=self.signed)

    parse = staticmethod(int)

    def format(self, value):
        return str(self.check(value))


class _Float(_Scalar):
    quoted = False

    def __init__(self, name):
        self.name = name
        self.code, self.size = {"Float32": ("f", 4), "Float64": ("d", 8), "BFloat16": ("H", 2)}[name]
        if name == "BFloat16":
            self.from_raw = lambda raw: struct.unpack("<f", struct.pack("<I", raw << 16))[0]

    @property
    def is_plain(self):
        return self.name != "BFloat16"

    def check(self, value):
        if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
            raise _unexpected(f"{self.name} (a number)", value)
        return float(value)

    def to_raw(self, value):
        number = self.check(value)
        if self.name == "Float64":
            return number
        try:
            (bits,) = struct.unpack("<I", struct.pack("<f", number))
        except OverflowError:
            number = float("inf") if number > 0 else float("-inf")
            (bits,) = struct.unpack("<I", struct.pack("<f", number))
        if self.name == "Float32":
            return number
        # The upper half of a Float32, rounded to the nearest, ties to even.
        return 0x7FC0 if number != number else (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16

    def parse(self, text):
        # JSON has no numbers for nan and inf: ClickHouse writes null.
        number = float("nan") if text == "None" else float(text)
        if self.name == "Float64":
            return number
        raw = self.to_raw(number)
        return self.from_raw(raw) if self.name == "BFloat16" else struct.unpack("<f", struct.pack("<f", raw))[0]

    def format(self, value):
        return repr(self.check(value))

    def to_json(self, value):
        text = self.format(value)
        return f'"{text}"' if "n" in text else text


class _Decimal(_Scalar):
    quoted = False

    def __init__(self, precision, scale):
        import decimal

        self.decimal = decimal
        self.name = f"Decimal({precision}, {scale})"
        self.scale, self.limit = scale, 10**precision
        self.size = next(size for digits, size in ((9, 4), (18, 8), (38, 16), (76, 32)) if precision <= digits)
        self.context = decimal.Context(prec=160)
        self.unit = decimal.Decimal(1).scaleb(-scale)

    def from_raw(self, raw):
        return self.context.scaleb(self.decimal.Decimal(int.from_bytes(raw, "little", signed=True)), -self.scale)

    def units(self, value):
        if isinstance(value, (int, float, str, self.decimal.Decimal)) and not isinstance(value, bool):
            try:
                number = self.decimal.Decimal(value).quantize(self.unit, context=self.context)
                units = int(self.context.scaleb(number, self.scale))
                if -self.limit < units < self.limit and (not isinstance(value, (str, self.decimal.Decimal)) or number == self.decimal.Decimal(value)):
                    return units
            except self.decimal.InvalidOperation:
                pass
        raise _unexpected(f"{self.name} (a decimal.Decimal, or a number)", value)

    def to_raw(self, value):
        return self.units(value).to_bytes(self.size, "little", signed=True)

    def parse(self, text):
        return self.decimal.Decimal(text).quantize(self.unit, context=self.context)

    def format(self, value):
        return f"{self.context.scaleb(self.decimal.Decimal(self.units(value)), -self.scale):f}"


class _String(_Scalar):
    escaped = True

    def __init__(self, as_bytes, size=None):
        self.name = "String" if size is None else f"FixedString({size})"
        self.as_bytes, self.size = as_bytes, size

    def from_raw(self, raw):
        if self.as_bytes:
            return raw
        text = raw.decode("utf-8", "surrogateescape")
        return text if self.size is None else text.rstrip("\0")

    def to_raw(self, value):
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        if not isinstance(raw, (bytes, bytearray, memoryview)):
            raise _unexpected(f"{self.name} (str or bytes)", value)
        if self.size is None:
            return raw
        if len(raw) > self.size:
            raise ValueRefused(f"expected {self.name} (at most {self.size} bytes), got {len(raw)} bytes")
        return bytes(raw).ljust(self.size, b"\0")

    def parse(self, text):
        return self.from_raw(text.encode("utf-8", "surrogateescape"))

    def format(self, value):
        raw = self.to_raw(value)
        return value if isinstance(value, str) else bytes(raw).decode("utf-8", "surrogateescape")

    def write_zero(self, out):
        out += bytes(1 if self.size is None else self.size)


class _Bool(_Scalar):
    name, quoted, code, size = "Bool", False, "B", 1

    def from_raw(self, raw):
        return raw != 0

    def to_raw(self, value):
        if not isinstance(value, bool):
            raise _unexpected("Bool (True or False)", value)
        return int(value)

    def parse(self, text):
        return text == "true"

    def format(self, value):
        return "true" if self.to_raw(value) else "false"


class _Converted(_Scalar):
    """A type for which Python has a class that takes and gives its text."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.code, self.size = ("I", 4) if name == "IPv4" else (None, 16)

    def from_raw(self, raw):
        # A UUID is stored as two little-endian halves.
        return self.kind(bytes=raw[7::-1] + raw[:7:-1]) if self.name == "UUID" else self.kind(raw)

    def check(self, value):
        try:
            return value if isinstance(value, self.kind) else self.kind(value if isinstance(value, str) else None)
        except (ValueError, TypeError):
            raise _unexpected(f"{self.name} (a {self.kind.__name__}, or its text)", value) from None

    def to_raw(self, value):
        checked = self.check(value)
        if self.name == "UUID":
            return checked.bytes[7::-1] + checked.bytes[:7:-1]
        return int(checked) if self.code else checked.packed

    def parse(self, text):
        return self.kind(text)

    def format(self, value):
        return str(self.check(value))


class _Date(_Scalar):
    EPOCH = datetime.date(1970, 1, 1).toordinal()

    def __init__(self, name):
        self.name = name
        self.code, self.size = ("H", 2) if name == "Date" else ("i", 4)
        self.low, self.high = (0, 65535) if name == "Date" else (-25567, 120529)

    def from_raw(self, raw):
        return datetime.date.fromordinal(self.EPOCH + raw)

    def to_raw(self, value):
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            days = value.toordinal() - self.EPOCH
            if self.low <= days <= self.high:
                return days
        raise _unexpected(f"{self.name} (a date from {self.from_raw(self.low)} to {self.from_raw(self.high)})", value)

    def parse(self, text):
        return datetime.date.fromisoformat(text)

    def format(self, value):
        self.to_raw(value)
        return value.isoformat()


class _DateTime(_Scalar):
    """A datetime in the type's zone; a text with all digits where a datetime has too few (scales from 7)."""

    EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    TEXT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z?)$")

    def __init__(self, zone, scale=None):
        self.scale = scale or 0
        self.name = "DateTime" if scale is None else f"DateTime64({scale})"
        self.code, self.size = ("I", 4) if scale is None else ("q", 8)
        self.zone = None
        if zone:
            import zoneinfo

            self.zone = zoneinfo.ZoneInfo(zone)

    def from_raw(self, raw):
        seconds, ticks = divmod(raw, 10**self.scale)
        if self.scale > 6:
            whole = self.EPOCH + datetime.timedelta(seconds=seconds)
            return f"{whole:%Y-%m-%dT%H:%M:%S}.{ticks:0{self.scale}}Z".rjust(20 + self.scale + 1, "0")
        moment = self.EPOCH + datetime.timedelta(seconds=seconds, microseconds=ticks * 10 ** (6 - self.scale))
        return moment.astimezone(self.zone or datetime.timezone.utc)

    def to_raw(self, value):
        ticks = self.ticks(value)
        if ticks is not None and (self.code == "q" or 0 <= ticks < 1 << 32):
            return ticks
        raise _unexpected(f"{self.name} (a datetime with a time zone, or a text such as '2024-01-31T12:00:00Z')", value)

    def ticks(self, value):
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            span = value - self.EPOCH
            return (span.days * 86_400 + span.seconds) * 10**self.scale + span.microseconds * 10**self.scale // 10**6
        match = self.TEXT.match(value) if isinstance(value, str) else None
        return self.text_ticks(match, datetime.timezone.utc) if match and match[4] else None

    def text_ticks(self, match, zone):
        moment = datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}")
        # Without a zone of the type's own it is this machine's, which is the server's.
        moment = moment.replace(tzinfo=zone) if zone else moment.astimezone()
        seconds = round((moment - self.EPOCH) / datetime.timedelta(seconds=1))
        return seconds * 10**self.scale + int((match[3] or "").ljust(self.scale, "0")[: self.scale] or 0)

    def parse(self, text):
        match = self.TEXT.match(text)
        if match:
            return self.from_raw(self.text_ticks(match, datetime.timezone.utc if match[4] else self.zone))
        seconds, _, fraction = text.partition(".")
        return self.from_raw(int(seconds) * 10**self.scale + int(fraction.ljust(self.scale, "0") or 0))

    def format(self, value):
        seconds, ticks = divmod(self.to_raw(value), 10**self.scale)
        digits = f".{ticks:0{self.scale}}" if self.scale else ""
        if 0 <= seconds <= 9_999_999_999:
            return f"{seconds:010}{digits}"
        # Ten digits are read as a timestamp, and nothing else is.
        local = (self.EPOCH + datetime.timedelta(seconds=seconds)).astimezone(self.zone)
        return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')}{digits}"


class _Enum(_Scalar):
    escaped = True

    def __init__(self, family, entries):
        wide = family == "Enum16" or (family == "Enum" and any(not -128 <= value <= 127 for _, value in entries))
        self.name = "Enum16" if wide else "Enum8"
        self.code, self.size = ("h", 2) if wide else ("b", 1)
        self.names = {value: name for name, value in entries}
        self.values = dict(entries)

    def from_raw(self, raw):
        return self.names[raw]

    def to_raw(self, value):
        if isinstance(value, str) and value in self.values:
            return self.values[value]
        if isinstance(value, int) and value in self.names:
            return value
        raise _unexpected(f"one of {', '.join(map(repr, list(self.values)[:10]))}", value)

    def parse(self, text):
        return text

    def format(self, value):
        return self.names[self.to_raw(value)]


class _Nullable:
    def __init__(self, inner):
        self.inner = inner
        self.name = inner.name

    def read(self, source):
        return None if source.take(1) == b"\1" else self.inner.read(source)

    def write(self, out, value):
        out.append(value is None)
        if value is not None:
            self.inner.write(out, value)

    def read_prefix(self, source):
        pass

    def write_prefix(self, out):
        pass

    def read_column(self, source, rows):
        nulls = source.take(rows)
        if b"\1" not in nulls:
            return self.inner.read_column(source, rows)
        return [None if null else value for null, value in zip(nulls, self.inner.read_column(source, rows))]

    def write_column(self, out, values):
        out += bytes(value is None for value in values)
        for value in values:
            self.inner.write_zero(out) if value is None else self.inner.write(out, value)

    def parse_field(self, text):
        return None if text == "\\N" else self.inner.parse_field(text)

    def format_field(self, value):
        return "\\N" if value is None else self.inner.format_field(value)

    def parse_inside(self, text):
        return None if text.take_if("NULL") else self.inner.parse_inside(text)

    def format_inside(self, value):
        return "NULL" if value is None else self.inner.format_inside(value)

    def from_json(self, value):
        return None if value is None else self.inner.from_json(value)

    def to_json(self, value):
        return "null" if value is None else self.inner.to_json(value)


class _LowCardinality:
    """As its inner type, but in Native, where it has a dictionary."""

    def __init__(self, inner):
        self.inner = inner
        for name in ("read", "write", "parse_field", "format_field", "parse_inside", "format_inside", "from_json", "to_json"):
            setattr(self, name, getattr(inner, name))
        self.name = inner.name
        self.nullable = isinstance(inner, _Nullable)
        self.entries = inner.inner if self.nullable else inner

    def read_prefix(self, source):
        if struct.unpack("<Q", source.take(8))[0] != 1:
            raise InputRefused("a dictionary in a Native block is of a version that is not read here: use RowBinary")

    def write_prefix(self, out):
        out += struct.pack("<Q", 1)

    def read_column(self, source, rows):
        if rows == 0:
            return []
        flags, count = struct.unpack("<QQ", source.take(16))
        if not flags & 0x200:
            raise InputRefused("a Native block has a shared dictionary, which is not read here: use RowBinary")
        entries = self.entries.read_column(source, count)
        if self.nullable:
            entries[0] = None  # The first entry stands for NULL.
        source.take(8)
        code = "BHIQ"[flags & 0xFF]
        return [entries[place] for place in struct.unpack(f"<{rows}{code}", source.take(rows * (1 << (flags & 0xFF))))]

    def write_column(self, out, values):
        if not values:
            return
        # An entry for each row: ClickHouse makes them distinct. The first is for NULL, or unused.
        out += struct.pack("<QQ", 0x602, len(values) + 1)
        self.entries.write_zero(out)
        for value in values:
            self.entries.write_zero(out) if self.nullable and value is None else self.entries.write(out, value)
        out += struct.pack("<Q", len(values))
        out += struct.pack(f"<{len(values)}I", *(0 if value is None else row + 1 for row, value in enumerate(values)))


class _Composite:
    """The text of a value with parts is the same inside and outside of others."""

    def parse_field(self, text):
        source = _Text(text)
        value = self.parse_inside(source)
        if source.position != len(text):
            raise InputRefused(f"expected the end of '{_shorten(text, 60)}' at character {source.position + 1}")
        return value

    def format_field(self, value):
        return self.format_inside(value)

    @staticmethod
    def ends(source, rows):
        return struct.unpack(f"<{rows}Q", source.take(rows * 8))

    @staticmethod
    def put_ends(out, lists):
        end, ends = 0, []
        for items in lists:
            end += len(items)
            ends.append(end)
        out += struct.pack(f"<{len(ends)}Q", *ends)


class _Array(_Composite):
    def __init__(self, inner):
        self.inner = inner
        self.name = f"Array({inner.name})"

    def check(self, value):
        if isinstance(value, (list, tuple)):
            return value
        if hasattr(value, "tolist"):
            return value.tolist()  # such as numpy's arrays
        raise _unexpected("a list", value)

    def read(self, source):
        count = source.varint()
        if isinstance(self.inner, _Scalar):
            return self.inner.read_column(source, count)
        return [self.inner.read(source) for _ in range(count)]

    def write(self, out, value):
        items = self.check(value)
        _put_varint(out, len(items))
        if isinstance(self.inner, _Scalar):
            self.inner.write_column(out, items)
            return
        for item in items:
            self.inner.write(out, item)

    def read_prefix(self, source):
        self.inner.read_prefix(source)

    def write_prefix(self, out):
        self.inner.write_prefix(out)

    def read_column(self, source, rows):
        ends = self.ends(source, rows)
        items = self.inner.read_column(source, ends[-1] if ends else 0)
        return [items[start:end] for start, end in zip((0, *ends), ends)]

    def write_column(self, out, values):
        lists = [self.check(value) for value in values]
        self.put_ends(out, lists)
        self.inner.write_column(out, [item for items in lists for item in items])

    def parse_inside(self, text):
        return [self.inner.parse_inside(text) for _ in text.items("[", "]")]

    def format_inside(self, value):
        return f"[{','.join(map(self.inner.format_inside, self.check(value)))}]"

    def from_json(self, value):
        return [self.inner.from_json(item) for item in value]

    def to_json(self, value):
        return f"[{','.join(map(self.inner.to_json, self.check(value)))}]"


class _Tuple(_Composite):
    """A tuple; a dict where all elements have names."""

    def __init__(self, items, names):
        self.items, self.names = items, names
        self.name = f"Tuple({', '.join(item.name for item in items)})"

    def make(self, values):
        return dict(zip(self.names, values)) if self.names else tuple(values)

    def check(self, value):
        if isinstance(value, dict) and self.names:
            missing = [name for name in self.names if name not in value]
            if missing:
                raise _unexpected(f"a dict with {missing[0]}", value)
            return [value[name] for name in self.names]
        if not isinstance(value, (list, tuple)) or len(value) != len(self.items):
            raise _unexpected(f"a dict with {', '.join(self.names)}" if self.names else f"a tuple of {len(self.items)}", value)
        return value

    def read(self, source):
        return self.make([item.read(source) for item in self.items])

    def write(self, out, value):
        for item, part in zip(self.items, self.check(value)):
            item.write(out, part)

    def read_prefix(self, source):
        for item in self.items:
            item.read_prefix(source)

    def write_prefix(self, out):
        for item in self.items:
            item.write_prefix(out)

    def read_column(self, source, rows):
        return [self.make(row) for row in zip(*[item.read_column(source, rows) for item in self.items])]

    def write_column(self, out, values):
        rows = [self.check(value) for value in values]
        for index, item in enumerate(self.items):
            item.write_column(out, [row[index] for row in rows])

    def parse_inside(self, text):
        items = iter(self.items)
        return self.make([next(items).parse_inside(text) for _ in text.items("(", ")")])

    def format_inside(self, value):
        return f"({','.join(item.format_inside(part) for item, part in zip(self.items, self.check(value)))})"

    def from_json(self, value):
        parts = list(value.values()) if isinstance(value, dict) else value
        return self.make([item.from_json(part) for item, part in zip(self.items, parts)])

    def to_json(self, value):
        texts = [item.to_json(part) for item, part in zip(self.items, self.check(value))]
        if not self.names:
            return f"[{','.join(texts)}]"
        return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in zip(self.names, texts)) + "}"


class _Map(_Composite):
    def __init__(self, key, value):
        self.key, self.value = key, value
        self.name = f"Map({key.name}, {value.name})"

    def check(self, value):
        if isinstance(value, dict):
            return value
        raise _unexpected("a dict", value)

    def read(self, source):
        return {self.key.read(source): self.value.read(source) for _ in range(source.varint())}

    def write(self, out, value):
        _put_varint(out, len(self.check(value)))
        for key, item in value.items():
            self.key.write(out, key)
            self.value.write(out, item)

    def read_prefix(self, source):
        self.key.read_prefix(source)
        self.value.read_prefix(source)

    def write_prefix(self, out):
        self.key.write_prefix(out)
        self.value.write_prefix(out)

    def read_column(self, source, rows):
        ends = self.ends(source, rows)
        total = ends[-1] if ends else 0
        entries = list(zip(self.key.read_column(source, total), self.value.read_column(source, total)))
        return [dict(entries[start:end]) for start, end in zip((0, *ends), ends)]

    def write_column(self, out, values):
        maps = [self.check(value) for value in values]
        self.put_ends(out, maps)
        self.key.write_column(out, [key for entries in maps for key in entries])
        self.value.write_column(out, [item for entries in maps for item in entries.values()])

    def parse_inside(self, text):
        entries = {}
        for _ in text.items("{", "}"):
            key = self.key.parse_inside(text)
            text.expect(":")
            entries[key] = self.value.parse_inside(text)
        return entries

    def format_inside(self, value):
        texts = (f"{self.key.format_inside(key)}:{self.value.format_inside(item)}" for key, item in self.check(value).items())
        return "{" + ",".join(texts) + "}"

    def from_json(self, value):
        return {self.key.from_json(key): self.value.from_json(item) for key, item in value.items()}

    def to_json(self, value):
        def text(key):
            written = self.key.to_json(key)
            return written if written.startswith('"') else json.dumps(written)

        return "{" + ",".join(f"{text(key)}:{self.value.to_json(item)}" for key, item in self.check(value).items()) + "}"


_TYPE_TOKEN = re.compile(r"\s*(?:([\w.]+)|`((?:[^`\\]|\\.)*)`|('(?:[^'\\]|\\.|'')*')|(.))", re.DOTALL)
_ALIASES = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}
_PRECISIONS = {"Decimal32": 9, "Decimal64": 18, "Decimal128": 38, "Decimal256": 76}


class _TypeReader:
    """Reads a type expression such as `Array(Tuple(a UInt8))`."""

    def __init__(self, text, as_bytes):
        self.text, self.as_bytes = text, as_bytes
        # Each token is a word, a name in backticks, a literal in quotes, or a mark.
        self.tokens = [match.groups() for match in _TYPE_TOKEN.finditer(text.strip())]
        self.position = 0

    def fail(self):
        raise InputRefused(f"'{self.text}' is not a ClickHouse type: look at its parentheses and quotes")

    def peek(self):
        return self.tokens[self.position][3] if self.position < len(self.tokens) else ""

    def next(self):
        if self.position == len(self.tokens):
            self.fail()
        self.position += 1
        return self.tokens[self.position - 1]

    def read(self):
        kind = self.read_type()[1]
        if self.position != len(self.tokens):
            self.fail()
        return kind

    def name(self):
        word, quoted, _, _ = self.next()
        if word is None and quoted is None:
            self.fail()
        return word if word is not None else _unescape(quoted)

    def read_type(self):
        family, label = self.name(), None
        if self.peek() is None:
            label, family = family, self.name()
        items, literals = [], []
        if self.peek() == "(":
            while self.next()[3] != ")":
                if self.peek() == ")":
                    continue
                is_literal = self.tokens[self.position][2] is not None or re.match(r"[\d+-]", "".join(filter(None, self.tokens[self.position])))
                if is_literal:
                    parts = []
                    while self.peek() not in (",", ")"):
                        parts.append("".join(filter(None, self.next())))
                    literals.append(parts)
                elif family in ("SimpleAggregateFunction", "AggregateFunction") and not literals:
                    literals.append([self.name()])
                else:
                    items.append(self.read_type())
        return label, self.build(family, items, literals)

    def build(self, family, items, literals):
        kinds = [kind for _, kind in items]
        first = self.literal(literals[0][0]) if literals and literals[0] else None
        integer = re.fullmatch(r"(U?)Int(8|16|32|64|128|256)", family)
        if integer:
            return _Integer(int(integer[2]), integer[1] == "")
        if family in ("Float32", "Float64", "BFloat16"):
            return _Float(family)
        if family == "Decimal":
            return _Decimal(int(first or 10), int(literals[1][0]) if len(literals) > 1 else 0)
        if family in _PRECISIONS:
            return _Decimal(_PRECISIONS[family], int(first))
        if family in ("String", "FixedString"):
            return _String(self.as_bytes, None if family == "String" else int(first))
        if family == "Bool":
            return _Bool()
        if family in ("UUID", "IPv4", "IPv6"):
            import ipaddress
            import uuid

            kinds_of = {"UUID": uuid.UUID, "IPv4": ipaddress.IPv4Address, "IPv6": ipaddress.IPv6Address}
            return _Converted(family, kinds_of[family])
        if family in ("Date", "Date32"):
            return _Date(family)
        if family == "DateTime":
            return _DateTime(first)
        if family == "DateTime64":
            return _DateTime(self.literal(literals[1][0]) if len(literals) > 1 else None, int(first or 3))
        if family in ("Enum", "Enum8", "Enum16"):
            entries = []
            for parts in literals:
                previous = entries[-1][1] if entries else 0
                entries.append((self.literal(parts[0]), int("".join(parts[2:])) if len(parts) > 2 else previous + 1))
            return _Enum(family, entries)
        if family == "Nullable" and isinstance(kinds[0], _Scalar):
            return _Nullable(kinds[0])
        if family == "LowCardinality" and isinstance(kinds[0], (_Scalar, _Nullable)):
            return _LowCardinality(kinds[0])
        if family == "SimpleAggregateFunction":
            return kinds[-1]
        if family == "Array":
            return _Array(kinds[0])
        if family == "Map":
            return _Map(*kinds)
        if family in ("Tuple", "Nested") and kinds:
            names = [label for label, _ in items if label is not None]
            built = _Tuple(kinds, names if len(names) == len(items) else None)
            return _Array(built) if family == "Nested" else built
        if family in _ALIASES:
            return _TypeReader(_ALIASES[family], self.as_bytes).read()
        raise InputRefused(
            f"type {family} (in '{self.text}') is not one that a function can have here: "
            "declare String and convert in SQL, with toString(x) or toJSONString(x)"
        )

    @staticmethod
    def literal(text):
        return _unescape(text[1:-1].replace("''", "'")) if text.startswith("'") else text


def _read_type(text, as_bytes=False):
    return _TypeReader(text, as_bytes).read()


# ---------------------------------------------------------------------------------------------------------------------
# Formats: a reader yields (rows, is_end_of_block); a row is a tuple of arguments


def _read_text(source, types, header, parse_line):
    while True:
        if header:
            left = int(source.line())
            while left:
                # As many rows as have arrived, so that the first answers do not wait for the last row.
                rows = [parse_line(source.line())]
                while len(rows) < left and source.data.find(b"\n", source.position) >= 0:
                    rows.append(parse_line(source.line()))
                left -= len(rows)
                yield rows, left == 0
        else:
            rows = [parse_line(source.line())]
            while source.data.find(b"\n", source.position) >= 0:
                rows.append(parse_line(source.line()))
            yield rows, False
        while source.is_empty:
            yield None, False


def _tab_separated_line(types):
    def parse(line):
        fields = line.split("\t")
        if len(fields) != len(types):
            raise InputRefused(f"expected {len(types)} tab-separated fields in a row, found {len(fields)}")
        return tuple([kind.parse_field(field) for kind, field in zip(types, fields)])

    return parse


def _json_line(types):
    # Numbers with a point keep all their digits as text.
    decoder = json.JSONDecoder(parse_float=str, parse_constant=str, strict=False)

    def parse(line):
        values = list(decoder.decode(line).values())
        if len(values) != len(types):
            raise InputRefused(f"expected {len(types)} values in a row, found {len(values)}")
        return tuple([kind.from_json(value) for kind, value in zip(types, values)])

    return parse


def _read_row_binary(source, types, header):
    codes = [kind.code for kind in types if isinstance(kind, _Scalar) and kind.code]
    whole = struct.Struct("<" + "".join(codes)) if len(codes) == len(types) else None
    plain = whole is not None and all(kind.is_plain for kind in types)

    def read_some(most):
        if whole is None:
            rows = [tuple([kind.read(source) for kind in types])]
            while len(rows) < most and not source.is_empty:
                rows.append(tuple([kind.read(source) for kind in types]))
            return rows
        count = max(1, min(most, (len(source.data) - source.position) // whole.size))
        raws = whole.iter_unpack(source.take(count * whole.size))
        return list(raws) if plain else [tuple([kind.from_raw(raw) for kind, raw in zip(types, row)]) for row in raws]

    while True:
        left = int(source.line()) if header else 1 << 62
        while left:
            rows = read_some(left)
            left -= len(rows)
            yield rows, left == 0
            while source.is_empty and not header:
                yield None, False
        while source.is_empty:
            yield None, False


def _read_native(source, types, names, header, as_bytes):
    known = {}
    while True:
        if header:
            source.line()
        columns, rows = source.varint(), source.varint()
        if columns != len(types):
            raise InputRefused(f"expected {len(types)} columns in a block, found {columns}")
        values = []
        for declared, type_name in zip(types, names):
            name, found = source.string().decode(), source.string().decode()
            kind = known.get(found) or known.setdefault(found, _read_type(found, as_bytes))
            if kind.name != declared.name:
                raise InputRefused(f"argument '{name}' arrived as {found}, expected {type_name}: cast it with CAST({name}, '{type_name}')")
            if rows:
                kind.read_prefix(source)
                values.append(kind.read_column(source, rows))
        yield list(zip(*values)), True
        while source.is_empty:
            yield None, False


def _open_format(signature, as_bytes):
    if not signature.arguments:
        raise InputRefused("ClickHouse sends no rows to a function without arguments: declare one")
    types = [_read_type(kind, as_bytes) for kind in signature.arguments]
    result = _read_type(signature.returns, as_bytes)
    header = signature.chunk_header

    def write_lines(prefix, write, suffix):
        return lambda values: "".join([f"{prefix}{write(value)}{suffix}" for value in values]).encode("utf-8", "surrogateescape")

    def write_row_binary(values):
        out = bytearray()
        if isinstance(result, _Scalar) and result.code:
            result.write_column(out, values)
        else:
            for value in values:
                result.write(out, value)
        return out

    def write_native(values):
        out = bytearray()
        for part in (signature.return_name.encode(), signature.returns.encode()):
            _put_varint(out, len(part))
            out += part
        head = bytearray()
        _put_varint(head, 1)
        _put_varint(head, len(values))
        if values:
            result.write_prefix(out)
            result.write_column(out, values)
        return head + out

    if signature.format == "TabSeparated":
        return lambda source: _read_text(source, types, header, _tab_separated_line(types)), write_lines("", result.format_field, "\n")
    if signature.format == "JSONEachRow":
        prefix = "{" + json.dumps(signature.return_name) + ":"
        return lambda source: _read_text(source, types, header, _json_line(types)), write_lines(prefix, result.to_json, "}\n")
    if signature.format == "RowBinary":
        return lambda source: _read_row_binary(source, types, header), write_row_binary
    return lambda source: _read_native(source, types, signature.arguments, header, as_bytes), write_native


# ---------------------------------------------------------------------------------------------------------------------
# The function's definition


class _Signature:
    def __init__(self, name, arguments, returns, format, chunk_header=False, return_name="result", parameters=()):
        self.name, self.arguments, self.returns, self.return_name = name, list(arguments), returns, return_name
        self.format = "TabSeparated" if format == "TSV" else format
        self.chunk_header, self.parameters = chunk_header, list(parameters)
        if self.format not in FORMATS:
            raise InputRefused(f"the format of {name} is '{format}', and functions are served in {', '.join(FORMATS)}")

    def shape(self):
        return {key: value for key, value in vars(self).items() if key != "name"}


_WORD = re.compile(r"\{[^{}]*\}|[^ ]+|(?<= )(?= )")
_PARAMETER = re.compile(r"\{\s*(\w+)\s*:\s*(.+?)\s*\}$")
_TRUE = re.compile(r"true|yes|on|[1-9]\d*", re.IGNORECASE)


def _option(element, name, default=""):
    found = element.find(name)
    return default if found is None else found.text or ""


def _is_true(text):
    return _TRUE.fullmatch(text.strip()) is not None


def _signature_of(element):
    arguments = [child for child in element if child.tag.startswith("argument")]
    words = _WORD.findall(_option(element, "command")) if _is_true(_option(element, "execute_direct", "1")) else []
    found = [(index, _PARAMETER.match(word)) for index, word in enumerate(words)]
    return _Signature(
        _option(element, "name"),
        [_option(argument, "type") for argument in arguments],
        _option(element, "return_type"),
        _option(element, "format"),
        _is_true(_option(element, "send_chunk_header", "0")),
        _option(element, "return_name", "result"),
        [(match[1], match[2], index) for index, match in found if match],
    )


def _folders(script):
    given = os.environ.get("EMBEDHOUSE_FUNCTIONS")
    if given:
        return [given]
    folder = os.path.dirname(script)
    folders = [folder]
    for _ in range(4):
        folder = os.path.dirname(folder)
        folders.append(os.path.join(folder, "functions"))
    return [*folders, "/etc/clickhouse-server", "/etc/clickhouse-server/functions"]


def _definitions_in(folder, script):
    """Gives the functions whose command names the script, each with whether the command's arguments are ours too."""
    try:
        files = sorted(name for name in os.listdir(folder) if name.endswith("_function.xml"))
    except OSError:
        return []
    found = []
    for file in files:
        try:
            with open(os.path.join(folder, file), "rb") as stream:
                content = stream.read()
            if os.path.basename(script).encode() not in content:
                continue
            root = ElementTree.fromstring(content)
        except (OSError, ElementTree.ParseError):
            continue
        for element in root:
            if not isinstance(element.tag, str) or not element.tag.startswith("function"):
                continue
            command = _option(element, "command")
            if not _is_true(_option(element, "execute_direct", "1")):
                if os.path.basename(script) in command:
                    found.append((element, True))
                continue
            first, *words = _WORD.findall(command) or [""]
            if script == first or script.endswith("/" + first):
                same = len(words) == len(sys.argv) - 1 and all(
                    word == given or _PARAMETER.match(word) for word, given in zip(words, sys.argv[1:])
                )
                found.append((element, same))
    return found


def _find_signature(function):
    script = os.path.abspath(sys.argv[0])
    folders = _folders(script)
    named = next((found for found in (_definitions_in(folder, script) for folder in folders) if found), [])
    named = [(element, same) for element, same in named if function in (None, _option(element, "name"))]
    chosen = [element for element, same in named if same] or [element for element, _ in named]
    signatures = [_signature_of(element) for element in chosen]
    file = os.path.basename(script)
    if not signatures:
        wanted = f" of a function {function}" if function else ""
        raise InputRefused(
            f"no definition{wanted} with the command {file} was found in {', '.join(folders)}: set EMBEDHOUSE_FUNCTIONS to the "
            "folder of the *_function.xml files, or give the types in the script, as "
            "serve(f, arguments=['String'], returns='String', format='TabSeparated')"
        )
    for other in signatures:
        if other.shape() != signatures[0].shape():
            raise InputRefused(
                f"the functions {signatures[0].name} and {other.name} both have the command {' '.join([file, *sys.argv[1:]])} and "
                "differ: add the function's name to each <command>, and serve(f, function=sys.argv[1])"
            )
    return signatures[0]


def parameters(function=None):
    """Gives the values of the {name:Type} in the function's <command>, as f(value)(argument) passed them."""
    try:
        found = _find_signature(function).parameters
        return {name: _read_type(kind).parse_inside(_Text(sys.argv[place])) for name, kind, place in found}
    except (InputRefused, ValueRefused) as error:
        _fail(function or sys.argv[0], error)


# ---------------------------------------------------------------------------------------------------------------------
# Serving


class _RowFailure(Exception):
    def __init__(self, row, rows, values, error):
        super().__init__(error)
        self.row, self.rows, self.values, self.error = row, rows, values, error


def _describe(error):
    text = " ".join(str(error).split())
    if isinstance(error, (ValueRefused, InputRefused)):
        return text
    import traceback

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    own = [frame for frame in frames if "site-packages" not in frame.filename and "/lib/python" not in frame.filename]
    place = f" ({os.path.basename(own[-1].filename)}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {text}{place}"


def _fail(name, error):
    if isinstance(error, _RowFailure):
        where = f"row {error.row}" if error.rows == 1 else f"rows {error.row} to {error.row + error.rows - 1}"
        shown = f" ({_shorten(', '.join(_shorten(repr(value), 60) for value in error.values), 200)})" if error.rows == 1 else ""
        message = f"failed at {where}{shown}: {_describe(error.error)}"
    else:
        message = f"failed: {_describe(error)}"
    sys.stderr.write(f"embedhouse: function '{name}' {message}\n")
    sys.stderr.flush()
    os._exit(1)


class _Answers:
    """Writes results in order. A slow function's are written twice a second, so that ClickHouse sees it at work."""

    def __init__(self, write):
        self.write = write
        self.results, self.rows = [], []
        self.due = time.monotonic() + _FLUSH_SECONDS

    @property
    def is_due(self):
        return time.monotonic() > self.due

    def flush(self):
        self.due = time.monotonic() + _FLUSH_SECONDS
        results, rows = self.results, self.rows
        self.results, self.rows = [], []
        if not results:
            return
        try:
            data = memoryview(self.write(results))
        except ValueRefused:
            self._refuse(results, rows)
            raise
        while data:
            data = data[os.write(_output, data) :]

    def _refuse(self, results, rows):
        for result, (number, values) in zip(results, rows):
            try:
                self.write([result])
            except ValueRefused as error:
                raise _RowFailure(number, 1, values, error) from None


class _Rows:
    """Runs a function row by row, in this thread."""

    def __init__(self, function, answers):
        self.function, self.answers = function, answers

    def push(self, rows, number):
        answers, function = self.answers, self.function
        for index, values in enumerate(rows):
            try:
                answers.results.append(function(*values))
            except Exception as error:
                raise _RowFailure(number + index, 1, values, error) from error
            answers.rows.append((number + index, values))
            if answers.is_due:
                answers.flush()

    def pause(self):
        self.answers.flush()

    finish = show = pause


def _is_coroutine(function):
    """Whether it is an `async def`. Loading inspect or asyncio to ask them would take longer than the rest of the kit."""
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__func__", None), "__code__", None)
    return code is not None and code.co_flags & 0x80 != 0


class _Concurrent:
    """Runs a function on several rows at a time, in threads or as coroutines; results keep the order of the rows."""

    def __init__(self, function, answers, concurrency):
        self.answers, self.concurrency = answers, concurrency
        self.pending = collections.deque()
        import concurrent.futures

        if _is_coroutine(function):
            import asyncio

            self.loop = asyncio.new_event_loop()
            # Rows are read in this thread, and coroutines go on in theirs meanwhile.
            self.pool = concurrent.futures.ThreadPoolExecutor(1)
            self.pool.submit(self.loop.run_forever)
            self.start = lambda values: asyncio.run_coroutine_threadsafe(function(*values), self.loop)
        else:
            self.pool = concurrent.futures.ThreadPoolExecutor(concurrency)
            self.start = lambda values: self.pool.submit(function, *values)

    def push(self, rows, number):
        for index, values in enumerate(rows):
            while len(self.pending) >= self.concurrency:
                self._take()
            self.pending.append((self.start(values), number + index, values))

    def _take(self):
        future, number, values = self.pending.popleft()
        try:
            result = future.result()
        except Exception as error:
            raise _RowFailure(number, 1, values, error) from error
        self.answers.results.append(result)
        self.answers.rows.append((number, values))
        if self.answers.is_due:
            self.answers.flush()

    def pause(self):
        while self.pending:
            self._take()
        self.answers.flush()

    finish = pause

    def show(self):
        while self.pending and self.pending[0][0].done():
            self._take()
        self.answers.flush()


class _Blocks:
    """Runs a function on whole blocks, or on up to `most` rows: it gets a list for each argument, and gives a list."""

    def __init__(self, function, answers, most, has_ends):
        self.function, self.answers, self.most, self.has_ends = function, answers, most, has_ends
        self.rows, self.number = [], 1

    def push(self, rows, number):
        if not self.rows:
            self.number = number
        self.rows += rows
        while self.most and len(self.rows) >= self.most:
            self._run(self.most)

    def pause(self):
        if not self.has_ends:
            self.finish()

    def show(self):
        pass

    def finish(self):
        if self.rows:
            self._run(len(self.rows))

    def _run(self, count):
        rows, self.rows = self.rows[:count], self.rows[count:]
        try:
            results = self.function(*map(list, zip(*rows)))
            results = results.tolist() if hasattr(results, "tolist") else list(results)
            if len(results) != count:
                raise ValueRefused(f"expected a list with one result for each of {count} rows, got {len(results)} results")
        except Exception as error:
            raise _RowFailure(self.number, count, rows[0], error) from error
        self.answers.results += results
        self.answers.rows += [(self.number + index, values) for index, values in enumerate(rows)]
        self.number += count
        self.answers.flush()


def serve(
    function_to_serve,
    *,
    function=None,
    concurrency=None,
    block=False,
    max_rows=None,
    bytes=False,
    arguments=None,
    returns=None,
    format=None,
    chunk_header=False,
    return_name="result",
):
    """Serves a function to ClickHouse, which has started this process, until the input ends; then the process ends.

    function: the function's name in SQL: which of several definitions that start this script.
    concurrency: rows at a time: of an `async def` (16), or in threads (1).
    block: whether the function takes a list for each argument, and gives a list: all rows of a block, or max_rows.
    bytes: whether String and FixedString are bytes, and not str.
    arguments, returns, format, chunk_header, return_name: types and format, instead of those of the definition.
    """
    name = function or os.path.basename(sys.argv[0])
    busy = False

    def end(*_):
        # ClickHouse has given this process up. While rows wait for their results it ends as the signal would end it.
        os._exit(143 if busy else 0)

    signal.signal(signal.SIGTERM, end)
    try:
        given = [part is not None for part in (arguments, returns, format)]
        if any(given) and not all(given):
            raise InputRefused("serve was given only a part of arguments, returns and format: give all three, or none")
        signature = (
            _Signature(name, arguments, returns, format, chunk_header, return_name) if all(given) else _find_signature(function)
        )
        name = signature.name
        read, write = _open_format(signature, bytes)
        answers = _Answers(write)
        if block:
            runner = _Blocks(function_to_serve, answers, max_rows, signature.chunk_header or signature.format == "Native")
        elif _is_coroutine(function_to_serve) or (concurrency or 1) > 1:
            runner = _Concurrent(function_to_serve, answers, concurrency or 16)
        else:
            runner = _Rows(function_to_serve, answers)
        source = _Input()
        # A row that is cut holds back no answers to those before it.
        source.before_wait = runner.show
        row = 1
        if source.fill():
            for rows, is_end in read(source):
                busy = True
                if rows is None:
                    # Everything that has arrived was read: answer it before waiting for more.
                    runner.pause()
                    busy = False
                    if not source.fill():
                        break
                    continue
                runner.push(rows, row)
                row += len(rows)
                if is_end:
                    runner.finish()
                    row = 1
        runner.finish()
    except BrokenPipeError:
        os._exit(0)  # Nobody reads any more: the query was given up.
    except KeyboardInterrupt:
        os._exit(130)
    except Exception as error:
        _fail(name, error)
    sys.stderr.flush()
    sys.exit(0)
