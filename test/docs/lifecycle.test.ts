import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TRANSITIONS } from '../../shared/batch/lifecycle/transitions.ts';
import { isEnded, STATUSES } from '../../shared/batch/status.ts';

describe('the diagram in docs/lifecycle.md', () => {
  it('draws exactly the transitions of the table', async () => {
    const page = await readFile(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');
    const drawn = [...page.matchAll(/^ {4}(\S+) --> (\S+)$/gm)].map(
      ([, from, to]) => `${from} ${to}`,
    );
    const decided = STATUSES.flatMap((from) =>
      Object.values(TRANSITIONS[from])
        .flat()
        .filter((to) => to !== from)
        .map((to) => `${from} ${to}`),
    );
    const ends = STATUSES.filter(isEnded).map((status) => `${status} [*]`);
    expect(drawn.sort()).toEqual([...new Set(['[*] inspecting', ...decided, ...ends])].sort());
  });

  it('stands above a table of every status', async () => {
    const page = await readFile(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');
    const [lifecycle = ''] = page.split('## Defaults');
    const rows = [...lifecycle.matchAll(/^\| `(\w+)` \|/gm)].map(([, status]) => status);
    expect(rows).toEqual(STATUSES);
  });
});
