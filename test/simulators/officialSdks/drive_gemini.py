"""Drives the simulator of the Gemini API with Google's SDK for Python. Prints what it saw as JSON."""
import json
import os
import sys
import tempfile
import time

from google import genai
from google.genai import errors, types

options = types.HttpOptions(base_url=sys.argv[1], api_version='v1beta')
client = genai.Client(api_key='a-key', http_options=options)


def upload(requests):
    with tempfile.NamedTemporaryFile('w', suffix='.jsonl', delete=False) as file:
        for index, request in enumerate(requests):
            file.write(json.dumps({'key': f'k{index}', 'request': request}) + '\n')
    config = types.UploadFileConfig(display_name='input', mime_type='application/jsonl')
    try:
        return client.files.upload(file=file.name, config=config)
    finally:
        os.unlink(file.name)


def create(source):
    config = {'display_name': 'mine'}
    return client.batches.create(model='gemini-2.5-flash', src=source, config=config)


def ended(name):
    while True:
        job = client.batches.get(name=name)
        if job.state.name not in ('JOB_STATE_PENDING', 'JOB_STATE_RUNNING'):
            return job
        time.sleep(0.02)


def rows_of(job):
    content = client.files.download(file=job.dest.file_name).decode()
    return sorted((json.loads(line) for line in content.splitlines()), key=lambda row: row['key'])


def refusal(call):
    try:
        return ['accepted', str(call())]
    except errors.APIError as error:
        return [error.code, error.status]


text = {'parts': [{'text': 'Hello'}]}
snake = {'contents': [text], 'system_instruction': text, 'generation_config': {'candidate_count': 2}}
file = upload([{'contents': [text]}, snake])
job = create(file.name)
done = ended(job.name)
rows = rows_of(done)

vectors = upload([{'content': text, 'output_dimensionality': 8}])
source = types.EmbeddingsBatchJobSource(file_name=vectors.name)
embedding = ended(
    client.batches.create_embeddings(
        model='gemini-embedding-001', src=source, config={'display_name': 'vectors'}
    ).name
)
malformed = upload([{'contents': [text]}, {'contents': []}])

print(
    json.dumps(
        {
            'file': [file.state.name, file.display_name],
            'job': [job.display_name, job.model, done.state.name],
            'candidates': [len(row['response']['candidates']) for row in rows],
            'dimensions': len(rows_of(embedding)[0]['response']['embedding']['values']),
            'listed': len(list(client.batches.list(config={'page_size': 1}))),
            'errors': [
                refusal(lambda: create(malformed.name)),
                refusal(lambda: create('files/none')),
                refusal(lambda: client.batches.get(name='batches/none')),
                refusal(lambda: client.batches.cancel(name=job.name)),
            ],
            'deleted': client.batches.delete(name=job.name) is not None,
        }
    )
)
