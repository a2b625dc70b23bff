import { beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../shared/http/app.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { requestLine } from '../../support/world.ts';
import { type Api, startApi } from './api.ts';
import { ABSENT, batchBody, batchOf, form, type Ids, json, PROBES, type Probe } from './probes.ts';

/** Tenants by their keys, and those whose things they may not see. */
const TENANTS = ['key-red', 'key-blue', 'key-none'] as const;
const STRANGERS = TENANTS.flatMap((owner) =>
  TENANTS.filter((other) => other !== owner).map((stranger) => [owner, stranger] as const),
);

let api: Api;
let made: Readonly<Record<(typeof TENANTS)[number], Ids>>;
beforeEach(async () => {
  // Whoever waits for a worker has it work.
  api = startApi({ wait: () => api.workAll() });
  const all = await Promise.all(TENANTS.map(async (key) => [key, await make(key)] as const));
  made = Object.fromEntries(all) as typeof made;
  await api.start();
  for (const job of api.provider.jobs) api.provider.end(job, { kind: 'completed' }, () => SUCCESS);
  await api.sweep();
  await api.workAll();
  for (const event of api.invocations) await api.settle('Success', event);
});

async function make(as: (typeof TENANTS)[number]): Promise<Ids> {
  const tenant = as === 'key-none' ? {} : { tenant: as.slice('key-'.length) };
  const added = `added-${as}`;
  await api.add(added, ['a'], { endpoint: '/v1/embeddings', ...tenant });
  const { id: batch, input_file_id: file } = await api.addBatch(['a', 'b'], as);
  const upload = await answerOf(
    { what: 'POST /v1/uploads', init: json({ ...UPLOAD, bytes: TEXT.length }) },
    as,
  );
  const part = await answerOf(
    { what: `POST /v1/uploads/${upload.id}/parts`, init: form('data', TEXT) },
    as,
  );
  return { file, batch, added, upload: upload.id, part: part.id };
}

const UPLOAD = { filename: 'secret-name.jsonl', purpose: 'batch', mime_type: 'text/jsonl' };
const TEXT = `${requestLine('a')}\n`;

async function answerOf({ what, init }: Probe, as: string) {
  const response = await api.call(what, { ...init, as });
  const text = await response.text();
  expect({ what, status: response.status, text }).toMatchObject({ what, status: 200 });
  return JSON.parse(text);
}

/** An answer without what differs between any two, and with the names of ids instead of ids. */
async function seen(probe: Probe, as: string, ids: Ids) {
  const response = await api.call(probe.what, { ...probe.init, as });
  const { 'x-request-id': _, ...headers } = Object.fromEntries(response.headers);
  const named = Object.entries(ids).reduce(
    (text, [name, id]) => text.replaceAll(id, `<${name}>`),
    JSON.stringify({ headers, body: await response.text() }),
  );
  return { status: response.status, named };
}

/** Everything that a caller can read of what it has made. */
async function stateOf(as: (typeof TENANTS)[number]) {
  const ids = made[as];
  const reads = Object.entries(PROBES)
    .filter(([route]) => route.startsWith('GET '))
    .flatMap(([, probes]) => probes(ids))
    .concat({ what: 'GET /v1/files' }, { what: 'GET /v1/batches' });
  const uploads = await api.ports.items.get(`upload#${ids.upload}`);
  return { uploads, seen: await Promise.all(reads.map((probe) => seen(probe, as, ids))) };
}

it('every route has its case here', () => {
  const routes = createApp(api.ports).routes.filter(
    ({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'),
  );
  expect(routes.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
    Object.keys(PROBES).toSorted(),
  );
});

describe('what one tenant has made', () => {
  it('is answered to its own keys', async () => {
    const ids = made['key-red'];
    for (const probe of Object.values(PROBES).flatMap((probes) => probes(ids))) {
      // The rest is what cannot be done twice, or has no rows.
      if (/cancel$|^DELETE|file-errors|uploads/.test(probe.what)) continue;
      const { status } = await seen(probe, 'key-red', ids);
      expect([probe.what, status]).toEqual([probe.what, expect.toBeOneOf([200, 206])]);
    }
  });

  it.each(STRANGERS)(
    'if it is %s: nothing is learned or changed by %s, by any route',
    async (owner, stranger) => {
      // What is known of the owner's repeated requests is not known to another.
      for (const { what, init } of PROBES['POST /v1/batches']?.(made[owner]) ?? [])
        await answerOf({ what, ...(init && { init }) }, owner);
      await api.workAll();
      const before = await stateOf(owner);
      for (const probes of Object.values(PROBES)) {
        const absent = probes(ABSENT);
        for (const [index, probe] of probes(made[owner]).entries()) {
          const answer = await seen(probe, stranger, made[owner]);
          const control = await seen(absent[index] as Probe, stranger, ABSENT);
          expect([probe.what, answer]).toEqual([probe.what, control]);
          expect([probe.what, answer.status]).toEqual([probe.what, expect.toBeOneOf([400, 404])]);
        }
      }
      await api.workAll();
      expect(await stateOf(owner)).toEqual(before);
    },
  );
});

describe('a list', () => {
  it.each(TENANTS)('of %s has what it has made, and nothing else', async (key) => {
    const files = await answerOf({ what: 'GET /v1/files' }, key);
    expect(files.data.map(({ id }: { id: string }) => id)).toEqual([made[key].file]);
    const batches = await answerOf({ what: 'GET /v1/batches' }, key);
    expect(batches.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      [made[key].added, made[key].batch].toSorted(),
    );
  });

  it.each(['files', 'batches'])(
    'of %s has nothing of others on its further pages',
    async (list) => {
      const found: string[] = [];
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page = await answerOf({ what: `GET /v1/${list}?limit=1&after=${after}` }, 'key-red');
        for (const { id } of page.data) found.push(id);
        after = page.data.at(-1)?.id;
      }
      const { file, batch, added } = made['key-red'];
      expect(found.toSorted()).toEqual(list === 'files' ? [file] : [added, batch].toSorted());
    },
  );
});

describe('what is made', () => {
  it('belongs to the tenant of the key, whatever the request says', async () => {
    const init = form('file', TEXT, { purpose: 'batch' });
    const { id } = await answerOf({ what: 'POST /v1/files', init }, 'key-red');
    await answerOf({ what: `GET /v1/files/${id}` }, 'key-red');
    for (const key of ['key-blue', 'key-none'])
      expect((await api.call(`GET /v1/files/${id}`, { as: key })).status).toBe(404);
    const named = { ...batchBody(id), tenant: 'blue' };
    const answer = await api.call('POST /v1/batches', { ...json(named), as: 'key-red' });
    expect(answer.status).toBe(400);
  });

  it('is another batch for another tenant with the same Idempotency-Key', async () => {
    const create = (as: (typeof TENANTS)[number]) => {
      const init = batchOf(made[as].file, { 'idempotency-key': 'monday' });
      return answerOf({ what: 'POST /v1/batches', init }, as);
    };
    const all = await Promise.all(TENANTS.map(create));
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(await create('key-red')).toMatchObject({ id: all[0].id });
  });

  it('of parts of another upload is refused, as of parts that there are not', async () => {
    const complete = async (as: (typeof TENANTS)[number], part: string) => {
      const probe = {
        what: `POST /v1/uploads/${made[as].upload}/complete`,
        init: json({ part_ids: [part] }),
      };
      return seen(probe, as, { ...made[as], part });
    };
    const answer = await complete('key-blue', made['key-red'].part);
    expect(answer).toEqual(await complete('key-blue', ABSENT.part));
    expect(answer.status).toBe(400);
  });
});

describe('the operator', () => {
  it.each(TENANTS)('sees what %s has made', async (key) => {
    const { file, batch, added } = made[key];
    for (const what of [
      `GET /v1/files/${file}`,
      `GET /v1/files/file-output-${batch}`,
      `GET /v1/files/file-output-${added}/content`,
      `GET /v1/batches/${batch}`,
      `GET /v1/batches/${added}`,
    ])
      expect([what, (await api.call(what, { as: 'key-operator' })).status]).toEqual([what, 200]);
  });

  it('lists the batches of all, and makes what belongs to none', async () => {
    const batches = await answerOf({ what: 'GET /v1/batches' }, 'key-operator');
    const ids = TENANTS.flatMap((key) => [made[key].added, made[key].batch]);
    expect(batches.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(ids.toSorted());
    const init = form('file', TEXT, { purpose: 'batch' });
    const { id } = await answerOf({ what: 'POST /v1/files', init }, 'key-operator');
    await answerOf({ what: `GET /v1/files/${id}` }, 'key-none');
    expect((await api.call(`GET /v1/files/${id}`, { as: 'key-red' })).status).toBe(404);
  });
});
