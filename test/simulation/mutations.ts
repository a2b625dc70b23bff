import { COLLECTOR_MUTATIONS } from './collectorMutations.ts';
import { HTTP_MUTATIONS } from './httpMutations.ts';
import { edit, type Mutation } from './mutation.ts';
import { PROVIDER_MUTATIONS } from './providerMutations.ts';
import { ALL_GUARDS } from './schedule.ts';
import { SHARD_MUTATIONS } from './shardMutations.ts';
import { TENANT_MUTATIONS } from './tenantMutations.ts';

const LIFECYCLE = 'shared/batch/lifecycle';

export const MUTATIONS: readonly Mutation[] = [
  ...COLLECTOR_MUTATIONS,
  ...HTTP_MUTATIONS,
  ...PROVIDER_MUTATIONS,
  ...SHARD_MUTATIONS,
  ...TENANT_MUTATIONS,
  {
    name: 'the time for which an input is kept',
    edits: [
      edit(
        `${LIFECYCLE}/inputExpiry.ts`,
        'endedAt + policy.inputRetentionSeconds * 1000',
        'endedAt',
      ),
    ],
  },
  {
    name: 'that nothing opens a batch whose input has expired',
    edits: [
      edit(
        `${LIFECYCLE}/inputExpiry.ts`,
        'if (inputExpiredAt === undefined) return undefined;',
        'return undefined;',
      ),
    ],
  },
  {
    name: 'the lease',
    edits: [edit('shared/usecases/work/work.ts', 'leaseUntil: deadline +', 'leaseUntil: 0 *')],
  },
  {
    name: "the lease's margin for late landings",
    edits: [
      edit(
        'shared/usecases/work/work.ts',
        'leaseUntil: deadline + (createDeadlineSeconds + leaseMarginSeconds) * 1000',
        'leaseUntil: deadline',
      ),
    ],
  },
  {
    name: 'the wait after an uncertain create',
    edits: [
      edit(
        `${LIFECYCLE}/submitting.ts`,
        'return now + (policy.createDeadlineSeconds + policy.leaseMarginSeconds) * 1000;',
        'return now;',
      ),
    ],
  },
  {
    name: 'the claim',
    edits: [
      edit(
        `${LIFECYCLE}/submitting.ts`,
        "if (batch.claim) return ignored('an earlier claim must be reconciled first');",
        '',
      ),
    ],
  },
  {
    name: 'the own-token check after a failed condition',
    guards: { ...ALL_GUARDS, ownToken: false },
    edits: [
      edit(
        `${LIFECYCLE}/submitting.ts`,
        "if (holdsClaim(batch, event.claim)) return { type: 'unchanged', effects: [] };",
        '',
      ),
    ],
  },
  { name: 'the conditional version', guards: { ...ALL_GUARDS, version: false } },
  {
    name: 'the reconcile before re-create',
    edits: [
      edit(
        `${LIFECYCLE}/submitting.ts`,
        "if (batch.claim) return ignored('its claim must be reconciled with the provider first');",
        '',
      ),
      edit('shared/usecases/sweep/due.ts', "batch.status === 'submitting' &&", 'false &&'),
    ],
  },
  {
    name: 'the submission in the key',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    edits: [edit('shared/batch/ids.ts', '-${batch.submission}`', '`')],
  },
  {
    name: 'the key itself',
    edits: [edit('shared/usecases/sweep/reconcile.ts', 'keys.has(job.key)', '!keys.has(job.key)')],
  },
  {
    name: 'unknown is not absent',
    edits: [
      edit(
        'shared/usecases/sweep/reconcile.ts',
        'if (failure !== undefined) return noteUnconfirmed(ports, batch, failure);',
        '',
      ),
      edit('shared/usecases/sweep/reconcile.ts', 'isComplete: false,', 'isComplete: true,'),
    ],
  },
  {
    name: 'a job that hides its key may be ours',
    edits: [edit('shared/usecases/sweep/reconcile.ts', 'candidates.length > 0', 'false')],
  },
  {
    name: 'how far back a listing reaches',
    edits: [
      edit(
        'shared/usecases/sweep/reconcile.ts',
        'Math.min(...batches.map(({ claim }) => claim.intentAt)) - policy',
        'Date.now() * 9 - policy',
      ),
    ],
  },
  {
    name: "the fencing of a superseded worker's outcome",
    edits: [
      edit(
        `${LIFECYCLE}/claims.ts`,
        'return claim?.token === token;',
        'return token !== undefined;',
      ),
    ],
  },
  {
    // The sweep lock also prevents it, by excluding other sweeps while this one waits for an answer.
    name: 'the fencing of a job that was checked late',
    guards: { ...ALL_GUARDS, sweepLock: false, overlappingSweeps: true, sweepIntervalMs: 2_000 },
    edits: [
      edit(
        `${LIFECYCLE}/running.ts`,
        "if (jobId !== job.id) return ignored('the record names another job');",
        '',
      ),
    ],
  },
  {
    name: 'the attempt fencing of deliveries',
    edits: [
      edit(`${LIFECYCLE}/delivering.ts`, 'event.deliveryAttempt === delivery.attempt', 'delivery'),
      edit(`${LIFECYCLE}/delivering.ts`, '|| !delivery.pending', ''),
    ],
  },
  {
    name: 'the delivery id',
    edits: [
      edit(
        'shared/usecases/effects.ts',
        'deliveryId(batch.keyPrefix, delivery.number)',
        'deliveryId(batch.keyPrefix, delivery.number * 100 + delivery.attempt)',
      ),
    ],
  },
  {
    name: 'the keep-partials rule',
    edits: [
      edit(
        'shared/usecases/work/output.ts',
        'of outcome.files)',
        "of outcome.kind === 'completed' ? outcome.files : [])",
      ),
    ],
  },
  {
    name: 'only the unfinished run again',
    edits: [edit('shared/jsonl/join.ts', 'if (result) return false;', 'if (result) return true;')],
  },
  {
    name: 'a new key for a new job',
    edits: [
      edit(
        `${LIFECYCLE}/collecting.ts`,
        'submission: batch.submission + 1',
        'submission: batch.submission',
      ),
    ],
  },
  {
    name: 'the redelivery',
    edits: [
      edit(
        `${LIFECYCLE}/delivering.ts`,
        'return deliverAgain(batch, context, reason);\n  },\n\n  // A success',
        "return ignored('');\n  },\n\n  // A success",
      ),
    ],
  },
  {
    name: 'work is sent again',
    edits: [edit(`${LIFECYCLE}/claims.ts`, "{ type: 'sendWork', work },", '')],
  },
  {
    name: 'the pending end event',
    edits: [edit(`${LIFECYCLE}/enter.ts`, 'endedAt: now, dueAt: now', 'endedAt: now')],
  },
  {
    name: 'the cancelling of what is surplus or unwanted',
    edits: [edit('shared/usecases/effects.ts', '.cancel(effect.jobId)', '.check(effect.jobId)')],
  },
  {
    name: 'the record of a cancel',
    edits: [
      edit(
        'shared/usecases/effects.ts',
        "return { type: 'cancelSent', jobId: effect.jobId };",
        'return;',
      ),
    ],
  },
  {
    name: 'no such job is no proof',
    edits: [
      edit(
        `${LIFECYCLE}/running.ts`,
        'if (mustAbandon(batch, context))',
        "if (seen.state === 'missing')",
      ),
    ],
  },
  {
    name: 'the rows before the files',
    edits: [
      edit(
        'shared/usecases/sweep/check.ts',
        "const event = { type: 'jobChecked', jobId, job, timing } as const;",
        "if (job.state === 'ended') await (await ports.providers.get(batch.provider)).deleteFiles(jobId);\n  const event = { type: 'jobChecked', jobId, job, timing } as const;",
      ),
    ],
  },
  {
    name: 'the pending file deletion after the end',
    edits: [edit(`${LIFECYCLE}/ended.ts`, 'hasPendingCleanup(batch) ? context.now :', '')],
  },
  {
    name: 'the search for uploads without a job',
    edits: [edit(`${LIFECYCLE}/providerFiles.ts`, '? { leftovers: batch.submission }', '? {} ')],
  },
  {
    name: 'a pause keeps batches back',
    edits: [
      edit(
        'shared/usecases/sweep/capacity.ts',
        'if (isPaused(state) || (isUnavailable',
        'if ((isUnavailable',
      ),
    ],
  },
  {
    name: 'the command that was sent last counts',
    edits: [
      edit(
        'shared/quota/providerState.ts',
        'if (lastCommand && !isLater(command, lastCommand))',
        'if (0)',
      ),
    ],
  },
  {
    name: 'each cancel reaches the parts',
    guards: { ...ALL_GUARDS, commanding: true },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    edits: [edit('shared/batch/newRecord.ts', '-cancel-${retries}`', '-cancel`')],
  },
  {
    name: 'an answer that cannot be read may be paid for',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [edit('shared/jsonl/spool.ts', "line.holds === 'empty'", 'line')],
  },
  {
    name: 'a job with fewer answers than were counted is read again',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [
      edit('shared/usecases/work/collect.ts', 'if (shortfall && !output.isSalvage)', 'if (false)'),
    ],
  },
  {
    name: 'the last collection reads a file more than once',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [edit('shared/usecases/work/output.ts', 'SALVAGE_READS = 5', 'SALVAGE_READS = 1')],
  },
  {
    name: 'what cannot be read of an output is left out in the end',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [
      edit('shared/usecases/work/output.ts', 'if (!isSalvage || !(error', 'if (!(false && error'),
    ],
  },
  {
    name: 'an output that breaks is not read for ever',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [
      edit(
        `${LIFECYCLE}/collecting.ts`,
        'return isLost || unread.times >= policy.maxCollections;',
        'return isLost;',
      ),
    ],
  },
  {
    name: 'an output that is gone is not read for ever',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [edit(`${LIFECYCLE}/collecting.ts`, 'if (!unread) return false;', 'return false;')],
  },
  {
    name: 'files stay that could not be read as a whole',
    guards: { ...ALL_GUARDS, oddJobs: true },
    edits: [
      edit(
        `${LIFECYCLE}/collecting.ts`,
        "unread || outcome.kind === 'deadline'",
        "outcome.kind === 'deadline'",
      ),
    ],
  },
  {
    name: 'parts are kept as long as their batch',
    edits: [edit('shared/stores/batchItem.ts', 'part ? latest : Math.min', 'Math.min')],
  },
  { name: 'the sweep lock', guards: { ...ALL_GUARDS, sweepLock: false } },
];
