import { expect, it } from 'vitest';
import { csvText } from '../../../shared/console/csv.ts';

it('writes rows as RFC 4180 has them', () => {
  const text = csvText(
    ['Day', 'Said "so"'],
    [
      ['2026-12-01', 0.5],
      ['a,b', null],
      ['two\nlines', 'a "word"'],
    ],
  );
  expect(text).toBe(
    'Day,"Said ""so"""\r\n2026-12-01,0.5\r\n"a,b",\r\n"two\nlines","a ""word"""\r\n',
  );
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('makes no formula of %j', (text) => {
  const [, line = ''] = csvText([text], [[text]]).split(/(?<=\n)/);
  expect(line.replace(/^"/, '')[0]).toBe("'");
  expect(line).toContain(text);
});

it('leaves numbers as they are', () => {
  expect(csvText(['n'], [[-1.25]])).toBe('n\r\n-1.25\r\n');
});
