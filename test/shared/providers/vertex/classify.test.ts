import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../../../shared/batch/errors.ts';
import { HttpError, httpErrorOf } from '../../../../shared/providers/google/errors.ts';
import { classify } from '../../../../shared/providers/vertex/errors.ts';

describe('classify', () => {
  test.each([
    // status, code, upload, create, read
    [400, 'INVALID_ARGUMENT', 'permanent', 'permanent', 'permanent'],
    [400, 'FAILED_PRECONDITION', 'permanent', 'permanent', 'permanent'],
    [400, 'OUT_OF_RANGE', 'permanent', 'permanent', 'permanent'],
    [401, 'UNAUTHENTICATED', 'account', 'account', 'account'],
    [403, 'PERMISSION_DENIED', 'account', 'account', 'forbidden'],
    [403, 'BILLING_DISABLED', 'account', 'account', 'account'],
    [403, 'SERVICE_DISABLED', 'account', 'account', 'account'],
    [403, 'accessDenied', 'account', 'account', 'forbidden'],
    [403, 'retentionPolicyNotMet', 'account', 'account', 'forbidden'],
    [403, 'billingNotEnabled', 'account', 'account', 'account'],
    [403, 'quotaExceeded', 'transient', 'quota', 'transient'],
    [403, 'rateLimitExceeded', 'transient', 'quota', 'transient'],
    [403, 'userRateLimitExceeded', 'transient', 'quota', 'transient'],
    [400, 'jobRateLimitExceeded', 'transient', 'quota', 'transient'],
    [404, 'NOT_FOUND', 'account', 'account', 'missing'],
    [408, undefined, 'transient', 'uncertain', 'transient'],
    [409, 'ALREADY_EXISTS', 'transient', 'uncertain', 'transient'],
    [409, 'ABORTED', 'transient', 'uncertain', 'transient'],
    [429, 'RESOURCE_EXHAUSTED', 'transient', 'quota', 'transient'],
    [429, 'RATE_LIMIT_EXCEEDED', 'transient', 'quota', 'transient'],
    [429, 'BILLING_DISABLED', 'account', 'account', 'account'],
    [499, 'CANCELLED', 'permanent', 'permanent', 'permanent'],
    [500, 'INTERNAL', 'transient', 'uncertain', 'transient'],
    [500, 'UNKNOWN', 'transient', 'uncertain', 'transient'],
    [500, 'DATA_LOSS', 'transient', 'uncertain', 'transient'],
    [501, 'UNIMPLEMENTED', 'transient', 'uncertain', 'transient'],
    [503, 'UNAVAILABLE', 'transient', 'uncertain', 'transient'],
    [504, 'DEADLINE_EXCEEDED', 'transient', 'uncertain', 'transient'],
    [302, undefined, 'transient', 'uncertain', 'transient'],
  ])('%s %s', (status, code, ...kinds) => {
    const error = new HttpError(status, code === undefined ? [] : [code], 'what it says');
    const calls = ['upload', 'create', 'read'] as const;
    expect(calls.map((call) => classify(error, call).kind)).toEqual(kinds);
    expect(classify(error, 'create').reason).toEqual({
      code: code ?? `http_${status}`,
      message: 'Vertex AI, create: what it says',
    });
  });

  test.each([
    [400, 'FAILED_PRECONDITION', 'This API needs billing enabled', 'account'],
    [403, 'rateLimitExceeded', 'Billing has not been enabled for this project.', 'account'],
    [403, 'quotaExceeded', 'The billing account for the project is disabled.', 'account'],
    [429, 'RESOURCE_EXHAUSTED', 'Please check your plan and billing details.', 'quota'],
    [429, 'RESOURCE_EXHAUSTED', 'Quota exceeded, see the billing page.', 'quota'],
    [403, 'quotaExceeded', 'Quota exceeded: check your billing account.', 'quota'],
    [400, 'FAILED_PRECONDITION', 'Failed to get GCS bucket location', 'account'],
    [400, 'INVALID_ARGUMENT', 'The bucket gs://mine does not exist.', 'account'],
    // A role without the permission gets this message, too.
    [403, 'PERMISSION_DENIED', "Permission denied on 'x' (or it may not exist).", 'account'],
  ])('%i %s "%s" is %s', (status, code, message, kind) => {
    expect(classify(new HttpError(status, [code], message), 'create').kind).toBe(kind);
  });

  test.each([
    ['a reset', Object.assign(new Error('read'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a deadline', new DOMException('aborted', 'TimeoutError'), 'timeout'],
    ['half an answer', new SyntaxError('no JSON'), 'no_usable_answer'],
  ])('a create call that fails with %s is uncertain', (_name, error, code) => {
    expect(classify(error, 'create')).toMatchObject({ kind: 'uncertain', reason: { code } });
    expect(classify(error, 'upload').kind).toBe('transient');
  });

  test('a request that was changed since its inspection is permanent', () => {
    const refused = new RefusedError({ code: 'invalid_field', message: 'body.n' });
    expect(classify(refused, 'upload')).toMatchObject({ kind: 'permanent' });
  });
});

describe('httpErrorOf', () => {
  test('gives the most specific code first', async () => {
    const details = [{ '@type': 'google.rpc.ErrorInfo', reason: 'BILLING_DISABLED' }];
    const error = { code: 403, message: 'No billing.', status: 'PERMISSION_DENIED', details };
    const response = new Response(JSON.stringify({ error }), { status: 403 });
    expect(await httpErrorOf(response)).toMatchObject({
      status: 403,
      codes: ['BILLING_DISABLED', 'PERMISSION_DENIED'],
      message: 'No billing.',
    });
  });

  test.each(['<html>Bad gateway</html>', '', '[]'])('reads no code from "%s"', async (text) => {
    const response = new Response(text, { status: 502 });
    expect(await httpErrorOf(response)).toMatchObject({ status: 502, codes: [] });
  });
});
