import { fork } from 'node:child_process';
import { allCases, type Case, type CaseResult, caseLine, nameOf, PLAN, runCase } from './matrix.ts';
import { startKillRig } from './rig.ts';

/** Runs the whole kill matrix, in as many processes as it is told, 2 by default. */

const [lanesText = '2', laneText] = process.argv.slice(2);
const lanes = Number(lanesText);
if (laneText === undefined) await runLanes();
else await runLane(Number(laneText));

/** Every so-manieth case is this process's. */
async function runLane(lane: number): Promise<void> {
  // Nobody is left to tell: what it has started ends with it.
  process.once('disconnect', () => process.exit(1));
  const rig = await startKillRig(PLAN);
  try {
    const cases = (await allCases(rig)).filter((_: Case, index) => index % lanes === lane);
    for (const one of cases) process.send?.(await runCase(rig, one));
  } finally {
    await rig.stop();
  }
  process.exit(0);
}

async function runLanes(): Promise<void> {
  const startedAt = performance.now();
  const results: CaseResult[] = [];
  const ends = Array.from({ length: lanes }, (_, lane) => {
    const child = fork(import.meta.filename, [String(lanes), String(lane)]);
    child.on('message', (result: CaseResult) => {
      results.push(result);
      if (results.length % 20 === 0) process.stderr.write(`${results.length} cases\n`);
      if (result.wrongs.length > 0) process.stdout.write(`${caseLine(result)}\n`);
    });
    return new Promise<number>((resolve) => {
      child.once('exit', (code) => resolve(code ?? 1));
    });
  });
  const codes = await Promise.all(ends);
  const wrong = results.filter(({ wrongs }) => wrongs.length > 0).length;
  const reached = results.filter(({ point }) => point !== undefined);
  for (const [name, all] of Map.groupBy(reached, nameOf))
    process.stdout.write(`${name.padEnd(17)} killed ${all.length} times\n`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(
    `${JSON.stringify({ cases: results.length, killed: reached.length, wrong, seconds })}\n`,
  );
  process.exitCode = wrong === 0 && results.length > 0 && codes.every((code) => code === 0) ? 0 : 1;
}
