import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { writeDescription } from '../../inProcess/directory.ts';
import { type SqliteTable, sqliteTable } from '../../inProcess/sqliteTable.ts';
import { authenticateBy } from '../../shared/http/authenticate.ts';
import { PACKAGE_VERSION } from '../../shared/package.ts';
import { tenantStore } from '../../shared/stores/tenants.ts';
import { cliRun } from '../support/cliRun.ts';

const DAY = 24 * 60 * 60_000;
const start = Date.parse('2027-03-01T12:00:00Z');

let now: number;
let directory: string;
let items: SqliteTable;
let close: () => void;
beforeEach(() => {
  now = start;
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
  const settings = { providers: { openai: { kind: 'openai' }, claude: {} }, policy: {} };
  writeDescription(directory, { version: PACKAGE_VERSION, settings, limits: {} });
  const database = openDatabase(directory);
  items = sqliteTable(database);
  close = () => database.close();
});
afterEach(() => {
  close();
  rmSync(directory, { recursive: true });
});

const keys = (...args: readonly string[]) =>
  cliRun(['keys', ...args, '--directory', directory], { now: () => now });
const objects = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

function callerOf(key: string) {
  const log = () => {};
  const logs = { info: log, warn: log, error: log };
  const authenticate = authenticateBy({ items, clock: { now: () => now }, log: logs });
  return authenticate(`Bearer ${key.trim()}`);
}

describe('keys create', () => {
  it('writes the key alone to stdout, and it works', async () => {
    const created = await keys('create', '--name', 'nightly eval');
    expect(created.code).toBe(0);
    expect(created.stdout).toMatch(/^bhk_\w+\n$/);
    const { keyId } = await callerOf(created.stdout);
    expect(created.stderr).toBe(
      `created key ${keyId} of no tenant; it is not shown again. To revoke it: batch-handler keys revoke ${keyId} --directory ${directory}\n`,
    );
  });

  it('gives a key its tenant with a budget, its providers, its limit and its end', async () => {
    const created = await keys(
      ...['create', '--name', 'search', '--tenant', 'search', '--daily-budget', '50'],
      ...['--providers', 'openai, claude', '--requests-per-minute', '600', '--expires', '90d'],
      '--json',
    );
    const [{ key, ...info }] = objects(created.stdout);
    expect(info).toEqual({
      ...{ keyId: key.slice(4, 14), name: 'search', state: 'active', tenant: 'search' },
      ...{ providers: ['openai', 'claude'], requestsPerMinute: 600 },
      createdAt: '2027-03-01T12:00:00.000Z',
      expiresAt: '2027-05-30T12:00:00.000Z',
    });
    expect(created.stderr).toContain('of tenant search with $50.00 a day;');
    expect(await tenantStore(items).get('search')).toMatchObject({ dailyBudget: 50 });
    expect(await callerOf(key)).toMatchObject({
      tenant: 'search',
      providers: ['openai', 'claude'],
    });
    now += 90 * DAY;
    await expect(callerOf(key)).rejects.toMatchObject({ status: 401 });
  });

  it('leaves the budget of the tenant as it is, unless it names one', async () => {
    await keys('create', '--name', 'a', '--tenant', 't', '--daily-budget', '5');
    await keys('create', '--name', 'b', '--tenant', 't');
    expect(await tenantStore(items).get('t')).toMatchObject({ dailyBudget: 5 });
    await keys('create', '--name', 'c', '--tenant', 't', '--daily-budget', '0.5');
    expect(await tenantStore(items).get('t')).toMatchObject({ dailyBudget: 0.5 });
  });

  it.each([
    [[], /required option '--name <name>' not specified/],
    [['--name', ' '], /the name of a key has 1 to 100 characters/],
    [['--name', 'n', '--tenant', 'a b'], /"a b" is no tenant: use 1 to 64 of A-Z a-z 0-9/],
    [['--name', 'n', '--tenant', 'a#b'], /"a#b" is no tenant/],
    [['--name', 'n', '--daily-budget', '5'], /--daily-budget needs --tenant/],
    [['--name', 'n', '--tenant', 't', '--daily-budget', '0'], /a number greater than 0/],
    [
      ['--name', 'n', '--providers', 'openai,gemini,x'],
      /there is no provider gemini, x: use some of openai, claude/,
    ],
    [['--name', 'n', '--requests-per-minute', '1.5'], /a whole number greater than 0/],
    [['--name', 'n', '--expires', '2027-02-28'], /which is over: name a later time/],
    [['--name', 'n', '--expires', 'soon'], /a time such as/],
  ])('refuses %j and stores nothing', async (options, line) => {
    const { code, stdout, stderr } = await keys('create', ...options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect((await keys('list', '--json')).stdout).toBe('');
    expect(await tenantStore(items).get('t')).not.toHaveProperty('dailyBudget');
  });
});

describe('keys list', () => {
  it('shows the newest first, and never a key or its hash', async () => {
    const older = await keys('create', '--name', 'older', '--expires', '1h');
    now += 1000;
    const newer = await keys('create', '--name', 'newer', '--tenant', 't', '--providers', 'openai');
    await callerOf(newer.stdout);
    now += DAY;
    const listed = await keys('list');
    expect(listed.stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'KEY ID      NAME   STATE    TENANT  PROVIDERS  PER MINUTE  CREATED  EXPIRES  LAST USED',
      expect.stringMatching(/^\w{10} {2}newer {2}active {3}t {7}openai +24h ago +24h ago$/),
      expect.stringMatching(/^\w{10} {2}older {2}expired +all +24h ago {2}23h ago {2}unused$/),
      '',
    ]);
    const json = await keys('list', '--json');
    expect(objects(json.stdout)).toMatchObject([
      { name: 'newer', state: 'active', lastUsedAt: '2027-03-01T12:00:01.000Z' },
      { name: 'older', state: 'expired' },
    ]);
    for (const { stdout: key } of [older, newer]) {
      expect(listed.stdout + json.stdout).not.toContain(key.trim().slice(-38));
      expect(json.stdout).not.toContain('sha256');
    }
  });
});

