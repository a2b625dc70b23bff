import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { importsOf, problemsOf } from './imports.ts';
import { IMPORT_RULES } from './rules.ts';

const files = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx', '*.js', '*.mjs'],
  { encoding: 'utf8' },
)
  .trim()
  .split('\n')
  // A file that is deleted and not yet committed is still listed.
  .filter((file) => existsSync(file));
const imports = new Map(files.map((file) => [file, importsOf(file, readFileSync(file, 'utf8'))]));
const problems = problemsOf(imports, IMPORT_RULES);
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exitCode = 1;
}
