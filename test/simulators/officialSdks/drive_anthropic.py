"""Drives the Anthropic simulator with Anthropic's SDK for Python. Prints what it saw as JSON."""

import json
import sys
import time

import anthropic

base_url = sys.argv[1]
client = anthropic.Anthropic(api_key="sk-ant-test", base_url=base_url, max_retries=0)
batches = client.messages.batches


def request(custom_id, **params):
    messages = [{"role": "user", "content": "Hello"}]
    fields = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": messages, **params}
    return {"custom_id": custom_id, "params": fields}


def ended(batch_id):
    for _ in range(500):
        found = batches.retrieve(batch_id)
        if found.processing_status == "ended":
            return found
        time.sleep(0.02)
    raise SystemExit(f"{batch_id} did not end")


def error_of(call):
    try:
        call()
    except anthropic.APIStatusError as error:
        return [type(error).__name__, error.status_code]
    return None


refused = request("refused", output_config={"effort": "low"})
created = batches.create(requests=[request("r0"), request("r1"), refused])
done = ended(created.id)
rows = {row.custom_id: row.result for row in batches.results(created.id)}
stuck = batches.create(requests=[request("r0")])
cancelling = batches.cancel(stuck.id)
cancelled = ended(stuck.id)

print(
    json.dumps(
        {
            "created": [created.type, created.processing_status, created.request_counts.processing],
            "counts": [done.request_counts.succeeded, done.request_counts.errored],
            "rows": {key: rows[key].type for key in sorted(rows)},
            "answer": [rows["r0"].message.role, rows["r0"].message.content[0].type],
            "refusal": rows["refused"].error.error.message,
            "listed": [batch.id for batch in batches.list(limit=1)] == [stuck.id, created.id],
            "cancelling": cancelling.processing_status,
            "cancelled": cancelled.request_counts.canceled,
            "errors": [
                error_of(lambda: batches.retrieve("msgbatch_none")),
                error_of(lambda: batches.create(requests=[])),
                error_of(lambda: batches.create(requests=[request("a b")])),
                error_of(lambda: batches.create(requests=[request("a"), request("a")])),
                error_of(lambda: batches.cancel(created.id)),
                error_of(lambda: client.with_options(api_key="bad").messages.batches.list()),
            ],
            "deleted": batches.delete(created.id).type,
        }
    )
)
