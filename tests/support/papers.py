"""Small files as customers send them."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, "#0f6470").save(out, kind, **more)
    return out.getvalue()


def office(*names: str) -> bytes:
    """A zip file with parts of these names."""
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")


def posted(client: Any, form: Any, **more: Any) -> Any:
    """A form sent with its files, as browsers do."""
    files = {name: FileStorage(*value[:2]) for name, value in more.items() if isinstance(value, tuple)}
    boundary, body = encode_multipart({**form.values, **more, **files})
    return client.post(form.action, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')
