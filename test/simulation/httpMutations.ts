import { edit, type Mutation } from './mutation.ts';
import { ALL_GUARDS, type Guards } from './schedule.ts';

const HTTP = 'shared/http';
const OVER_HTTP: Guards = { ...ALL_GUARDS, overHttp: true };

/** Guards of batches that are created, and files that are uploaded, over HTTP. */
export const HTTP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'HTTP: the batch id of an Idempotency-Key',
    edits: [edit(`${HTTP}/createBatch.ts`, 'if (key) return', 'if (false) return')],
  },
  {
    name: 'HTTP: a repeat gives the batch of the first try',
    edits: [
      edit('shared/stores/repeatRecords.ts', 'if (isRepeat && isKnown)', 'if (false && isKnown)'),
    ],
  },
  {
    name: 'HTTP: a first try is noted before its batch',
    edits: [
      edit(
        'shared/stores/repeatRecords.ts',
        'if (await putIf(table, item, condition)) return batchId;',
        'void putIf(table, item, condition).catch(() => {}); return batchId;',
      ),
    ],
  },
  {
    name: 'HTTP: requests with different bodies are told apart',
    edits: [edit(`${HTTP}/createBatch.ts`, 'hashOf(tenant, keyId, text)', 'hashOf(tenant, keyId)')],
  },
  {
    name: 'HTTP: a cancel is in the record before it is answered',
    edits: [
      edit(`${HTTP}/batches.ts`, 'await command(ports,', 'void command(ports,'),
      edit(`${HTTP}/batches.ts`, 'if (after.cancelRequested) return after;', 'return after;'),
    ],
  },
  {
    name: 'HTTP: a file that has expired is not served',
    edits: [edit(`${HTTP}/findFile.ts`, 'file.expiresAt > clock.now()', 'true')],
  },
  {
    name: 'HTTP: a file that a batch has still to copy is not deleted',
    edits: [edit(`${HTTP}/deleteFile.ts`, 'if (waiting !== undefined) throw', 'if (false) throw')],
  },
  {
    name: 'uploads: the size of all parts',
    edits: [
      edit(
        'shared/usecases/work/assemble.ts',
        'if (total === bytes) return parts;',
        'return parts;',
      ),
    ],
  },
  {
    name: 'uploads: the order of the parts',
    edits: [
      edit(
        'shared/usecases/work/assemble.ts',
        '    completion.partIds,',
        '    [...completion.partIds].sort(),',
      ),
    ],
  },
].map((mutation) => ({ guards: OVER_HTTP, ...mutation }));
