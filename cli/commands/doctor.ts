import type { Command } from 'commander';
import type { Finding, FindingLevel } from '../../shared/operations/check.ts';
import { counted } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { hanging, oneLine, painter, type Style, widthOf } from '../terminal/output.ts';

interface DoctorOptions extends ConnectionOptions {
  readonly json?: true;
}

export function defineDoctor(command: Command, context: CliContext): void {
  withConnection(command)
    .option('--json', 'print one JSON object per finding')
    .addHelpText(
      'after',
      `
Changes nothing. A check that you have no permission for is reported as not checked. Exits with 1 if
there is a problem.

Examples:
  batch-handler doctor
  batch-handler doctor --json | jq 'select(.level == "problem")'`,
    )
    .action(async (options: DoctorOptions) => context.end(await doctor(options, context)));
}

async function doctor(options: DoctorOptions, context: CliContext): Promise<number> {
  const { stdout, now, hint } = context;
  const { connection } = await openClient(options);
  // Imported here, because it loads the records.
  const { findingsOf } = await import('../../shared/operations/findings.ts');
  const findings: Finding[] = [];
  for await (const { what, fix, ...found } of findingsOf(connection, now)) {
    const finding = {
      ...found,
      what: hint(what),
      ...(fix === undefined ? {} : { fix: hint(fix) }),
    };
    const isFirst = findings.at(-1)?.check !== finding.check;
    findings.push(finding);
    const lines = options.json
      ? [JSON.stringify(finding)]
      : findingLines(finding, isFirst, widthOf(stdout), painter(stdout));
    stdout.write(`${lines.join('\n')}\n`);
  }
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (!options.json) stdout.write(`${summary(findings, problems)}\n`);
  return problems > 0 ? EXIT.failed : EXIT.done;
}

function summary(findings: readonly Finding[], problems: number): string {
  const unchecked = findings.filter(({ level }) => level === 'unknown').length;
  const limits = unchecked > 0 ? `; ${counted(unchecked, 'check')} could not be made` : '';
  if (problems === 0) return `no problems found${limits}`;
  return `${counted(problems, 'problem')} found${limits}`;
}

const MARKS: Readonly<Record<FindingLevel, readonly [string, Style]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  problem: ['fix', 'red'],
  unknown: ['?', 'yellow'],
};

const MARK_WIDTH = 5;
const CHECK_WIDTH = 14;

/** What was found, and below it what to do. */
function findingLines(
  { check, level, what, fix }: Finding,
  isFirstOfCheck: boolean,
  width: number,
  paint: ReturnType<typeof painter>,
): readonly string[] {
  const [mark, style] = MARKS[level];
  const name = isFirstOfCheck ? check : '';
  const margin = ' '.repeat(MARK_WIDTH);
  const [first = '', ...others] = hanging(margin + name.padEnd(CHECK_WIDTH), oneLine(what), width);
  return [
    paint(style, mark.padEnd(MARK_WIDTH)) + first.slice(MARK_WIDTH),
    ...others,
    ...(fix === undefined
      ? []
      : hanging(`${margin}${' '.repeat(CHECK_WIDTH)}→ `, oneLine(fix), width)),
  ];
}
