import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiError } from '../../../shared/http/apiError.ts';
import { authenticateBy, REMEMBERED_MS } from '../../../shared/http/authenticate.ts';
import { hashOf, makeKey } from '../../../shared/http/keys.ts';
import {
  apiKeyStore,
  keyUses,
  type NewApiKey,
  NOTED_EVERY_MS,
} from '../../../shared/stores/apiKeys.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { systemChance } from '../../../shared/system.ts';
import { freshTable } from '../../support/freshTable.ts';

/** The start of a minute. */
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const fresh = freshTable();
let now: number;
let reads: string[];
let logged: string[];
let items: ItemTable;
beforeEach(() => {
  [now, reads, logged] = [NOW, [], []];
  items = {
    ...fresh.table,
    get: (id) => {
      reads.push(id);
      return fresh.table.get(id);
    },
  };
});

const log = (message: string, fields?: object) => {
  logged.push(`${message} ${JSON.stringify(fields)}`);
};

function authenticator(options: { operatorKey?: string; items?: ItemTable } = {}) {
  const logs = { info: log, warn: log, error: log };
  return authenticateBy({ items, clock: { now: () => now }, log: logs, ...options });
}

async function created(attributes: Partial<NewApiKey> = {}) {
  const { keyId, key } = makeKey(systemChance);
  const sha256 = hashOf(key);
  await apiKeyStore(fresh.table).create({
    keyId,
    sha256,
    name: 'n',
    createdAt: NOW,
    ...attributes,
  });
  return { keyId, key, authorization: `Bearer ${key}` };
}

async function refusalOf(answer: Promise<unknown>) {
  const error = await answer.then(
    () => expect.fail('it was accepted'),
    (thrown: ApiError) => thrown,
  );
  const { status, message, type, code, param, headers } = error;
  return { status, message, type, code, param, headers };
}

describe('a request with a key', () => {
  it('is that of the tenant and the providers of the key', async () => {
    const { keyId, authorization } = await created({ tenant: 'search', providers: ['openai'] });
    expect(await authenticator()(authorization)).toEqual({
      ...{ keyId, tenant: 'search', providers: ['openai'], isOperator: false },
    });
    const other = await created();
    expect(await authenticator()(other.authorization)).toEqual({
      ...{ keyId: other.keyId, isOperator: false },
    });
  });

  it('costs one read of the key in 30 seconds, however many come together', async () => {
    const { keyId, authorization } = await created();
    const authenticate = authenticator();
    await Promise.all([authorization, authorization, authorization].map(authenticate));
    now += REMEMBERED_MS - 1;
    await authenticate(authorization);
    expect(reads.filter((id) => id === `key#${keyId}`)).toHaveLength(1);
    now += 1;
    await authenticate(authorization);
    expect(reads.filter((id) => id === `key#${keyId}`)).toHaveLength(2);
  });

  it('is that of the operator if it has the key of a server on the loopback', async () => {
    const authenticate = authenticator({ operatorKey: 'my own' });
    await expect(authenticate('Bearer my own')).rejects.toMatchObject({ status: 401 });
    const other = authenticator({ operatorKey: 'mine' });
    expect(await other('bearer mine')).toEqual({ keyId: 'operator', isOperator: true });
    expect(await refusalOf(authenticator({ operatorKey: '' })('Bearer '))).toMatchObject({
      status: 401,
    });
  });
});

