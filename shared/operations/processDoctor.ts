import type { HandlerConnection } from '../client/connection.ts';
import { lastSweepAt } from '../stores/sweepStores.ts';
import { durationText } from '../terminal.ts';
import { type Check, type DoctorContext, noteResult, okResult, problemResult } from './check.ts';
import { admissionCheck } from './checks/admission.ts';
import {
  deadLettersCheck,
  overdueCheck,
  queuesCheck,
  unreadableCheck,
  waitingCheck,
} from './checks/flow.ts';
import { versionCheck } from './checks/version.ts';

/** An in-process handler that is checked. */
export function processDoctorContext(
  connection: HandlerConnection,
  now: () => number,
): DoctorContext {
  const workLogs = async () => 'see what its program logs';
  return { connection, now, workLogs };
}

const processCheck: Check = {
  name: 'process',
  permissions: [],
  async run({ connection }) {
    const { handler } = connection;
    const pids = await runningOf(connection);
    if (pids.length > 0)
      return [
        okResult(`${handler.name} is run by ${pids.map((pid) => `process ${pid}`).join(', ')}`),
      ];
    return [
      problemResult(
        `no process runs ${handler.name}: no batch makes progress`,
        'start the program that calls createBatchHandler with this directory',
      ),
    ];
  },
};

/** A sweep of very many batches takes minutes. */
const PATIENCE_MS = 10 * 60_000;

const sweepCheck: Check = {
  name: 'sweep',
  permissions: [],
  async run({ connection, now }) {
    const at = await lastSweepAt(connection.items);
    if (at === undefined) return [noteResult('none has ended yet')];
    const ageMs = now() - at;
    const what = `the last one ended ${durationText(ageMs)} ago`;
    if (ageMs <= PATIENCE_MS) return [okResult(what)];
    // The check of the process says so.
    if ((await runningOf(connection)).length === 0) return [noteResult(what)];
    return [problemResult(`${what}: no batch makes progress`, 'see what its program logs')];
  },
};

async function runningOf({ process }: HandlerConnection): Promise<readonly number[]> {
  return (await process?.running()) ?? [];
}

/** All checks of an in-process handler, in the order in which they are reported. */
export const PROCESS_CHECKS: readonly Check[] = [
  processCheck,
  versionCheck,
  sweepCheck,
  queuesCheck,
  deadLettersCheck,
  admissionCheck,
  waitingCheck,
  overdueCheck,
  unreadableCheck,
];
