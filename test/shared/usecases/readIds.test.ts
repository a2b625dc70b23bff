import { describe, expect, it } from 'vitest';
import { idsOfPart } from '../../../shared/batch/input.ts';
import type { BatchIn } from '../../../shared/batch/record.ts';
import { type IdSource, readIds } from '../../../shared/usecases/work/readIds.ts';
import { NOW } from '../../support/given.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b "quoted" \\', 'c\u00e9\u8a9e\ud83d\ude00', 'd\ne\u2028', 'x'.repeat(512)];

/** A world with a batch of these requests, which was inspected. */
async function inspected(jobRequests = 100): Promise<World> {
  const w = world();
  Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: jobRequests } });
  await w.add('b1', IDS);
  await w.workAll();
  return w;
}

/** The batch, or a part, as its record names it. */
function sourceOf(w: World, batchId = 'b1'): IdSource {
  const { input, part } = w.batch(batchId);
  if (!input) throw new Error('it was not inspected');
  return { ...input, range: part?.range };
}

async function idsOf(w: World, source: IdSource): Promise<readonly string[]> {
  const found: string[] = [];
  const batch = w.batch('b1');
  for await (const ids of readIds(w.dependencies, batch, source, NOW + 60_000)) found.push(...ids);
  return found;
}

const warnings = (w: World) => w.logged.filter((line) => line.startsWith('list of ids'));

describe('the ids of a batch', () => {
  it('are read from the list that its inspection has written, without its prompts', async () => {
    const w = await inspected();
    const source = sourceOf(w);
    const key = source.key.replace('input.jsonl', 'ids.jsonl');
    expect(source.ids).toEqual({ key, start: 0, end: w.bucket.content(key).length });
    w.bucket.objects.delete(source.key);
    expect(await idsOf(w, source)).toEqual(IDS);
  });

  it('are read from the snapshot if the record is of a version that wrote no list', async () => {
    const w = await inspected();
    const { ids, ...source } = sourceOf(w);
    w.bucket.objects.delete(ids?.key ?? '');
    expect(await idsOf(w, source)).toEqual(IDS);
    expect(warnings(w)).toEqual([]);
  });

  it.each([
    ['is missing', undefined],
    ['is cut short', (list: Buffer) => list.subarray(0, -520)],
    ['is cut off within an id', (list: Buffer) => list.subarray(0, -3)],
    ['is empty', () => Buffer.alloc(0)],
    ['has an id too few', (list: Buffer) => Buffer.concat([list.subarray(4), Buffer.from('"xx')])],
    ['has an id too many', (list: Buffer) => Buffer.from(`"a"\n${list.toString().slice(4)}`)],
    ['has a line that is no id', (list: Buffer) => Buffer.from(`123${list.toString().slice(3)}`)],
    ['has a line that is no JSON', (list: Buffer) => Buffer.from(`!!!${list.toString().slice(3)}`)],
  ])('are read from the snapshot if the list %s, and the log says so', async (what, damage) => {
    const w = await inspected();
    const source = sourceOf(w);
    const { key = '' } = source.ids ?? {};
    const list = w.bucket.content(key);
    w.bucket.objects.delete(key);
    const damaged = damage?.(list);
    if (damaged) w.bucket.objects.set(key, damaged);
    const requests = what === 'has an id too many' ? { requests: 4 } : {};
    expect(await idsOf(w, { ...source, ...requests })).toEqual(IDS);
    expect(warnings(w)).toHaveLength(1);
    expect(warnings(w)[0]).toContain(key);
    expect(warnings(w)[0]).not.toContain('quoted');
  });

  it('are read from the snapshot if the list is too large to be held', async () => {
    const w = await inspected();
    const source = sourceOf(w);
    const ids = { key: 'none', start: 0, end: 64 * 1024 * 1024 };
    expect(await idsOf(w, { ...source, ids })).toEqual(IDS);
  });
});

describe('the ids of a part', () => {
  it('are a range of the list of its batch', async () => {
    const w = await inspected(2);
    await w.sweep();
    await w.workAll();
    const sources = ['b1/1', 'b1/2', 'b1/3'].map((id) => sourceOf(w, id));
    for (const { key } of sources) w.bucket.objects.delete(key);
    const found = [];
    for (const source of sources) found.push(await idsOf(w, source));
    expect(found).toEqual([IDS.slice(0, 2), IDS.slice(2, 4), IDS.slice(4)]);
    expect(w.batch('b1/2').input).not.toHaveProperty('idBytes');
  });

  it('are found by its number before it exists, and not if a part before it has no place', async () => {
    const w = await inspected(2);
    const { input } = w.batch('b1') as BatchIn<'split'>;
    w.bucket.objects.delete(input.key);
    const { start, end } = input.parts[2] ?? { start: 0, end: 0 };
    const source = { ...{ key: input.key, requests: 1, range: { start, end } } };
    expect(await idsOf(w, { ...source, ids: idsOfPart(input, 3) })).toEqual(IDS.slice(4));
    const [first, ...others] = input.parts;
    if (!first) throw new Error('it was not split');
    const { idBytes, ...older } = first;
    expect(idsOfPart({ ...input, parts: [older, ...others] }, 3)).toBeUndefined();
  });

  it('that is split again are ranges of that range', async () => {
    const w = await inspected(3);
    await w.sweep();
    const queued = w.batches.all().find(({ batchId }) => batchId === 'b1/1');
    const claimed = { status: 'submitting', splitTo: { requests: 1 }, dueAt: NOW } as const;
    w.batches.put({ ...(queued as BatchIn<'queued'>), ...claimed });
    w.workQueue.length = 0;
    w.workQueue.push({ schemaVersion: 1, action: 'submit', batchId: 'b1/1' });
    await w.workAll();
    expect(w.batch('b1/1').status).toBe('split');
    await w.sweep();
    await w.workAll();
    const source = sourceOf(w, 'b1/1/2');
    w.bucket.objects.delete(source.key);
    expect(await idsOf(w, source)).toEqual([IDS[1]]);
  });
});

it('a refused input leaves no list', async () => {
  const w = world();
  await w.add('b1', ['a', 'a']);
  await w.workAll();
  expect(w.batch('b1').status).toBe('failed');
  expect([...w.bucket.objects.keys()].filter((key) => key.endsWith('ids.jsonl'))).toEqual([]);
});
