"""Drives the simulator of Vertex AI with Google's SDKs for Python. Prints what it saw as JSON."""
import io
import json
import os
import sys
import time

import google.auth.transport.requests
from google import genai
from google.cloud import storage
from google.genai import errors, types
from google.oauth2 import service_account

BASE = sys.argv[1]
TOKEN_HOST = 'https://oauth2.googleapis.com'


class Credentials(service_account.Credentials):
    """A service account's, whose tokens come from the simulator."""

    def refresh(self, request):
        super().refresh(lambda url, **more: request(url.replace(TOKEN_HOST, BASE), **more))


scopes = ['https://www.googleapis.com/auth/cloud-platform']
key = json.loads(os.environ['SERVICE_ACCOUNT_KEY']) | {'token_uri': f'{TOKEN_HOST}/token'}
credentials = Credentials.from_service_account_info(key, scopes=scopes)
credentials.refresh(google.auth.transport.requests.Request())
options = types.HttpOptions(base_url=BASE, api_version='v1')
client = genai.Client(
    vertexai=True, project='p', location='us-central1', credentials=credentials, http_options=options
)
bucket = storage.Client(
    project='p', credentials=credentials, client_options={'api_endpoint': BASE}
).bucket('b')


def upload(name, requests):
    lines = ''.join(json.dumps({'request': request}) + '\n' for request in requests)
    # Without its size, a file goes up in a resumable session, as the handler's files do.
    file = io.BytesIO(lines.encode())
    bucket.blob(name).upload_from_file(file, checksum=None)


def create(source):
    config = {'dest': 'gs://b/out/', 'display_name': 'mine'}
    return client.batches.create(model='gemini-2.5-flash', src=f'gs://b/{source}', config=config)


def ended(name):
    while True:
        job = client.batches.get(name=name)
        if job.state.name not in ('JOB_STATE_QUEUED', 'JOB_STATE_PENDING', 'JOB_STATE_RUNNING'):
            return job
        time.sleep(0.02)


def refusal(call):
    try:
        return ['accepted', str(call())]
    except errors.APIError as error:
        return [error.code, error.status]


content = {'role': 'user', 'parts': [{'text': 'Hello'}]}
upload('in.jsonl', [{'contents': [content]}, {'contents': [content]}])
job = create('in.jsonl')
done = ended(job.name)
rows = [
    json.loads(line)
    for blob in bucket.list_blobs(prefix='out/')
    for line in blob.download_as_bytes(checksum=None).splitlines()
]
# An import has one type for each key, and takes no key that begins with a dollar.
upload('odd.jsonl', [{'contents': [content], 'labels': {'$odd': 'a'}}])
odd = ended(create('odd.jsonl').name)

print(
    json.dumps(
        {
            'job': [job.display_name, job.model.split('/')[-1], done.state.name],
            'answers': [len(row['response']['candidates']) for row in rows],
            'odd': [odd.state.name, odd.error.code, odd.error.message.split('.')[0]],
            'listed': len(list(client.batches.list(config={'page_size': 1}))),
            'errors': [
                refusal(lambda: client.batches.get(name=f'{job.name}9')),
                refusal(lambda: client.batches.cancel(name=job.name)),
            ],
        }
    )
)
