import { edit, type Mutation } from './mutation.ts';
import { ALL_GUARDS, type Guards } from './schedule.ts';

const COLLECTOR = 'shared/collector';
const COLLECTING: Guards = { ...ALL_GUARDS, collecting: true };

/** Guards of the collector of single requests. */
export const COLLECTOR_MUTATIONS: readonly Mutation[] = [
  {
    name: 'collector: a message stays until its chunk is named',
    edits: [edit(`${COLLECTOR}/gather.ts`, 'for (const id of messageIds) failed.add(id);', '')],
  },
  {
    name: 'collector: the conditional write of the lane',
    guards: { ...COLLECTING, laneVersion: false },
  },
  {
    name: 'collector: a chunk that comes again is known',
    edits: [edit(`${COLLECTOR}/storeRequests.ts`, 'if (hasChunk(found, token)) return found;', '')],
  },
  {
    name: 'collector: the claim of the place',
    edits: [
      edit(
        `${COLLECTOR}/join.ts`,
        'await collector.requests.claim({ provider, customId }, wanted, clock.now())',
        'wanted',
      ),
    ],
  },
  {
    name: 'collector: the position in the claim',
    edits: [edit(`${COLLECTOR}/join.ts`, '&& stands.position === wanted.position', '')],
  },
  {
    name: 'collector: another content is put aside',
    edits: [
      edit(`${COLLECTOR}/join.ts`, 'if (stands.digest === digest) return false;', 'return false;'),
    ],
  },
  {
    name: 'collector: a window stays until its batch exists',
    edits: [edit(`${COLLECTOR}/seal.ts`, "if (batch === 'own')", 'if (true)')],
  },
  {
    name: 'collector: a window is sent to be joined again',
    edits: [
      edit(
        'shared/collector/lane.ts',
        'dueAt: now + maxBackoffMs(policy.resendBackoff, sends)',
        'dueAt: Number.MAX_SAFE_INTEGER',
      ),
    ],
  },
  {
    name: 'collector: numbers of windows never come again',
    edits: [
      edit('shared/collector/lane.ts', 'next: Math.max(lane.next, open.number + 1)', 'next: 1'),
    ],
  },
].map((mutation) => ({ guards: COLLECTING, ...mutation }));
