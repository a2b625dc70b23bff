import type { Command } from 'commander';
import type { ProviderInfo } from '../../shared/client/index.ts';
import { durationText } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { hanging, oneLine, painter, type Style, widthOf } from '../terminal/output.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { costText, countText, instantText } from '../text.ts';

interface ProvidersOptions extends ConnectionOptions {
  readonly json?: true;
}

export function defineProviders(command: Command, context: CliContext): void {
  withConnection(command)
    .option('--json', 'print one JSON object per provider entry')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler providers --stack BatchHandler
  batch-handler providers --json | jq 'select(.state != "ready")'`,
    )
    .action(async (options: ProvidersOptions) => context.end(await showAll(options, context)));
}

async function showAll(
  options: ProvidersOptions,
  { stdout, now, hint }: CliContext,
): Promise<number> {
  const client = await openClient(options);
  const providers = await client.providers();
  const settings = { now: now(), width: widthOf(stdout), paint: painter(stdout) };
  const lines = options.json
    ? providers.map((provider) => JSON.stringify(provider))
    : providersPage(providers, settings).map(hint);
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}

interface PageSettings {
  readonly now: number;
  readonly width: number;
  readonly paint: (style: Style, text: string) => string;
}

/** A table of the entries, and below it what there is to say of each. */
export function providersPage(
  providers: readonly ProviderInfo[],
  { now, width, paint }: PageSettings,
): readonly string[] {
  const notes = providers.flatMap((provider) =>
    notesOf(provider).flatMap((note) => hanging('- ', oneLine(note), width)),
  );
  const table = tableLines(columns(now), providers, width, paint);
  return notes.length === 0 ? table : [...table, '', ...notes];
}

function columns(now: number): readonly Column<ProviderInfo>[] {
  const oldest = ({ queue: { oldestSince } }: ProviderInfo): string =>
    oldestSince === undefined ? '' : durationText(now - Date.parse(oldestSince));
  return [
    { title: 'PROVIDER', text: ({ provider }) => provider, rank: 0 },
    { title: 'STATE', text: stateText, rank: 0, style: stateStyle },
    { title: 'JOBS', text: jobsText, rank: 1, align: 'right' },
    { title: 'QUEUED', text: queuedText, rank: 1, align: 'right' },
    { title: 'TOKENS', text: ({ queue }) => countText(queue.tokens), rank: 3, align: 'right' },
    { title: 'OLDEST', text: oldest, rank: 2, align: 'right' },
    { title: 'SPENT TODAY', text: spentText, rank: 2, align: 'right' },
  ];
}

function stateText({ state }: ProviderInfo): string {
  return state.replace('_', ' ');
}

const STYLES: Readonly<Record<ProviderInfo['state'], Style>> = {
  ready: 'green',
  paused: 'yellow',
  cooling_down: 'yellow',
  blocked: 'red',
  removed: 'red',
};

function stateStyle({ state }: ProviderInfo): Style {
  return STYLES[state];
}

function jobsText({ jobs: { running, pending, max } }: ProviderInfo): string {
  const of = max === undefined ? '' : ` of ${countText(max)}`;
  return countText(running + pending) + of;
}

function queuedText({ queue: { batches, isAtLeast } }: ProviderInfo): string {
  return countText(batches) + (isAtLeast ? '+' : '');
}

function spentText({ spentToday, dailyBudget }: ProviderInfo): string {
  const of = dailyBudget === undefined ? '' : ` of ${costText(dailyBudget)}`;
  return costText(spentToday) + of;
}

/** Why it starts nothing, what it refuses, and what was learned of its models. */
function notesOf(info: ProviderInfo): readonly string[] {
  const { provider, state, waitingFor, refusedAlone, jobs, queue, models } = info;
  const resume = `then batch-handler resume ${provider}`;
  const notes: string[] = [];
  if (state === 'removed')
    notes.push(
      `${provider} is no longer in the deployment, and ${countText(jobs.running + jobs.pending + queue.batches)} batches are left there: deploy it again until they have ended, or cancel them (batch-handler list --provider ${provider})`,
    );
  if (waitingFor) {
    const fix = { paused: `batch-handler resume ${provider}`, blocked: `correct that, ${resume}` };
    const next = state === 'paused' || state === 'blocked' ? `; ${fix[state]}` : '';
    notes.push(unended(waitingFor.text) + next);
  }
  for (const { text } of refusedAlone)
    notes.push(`${provider}: ${unended(text)}; correct that, ${resume}`);
  for (const { model, tokens, learnedText, refusedAt, coolingDown } of models) {
    const name = model === '' ? 'batches without a model' : model;
    const parts: string[] = [];
    if (coolingDown)
      parts.push(
        `cooling down until ${instantText(coolingDown.until)}: ${coolingDown.reason.message}`,
      );
    if (learnedText !== undefined) {
      const since = refusedAt === undefined ? '' : ` from a refusal at ${instantText(refusedAt)}`;
      parts.push(
        `takes ${learnedText}, learned${since}; its jobs hold ${countText(tokens)} tokens`,
      );
    }
    if (parts.length > 0) notes.push(`${provider}, ${name}: ${parts.join('; ')}`);
  }
  return notes;
}

/** Without the full stop of a provider's text, after which the sentence goes on. */
function unended(text: string): string {
  return text.replace(/\.$/, '');
}
