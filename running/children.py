"""Child processes that are started again when they die, and that end with their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

STEADY = 30.0
LONGEST_PAUSE = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process that has to run. ``pass_fds`` are open in it under the same numbers."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    cwd: str
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = field(default=0.0)

    def tend(self, say: Callable[[str], None]) -> None:
        """Starts it when it does not run and its pause is over; notices when it has ended. Called again and again."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self._start(now)
            return
        code = self.process.poll()
        if code is None:
            return
        kill_group(self.process)
        lived = now - self.started_at
        self.pause = 1.0 if lived > STEADY else min(LONGEST_PAUSE, max(1.0, self.pause * 2))
        self.start_at = now + self.pause
        self.process = None
        say(f"{self.name} ended ({_reason(code)}) and starts again in {self.pause:.0f} s")

    def _start(self, now: float) -> None:
        self.started_at = now
        self.process = subprocess.Popen(
            list(self.command),
            env=dict(self.environ),
            cwd=self.cwd,
            pass_fds=tuple(self.pass_fds),
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches the supervisor alone, which ends everybody in order.
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )

    def ask_to_end(self) -> None:
        """Asks it to end and does not wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, patience: float) -> None:
        """Asks it to end, waits ``patience`` seconds, then ends it and everything that it has started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        kill_group(self.process)
        self.process.wait()
        self.process = None


def end_with_parent() -> Callable[[], None] | None:
    """For ``preexec_fn``: the kernel ends the child when its parent is gone, even by SIGKILL. None where it cannot."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends what is left of a child's session: nobody outlives it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
