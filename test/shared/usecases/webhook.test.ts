import { beforeEach, expect, it } from 'vitest';
import { WebhookRefusedError } from '../../../shared/batch/errors.ts';
import type { Webhooks } from '../../../shared/batch/webhook.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { receiveWebhook } from '../../../shared/usecases/webhook.ts';
import { type World, world } from '../../support/world.ts';
import { noteChecks, putRunning } from './sweep/running.ts';

const REQUEST = { query: {}, headers: {}, body: 'text of the body' };

let w: World;
let webhooks: Webhooks;
let registered: string[];
let asked: string[];

beforeEach(() => {
  w = world();
  putRunning(w, 1);
  asked = noteChecks(w);
  registered = [];
  webhooks = {
    secretOf: async (entry) => (entry === 'openai' ? 'secret' : undefined),
    verify: async () => ({ id: 'wh_1', job: { jobId: 'job_0' } }),
    async register(entry, id) {
      const isNew = !registered.includes(`${entry} ${id}`);
      if (isNew) registered.push(`${entry} ${id}`);
      return isNew;
    },
  };
});

const receive = (entry = 'openai') =>
  receiveWebhook({ ...w.dependencies, webhooks }, { entry, ...REQUEST });

it('has a job checked once, however often the webhook comes', async () => {
  expect(await receive()).toBe('accepted');
  expect(await receive()).toBe('accepted');

  expect(asked).toEqual(['b0']);
});

it.each(['invalidSignature', 'unreadable'] as const)(
  'does nothing for a webhook that is refused: %s',
  async (why) => {
    webhooks.verify = async () => {
      throw new WebhookRefusedError(why, 'why');
    };

    expect(await receive()).toBe(why);

    expect([asked, registered]).toEqual([[], []]);
    expect(w.metrics.get(METRICS.webhooksRefused)).toBe(1);
    expect(w.logged.join()).not.toContain(REQUEST.body);
  },
);

it('does nothing for a webhook about anything but the end of a job', async () => {
  webhooks.verify = async () => ({ id: 'wh_1', job: undefined });

  expect(await receive()).toBe('accepted');
  expect([asked, registered]).toEqual([[], []]);
});

it.each([
  ['an entry that takes none', 'other', 'unknownEntry'],
  ['an entry whose secret is not filled in', 'openai', 'secretMissing'],
] as const)('verifies nothing for %s', async (_what, entry, expected) => {
  if (expected === 'secretMissing') webhooks.secretOf = async () => '';
  webhooks.verify = async () => {
    throw new Error('it was verified');
  };

  expect(await receive(entry)).toBe(expected);
});

it('accepts a webhook whose job cannot be checked now, since the sweep checks it', async () => {
  w.batches.listActive = async () => {
    throw new Error('throttled');
  };

  expect(await receive()).toBe('accepted');
  expect(w.logged.join()).toContain('early job check failed; the next sweep will check it');
});

it('has a webhook repeated that could not be registered', async () => {
  webhooks.register = async () => {
    throw new Error('throttled');
  };

  await expect(receive()).rejects.toThrow('throttled');
  expect(asked).toEqual([]);
});
