"""A poller as one writes it by hand: asyncio and aiohttp, 100 calls side by side, everything in memory."""

import asyncio
import json
from pathlib import Path

import aiohttp

from measure import Measurement, options

CONCURRENCY = 100

given = options()
base_url = given["providerUrl"] + "/v1"


def session():
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    return aiohttp.ClientSession(connector=connector, headers={"authorization": "Bearer sk-bench"})


async def sweep():
    ids = [f"batch_{index}" for index in range(given["batches"])]
    states = {}
    measurement = Measurement()
    async with session() as http:

        async def check(job_id):
            async with http.get(f"{base_url}/batches/{job_id}") as response:
                response.raise_for_status()
                states[job_id] = (await response.json())["status"]

        await asyncio.gather(*(check(job_id) for job_id in ids))
    if len(states) != len(ids):
        raise RuntimeError(f"{len(states)} of {len(ids)} were checked")
    measurement.finish()


async def collect():
    """Downloads the rows, and writes those that succeeded in the order of the requests."""
    measurement = Measurement()
    rows = {}
    async with session() as http:
        async with http.get(f"{base_url}/files/file-output/content") as response:
            response.raise_for_status()
            async for line in response.content:
                row = json.loads(line)
                rows[row["custom_id"]] = row
    written = 0
    directory = Path(given["directory"])
    with (
        open(given["input"], "rb") as requests,
        open(directory / "results.jsonl", "w", encoding="utf-8") as results,
        open(directory / "errors.jsonl", "w", encoding="utf-8") as errors,
    ):
        for line in requests:
            custom_id = json.loads(line)["custom_id"]
            row = rows.get(custom_id)
            succeeded = row is not None and row["response"]["status_code"] == 200
            json.dump(row or {"custom_id": custom_id}, results if succeeded else errors)
            (results if succeeded else errors).write("\n")
            written += succeeded
    if written != given["requests"]:
        raise RuntimeError(f"{written} rows were written")
    measurement.finish()


asyncio.run(sweep() if given["kind"] == "sweep" else collect())
