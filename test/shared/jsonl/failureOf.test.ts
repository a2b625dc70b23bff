import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../shared/jsonl/failureOf.ts';
import type { ResultRow } from '../../../shared/jsonl/rows.ts';

const answered = (status_code: unknown, error: unknown) =>
  ({
    response: { status_code, request_id: 'q', body: { error } },
    error: null,
  }) as Partial<ResultRow>;

describe('the error of a row', () => {
  it.each([
    ["OpenAI's code", answered(400, { code: 'invalid_value', type: 'x' }), 'invalid_value'],
    ['its type without a code', answered(400, { code: null, type: 'bad_request' }), 'bad_request'],
    [
      "Google's status",
      answered(400, { code: 400, status: 'INVALID_ARGUMENT' }),
      'INVALID_ARGUMENT',
    ],
    ['nothing that names it', answered(400, { code: '400', message: 'm' }), 'no_code'],
    ['a text', answered(400, 'it broke'), 'error'],
    ['no object', answered(400, undefined), 'no_code'],
  ])('with a status: %s', (_, row, code) => {
    expect(failureOf(row)).toEqual({ code, status: 400 });
  });

  it('is that of the body, which says more than the one beside it', () => {
    const row = {
      ...answered(400, { code: 'content_filter' }),
      error: { code: 'BadRequest', message: '' },
    };
    expect(failureOf(row)).toEqual({ code: 'content_filter', status: 400 });
  });

  it('without an answer has no status', () => {
    const row = { response: null, error: { code: 'output_missing', message: 'm' } };
    expect(failureOf(row)).toEqual({ code: 'output_missing' });
  });

  it.each([[500], [429], [408]])('with a status that passes runs again: %i', (status) => {
    const failure = { code: 'busy', status, isUnfinished: true };
    expect(failureOf(answered(status, { code: 'busy' }))).toEqual(failure);
  });

  it.each([[0], [200], ['200'], ['none'], [7e9]])(
    'hides a status that is none of an error: %s',
    (status) => {
      expect(failureOf(answered(status, { code: 'c' })).status).toBeUndefined();
    },
  );
});