describe('a key that is not accepted', () => {
  it('gets one answer, whatever is wrong with it', async () => {
    const revoked = await created();
    await apiKeyStore(fresh.table).revoke(revoked.keyId, NOW);
    const expired = await created({ expiresAt: NOW });
    const right = await created();
    const wrong = makeKey(systemChance);
    await created({ keyId: wrong.keyId });
    const presented = [
      undefined,
      '',
      'Bearer',
      'Bearer x',
      `Basic ${right.key}`,
      right.key,
      `Bearer ${right.key}x`,
      `Bearer ${right.key} ${right.key}`,
      `Bearer ${makeKey(systemChance).key}`,
      `Bearer ${wrong.key}`,
      revoked.authorization,
      expired.authorization,
    ];
    const authenticate = authenticator();
    const refusals = await Promise.all(presented.map((each) => refusalOf(authenticate(each))));
    expect(new Set(refusals.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(refusals[0]).toMatchObject({
      ...{ status: 401, type: 'invalid_request_error', code: 'invalid_api_key', param: null },
      headers: { 'www-authenticate': 'Bearer' },
    });
  });

  it('is not read if it is malformed, and is read once if it is unknown', async () => {
    const authenticate = authenticator();
    const { key } = makeKey(systemChance);
    await refusalOf(authenticate(`Bearer ${key.slice(0, -1)}-`));
    expect(reads).toEqual([]);
    for (let tries = 0; tries < 3; tries++) await refusalOf(authenticate(`Bearer ${key}`));
    expect(reads).toHaveLength(1);
  });

  it('may have been remembered for 30 seconds after it was revoked', async () => {
    const { keyId, authorization } = await created();
    const authenticate = authenticator();
    await authenticate(authorization);
    await apiKeyStore(fresh.table).revoke(keyId, NOW);
    now += REMEMBERED_MS - 1;
    await authenticate(authorization);
    now += 1;
    expect(await refusalOf(authenticate(authorization))).toMatchObject({ status: 401 });
  });

  it('is refused from the instant at which it expires, also while it is remembered', async () => {
    const { authorization } = await created({ expiresAt: NOW + 5 });
    const authenticate = authenticator();
    await authenticate(authorization);
    now += 5;
    expect(await refusalOf(authenticate(authorization))).toMatchObject({ status: 401 });
  });

  it('is read in bounded memory: of more than a thousand, the longest unused is forgotten', async () => {
    const absent: ItemTable = {
      ...items,
      get: async (id) => {
        reads.push(id);
        return undefined;
      },
    };
    const authenticate = authenticator({ items: absent });
    const keys = Array.from({ length: 1000 }, () => `Bearer ${makeKey(systemChance).key}`);
    for (const key of keys) await refusalOf(authenticate(key));
    const [first, second] = keys;
    await refusalOf(authenticate(first));
    expect(reads).toHaveLength(1000);
    await refusalOf(authenticate(`Bearer ${makeKey(systemChance).key}`));
    await refusalOf(authenticate(first));
    expect(reads).toHaveLength(1001);
    await refusalOf(authenticate(second));
    expect(reads).toHaveLength(1002);
  });

  it('is tried again if it could not be read', async () => {
    const { keyId, authorization } = await created();
    let isBroken = true;
    const authenticate = authenticator({
      items: {
        ...items,
        get: (id) => (isBroken ? Promise.reject(new Error('no table')) : items.get(id)),
      },
    });
    await expect(authenticate(authorization)).rejects.toThrow('no table');
    isBroken = false;
    expect(await authenticate(authorization)).toMatchObject({ keyId });
  });
});

describe('requests per minute', () => {
  it('above the limit of the key are refused until the next minute', async () => {
    const { authorization } = await created({ requestsPerMinute: 2 });
    const authenticate = authenticator();
    now = NOW + 40_500;
    await authenticate(authorization);
    await authenticate(authorization);
    expect(await refusalOf(authenticate(authorization))).toEqual({
      status: 429,
      message: 'the key has used its 2 requests of this minute: try again in 20 s',
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      param: null,
      headers: { 'retry-after': '20' },
    });
    now = NOW + MINUTE;
    await authenticate(authorization);
  });

  it('above the limit are logged once a minute for each key, also while it is read anew', async () => {
    const first = await created({ requestsPerMinute: 1 });
    const second = await created({ requestsPerMinute: 1 });
    const authenticate = authenticator();
    const refuse = async ({ authorization }: typeof first, times: number) => {
      for (let time = 0; time < times; time++) await refusalOf(authenticate(authorization));
    };
    const line = ({ keyId }: typeof first) =>
      `requests of a key are refused for this minute {"keyId":"${keyId}","requestsPerMinute":1}`;
    await Promise.all([first, second].map(({ authorization }) => authenticate(authorization)));
    await refuse(first, 3);
    await refuse(second, 1);
    now += REMEMBERED_MS;
    await refuse(first, 2);
    expect(logged).toEqual([line(first), line(second)]);
    now = NOW + MINUTE;
    await authenticate(first.authorization);
    await refuse(first, 2);
    expect(logged).toEqual([line(first), line(second), line(first)]);
  });

  it('are counted together by all who serve the API, exactly', async () => {
    const { authorization } = await created({ requestsPerMinute: 5 });
    const all = [authenticator(), authenticator()].flatMap((authenticate) =>
      Array.from({ length: 4 }, () => authenticate(authorization)),
    );
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('that cannot be counted are refused, in the end', async () => {
    const { keyId, authorization } = await created({ requestsPerMinute: 100 });
    let tries = 0;
    const authenticate = authenticator({
      items: {
        ...items,
        // Another request is always faster.
        put: async (item, condition) => {
          tries += 1;
          await keyUses(fresh.table).count(keyId, 100, now);
          return fresh.table.put(item, condition);
        },
      },
    });
    expect(await refusalOf(authenticate(authorization))).toMatchObject({ status: 429 });
    expect(tries).toBe(10);
  });

  it('count once if the reply to the count was lost', async () => {
    const { keyId, authorization } = await created({ requestsPerMinute: 2 });
    const authenticate = authenticator({
      items: {
        ...items,
        put: async (...given) => fresh.table.put(...given).then(() => fresh.table.put(...given)),
      },
    });
    await authenticate(authorization);
    await authenticate(authorization);
    expect(await refusalOf(authenticate(authorization))).toMatchObject({ status: 429 });
    expect(await keyUses(fresh.table).lastUsedAt(keyId)).toBe(NOW);
  });
});

describe('the last use of a key', () => {
  it('is written once an hour, by all who serve the API', async () => {
    const { keyId, authorization } = await created();
    const { lastUsedAt } = keyUses(fresh.table);
    expect(await lastUsedAt(keyId)).toBeUndefined();
    await authenticator()(authorization);
    expect(await lastUsedAt(keyId)).toBe(NOW);
    now += NOTED_EVERY_MS - 1;
    await authenticator()(authorization);
    expect(await lastUsedAt(keyId)).toBe(NOW);
    now += 1;
    await authenticator()(authorization);
    expect(await lastUsedAt(keyId)).toBe(now);
  });

  it('is forgotten after 400 days', async () => {
    const { keyId, authorization } = await created();
    await authenticator()(authorization);
    const item = await fresh.table.get(`keyUse#${keyId}`);
    expect(Number(item?.expiresAt) * 1000 - NOW).toBe(400 * 24 * 60 * MINUTE);
  });

  it('is never a reason to fail', async () => {
    const { keyId, authorization } = await created();
    const put = () => Promise.reject(new Error('no table'));
    const authenticate = authenticator({ items: { ...items, put } });
    expect(await authenticate(authorization)).toMatchObject({ keyId });
    expect(logged).toEqual([
      `the use of a key was not noted {"keyId":"${keyId}","error":"no table"}`,
    ]);
  });
});
