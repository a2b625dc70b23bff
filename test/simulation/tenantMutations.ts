import { edit, type Mutation } from './mutation.ts';
import { ALL_GUARDS } from './schedule.ts';

const QUEUES = 'shared/stores/tenantQueues.ts';

/** Guards of the tenants: of their queues, and of what they share. */
export const TENANT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a queue is listed before a batch enters it',
    guards: { ...ALL_GUARDS, tenants: true },
    edits: [
      edit(
        QUEUES,
        'await ensureListed({ provider, tenant });\n      const result = await write();',
        'const result = await write();\n      await ensureListed({ provider, tenant });',
      ),
    ],
  },
  {
    name: 'a queue stays listed for an hour',
    guards: { ...ALL_GUARDS, tenants: true },
    edits: [edit(QUEUES, 'KEPT_FOR_MS = 60 * 60_000', 'KEPT_FOR_MS = 0')],
  },
  {
    name: 'a queue is listed again after ten minutes',
    guards: { ...ALL_GUARDS, tenants: true },
    edits: [edit(QUEUES, 'LISTED_FOR_MS = 10 * 60_000', 'LISTED_FOR_MS = 10 * 3_600_000')],
  },
  {
    name: 'who is ahead is known to the next sweep',
    edits: [
      edit('shared/usecases/sweep/capacity.ts', 'new FairShare(state.shares)', 'new FairShare()'),
    ],
  },
  {
    name: 'higher priorities come first',
    edits: [
      edit(
        'shared/quota/fairShare.ts',
        '[...priorities].sort((a, b) => b - a)',
        '[...priorities].sort((a, b) => a - b)',
      ),
    ],
  },
  {
    name: 'the turn of the tenants',
    edits: [
      edit(
        'shared/quota/fairShare.ts',
        'this.#grantedTo(batch.tenant) - this.#grantedTo(next.tenant) ||',
        '',
      ),
    ],
  },
  {
    name: 'the budget of a tenant',
    edits: [
      edit(
        'shared/quota/budget.ts',
        'if (this.#tenants.waitOf(batch, cost, now) !== undefined) return false;',
        '',
      ),
    ],
  },
  {
    name: 'running jobs count towards the budget of a tenant',
    edits: [
      edit('shared/usecases/sweep/capacity.ts', '(await this.#committed).get(tenant) ?? 0', '0'),
    ],
  },
];
