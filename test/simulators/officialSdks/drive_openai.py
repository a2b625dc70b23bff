"""Drives a simulator with OpenAI's Python SDK: prints what it saw as one JSON object.

Arguments: the client (`openai` or `azure-dated`), the base URL, the `url` of the lines, the
endpoint of the job, and the seconds for which files are kept.
"""

import json
import sys
import time

import openai

client_name, base_url, line_url, endpoint, keep_seconds = sys.argv[1:]
if client_name == "azure-dated":
    client = openai.AzureOpenAI(api_key="sk-test", azure_endpoint=base_url, api_version="2024-10-21")
else:
    client = openai.OpenAI(api_key="sk-test", base_url=base_url)

EXPIRY = {"anchor": "created_at", "seconds": int(keep_seconds)}
# The dated versions of Azure's API have no expiry.
KEPT = {} if client_name == "azure-dated" else {"expires_after": EXPIRY}
OUTPUT_KEPT = {} if client_name == "azure-dated" else {"output_expires_after": EXPIRY}
ENDED = ("completed", "failed", "expired", "cancelled")


def upload():
    lines = [
        {
            "custom_id": f"r{number}",
            "method": "POST",
            "url": line_url,
            "body": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]},
        }
        for number in range(5)
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    return client.files.create(file=("input.jsonl", content.encode()), purpose="batch", **KEPT)


def create(file_id):
    return client.batches.create(
        input_file_id=file_id,
        endpoint=endpoint,
        completion_window="24h",
        metadata={"batch_handler_key": "k"},
        **OUTPUT_KEPT,
    )


def until(read, is_done):
    for _ in range(500):
        found = read()
        if is_done(found):
            return found
        time.sleep(0.02)
    raise SystemExit(f"not there after 500 tries: {found}")


def error_of(call):
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code]
    return None


def ended(batch_id):
    return until(
        lambda: client.batches.retrieve(batch_id), lambda batch: batch.status.lower() in ENDED
    )


def uploaded():
    file = upload()
    return until(lambda: client.files.retrieve(file.id), lambda found: found.status == "processed")


file = uploaded()
completed = ended(create(file.id).id)
second = create(uploaded().id)
cancelling = client.batches.cancel(second.id)
output = client.files.content(completed.output_file_id).text
rows = [json.loads(line) for line in output.splitlines()]
print(
    json.dumps(
        {
            "file": [file.object, file.purpose, file.filename, file.bytes > 0],
            "completed": [completed.object, completed.status.lower(), completed.request_counts.completed],
            "customIds": sorted(row["custom_id"] for row in rows),
            "statusCodes": sorted({row["response"]["status_code"] for row in rows}),
            "batches": [batch.id for batch in client.batches.list(limit=1)] == [second.id, completed.id],
            "cancelling": cancelling.status.lower() in ("cancelling", "cancelled"),
            "cancelled": ended(second.id).status.lower(),
            "files": file.id in [each.id for each in client.files.list(purpose="batch")],
            "deleted": client.files.delete(file.id).deleted,
            "errors": [
                error_of(lambda: client.batches.retrieve("batch_none")),
                error_of(lambda: client.files.retrieve(file.id)),
                error_of(lambda: client.batches.cancel(completed.id)),
            ],
        }
    )
)
