import { omitUndefined } from '../../shared/omitUndefined.ts';
import { MUTATIONS } from './mutations.ts';
import { runInParallel } from './parallel.ts';

/** Numbers of schedules to run until the missing guard is noticed. Some faults are rare. */
const ROUNDS = [200, 2_000, 20_000, 60_000];

const [part = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ name }) => name.includes(part));
let missed = 0;
for (const { name, edits, guards } of chosen) {
  let line = '';
  for (const count of ROUNDS) {
    const share = { firstSeed: 1, count, ...omitUndefined({ edits, guards }) };
    const { caught, broken } = await runInParallel(share);
    line = `${String(caught).padStart(6)} of ${count}  ${broken[0]?.what[0] ?? 'NOT NOTICED'}`;
    if (caught > 0) break;
  }
  if (line.includes('NOT NOTICED')) missed += 1;
  process.stdout.write(`${name.padEnd(48)}${line}\n`);
}
process.stdout.write(
  `${chosen.length - missed} of ${chosen.length} guards are noticed when they are gone\n`,
);
process.exitCode = missed > 0 ? 1 : 0;
