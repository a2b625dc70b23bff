import type { WebhookRegister } from '../shared/batch/webhook.ts';
import type { EffectRecord } from '../shared/stores/onceRecords.ts';
import { NOW } from './batches.ts';
import { ODD_TEXTS } from './batchValues.ts';
import {
  type ContractCase,
  contractOf,
  type Duty,
  type Given,
  type Subject,
  same,
  thrownBy,
} from './contract.ts';

/** The contract of the record of webhooks that have arrived. */
export function webhookRegisterContract(subject: Subject<WebhookRegister>): ContractCase[] {
  return contractOf('WebhookRegister', subject, registerDuties, lostRegisterDuties);
}

/** The contract of the record of one delivery's effect, by which a processor runs once. */
export function effectRecordContract(subject: Subject<EffectRecord>): ContractCase[] {
  return contractOf('EffectRecord', subject, effectDuties, lostEffectDuties);
}

const registerDuties: readonly Duty<Given<WebhookRegister>>[] = [
  {
    method: 'register',
    does: 'tells one of many arrivals at once that the webhook is new',
    async check({ first, other }) {
      const arrivals = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? first : other).register('openai', 'wh_1', NOW),
      );
      const isNew = await Promise.all(arrivals);
      same('the number of new ones', isNew.filter(Boolean).length, 1);
      const later = await other.register('openai', 'wh_1', NOW + 3 * 24 * 60 * 60 * 1000);
      same('an arrival after three days', later, false);
    },
  },
  {
    method: 'register',
    does: 'tells webhooks apart by entry and id, by every character',
    async check({ first, other }) {
      const names: readonly [string, string][] = [
        ...Object.values(ODD_TEXTS).map((text): [string, string] => ['openai', `id ${text}`]),
        ...(
          [
            ['openai', 'a'],
            ['openai', 'A'],
            ['azure', 'a'],
            ['open', 'ai'],
          ] as const
        ).map(([entry, id]): [string, string] => [entry, id]),
      ];
      for (const isNew of [true, false])
        for (const [entry, id] of names)
          same(`${entry} ${id}`, await (isNew ? first : other).register(entry, id, NOW), isNew);
    },
  },
];

const lostRegisterDuties: readonly Duty<
  Given<WebhookRegister> & { readonly losing: WebhookRegister }
>[] = [
  {
    method: 'register',
    does: 'tells that a webhook is new if its reply was lost',
    async check({ losing, other }) {
      same('the first arrival', await losing.register('openai', 'wh_1', NOW), true);
      same('a second arrival', await other.register('openai', 'wh_1', NOW), false);
      same('a third arrival', await losing.register('openai', 'wh_1', NOW), false);
    },
  },
];

const LEASE = NOW + 1_000;

const effectDuties: readonly Duty<Given<EffectRecord>>[] = [
  {
    method: 'claim',
    does: 'gives the effect to one of many invocations at once',
    async check({ first, other }) {
      same('the record before', await first.read(), undefined);
      const claims = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? first : other).claim(`t${index}`, NOW, LEASE),
      );
      const isClaimed = await Promise.all(claims);
      same('the number of claims that hold', isClaimed.filter(Boolean).length, 1);
      same('the record', await other.read(), { leaseUntil: LEASE });
    },
  },
  {
    method: 'claim',
    does: 'gives it to the next invocation when the lease is over, and not before',
    async check({ first, other }) {
      await first.claim('a', NOW, LEASE);
      same('before', await other.claim('b', LEASE - 1, LEASE + 1_000), false);
      same('at its end', await other.claim('b', LEASE, LEASE + 1_000), true);
      await thrownBy('finish of the first', () => first.finish('a', LEASE), Error);
      await thrownBy('release of the first', () => first.release('a'), Error);
      same('the record', await first.read(), { leaseUntil: LEASE + 1_000 });
    },
  },
  {
    method: 'claim',
    does: 'gives an expired lease to one of many invocations at once',
    async check({ first, other }) {
      await first.claim('dead', NOW, LEASE);
      const claims = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? first : other).claim(`t${index}`, LEASE, LEASE + 1_000),
      );
      same('the number of claims', (await Promise.all(claims)).filter(Boolean).length, 1);
    },
  },
  {
    method: 'finish',
    does: 'records the effect for good: no later invocation gets it',
    async check({ first, other }) {
      await first.claim('a', NOW, LEASE);
      await first.finish('a', NOW + 1);
      same('the record', await other.read(), 'done');
      const later = NOW + 80 * 24 * 60 * 60 * 1000;
      same('a claim after 80 days', await other.claim('b', later, later + 1_000), false);
    },
  },
  {
    method: 'release',
    does: 'frees the effect at once',
    async check({ first, other }) {
      await first.claim('a', NOW, LEASE);
      await first.release('a');
      same('the record', await other.read(), undefined);
      same('the next claim', await other.claim('b', NOW + 1, LEASE), true);
    },
  },
];

const lostEffectDuties: readonly Duty<Given<EffectRecord> & { readonly losing: EffectRecord }>[] = [
  {
    method: 'claim',
    does: 'holds if its reply was lost; so do finish and release',
    async check({ losing, other }) {
      same('the claim', await losing.claim('a', NOW, LEASE), true);
      same('another claim', await losing.claim('b', NOW, LEASE), false);
      await losing.release('a');
      same('the record after the release', await other.read(), undefined);
      same('the next claim', await losing.claim('b', NOW, LEASE), true);
      same('a claim after its lease', await losing.claim('c', LEASE, LEASE + 1_000), true);
      await losing.finish('c', LEASE);
      same('the record after the finish', await other.read(), 'done');
    },
  },
];
