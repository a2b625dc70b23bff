import { describe, expect, it, test } from 'vitest';
import { readDuration, readMoment, timeOf } from '../../cli/options.ts';
import { cliRun } from '../support/cliRun.ts';

test.each([
  ['60', 60],
  ['0.5', 0.5],
  ['90s', 90],
  ['45m', 2_700],
  ['2h', 7_200],
  ['1h30m', 5_400],
  ['1.5h', 5_400],
  ['7d', 604_800],
  ['2w', 1_209_600],
])('the duration %s has %d seconds', (text, seconds) => {
  expect(readDuration(text)).toBe(seconds);
});

test.each(['', '0', '0s', '-1', '2x', '2 h', 'h', '1e3', 'Infinity'])(
  '%j is no duration',
  (text) => {
    expect(() => readDuration(text)).toThrow('It must be a duration such as 90s, 45m, 2h or 1d.');
  },
);

test.each([
  ['2h', '2027-01-01T02:00:00.000Z'],
  ['1d', '2027-01-02T00:00:00.000Z'],
  ['2027-03-01T10:00:00+02:00', '2027-03-01T08:00:00.000Z'],
])('the time %s', (text, time) => {
  expect(timeOf(readMoment(text), Date.UTC(2027, 0, 1))).toBe(time);
});

// A number could be a year, or seconds.
test.each(['2027', '60', 'tomorrow', '2027-13-01'])('%j is no time', (text) => {
  expect(() => readMoment(text)).toThrow('a duration from now such as 2h');
});

describe('options that contradict each other are refused:', () => {
  it.each([
    ['list --local --stack X', '--local cannot be used with --stack'],
    ['show x --local --region eu-west-1', '--local cannot be used with --region'],
    ['doctor --local --profile ops', '--local cannot be used with --profile'],
    ['add x.jsonl --check --wait', '--check cannot be used with --wait'],
    ['add x.jsonl --timeout 1h', '--timeout needs --wait'],
    ['add x.jsonl --problems 1', '--problems needs --check'],
    ['add x.jsonl y.jsonl --id one', '--id names one batch, but there are 2 files'],
    ['cancel x --timeout 1h', '--timeout needs --wait'],
    ['estimate x --kind openai --stack X', '--kind cannot be used with --stack'],
    ['estimate x --kind openai --provider claude', '--kind cannot be used with --provider'],
    ['estimate x --input-price 1', '--input-price needs --kind'],
    ['estimate x --builtin-prices', '--builtin-prices needs --kind'],
    [
      'estimate x --kind xai --builtin-prices --output-price 1',
      '--builtin-prices cannot be used with --output-price',
    ],
  ])('%s', async (command, text) => {
    const args = command.split(' ');
    expect(await cliRun(args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${text} (see batch-handler ${args[0]} --help)\n`,
    });
  });
});
