"""Puts the answers into a table, by custom_id: a delivery that comes again writes the same items."""

import json
import os

import boto3

s3 = boto3.client("s3")
answers = boto3.resource("dynamodb").Table(os.environ["ANSWERS_TABLE"])


def rows(place):
    """Streams the rows of a JSONL file, in the order of the input."""
    body = s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"]
    return (json.loads(line) for line in body.iter_lines())


def handler(event, context):
    with answers.batch_writer(overwrite_by_pkeys=["customId"]) as writer:
        for row in rows(event["results"]):
            answer = row["response"]["body"]["choices"][0]["message"]["content"]
            writer.put_item(Item={"customId": row["custom_id"], "answer": answer})
    for row in rows(event["errors"]):
        # Either the reason is in "error", or the endpoint's own error is in "response".
        print(row["custom_id"], row["error"], row["response"])
