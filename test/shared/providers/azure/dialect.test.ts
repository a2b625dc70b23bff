import { describe, expect, test } from 'vitest';
import type { RequestLine } from '../../../../shared/jsonl/checkRequest.ts';
import { azureDialect } from '../../../../shared/providers/azure/index.ts';
import { jobContext } from '../steps.ts';
import { azureSettings } from './connection.ts';

const CHAT = '/v1/chat/completions';
const JOB = jobContext({ endpoint: CHAT, model: 'gpt-4o' });
const CALL = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };

const line = (body: Record<string, unknown> = {}): RequestLine => ({
  custom_id: 'a',
  method: 'POST',
  url: CHAT,
  body: { model: 'gpt-4o', ...body },
});

function sent(request: RequestLine, changes = {}, isV1 = true): RequestLine | undefined {
  return azureDialect(azureSettings(changes), { isV1, isPreview: false }).lineChange(JOB)?.(
    request,
  );
}

describe('a line', () => {
  test('that needs no change stays the same object', () => {
    const request = line({ messages: [{ role: 'user', content: 'Hello' }] });
    expect(sent(request)).toBe(request);
  });

  test.each([
    [{ 'gpt-4o': 'my-deployment' }, 'my-deployment'],
    [{ '*': 'any-deployment' }, 'any-deployment'],
    [{ other: 'my-deployment' }, 'gpt-4o'],
  ])('names the deployment: %j', (models, deployment) => {
    expect(sent(line(), { models })?.body.model).toBe(deployment);
  });

  test('has an empty text instead of null content, and is otherwise unchanged', () => {
    const calling = { role: 'assistant', content: null, tool_calls: [CALL] };
    const answer = { role: 'tool', tool_call_id: 'call_1', content: 'yes' };

    const messages = sent(line({ messages: [calling, answer], n: 1 }))?.body.messages;

    expect(messages).toEqual([{ ...calling, content: '' }, answer]);
  });

  test('may have messages of any kind: Azure checks them', () => {
    for (const messages of [null, 'text', [null, 'text', 5, {}]]) {
      const request = line({ messages });
      expect(sent(request)).toBe(request);
    }
  });

  test('loses the fields of dropFields', () => {
    const body = sent(line({ seed: 1, store: true, n: 2 }), {
      dropFields: ['seed', 'store'],
    })?.body;
    expect(body).toEqual({ model: 'gpt-4o', n: 2 });
  });

  test('has no version in its path before the v1 API', () => {
    expect(sent(line(), {}, false)?.url).toBe('/chat/completions');
    expect(sent(line(), {}, true)?.url).toBe(CHAT);
  });
});

test('a job has the only endpoint that Azure documents', () => {
  const dialect = azureDialect(azureSettings(), { isV1: true, isPreview: false });
  expect(dialect.jobEndpoint(CHAT)).toBe('/chat/completions');
  expect(dialect.jobEndpoint('/v1/responses')).toBe('/chat/completions');
});
