"""LangBatch's own objects: one pass of its BatchHandler over running batches, or the results of one batch."""

import asyncio
from pathlib import Path

from langbatch import BatchHandler
from langbatch.batch_queues import FileBatchQueue
from langbatch.batch_storages import FileBatchStorage
from langbatch.openai import OpenAIChatCompletionBatch
from openai import OpenAI

from measure import Measurement, options

given = options()
# One client for all batches, which batch_kwargs allows: without it, LangBatch makes one for each check.
client = OpenAI(api_key="sk-bench", base_url=given["providerUrl"] + "/v1")
storage = FileBatchStorage(given["directory"])


def save_batch(job_id):
    batch = OpenAIChatCompletionBatch(given["input"], client=client)
    batch.platform_batch_id = job_id
    batch.save(storage)
    return batch.id


async def sweep():
    count = given["batches"]
    queue = FileBatchQueue(str(Path(given["directory"]) / "queue.json"))
    queue.save({"pending": [], "processing": [save_batch(f"batch_{index}") for index in range(count)]})
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    checked = 0

    class Counted(OpenAIChatCompletionBatch):
        """The same, except that it tells when the last batch has been checked: the handler never ends."""

        def get_status(self):
            nonlocal checked
            status = super().get_status()
            checked += 1
            if checked == count:
                loop.call_soon_threadsafe(done.set)
            return status

    handler = BatchHandler(
        batch_process_func=print,
        batch_type=Counted,
        batch_queue=queue,
        batch_storage=storage,
        batch_kwargs={"client": client},
    )
    measurement = Measurement()
    running = asyncio.create_task(handler.run())
    await asyncio.wait({running, asyncio.create_task(done.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    measurement.finish()


def collect():
    batch_id = save_batch("batch_0")
    measurement = Measurement()
    batch = OpenAIChatCompletionBatch.load(batch_id, storage, {"client": client})
    results, unsuccessful = batch.get_results()
    if len(results) != given["requests"] or unsuccessful:
        raise RuntimeError(f"{len(results)} results, {len(unsuccessful)} unsuccessful")
    measurement.finish()


if given["kind"] == "sweep":
    asyncio.run(sweep())
else:
    collect()
