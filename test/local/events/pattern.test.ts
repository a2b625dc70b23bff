import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../local/events/pattern.ts';

const EVENT = {
  source: 'aws.s3',
  detail: {
    key: 'inbox/a*b.jsonl',
    size: 20,
    tags: ['red', 'blue'],
    nothing: null,
    rows: [{ id: 1 }, { id: 2 }],
  },
};

const about = (field: string, ...conditions: unknown[]) => ({ detail: { [field]: conditions } });

describe('a pattern fits', () => {
  it.each([
    { source: ['aws.ec2', 'aws.s3'] },
    { source: ['aws.s3'], detail: { size: [20] } },
    about('nothing', null),
    about('tags', 'blue'),
    { detail: { rows: { id: [2] } } },
    about('key', { prefix: 'inbox/' }),
    about('key', { suffix: '.jsonl' }),
    about('key', { wildcard: 'inbox/*.jsonl' }),
    about('key', { wildcard: 'inbox/a\\*b.jsonl' }),
    about('key', { 'equals-ignore-case': 'INBOX/A*B.JSONL' }),
    about('key', { 'anything-but': 'x' }),
    about('key', { 'anything-but': ['x', 'y'] }),
    about('key', { 'anything-but': { suffix: ['.json', '.csv'] } }),
    about('key', { exists: true }),
    about('absent', { exists: false }),
    { detail: { absent: { deeper: [{ exists: false }] } } },
    about('size', { numeric: ['>', 10, '<=', 20] }),
    { $or: [{ source: ['x'] }, about('size', 20)] },
    {},
  ])('%j', (pattern) => {
    expect(compilePattern(pattern)(EVENT)).toBe(true);
  });
});

describe('a pattern does not fit', () => {
  it.each([
    { source: ['aws.ec2'] },
    { source: ['aws.s3'], detail: { size: [21] } },
    about('absent', null),
    about('tags', 'green'),
    about('size', '20'),
    { detail: { rows: { id: [3] } } },
    about('key', { prefix: 'outbox/' }),
    about('key', { suffix: '.json' }),
    about('key', { wildcard: 'inbox/aa\\*b.jsonl' }),
    about('key', { wildcard: 'inbox/*xjsonl' }),
    about('size', { prefix: '2' }),
    about('key', { 'anything-but': { suffix: ['.csv', '.jsonl'] } }),
    about('absent', { 'anything-but': 'x' }),
    about('key', { exists: false }),
    about('absent', { exists: true }),
    about('size', { numeric: ['>', 20] }),
    { $or: [{ source: ['x'] }, about('size', 21)] },
  ])('%j', (pattern) => {
    expect(compilePattern(pattern)(EVENT)).toBe(false);
  });
});

it('what is not known is named with its place', () => {
  const pattern = about('ip', { cidr: '10.0.0.0/8' });
  expect(() => compilePattern(pattern)).toThrow(
    'the pattern.detail.ip: {"cidr":"10.0.0.0/8"} is not supported: use a value, exists, numeric',
  );
  expect(() => compilePattern({ source: 'aws.s3' })).toThrow(
    'the pattern.source is "aws.s3": it must be an array or an object',
  );
});
