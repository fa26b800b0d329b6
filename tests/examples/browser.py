"""A headless Chromium, driven over the pipe of its debugging protocol with the standard library alone.

`--dump-dom` would take the page as it is when it has loaded, and virtual time does not pass while a stream is open: so
neither sees a page that goes on by itself.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# One that starts at once, keeps to itself and looks for nothing outside.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,760"),
    *("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--remote-debugging-pipe"),
)
# Chromium reads its commands from descriptor 3 and answers on 4.
START = "import os, sys; os.dup2({0}, 3); os.dup2({1}, 4); os.execv(sys.argv[1], sys.argv[1:])"


def installed() -> str | None:
    """Where Chromium is, if it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page. Every wait ends at `seconds` after the start."""

    def __init__(self, program: str, folder: Path, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        pipes = [os.pipe(), os.pipe()]
        # Above 9, so that neither end lies where the other is to go.
        ends = {fd: high(fd) for pipe in pipes for fd in pipe}
        (self.theirs_in, self.ours_out), (self.ours_in, self.theirs_out) = ((ends[a], ends[b]) for a, b in pipes)
        theirs = (self.theirs_in, self.theirs_out)
        command = [sys.executable, "-c", START.format(*theirs), program, *FLAGS, f"--user-data-dir={folder}"]
        with (folder.parent / f"{folder.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "about:blank"], pass_fds=theirs, stdout=log, stderr=log, start_new_session=True
            )
        for fd in theirs:
            os.close(fd)
        self.number, self.buffer, self.session = 0, b"", ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Its helpers are of its group, which no other process is in.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        os.close(self.ours_in)
        os.close(self.ours_out)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command and its answer."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.ours_out, json.dumps(command).encode() + b"\0")
        while (answer := self.message()).get("id") != self.number:
            pass
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def message(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            assert left > 0, "Chromium did not answer in time"
            if select.select([self.ours_in], [], [], left)[0]:
                got = os.read(self.ours_in, 1 << 16)
                assert got, "Chromium has ended"
                self.buffer += got
        one, _, self.buffer = self.buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found

    def open(self, address: str) -> None:
        pages = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self.session = self.ask("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        self.ask("Page.navigate", url=address)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        while not self.evaluate(f"!!({expression})"):
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))


def high(fd: int) -> int:
    """The same, moved to a number above 9."""
    found = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return found
