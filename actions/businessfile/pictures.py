"""Pictures and the logo of a business: checked, made small and free of hidden data, kept beside the database."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image, ImageOps, UnidentifiedImageError

from actions.businessfile.reading import Problem, Wrong

MAX_BYTES = 10_000_000
WIDEST = 1200
Image.MAX_IMAGE_PIXELS = 50_000_000

# What a drawing may consist of; scripts, styles, links and foreign objects are not among it.
_SVG_TAGS = frozenset(
    "svg g path rect circle ellipse line polyline polygon title desc defs linearGradient radialGradient stop clipPath".split()
)
_SVG_BAD = re.compile(r"(?i)^on|href|style$|url\(\s*['\"]?\s*(?!#)")


def collect(document: Mapping[str, Any], folder: Path) -> dict[str, bytes]:
    """The bytes to keep by name, read from beside the file. Raises Wrong for what is missing or cannot be shown."""
    named = [("business.logo", document["business"]["logo"])]
    named += [(f"services {each['slug']}.picture", each["picture"]) for each in document["services"]]
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
            files[name] = _safe(name, path.read_bytes())
        except OSError:
            problems.append(Problem(place, f"{name} does not lie beside the file"))
        except ValueError as error:
            problems.append(Problem(place, f"{name} {error}"))
    if problems:
        raise Wrong(problems)
    return files


def keep(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes the pictures, each in one step."""
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        part = folder / f".{name}.part"
        part.write_bytes(data)
        part.replace(folder / name)


def _safe(name: str, data: bytes) -> bytes:
    if name.lower().endswith(".svg"):
        return _safe_drawing(data)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.format not in ("PNG", "JPEG", "WEBP"):
                raise ValueError("is not a PNG, JPEG or WebP picture")
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((WIDEST, WIDEST))
            out = io.BytesIO()
            # Written anew: position, camera and whatever else was hidden in the file stay behind.
            plain = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
            kind = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG"}.get(name.lower().rpartition(".")[2], "WEBP")
            (plain.convert("RGB") if kind == "JPEG" else plain).save(out, kind)
            return out.getvalue()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise ValueError("is not a picture that can be shown") from error


def _safe_drawing(data: bytes) -> bytes:
    if b"<!" in data.replace(b"<!--", b""):
        raise ValueError("has a document type; a plain SVG is needed")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  no document type, hence no entities, was let through
    except ElementTree.ParseError as error:
        raise ValueError("is not an SVG") from error
    for element in root.iter():
        if element.tag.rpartition("}")[2] not in _SVG_TAGS:
            raise ValueError(f"has a <{element.tag.rpartition('}')[2]}>, which a logo may not have")
        for attribute, value in element.attrib.items():
            if _SVG_BAD.search(attribute.rpartition("}")[2]) or _SVG_BAD.search(value.strip()):
                raise ValueError(f"has the attribute {attribute.rpartition('}')[2]}, which a logo may not have")
    return data
