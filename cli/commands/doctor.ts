import type { Command } from 'commander';
import type { Finding, FindingLevel } from '../../shared/operations/findings.ts';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { hanging, oneLine, painter, type Style, widthOf } from '../terminal/output.ts';

interface DoctorOptions extends ConnectionOptions {
  readonly json?: true;
}

export function addDoctorCommand(program: Command, context: CliContext): void {
  connecting(program.command('doctor'))
    .description('checks a handler from end to end, and says what to do about what it finds')
    .option('--json', 'one JSON object for each finding')
    .addHelpText(
      'after',
      `
Changes nothing. What you may not look at is told as not checked. Exits with 1 if somebody must act.

Examples:
  batch-handler doctor
  batch-handler doctor --json | jq 'select(.level == "problem")'`,
    )
    .action(async (options: DoctorOptions) => context.end(await doctor(options, context)));
}

async function doctor(options: DoctorOptions, context: CliContext): Promise<number> {
  const { stdout, now } = context;
  const { connection } = await openClient(options);
  // Only now: it loads the SDKs of AWS and of the providers.
  const { diagnose, subjectOf } = await import('../../shared/operations/doctor.ts');
  const findings: Finding[] = [];
  for await (const finding of diagnose(subjectOf(connection, now))) {
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
  const limits = unchecked > 0 ? `; ${unchecked} could not be checked` : '';
  if (problems === 0) return `nothing needs you${limits}`;
  return `${problems} ${problems === 1 ? 'thing needs' : 'things need'} somebody${limits}`;
}

const MARKS: Readonly<Record<FindingLevel, readonly [string, Style]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  problem: ['act', 'red'],
  unknown: ['?', 'yellow'],
};

const MARK_WIDTH = 5;
const CHECK_WIDTH = 14;

/** What it is, and below it what to do. */
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
