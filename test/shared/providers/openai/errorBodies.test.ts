import { expect, test } from 'vitest';
import { readClient, writeClient } from '../../../../shared/providers/openai/api.ts';
import { classify } from '../../../../shared/providers/openai/errors.ts';
import { sendJson, startStubServer } from '../stubServer.ts';

/** Bodies of refusals that OpenAI's SDK has no message for, and what must be read from each. */
const BODIES: Readonly<Record<string, readonly [body: object, code: string, text: string]>> = {
  // A public report: https://github.com/mistralai/client-python/issues/217
  'a text and its details': [
    { detail: 'Invalid file format.', message: 'Received file with mimetype application/zip' },
    'http_400',
    'Invalid file format.: Received file with mimetype application/zip',
  ],
  // Another one, shortened: https://github.com/danny-avila/LibreChat/issues/4866
  'a list of problems': [
    {
      detail: [
        {
          type: 'extra_forbidden',
          loc: ['body', 'messages', 0, 'system', 'name'],
          msg: 'Extra inputs are not permitted',
          input: 'a secret prompt',
        },
      ],
    },
    'http_400',
    'body.messages.0.system.name Extra inputs are not permitted',
  ],
  'an error that is the body, with a number for its code': [
    { object: 'error', message: 'Invalid model: a', type: 'invalid_model', code: 1500 },
    '1500',
    'Invalid model: a',
  ],
  'a list of errors, in an object of its own': [
    { errors: { object: 'list', data: [{ code: 'invalid_payload', message: 'No such field' }] } },
    'invalid_payload',
    'No such field',
  ],
  'one error in place of the list': [
    { errors: { data: { code: 'invalid_payload', message: 'No such field' } } },
    'invalid_payload',
    'No such field',
  ],
  'a code and a text': [
    { code: 'invalid-argument', error: 'Model not found: a' },
    'invalid-argument',
    'Model not found: a',
  ],
  "OpenAI's own": [
    { error: { message: 'No such file', code: 'no_file' } },
    'no_file',
    'No such file',
  ],
};

test.each(Object.entries(BODIES))(
  'the reason is read from %s',
  async (_name, [body, code, text]) => {
    const { url } = await startStubServer((_call, response) => sendJson(response, body, 400));
    for (const client of [readClient, writeClient]) {
      const call = client({ apiKey: 'sk-test', baseUrl: url }).get('/batches');
      const { reason } = classify(await call.catch((error: unknown) => error), 'create');
      expect(reason).toEqual({ code, message: `OpenAI, create: 400 ${text}` });
    }
  },
);

test('what is no JSON stays as it is', async () => {
  const { url } = await startStubServer((_call, response) =>
    response.writeHead(400, { 'content-type': 'text/plain' }).end('no'),
  );
  const call = readClient({ apiKey: 'sk-test', baseUrl: url }).get('/batches');
  await expect(call).rejects.toThrow('400 no');
});
