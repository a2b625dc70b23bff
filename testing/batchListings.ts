import type { ActiveHint, BatchStore, DueHint, IndexPage } from '../shared/batch/ports.ts';
import { JOB, NOW, numbered, sampleBatch, UNNAMED } from './batches.ts';
import { type Duty, eventually, type Given, same } from './contract.ts';

/** All pages of a listing. Fails for a cursor that comes again: the listing would never end. */
export async function allPages<T>(
  list: (cursor: string | undefined) => Promise<IndexPage<T>>,
): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    items.push(...page.items);
    cursor = page.cursor;
    if (cursor !== undefined && seen.has(cursor)) throw new Error(`cursor ${cursor} came twice`);
    if (cursor !== undefined) seen.add(cursor);
  } while (cursor !== undefined);
  return items;
}

async function due(store: BatchStore, until: number): Promise<DueHint[]> {
  const shards = Array.from({ length: store.partitions.due }, (_, shard) => shard);
  const hints = await Promise.all(
    shards.map((shard) => allPages((cursor) => store.listDue(shard, until, cursor))),
  );
  return hints.flat();
}

const idsOf = (hints: readonly { batchId: string }[]) => hints.map(({ batchId }) => batchId);
const sortedIds = (hints: readonly { batchId: string }[]) => idsOf(hints).sort();
const waiting = (store: BatchStore, provider = 'openai', tenant?: string) =>
  allPages((cursor) => store.listWaiting({ provider, tenant }, cursor));
const active = (store: BatchStore, provider = 'openai') =>
  allPages((cursor) => store.listActive(provider, cursor));

/** Waits until an index shows exactly these batches, in any order. */
async function shows(
  what: string,
  list: () => Promise<readonly { batchId: string }[]>,
  ids: readonly string[],
): Promise<void> {
  await eventually(async () => same(what, sortedIds(await list()), [...ids].sort()));
}

