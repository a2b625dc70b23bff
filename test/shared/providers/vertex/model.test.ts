import { describe, expect, test } from 'vitest';
import { hostsOf } from '../../../../shared/providers/vertex/api.ts';
import { modelOf } from '../../../../shared/providers/vertex/model.ts';

const GOOGLE = 'publishers/google/models/gemini-2.5-flash';
const META = 'publishers/meta/models/llama-3.3-70b-instruct-maas';
const TUNED = 'projects/p/locations/us-central1/models/123';

describe('modelOf', () => {
  test.each([
    ['gemini-2.5-flash', 'gemini', GOOGLE],
    [GOOGLE, 'gemini', GOOGLE],
    ['google/gemini-2.5-flash', 'gemini', GOOGLE],
    ['constructor/llama', 'open', 'publishers/constructor/models/llama'],
    ['claude-haiku-4-5', 'claude', 'publishers/anthropic/models/claude-haiku-4-5'],
    ['llama-3.3-70b-instruct-maas', 'open', META],
    ['meta/llama-3.3-70b-instruct-maas', 'open', META],
    ['openai/gpt-oss-120b-maas', 'open', 'publishers/openai/models/gpt-oss-120b-maas'],
    [TUNED, 'gemini', TUNED],
  ])('%s is a model of the family %s', (name, family, resource) => {
    expect(modelOf(name)).toMatchObject({ family, resource });
  });

  test.each(['gpt-4o-mini', '', 'a/b/c', 'publishers/x/models'])(
    '"%s" has no known publisher',
    (name) => {
      expect(() => modelOf(name)).toThrow(/tells no publisher: write publishers/);
    },
  );
});

describe('hostsOf', () => {
  test.each([
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com'],
    ['global', 'https://aiplatform.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ])('%s is at %s', (location, aiplatform) => {
    expect(hostsOf(location, undefined)).toEqual({
      aiplatform,
      storage: 'https://storage.googleapis.com',
      bigquery: 'https://bigquery.googleapis.com',
    });
  });

  test('a base URL replaces all hosts', () => {
    const host = 'http://127.0.0.1:1';
    const all = { aiplatform: host, storage: host, bigquery: host };
    expect(hostsOf('global', `${host}/`)).toEqual(all);
  });
});
