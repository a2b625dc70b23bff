import { expect, test } from 'vitest';
import { outcomeOf, submit } from '../steps.ts';
import { GCS, startVertex } from './world.ts';

const harness = {
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  request: (customId: string) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
};

test.each([
  ['bucket_location', 'FAILED_PRECONDITION', /check that the bucket exists/],
  ['dataset_location', 'INVALID_ARGUMENT', /was not found in location/],
  ['service_agent', 'PERMISSION_DENIED', /gcp-sa-aiplatform.*storage\.objects\.create/],
] as const)(
  'a job that fails because of %s blocks the provider with its reason',
  async (setupError, code, message) => {
    await using world = await startVertex({}, { store: GCS }, { setupError });
    const jobId = await submit(world.provider, harness, ['a']);
    expect(await outcomeOf(world.provider, jobId)).toMatchObject({
      kind: 'failed',
      refusal: 'account',
      reason: { code, message: expect.stringMatching(message) },
    });
  },
);
