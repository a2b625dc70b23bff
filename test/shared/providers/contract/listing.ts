import pMap from 'p-map';
import { describe, expect, test } from 'vitest';
import type { ListingPosition } from '../../../../shared/providers/provider.ts';
import type { Fault } from '../../../../simulators/engine/faults.ts';
import type { Harness, Start } from '../harness.ts';
import { customIds, expectRefusal, KEY, listed, shown, submit } from '../steps.ts';

const HOUR_MS = 60 * 60 * 1000;

export function listingContract(harness: Harness, start: Start): void {
  const { calls } = harness;
  const ids = customIds(1);

  describe('listJobs', () => {
    test('finds a job by its key, with its creation time', async () => {
      const { provider } = await start();
      const jobId = await submit(provider, harness, ids);
      await shown(provider, harness, [jobId]);

      const jobs = await listed(provider, Date.now() - HOUR_MS);

      expect(jobs).toMatchObject([{ id: jobId, key: KEY }]);
      expect(Math.abs((jobs[0]?.createdAt ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    test('an empty account has no job', async () => {
      const { provider } = await start();
      expect(await listed(provider, 0)).toEqual([]);
    });

    // One test, because so many jobs take a while to make.
    test.skipIf(harness.listsAll)(
      'reads back over the pages, each job once, goes on where it was broken off, and throws if a later page fails',
      async () => {
        const { provider, inject } = await start();
        const keys = Array.from({ length: 105 }, (_, index) => `bhabcdefghij012345-${index + 1}`);
        const jobIds = await pMap(keys, (key) => submit(provider, harness, ids, { key }), {
          concurrency: 10,
        });
        await shown(provider, harness, jobIds);
        const since = Date.now() - HOUR_MS;

        const jobs = await listed(provider, since);

        expect(jobs.map(({ key }) => key).sort()).toEqual([...keys].sort());

        // One entry of the second page is read.
        const position: ListingPosition = {};
        const first: string[] = [];
        for await (const { id } of provider.listJobs(since, position)) {
          first.push(id);
          if (position.cursor !== undefined) break;
        }
        const rest: string[] = [];
        const kept = JSON.parse(JSON.stringify(position)) as ListingPosition;
        for await (const { id } of provider.listJobs(since, kept)) rest.push(id);

        expect([...first.slice(0, -1), ...rest]).toEqual(jobs.map(({ id }) => id));
        expect(rest.length).toBeLessThan(jobs.length);

        const again = provider.listJobs(0)[Symbol.asyncIterator]();
        await again.next();
        inject({ ...calls.list, times: 100, fault: { kind: 'status', status: 500 } });
        await expectRefusal(drained(again), 'transient');
      },
    );

    test('omits older jobs', async () => {
      const { provider } = await start();
      await submit(provider, harness, ids);
      expect(await listed(provider, Date.now() + HOUR_MS)).toEqual([]);
    });

    const failures: [string, Fault][] = [
      ['500', { kind: 'status', status: 500 }],
      ['a reset', { kind: 'reset' }],
      ['half an answer', { kind: 'cut', afterBytes: 10 }],
    ];
    failures.push(['no list', { kind: 'patch', fields: { ...harness.patches.noList } }]);
    failures.push(['a page of a gateway', { kind: 'body', text: PAGE, type: 'text/html' }]);
    failures.push(['a page that calls itself JSON', { kind: 'body', text: PAGE }]);
    const { 'an empty array': emptyArray, ...others } = NO_LISTS;
    const noLists = harness.listsAll ? others : { ...others, 'an empty array': emptyArray };
    const answers = { ...noLists, ...harness.incompleteLists };
    for (const [name, answer] of Object.entries(answers))
      failures.push([name, { kind: 'body', text: JSON.stringify(answer) }]);
    if (!harness.omitsEmptyList) failures.push(['an empty object', { kind: 'body', text: '{}' }]);
    test.each(failures)(
      'a listing answered with %s throws: absence is not proven',
      async (_name, fault) => {
        const { provider, inject } = await start();
        // Some providers' empty listing is too short to be cut off.
        await submit(provider, harness, ids);
        inject({ ...calls.list, times: 100, fault });
        await expectRefusal(listed(provider, 0), 'transient');
      },
    );
  });
}

const PAGE = '<html><body>We will be back soon.</body></html>';

/** Answers with status 200 that are a listing at no provider. */
const NO_LISTS: Readonly<Record<string, unknown>> = {
  null: null,
  'a text': 'ok',
  'an empty array': [],
  'an error object': { error: { code: 503, message: 'try later', type: 'server_error' } },
  'a message': { message: 'not here' },
  'data that is null': { data: null },
};

async function drained(jobs: AsyncIterator<unknown>): Promise<void> {
  while (!(await jobs.next()).done);
}