export const listingDuties: readonly Duty<Given<BatchStore>>[] = [
  {
    method: 'listDue',
    does: 'lists each batch that is due in exactly one shard, up to the time and no further',
    async check({ first, other }) {
      const ids = numbered(12);
      for (const [index, batchId] of ids.entries())
        await first.create(sampleBatch({ batchId, dueAt: NOW + index }));
      await shows('what is due', () => due(other, NOW + 5), ids.slice(0, 6));
      await shows('what is due before all', () => due(other, NOW - 1), []);
      const [hint] = await due(other, NOW);
      same('the hint', hint, { batchId: 'b000', status: 'inspecting' });
    },
  },
  {
    method: 'listDue',
    does: 'lists the oldest first within a shard',
    async check({ first }) {
      const times = new Map(numbered(60).map((id, index) => [id, NOW + ((index * 37) % 60)]));
      for (const [batchId, dueAt] of times) await first.create(sampleBatch({ batchId, dueAt }));
      await shows('what is due', () => due(first, NOW + 60), [...times.keys()]);
      for (let shard = 0; shard < first.partitions.due; shard++) {
        const hints = await allPages((cursor) => first.listDue(shard, NOW + 60, cursor));
        const found = hints.map(({ batchId }) => times.get(batchId) ?? 0);
        same(
          `the times of shard ${shard}`,
          found,
          found.toSorted((a, b) => a - b),
        );
      }
    },
  },
  {
    method: 'listDue',
    does: 'pages through 1, 2 and 450 batches that are due at the same time, each once',
    async check({ first, other }) {
      const ids = numbered(450);
      for (const count of [1, 2, 450]) {
        const missing = ids.slice(count === 450 ? 2 : count - 1, count);
        await Promise.all(
          missing.map((batchId) => first.create(sampleBatch({ batchId, dueAt: NOW }))),
        );
        await shows(`what is due of ${count}`, () => due(other, NOW), ids.slice(0, count));
      }
    },
  },
  {
    method: 'listDue',
    does: 'misses no batch after the cursor when batches before it are no longer due',
    async check({ first, other }) {
      const ids = numbered(450);
      await Promise.all(ids.map((batchId) => first.create(sampleBatch({ batchId, dueAt: NOW }))));
      await shows('what is due', () => due(first, NOW), ids);
      for (let shard = 0; shard < first.partitions.due; shard++) {
        const all = await allPages((cursor) => first.listDue(shard, NOW, cursor));
        const page = await first.listDue(shard, NOW);
        const settled = page.items.map(({ batchId }) =>
          other.replace(sampleBatch({ batchId, version: 1, status: 'completed' })),
        );
        await Promise.all(settled);
        const rest = page.cursor
          ? await allPages((cursor) => first.listDue(shard, NOW, cursor ?? page.cursor))
          : [];
        const expected = idsOf(all).slice(page.items.length);
        same(`what follows the first page of shard ${shard}`, sortedIds(rest), expected.sort());
      }
    },
  },
  {
    method: 'listDue',
    does: 'follows the record: by its dueAt, not while it is queued, and no more once nothing is pending',
    async check({ first, other }) {
      await first.create(sampleBatch({ dueAt: NOW }));
      await shows('what is due after the create', () => due(other, NOW), ['b1']);
      await first.replace(sampleBatch({ version: 1, dueAt: NOW + 10 }));
      await shows('what is due once it is put off', () => due(other, NOW + 9), []);
      await shows('what is due when its time comes', () => due(other, NOW + 10), ['b1']);
      await first.replace(sampleBatch({ version: 2, status: 'queued' }));
      await shows('what is due while it is queued', () => due(other, NOW + 99), []);
      await first.replace(sampleBatch({ version: 3, status: 'delivering', dueAt: NOW }));
      await shows('what is due while it is delivered', () => due(other, NOW), ['b1']);
      await first.replace(sampleBatch({ version: 4, status: 'completed' }));
      await shows('what is due after its end', () => due(other, NOW + 99), []);
    },
  },
  {
    method: 'listDue',
    does: 'starts at the beginning with a cursor that is not of this listing',
    async check({ first }) {
      await first.create(sampleBatch({ dueAt: NOW }));
      await first.create(sampleBatch({ batchId: 'b2', status: 'queued' }));
      await shows('what is due', () => due(first, NOW), ['b1']);
      const cursors = ['%%%', '', 'null', Buffer.from('{"id":"x"}').toString('base64url')];
      for (const cursor of cursors) {
        const pages = Array.from({ length: first.partitions.due }, (_, shard) =>
          first.listDue(shard, NOW, cursor),
        );
        const items = (await Promise.all(pages)).flatMap((page) => page.items);
        same(`what is due with cursor ${JSON.stringify(cursor)}`, idsOf(items), ['b1']);
        const { items: queued } = await first.listWaiting({ provider: 'openai' }, cursor);
        same(`what waits with cursor ${JSON.stringify(cursor)}`, idsOf(queued), ['b2']);
      }
    },
  },
  {
    method: 'listWaiting',
    does: 'lists the queued batches of a provider by priority, then age, with what admission needs',
    async check({ first, other }) {
      const queued = (batchId: string, priority: number, createdAt: number) =>
        first.create(sampleBatch({ batchId, status: 'queued', createdAt, spec: { priority } }));
      await queued('old', 0, 1);
      await queued('new', 0, 2);
      await queued('urgent', 499, 3);
      await queued('someday', -500, 0);
      const several = sampleBatch({
        ...{ batchId: 'several', status: 'queued', createdAt: 4, provider: 'azure' },
        ...{ queuedSince: NOW - 7, spec: { providers: ['openai', 'azure'] } },
      });
      await first.create(several);
      await eventually(async () => {
        const hints = await waiting(other);
        same('the order', idsOf(hints), ['urgent', 'old', 'new', 'someday']);
        const { statusAt, deadlineAt } = sampleBatch();
        same('a hint', hints[0], {
          ...{ batchId: 'urgent', model: 'm', requests: 7, estimatedTokens: 70, createdAt: 3 },
          priority: 499,
          ...{ expected: { inputTokens: 70, outputTokens: 9 }, queuedAt: statusAt, deadlineAt },
        });
      });
      await eventually(async () => {
        const [hint] = await waiting(other, 'azure');
        const { batchId, providers, queuedAt } = hint ?? {};
        const expected = { batchId: 'several', providers: ['openai', 'azure'], queuedAt: NOW - 7 };
        same('the hint of a batch of two entries', { batchId, providers, queuedAt }, expected);
      });
      same('what waits for an unknown provider', await waiting(other, 'none'), []);
    },
  },
  {
    method: 'listWaiting',
    does: 'pages through 130 batches of the same priority and age, each once, until they are admitted',
    async check({ first, other }) {
      const ids = numbered(130);
      await Promise.all(
        ids.map((batchId) => first.create(sampleBatch({ batchId, status: 'queued' }))),
      );
      await shows('what waits', () => waiting(other), ids);
      await first.replace(sampleBatch({ batchId: 'b000', version: 1, status: 'submitting' }));
      await shows('what waits after an admission', () => waiting(other), ids.slice(1));
      await shows('what is active after it', () => active(other), ['b000']);
    },
  },
  {
    method: 'listWaiting',
    does: 'lists the batches of each tenant in a queue of their own, and those of none in another',
    async check({ first, other }) {
      const create = (batchId: string, tenant?: string, input?: typeof UNNAMED) =>
        first.create(
          sampleBatch({ batchId, status: 'queued', spec: { tenant }, ...(input && { input }) }),
        );
      await create('of-none');
      await create('of-a', 'a', UNNAMED);
      await create('of-a-b', 'a.b');
      await shows('what waits of no tenant', () => waiting(other), ['of-none']);
      await shows('what waits of a', () => waiting(other, 'openai', 'a'), ['of-a']);
      await shows('what waits of a.b', () => waiting(other, 'openai', 'a.b'), ['of-a-b']);
      same('what waits of another', await waiting(other, 'openai', 'b'), []);
      const [ofA] = await waiting(other, 'openai', 'a');
      same('tenant and model', [ofA?.tenant, ofA?.model], ['a', undefined]);
      const [ofAB] = await waiting(other, 'openai', 'a.b');
      same('tenant and model', [ofAB?.tenant, ofAB?.model], ['a.b', 'm']);
      await first.replace(
        sampleBatch({
          batchId: 'of-a-b',
          version: 1,
          status: 'submitting',
          spec: { tenant: 'a.b' },
        }),
      );
      await shows('what is active', () => active(other), ['of-a-b']);
      const [started] = await active(other);
      same('tenant and model of a job', [started?.tenant, started?.model], ['a.b', 'm']);
    },
  },
  {
    method: 'listTenants',
    does: 'lists each tenant whose batch has entered the queue of a provider, and no other',
    async check({ first, other }) {
      const at = (provider: string) => allPages((cursor) => other.listTenants(provider, cursor));
      const ofTenant = (batchId: string, tenant: string, more: object = {}) =>
        sampleBatch({ batchId, status: 'queued', spec: { tenant }, ...more });
      await first.create(ofTenant('one', 'b'));
      await first.create(ofTenant('two', 'a'));
      await first.create(ofTenant('three', 'a'));
      await first.create(ofTenant('elsewhere', 'c', { provider: 'other' }));
      await first.create(sampleBatch({ batchId: 'of-none', status: 'queued' }));
      await first.create({ ...sampleBatch({ batchId: 'new', spec: { tenant: 'd' } }) });
      await eventually(async () => same('the tenants', await at('openai'), ['a', 'b']));
      await first.replace(
        sampleBatch({ batchId: 'new', version: 1, status: 'queued', spec: { tenant: 'd' } }),
      );
      await eventually(async () => same('one more', await at('openai'), ['a', 'b', 'd']));
      same('the tenants elsewhere', await at('other'), ['c']);
    },
  },
  {
    method: 'unlistTenant',
    does: 'keeps a tenant listed whose batch has just entered the queue',
    async check({ first, other }) {
      await first.create(sampleBatch({ status: 'queued', spec: { tenant: 'a' } }));
      await first.replace(sampleBatch({ version: 1, status: 'submitting', spec: { tenant: 'a' } }));
      await other.unlistTenant({ provider: 'openai', tenant: 'a' });
      await other.unlistTenant({ provider: 'openai', tenant: 'unknown' });
      const tenants = () => allPages((cursor) => first.listTenants('openai', cursor));
      await eventually(async () => same('the tenants', await tenants(), ['a']));
    },
  },
  {
    method: 'listActive',
    does: 'lists what may have a job at a provider, or has one whose cost is not known',
    async check({ first, other }) {
      const accepted = { ...JOB, acceptedAt: 2 };
      const batches = [
        sampleBatch({ batchId: 'submitting', status: 'submitting' }),
        sampleBatch({ batchId: 'running', status: 'running', input: UNNAMED }),
        sampleBatch({ batchId: 'accepted', status: 'running', job: accepted }),
        sampleBatch({ batchId: 'jobless', status: 'collecting' }),
        sampleBatch({ batchId: 'over', status: 'collecting', job: accepted }),
        sampleBatch({ batchId: 'elsewhere', status: 'running', provider: 'other' }),
        sampleBatch({ batchId: 'queued', status: 'queued' }),
      ];
      for (const batch of batches) await first.create(batch);
      const load = { model: 'm', requests: 7, estimatedTokens: 70 };
      const expected = { inputTokens: 70, outputTokens: 9 };
      await eventually(async () => {
        const hints = (await active(other)).sort((a, b) => (a.batchId < b.batchId ? -1 : 1));
        same('the batches', idsOf(hints), ['accepted', 'over', 'running', 'submitting']);
        const [one, over, running, submitting] = hints.map(withoutTimes);
        const hint = { ...load, expected, isOver: false };
        same('the hint of an accepted job', one, {
          ...{ ...hint, batchId: 'accepted', jobId: 'job_1', isPending: false },
        });
        same('the hint of a job that is over', over, {
          ...{ ...hint, batchId: 'over', jobId: 'job_1', isPending: false, isOver: true },
        });
        same('the hint of a job that is not accepted', running, {
          ...{ ...hint, batchId: 'running', model: undefined, jobId: 'job_1', isPending: true },
        });
        same('the hint of a submission', submitting, {
          ...{ ...hint, batchId: 'submitting', isPending: true },
        });
      });
      await first.replace(sampleBatch({ batchId: 'over', version: 1, status: 'completed' }));
      const rest = ['accepted', 'running', 'submitting'];
      await shows('what is active after an end', () => active(other), rest);
    },
  },
];

/** An implementation may tell more than a hint needs. */
function withoutTimes(hint: ActiveHint): ActiveHint {
  const { batchId, model, requests, estimatedTokens, expected, isPending, isOver, jobId } = hint;
  return {
    ...{ batchId, model, requests, estimatedTokens, expected, isPending },
    ...{ isOver: isOver === true, jobId },
  };
}