describe('a key that nothing accepts any more', () => {
  it('is listed for 90 days after its end, which is the earlier of two', async () => {
    const kept = async (name: string) => {
      items.removeExpired(now);
      const { stdout } = await keys('list', '--json');
      return objects(stdout).some((key) => key.name === name);
    };
    await keys('create', '--name', 'stays');
    await keys('create', '--name', 'expires', '--expires', '1d');
    const revoked = await keys('create', '--name', 'revoked', '--expires', '90d');
    await keys('revoke', revoked.stdout.trim());
    now += 90 * DAY - 1;
    expect([await kept('expires'), await kept('revoked')]).toEqual([true, true]);
    now += 1;
    expect([await kept('expires'), await kept('revoked')]).toEqual([true, false]);
    now += DAY;
    expect([await kept('expires'), await kept('stays')]).toEqual([false, true]);
  });
});

describe('keys revoke', () => {
  it('ends a key by its id for good, and can be repeated', async () => {
    const { stdout: key } = await keys('create', '--name', 'n');
    const keyId = key.slice(4, 14);
    const revoked = await keys('revoke', keyId);
    expect(revoked.stdout).toBe(`key ${keyId} is revoked: within 30 seconds, nothing accepts it\n`);
    await expect(callerOf(key)).rejects.toMatchObject({ status: 401 });
    now += 1000;
    const [again] = objects((await keys('revoke', keyId, '--json')).stdout);
    expect(again).toMatchObject({ state: 'revoked', revokedAt: '2027-03-01T12:00:00.000Z' });
  });

  it('takes a whole key that was found somewhere, and does not repeat it', async () => {
    const { stdout: key } = await keys('create', '--name', 'n');
    const { code, stdout, stderr } = await keys('revoke', key.trim());
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(key.trim());
    await expect(callerOf(key)).rejects.toMatchObject({ status: 401 });
  });

  it('of a key that does not exist says where the keys are listed', async () => {
    expect(await keys('revoke', 'k3v9x0q2ab')).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `there is no key k3v9x0q2ab: see batch-handler keys list --directory ${directory}\n`,
    });
  });
});
