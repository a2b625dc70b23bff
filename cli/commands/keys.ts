import type { Command } from 'commander';
import type { ApiKeyInfo } from '../../shared/operations/apiKeys.ts';
import { type ConnectionOptions, openClient, withConnection, withNeed } from '../connect.ts';
import type { CliContext } from '../context.ts';
import {
  type Moment,
  readList,
  readMoment,
  readPositive,
  readPositiveCount,
  timeOf,
} from '../options.ts';
import { painter, type Style, widthOf } from '../terminal/output.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { ago, costText, countText } from '../text.ts';

interface KeysOptions extends ConnectionOptions {
  readonly json?: true;
}

interface CreateOptions extends KeysOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly providers?: readonly string[];
  readonly dailyBudget?: number;
  readonly requestsPerMinute?: number;
  readonly expires?: Moment;
}

/** The command keys, for the keys of the HTTP API. */
export function defineKeys(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  batch-handler keys create --name nightly-eval
  batch-handler keys list`,
  );
  const create = command.command('create').description('make a key and print it, this once');
  withNeed(withConnection(create), '--daily-budget', '--tenant')
    .requiredOption('--name <name>', 'what people call it by, such as its user or service')
    .option('--tenant <tenant>', 'it sees and makes only what belongs to this tenant')
    .option(
      '--providers <entries>',
      'the provider entries that it may use (default: all)',
      readList,
    )
    .option(
      '--daily-budget <usd>',
      'what all batches of the tenant may cost in a day (UTC); those of a model without a price wait',
      readPositive,
    )
    .option('--requests-per-minute <n>', 'more are answered with 429', readPositiveCount)
    .option('--expires <time>', 'ISO 8601, or a duration from now such as 90d', readMoment)
    .option('--json', 'print one JSON document, with the key')
    .addHelpText(
      'after',
      `
stdout is the key alone. The handler keeps only a hash of it, so nobody can print it again.

Examples:
  batch-handler keys create --name nightly-eval
  KEY=$(batch-handler keys create --name search --tenant search --daily-budget 50 --expires 90d)`,
    )
    .action((options: CreateOptions) => createKey(options, context));

  const list = command.command('list').description('list all keys, newest first');
  withConnection(list)
    .option('--json', 'print one JSON object per key')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler keys list
  batch-handler keys list --json | jq 'select(.state == "active" and .lastUsedAt == null)'`,
    )
    .action((options: KeysOptions) => listKeys(options, context));

  const revoke = command.command('revoke').description('end a key for good, within 30 seconds');
  withConnection(revoke)
    .argument('<key id>', 'the 10 characters after bhk_; a whole key will do')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler keys revoke k3v9x0q2ab`,
    )
    .action((keyId: string, options: KeysOptions) => revokeKey(keyId, options, context));
}

async function createKey(options: CreateOptions, context: CliContext): Promise<void> {
  const { stdout, stderr, hint } = context;
  const now = context.now();
  const { connection } = await openClient(options);
  // Imported here, because it loads the stores.
  const { createApiKey } = await import('../../shared/operations/apiKeys.ts');
  const expiresAt = options.expires && Date.parse(timeOf(options.expires, now));
  const { name, tenant, providers, requestsPerMinute, dailyBudget } = options;
  const asked = { name, tenant, providers, requestsPerMinute, dailyBudget, expiresAt };
  const created = await createApiKey(connection, asked, now);
  stdout.write(`${options.json ? JSON.stringify(created) : created.key}\n`);
  const budget = dailyBudget === undefined ? '' : ` with ${costText(dailyBudget)} a day`;
  const of = tenant === undefined ? 'no tenant' : `tenant ${tenant}${budget}`;
  stderr.write(
    hint(
      `created key ${created.keyId} of ${of}; it is not shown again. To revoke it: batch-handler keys revoke ${created.keyId}\n`,
    ),
  );
}

async function listKeys(options: KeysOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const { connection } = await openClient(options);
  const { listApiKeys } = await import('../../shared/operations/apiKeys.ts');
  const now = context.now();
  const keys = await listApiKeys(connection, now);
  const lines = options.json
    ? keys.map((key) => JSON.stringify(key))
    : tableLines(columns(now), keys, widthOf(stdout), painter(stdout));
  for (const line of lines) stdout.write(`${line}\n`);
}

async function revokeKey(
  keyId: string,
  options: KeysOptions,
  { stdout, now }: CliContext,
): Promise<void> {
  const { connection } = await openClient(options);
  const { revokeApiKey } = await import('../../shared/operations/apiKeys.ts');
  const revoked = await revokeApiKey(connection, keyId, now());
  const text = options.json
    ? JSON.stringify(revoked)
    : `key ${revoked.keyId} is revoked: within 30 seconds, nothing accepts it`;
  stdout.write(`${text}\n`);
}

const STYLES: Readonly<Record<ApiKeyInfo['state'], Style>> = {
  active: 'green',
  expired: 'yellow',
  revoked: 'red',
};

function columns(now: number): readonly Column<ApiKeyInfo>[] {
  const agoIf = (time: string | undefined) => (time === undefined ? '' : ago(time, now));
  return [
    { title: 'KEY ID', text: ({ keyId }) => keyId, rank: 0 },
    { title: 'NAME', text: ({ name }) => name, rank: 1, minWidth: 8 },
    { title: 'STATE', text: ({ state }) => state, rank: 0, style: ({ state }) => STYLES[state] },
    { title: 'TENANT', text: ({ tenant = '' }) => tenant, rank: 2 },
    { title: 'PROVIDERS', text: ({ providers = ['all'] }) => providers.join(', '), rank: 5 },
    {
      title: 'PER MINUTE',
      text: ({ requestsPerMinute: n }) => (n === undefined ? '' : countText(n)),
      rank: 5,
      align: 'right',
    },
    { title: 'CREATED', text: ({ createdAt }) => ago(createdAt, now), rank: 4 },
    { title: 'EXPIRES', text: ({ expiresAt }) => agoIf(expiresAt), rank: 3 },
    { title: 'LAST USED', text: ({ lastUsedAt }) => agoIf(lastUsedAt) || 'unused', rank: 3 },
  ];
}
