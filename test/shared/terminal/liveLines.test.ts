import { describe, expect, it } from 'vitest';
import { createLiveLines } from '../../../shared/terminal.ts';
import { screen } from '../../support/screen.ts';

describe('live lines', () => {
  it('replace those before them, whatever their number', async () => {
    const { output, text } = screen();
    const live = createLiveLines(output);
    output.write('before\n');
    live.draw(['one', 'two of them', 'three']);
    live.draw(['one', 'two']);
    expect(await text()).toEqual(['before', 'one', 'two']);
    live.clear();
    expect(await text()).toEqual(['before']);
  });

  it('stay below a note, even one of several lines', async () => {
    const { output, text } = screen({ columns: 20 });
    const live = createLiveLines(output);
    live.draw(['a line of 18 chars', 'b line of 18 chars']);
    live.note('a note that is longer');
    expect(await text()).toEqual([
      'a note that is longe',
      'r',
      'a line of 18 chars',
      'b line of 18 chars',
    ]);
  });
});

describe('a terminal that is resized', () => {
  const lines = ['a line of 18 chars', 'b line of 18 chars'];

  it('is redrawn completely if it has become narrower and wraps them', async () => {
    const { output, text, resize } = screen({ columns: 20 });
    const live = createLiveLines(output);
    output.write('before\n');
    live.draw(lines);
    await resize(10, 24);
    live.draw(['one', 'two']);
    expect(await text()).toEqual(['before', 'one', 'two']);
    await resize(40, 24);
    live.draw(['three', 'four']);
    expect(await text()).toEqual(['before', 'three', 'four']);
  });

  it('shows as many lines as fit', async () => {
    const { output, text, resize } = screen({ rows: 10 });
    const live = createLiveLines(output);
    live.draw(['1', '2', '3', '4', '5', '6']);
    await resize(80, 4);
    live.draw(['1', '2', '3', '4', '5', '7']);
    expect((await text()).slice(-3)).toEqual(['1', '2', '… and 4 more']);
    await resize(80, 10);
    live.draw(['1', '2']);
    expect((await text()).slice(-2)).toEqual(['1', '2']);
  });

  it('keeps its cursor, so that nothing has to be restored after ^C', async () => {
    const written: unknown[] = [];
    const live = createLiveLines({ isTTY: true, write: (chunk) => written.push(chunk) });
    live.draw(lines);
    live.clear();
    expect(written.join('')).not.toContain('\u001b[?');
  });
});
