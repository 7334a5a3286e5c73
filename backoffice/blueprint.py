"""The blueprint of the desk, which every room of it hangs its routes on."""

from __future__ import annotations

from flask import Blueprint

desk = Blueprint("desk", __name__, url_prefix="/desk", template_folder="templates")
