"""Pictures and the logo of a business: checked, made small and free of hidden data, kept beside the database."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from PIL import Image, ImageOps

from actions.businessfile.reading import Problem

MAX_BYTES = 10_000_000
WIDEST = 1200
MAX_PIXELS = 50_000_000
# What Pillow raises on files that are broken or not pictures at all.
_UNREADABLE = (OSError, SyntaxError, EOFError, OverflowError, struct.error)

# What a drawing may consist of; scripts, styles, links and foreign objects are not among it.
_SVG_TAGS = frozenset(
    "svg g path rect circle ellipse line polyline polygon title desc defs linearGradient radialGradient stop clipPath".split()
)
_SVG = "http://www.w3.org/2000/svg"
_BAD_NAME = re.compile(r"(?i)on|.*href|style\Z|.*:")
_BAD_VALUE = re.compile(r"(?i)url\((?!\s*['\"]?#)|(?:java|vb)script:|data:|\\")


def collect(document: Mapping[str, Any], folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The bytes to keep by name, read from beside the file, and what is missing or cannot be shown."""
    named = [("business.logo", document["business"]["logo"])]
    named += [(f"services[{index}].picture", each["picture"]) for index, each in enumerate(document["services"])]
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for place, name in named:
        if not name or name in files:
            continue
        path = folder / name
        try:
            if path.stat().st_size > MAX_BYTES:
                problems.append(Problem(place, f"{name} is larger than {MAX_BYTES // 1_000_000} MB"))
                continue
            files[name] = safe(name, path.read_bytes())
        except OSError:
            problems.append(Problem(place, f"{name} does not lie beside the file"))
        except ValueError as error:
            problems.append(Problem(place, f"{name} {error}"))
    return files, problems


@contextmanager
def kept(files: Mapping[str, bytes], folder: Path) -> Iterator[None]:
    """Writes the pictures before the body and puts each in its place, in one step, once the body has succeeded."""
    if not files:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder) as written:
        for name, data in files.items():
            (Path(written) / name).write_bytes(data)
        yield
        for name in files:
            (Path(written) / name).replace(folder / name)


def safe(name: str, data: bytes) -> bytes:
    """The picture written anew: at most ``WIDEST``, upright, free of hidden data. Raises ValueError with the reason."""
    if name.lower().endswith(".svg"):
        return _safe_drawing(data)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.format not in ("PNG", "JPEG", "WEBP"):
                raise ValueError("is not a PNG, JPEG or WebP picture")
            if opened.width * opened.height > MAX_PIXELS:
                raise ValueError(f"has more than {MAX_PIXELS // 1_000_000} million pixels")
            # Few colours with one of them see-through: only as four channels does that survive.
            whole = opened.convert("RGBA") if opened.has_transparency_data else opened
            picture = ImageOps.exif_transpose(whole)
            picture.thumbnail((WIDEST, WIDEST))
            out = io.BytesIO()
            # Written anew: position, camera and whatever else was hidden in the file stay behind.
            plain = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
            kind = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG"}.get(name.lower().rpartition(".")[2], "WEBP")
            (plain.convert("RGB") if kind == "JPEG" else plain).save(out, kind)
            return out.getvalue()
    except (*_UNREADABLE, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError("is not a picture that can be shown") from error


def _safe_drawing(data: bytes) -> bytes:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8; a plain SVG is needed") from error
    if "<!" in text.replace("<!--", ""):
        raise ValueError("has a document type; a plain SVG is needed")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  no document type, hence no entities, was let through
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError("is not an SVG") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("is not an SVG")
    for element in root.iter():
        space, _, tag = str(element.tag).rpartition("}")
        if space != f"{{{_SVG}" or tag not in _SVG_TAGS:
            raise ValueError(f"has a <{tag}>, which a logo may not have")
        for attribute, value in element.attrib.items():
            name = attribute.rpartition("}")[2]
            if _BAD_NAME.match(name) or _BAD_VALUE.search(value):
                raise ValueError(f"has the attribute {name}, which a logo may not have")
    # Written anew from what was checked: what one reader skips and another one runs stays behind.
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)


def named(stem: str, ending: str, data: bytes) -> tuple[str, bytes]:
    """A picture that was sent, made safe, and a name that no other content has. Raises ValueError, with a reason in English."""
    clean = safe(f"{stem}.{ending}", data)
    return f"{stem}-{hashlib.sha256(clean).hexdigest()[:12]}.{ending}", clean
