import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../../shared/providers/vertex/rows.ts';

function errorOf(status: unknown) {
  const result = resultOf({ status, response: {} });
  return result && 'error' in result ? [result.error.status, result.error.code] : result;
}

describe('resultOf', () => {
  test.each([
    [{ status: '', response: { candidates: [] } }],
    [{ response: { candidates: [] } }],
    [{ status: null, error: null, response: { candidates: [] } }],
    [{ response: { status_code: 200, body: { candidates: [] } } }],
    [{ response: { body: { candidates: [] } } }],
  ])('%o is an answer', (row) => {
    expect(resultOf(row)).toEqual({ response: { candidates: [] } });
  });

  test.each([{ status: '', response: {} }, { response: null }, {}, { status: '', response: '' }])(
    '%o is a request that did not run',
    (row) => {
      expect(resultOf(row)).toBeUndefined();
    },
  );

  test.each(['{"candidates":[', [], 1])('an answer %o cannot be read', (response) => {
    expect(() => resultOf({ status: '', response })).toThrow('no object');
  });

  test.each([
    ['Error: {"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}', 400],
    ['Bad Request: {"error": {"code": 400, "message": "Please use a valid role"}}', 400],
    ['Bad Request: the request is malformed', 400],
    ['{"code":3,"message":"m"}', 400],
    [{ code: 3, message: 'm' }, 400],
    [{ error: { code: 8, message: 'm' } }, 429],
    [{ error: { code: 429, message: 'm', status: 'RESOURCE_EXHAUSTED' } }, 429],
    ['RESOURCE_EXHAUSTED: {"message":"m"}', 429],
    ['Too many requests', 429],
    ['RESOURCE_EXHAUSTED: please check your plan and billing details', 429],
    [{ code: 4, message: 'm' }, 504],
    [{ code: 5, message: 'm' }, 404],
    [{ code: 9, message: 'm' }, 400],
    [{ code: 10, message: 'm' }, 409],
    [{ code: 1, message: 'm' }, 408],
    [{ code: 499, message: 'm' }, 408],
    [{ code: 12, message: 'm' }, 400],
    [{ code: 13, message: 'm' }, 500],
    ['INTERNAL', 500],
    ['UNAVAILABLE: try again', 503],
    ['Something nobody knows', 500],
    ['{"broken', 500],
  ])('status %o counts as %i', (status, expected) => {
    expect(errorOf(status)).toEqual([expected, expect.any(String)]);
  });

  test.each([
    { code: 7, message: 'm' },
    { code: 16, message: 'm' },
    { error: { code: 403, message: 'm', status: 'PERMISSION_DENIED' } },
    'FAILED_PRECONDITION: this project has no billing account',
  ])('status %o is about the account', (status) => {
    expect(errorOf(status)).toEqual([403, 'account_refused']);
  });

  test('a file of a request that may not be read is a fault of the request', () => {
    const message = 'The service agent lacks storage.objects.get for gs://mine/cat.png';
    expect(errorOf({ code: 7, message })).toEqual([403, 'vertex_7']);
  });

  test.each([
    ['invalid_request_error', 400],
    ['not_found_error', 404],
    ['request_too_large', 413],
    ['rate_limit_error', 429],
    ['api_error', 500],
    ['timeout_error', 504],
    ['overloaded_error', 529],
    ['an_error_of_another_day', 500],
  ])("Claude's %s counts as %i", (type, status) => {
    const response = { type: 'error', error: { type, message: 'm' } };
    expect(resultOf({ status: '', response })).toEqual({
      error: { status, code: type, message: 'm' },
    });
  });

  test('the status of an open model counts', () => {
    const body = { error: { code: 'rate_limited', message: 'm' } };
    expect(resultOf({ response: { status_code: 429, body } })).toEqual({
      error: { status: 429, code: 'rate_limited', message: 'm' },
    });
  });
});
