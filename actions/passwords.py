"""Passwords and codes of staff: how they are judged, kept and compared.

argon2id with the library's own parameters (RFC 9106, low memory: 64 MiB a hash); codes by RFC 6238.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from zxcvbn import zxcvbn

from rules.errors import FieldError

SHORTEST, LONGEST = 10, 128
STEP = 30  # seconds of one code
CODES = 10
_READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# Each hash takes 64 MiB while it is made: a crowd that signs in at once waits for its turn.
_turns = threading.BoundedSemaphore(2)


def judged(password: str, *, beside: Iterable[str]) -> FieldError | None:
    """What is wrong with a new password, or None. ``beside`` are words that anybody would try: the name of the house, of
    the person, the mailbox."""
    if len(password) < SHORTEST:
        return FieldError("password_short", {"min": SHORTEST})
    if len(password) > LONGEST:
        return FieldError("too_long", {"max": LONGEST})
    words = [part for word in beside for part in (word, "".join(word.split()), *word.replace("@", " ").split())]
    # Its score is the power of ten of the guesses that it stands; what is beyond 72 characters only costs time.
    if zxcvbn(password[:72], user_inputs=words)["score"] < 2:
        return FieldError("password_guessed")
    return None


def kept(password: str) -> str:
    """The hash of a password. The whole of it counts, as it was typed."""
    with _turns:
        return hasher.hash(_plain(password))


def fits(hashed: str | None, password: str) -> bool:
    """True when the password is the one. Takes as long for an account that has none."""
    against = hashed or _nobody()
    try:
        with _turns:
            return hasher.verify(against, _plain(password)) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(hashed: str) -> bool:
    """True when a hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(hashed)


def _plain(password: str) -> str:
    return unicodedata.normalize("NFC", password[: LONGEST * 2])


_made: list[str] = []


def _nobody() -> str:
    """The hash that nothing fits, made once."""
    if not _made:
        _made.append(kept(secrets.token_urlsafe(32)))
    return _made[0]


def new_secret() -> str:
    """A secret for a code generator, in base 32."""
    return pyotp.random_base32()


def code_address(secret: str, *, account: str, house: str) -> str:
    """What the QR code of a new second factor says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=house)


def step_of(secret: str, code: str, *, last: int | None, now: datetime) -> int | None:
    """The step whose code was given: this one, or one to either side; None for a wrong code and for one that was used."""
    typed = "".join(str(unicodedata.decimal(each)) for each in code if each.isdecimal())
    current = int(now.timestamp()) // STEP
    generator = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        right = secrets.compare_digest(generator.at(step * STEP), typed)
        if right and (last is None or step > last):
            return step
    return None


def new_codes() -> list[str]:
    """Ten recovery codes of 118 bits, in groups of six."""
    return ["-".join("".join(secrets.choice(_READABLE) for _ in range(6)) for _ in range(4)) for _ in range(CODES)]


def code_hash(code: str) -> str:
    """How a recovery code is kept: it is long enough for a fast hash."""
    typed = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()


def sealed(secret: str, key: str) -> str:
    """A secret as the database keeps it: readable with the installation's key only."""
    return _box(key).encrypt(secret.encode()).decode()


def opened(value: str, keys: tuple[str, ...]) -> str | None:
    """The secret again; None when none of the keys sealed it."""
    try:
        return MultiFernet([_box(each) for each in keys]).decrypt(value.encode()).decode()
    except InvalidToken:
        return None


def resealed(value: str | None, keys: tuple[str, ...]) -> str | None:
    """What one of the later keys sealed, as the first one seals it; None where that is not wanted, or none of them fits."""
    if value is None or opened(value, keys[:1]) is not None:
        return None
    secret = opened(value, keys)
    return sealed(secret, keys[0]) if secret is not None else None


def _box(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"seal\x1f" + key.encode()).digest()))
