import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { WebhookRefusedError } from '../../../../shared/batch/errors.ts';
import { verifyGeminiWebhook } from '../../../../shared/providers/gemini/webhook.ts';

const SECRET = 'a secret';
const BODY = '{"type":"batch.succeeded","data":{"id":"batch_1"}}';

/** What a job of the entry was created with, but for a test's changes to its parameters. */
function requestWith(changes: Record<string, string | undefined> = {}, others: object = {}) {
  const [batch, key] = ['a-batch', 'bhabcdefghij012345-1'];
  const signature = signed(['gemini', batch, key]);
  const query = { batch, key, signature, ...changes };
  return { entry: 'gemini', headers: {}, body: BODY, query, ...others };
}

function signed(names: readonly string[]): string {
  return createHmac('sha256', SECRET).update(JSON.stringify(names)).digest('base64url');
}

test.each([
  ['as documented', BODY],
  ['that is no JSON', 'garbage'],
  ['of another job', '{"type":"batch.failed","data":{"id":"batch_2"}}'],
  ['that is empty', ''],
])('a URL that was signed names its job, with a body %s', async (_what, body) => {
  expect(await verifyGeminiWebhook(requestWith({}, { body }), SECRET)).toEqual({
    id: 'bhabcdefghij012345-1',
    job: { batchId: 'a-batch', submissionKey: 'bhabcdefghij012345-1' },
  });
});

test.each<[string, ReturnType<typeof requestWith>, string?]>([
  ['another key', requestWith({ key: 'bhabcdefghij012345-2' })],
  ['another batch', requestWith({ batch: 'b-batch' })],
  ['another entry', requestWith({}, { entry: 'gemini2' })],
  ['another secret', requestWith(), 'other'],
  ['no signature', requestWith({ signature: undefined })],
  ['an empty signature', requestWith({ signature: '' })],
  ['a shorter signature', requestWith({ signature: requestWith().query.signature?.slice(0, 20) })],
  ['a signature that is none', requestWith({ signature: '?'.repeat(43) })],
  ['nothing', requestWith({}, { query: {} })],
  [
    'names that are split elsewhere',
    requestWith({ batch: 'a-batch","bhabcdefghij012345-1', key: undefined }),
  ],
])('a URL with %s is refused', async (_what, request, secret = SECRET) => {
  const refused = await verifyGeminiWebhook(request, secret).catch((error: unknown) => error);

  expect(refused).toBeInstanceOf(WebhookRefusedError);
  expect(refused).toMatchObject({
    why: 'invalidSignature',
    message: 'its URL has no valid signature',
  });
});
