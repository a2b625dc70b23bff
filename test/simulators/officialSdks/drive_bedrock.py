"""Drives the Bedrock simulator with AWS's SDK for Python. Prints what it saw as JSON.

Arguments: the base URL, and the bucket with `input.jsonl`.
"""

import datetime
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

base_url, bucket = sys.argv[1:]
client = boto3.client(
    "bedrock",
    region_name="us-east-1",
    endpoint_url=base_url,
    aws_access_key_id="AKIDOFATEST",
    aws_secret_access_key="secret",
    # The simulator has to refuse by itself what botocore would not send.
    config=Config(retries={"max_attempts": 1}, parameter_validation=False),
)


def create(name, token, **changes):
    fields = {
        "jobName": name,
        "clientRequestToken": token,
        "roleArn": "arn:aws:iam::123456789012:role/jobs",
        "modelId": "anthropic.claude-haiku-4-5-20251001-v1:0",
        "modelInvocationType": "InvokeModel",
        "timeoutDurationInHours": 48,
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"s3://{bucket}/input.jsonl"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"s3://{bucket}/out/"}},
    }
    return client.create_model_invocation_job(**{**fields, **changes})["jobArn"]


def ended(arn):
    for _ in range(500):
        job = client.get_model_invocation_job(jobIdentifier=arn)
        if job["status"] in ("Completed", "Failed", "Stopped"):
            return job
        time.sleep(0.02)
    raise SystemExit(f"{arn} did not end")


def error_of(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


first = create("job-1", "token-1")
again = create("job-1", "token-1")
done = ended(first)
stuck = create("job-2", "token-2")
client.stop_model_invocation_job(jobIdentifier=stuck)
stopped = ended(stuck)
since = datetime.datetime(2020, 1, 1)
listed = client.list_model_invocation_jobs(
    maxResults=1, sortBy="CreationTime", sortOrder="Descending", submitTimeAfter=since
)

print(
    json.dumps(
        {
            "again": again == first,
            "done": [done["status"], done["successRecordCount"], done["timeoutDurationInHours"]],
            "stopped": stopped["status"],
            "listed": [job["jobName"] for job in listed["invocationJobSummaries"]],
            "more": "nextToken" in listed,
            "errors": [
                error_of(lambda: create("job-1", "another")),
                error_of(lambda: create("-", "token-3")),
                error_of(lambda: create("job-3", "token-3", timeoutDurationInHours=1)),
                error_of(lambda: client.get_model_invocation_job(jobIdentifier="abcdefghijkl")),
                error_of(lambda: client.stop_model_invocation_job(jobIdentifier=first)),
            ],
        }
    )
)
