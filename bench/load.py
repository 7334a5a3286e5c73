"""A bounded load from threads of this process, and the median of its rounds."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

Request = tuple[str, str, dict[str, object] | None, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Result:
    """Answers per second with the expected status, the slowest of a hundred (seconds), and how many were otherwise."""

    rate: float
    p99: float
    others: int


def run(
    url: str, requests: Callable[[int], Iterator[Request]], *, clients: int, seconds: float, good: tuple[int, ...]
) -> Result:
    """``clients`` connections, each working through its own requests, for ``seconds``."""
    host = urlsplit(url).netloc
    times: list[list[float]] = [[] for _ in range(clients)]
    others = [0] * clients
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        for method, path, body, headers in requests(number):
            if time.monotonic() >= end:
                break
            data = json.dumps(body).encode() if body is not None else None
            kind = {"Content-Type": "application/json"} if data else {}
            began = time.monotonic()
            try:
                connection.request(method, path, data, {**kind, **headers})
                answer = connection.getresponse()
                answer.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                connection = http.client.HTTPConnection(host, timeout=30)
                others[number] += 1
                continue
            times[number].append(time.monotonic() - began)
            others[number] += answer.status not in good
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    every = sorted(each for one in times for each in one)
    fine = len(every) - sum(others)
    return Result(max(fine, 0) / took, every[int(len(every) * 0.99)] if every else 0.0, sum(others))


def middle(results: list[Result]) -> Result:
    """The medians of the rounds."""
    rate, p99 = median(each.rate for each in results), median(each.p99 for each in results)
    return Result(rate, p99, sum(each.others for each in results))


def spread(results: list[Result]) -> float:
    """How far the rounds lie apart: (most - least) / median."""
    rates = [each.rate for each in results]
    return (max(rates) - min(rates)) / median(rates) if median(rates) else 0.0
