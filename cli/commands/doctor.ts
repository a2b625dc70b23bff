import type { Command } from 'commander';
import type { Finding } from '../../shared/operations/doctor/finding.ts';
import { type ConnectionOptions, connecting, openClient } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { findingLines } from '../findingLines.ts';
import { painter, widthOf } from '../terminal/output.ts';

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
  const { diagnose, subjectOf } = await import('../../shared/operations/doctor/index.ts');
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
