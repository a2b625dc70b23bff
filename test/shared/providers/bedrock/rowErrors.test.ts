import { describe, expect, test } from 'vitest';
import { ACCOUNT_ROW_CODE, outcomeOfVerdict } from '../../../../shared/batch/ledger.ts';
import { rowErrorOf } from '../../../../shared/providers/bedrock/rows.ts';

const outcomeOf = (error: unknown) => {
  const { status, code } = rowErrorOf(error);
  return outcomeOfVerdict({ status_code: status, error_code: code });
};

describe('rowErrorOf', () => {
  test.each([
    [400, 'failed'],
    [404, 'failed'],
    [408, 'unfinished'],
    [413, 'failed'],
    [424, 'unfinished'],
    [429, 'unfinished'],
    [500, 'unfinished'],
    [503, 'unfinished'],
    [0, 'unfinished'],
    ['400', 'failed'],
    ['AccessDeniedException', 'unfinished'],
    ['InternalServerException', 'unfinished'],
    ['ModelErrorException', 'unfinished'],
    ['ModelNotReadyException', 'unfinished'],
    ['ModelTimeoutException', 'unfinished'],
    ['ResourceNotFoundException', 'failed'],
    ['ServiceQuotaExceededException', 'unfinished'],
    ['ServiceUnavailableException', 'unfinished'],
    ['ThrottlingException', 'unfinished'],
    ['ValidationException', 'failed'],
    ['OfAnotherDay', 'unfinished'],
  ])('a row with the code %s is %s', (errorCode, expected) => {
    expect(outcomeOf({ errorCode, errorMessage: 'no' })).toBe(expected);
  });

  test.each([
    [403, 'no'],
    [401, 'no'],
    [400, "You don't have access to the model with the specified model ID."],
  ])('%s %s is about the account', (errorCode, errorMessage) => {
    expect(rowErrorOf({ errorCode, errorMessage }).code).toBe(ACCOUNT_ROW_CODE);
  });

  test('throttling with status 400 is unfinished', () => {
    expect(outcomeOf({ errorCode: 400, errorMessage: 'Too many tokens, please wait' })).toBe(
      'unfinished',
    );
  });

  test("contains Bedrock's code and message", () => {
    expect(rowErrorOf({ errorCode: 400, errorMessage: 'bad request' })).toEqual({
      status: 400,
      code: 'bedrock_400',
      message: 'bad request',
    });
  });

  test.each([[{}], ['text'], [{ errorCode: null }]])('%j is unfinished', (error) => {
    expect(outcomeOf(error)).toBe('unfinished');
  });
});
