import { expect, it } from 'vitest';
import { fakeProviders } from '../../support/fakes/fakeProvider.ts';
import { requestLine, world } from '../../support/world.ts';
import { startApi } from './api.ts';
import { batchBody, form, json } from './probes.ts';

const callers = {
  ...{ 'key-openai': { keyId: 'o', providers: ['openai'], isOperator: false } },
  ...{ 'key-claude': { keyId: 'c', providers: ['claude'], isOperator: false } },
  ...{ 'key-removed': { keyId: 'r', providers: ['removed'], isOperator: false } },
};
it('a key with provider entries spends money at no other', async () => {
  const { provider } = world();
  const providers = fakeProviders({ openai: provider, claude: provider });
  const limited = startApi({ providers }, callers);
  const create = async (as: keyof typeof callers, more: object) => {
    const file = await limited.call('POST /v1/files', {
      ...form('file', `${requestLine('a')}\n`, { purpose: 'batch' }),
      as,
    });
    const { id } = (await file.json()) as { id: string };
    const answer = await limited.call('POST /v1/batches', {
      ...json({ ...batchBody(id), ...more }),
      as,
    });
    return { status: answer.status, body: (await answer.json()) as { id: string } };
  };
  const used = async (as: keyof typeof callers, more = {}) => {
    const { status, body } = await create(as, more);
    expect(status).toBe(200);
    return (await limited.ports.batches.get(body.id))?.spec.providers;
  };
  expect(await used('key-openai')).toEqual(['openai']);
  expect(await used('key-claude')).toEqual(['claude']);
  for (const more of [
    { provider: 'openai' },
    { metadata: { 'batch-handler-provider': 'openai' } },
    { provider: 'of nobody' },
  ])
    expect(await create('key-claude', more)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/: use one of claude$/) } },
    });
  expect((await create('key-removed', {})).status).toBe(403);
});
