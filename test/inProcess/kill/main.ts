import { caseLine, startInProcessRig } from './matrix.ts';

/** Runs the whole kill matrix of the handler in one process. */
const rig = await startInProcessRig();
let wrong = 0;
let reached = 0;
try {
  const cases = await rig.allCases();
  for (const [index, kills] of cases.entries()) {
    const result = await rig.runCase(kills);
    if (result.points[0] !== undefined) reached += 1;
    if (result.wrongs.length > 0) {
      wrong += 1;
      process.stdout.write(`${caseLine(result)}\n`);
    }
    if (index % 20 === 19) process.stderr.write(`${index + 1} of ${cases.length} cases\n`);
  }
  process.stdout.write(
    `in one process: ${cases.length} cases, ${reached} of them killed, ${wrong} of them wrong\n`,
  );
} finally {
  await rig.stop();
}
process.exitCode = wrong > 0 ? 1 : 0;
