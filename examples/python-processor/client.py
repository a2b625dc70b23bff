"""Adds a batch, waits for its end and prints the answers: python3 client.py requests.jsonl

The outputs of the stack name BUCKET, QUEUE_URL and TABLE.
"""

import json
import os
import sys
import time
import uuid

import boto3

BUCKET, QUEUE_URL, TABLE = (os.environ[name] for name in ("BUCKET", "QUEUE_URL", "TABLE"))
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "30"))

s3 = boto3.client("s3")
sqs = boto3.client("sqs")
batches = boto3.resource("dynamodb").Table(TABLE)


def add(path):
    batch_id = f"python-{uuid.uuid4().hex}"
    s3.upload_file(path, BUCKET, f"uploads/{batch_id}.jsonl")
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps({"batchId": batch_id}))
    return batch_id


def wait(batch_id):
    while True:
        item = batches.get_item(Key={"id": f"batch#{batch_id}"}).get("Item")
        if item and item["status"] in ("completed", "failed", "cancelled"):
            return json.loads(item["record"])
        time.sleep(POLL_SECONDS)


def results(batch):
    key = batch.get("rows", {}).get("results")
    if key:
        for line in s3.get_object(Bucket=BUCKET, Key=key)["Body"].iter_lines():
            yield json.loads(line)


if __name__ == "__main__":
    batch = wait(add(sys.argv[1]))
    print(batch["batchId"], batch["status"])
    for row in results(batch):
        answer = row["response"]["body"]["choices"][0]["message"]["content"]
        print(row["custom_id"], json.dumps(answer))
