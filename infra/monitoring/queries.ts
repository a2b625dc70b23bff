import * as logs from 'aws-cdk-lib/aws-logs';
import { LOG_MESSAGES } from '../../shared/metrics.ts';
import { functionsOf, type Monitored } from './monitored.ts';

/** Matches lines with one of these messages. */
function messageIn(...names: readonly (keyof typeof LOG_MESSAGES)[]): string {
  return `message in [${names.map((name) => `"${LOG_MESSAGES[name]}"`).join(', ')}]`;
}

/** The saved queries that the runbook refers to. A log line names its batch and attempt if it has one. */
export const QUERIES = {
  'Failed batches': {
    fields: ['@timestamp, batchId, attempt, reason.message as problem, failures'],
    // The id of a part has a slash.
    filterStatements: [messageIn('stateChanged'), 'to like /^failed$/', 'batchId not like /[/]/'],
    sort: '@timestamp desc',
    limit: 20,
  },
  // The id of a part is its batch's id, a slash and a number.
  'The life of a batch': {
    fields: [
      '@timestamp, level, batchId, attempt, message, action, from, to, came, seconds, why',
      'effect, kind, coalesce(reason.message, error) as problem, messageId, xray_trace_id',
    ],
    filterStatements: ['batchId = "BATCH-ID" or batchId like "BATCH-ID/"'],
    sort: '@timestamp asc',
    limit: 1000,
  },
  'Problems by batch': {
    filterStatements: ['level in ["WARN", "ERROR"] and ispresent(batchId)'],
    statsStatements: [
      'count(*) as lines, latest(message) as last, latest(coalesce(reason.message, error)) as problem, max(@timestamp) as at by batchId',
    ],
    sort: 'lines desc',
    limit: 100,
  },
  'The slowest work': {
    fields: ['@timestamp, seconds, action, batchId, attempt, came, xray_trace_id'],
    filterStatements: [messageIn('workDone')],
    sort: 'seconds desc',
    limit: 50,
  },
  'Refused messages': {
    fields: ['@timestamp, messageId, batchId, reason.code, reason.message'],
    filterStatements: [messageIn('messageRefused', 'workMessageRefused', 'requestRefused')],
    sort: '@timestamp desc',
    limit: 200,
  },
  'Stopped submissions': {
    fields: ['@timestamp, provider, message, batchId, coalesce(reason.message, reason) as because'],
    filterStatements: [
      messageIn(
        'providerBlocked',
        'providerCoolingDown',
        'limitLearned',
        'providerPaused',
        'budgetReached',
        'tenantBudgetReached',
      ),
    ],
    sort: '@timestamp desc',
    limit: 200,
  },
} satisfies Readonly<Record<string, logs.QueryStringProps>>;

/** The log groups of all functions. */
export function logGroupsOf(monitored: Monitored): logs.ILogGroup[] {
  return Object.values(functionsOf(monitored)).map(({ logGroup }) => logGroup);
}

/** Saves the queries in Logs Insights, in a folder with the handler's name. */
export function saveQueries(monitored: Monitored): void {
  const logGroups = logGroupsOf(monitored);
  for (const [name, query] of Object.entries(QUERIES)) {
    new logs.QueryDefinition(monitored.handler, `Query${name.replaceAll(/\W/g, '')}`, {
      queryDefinitionName: `${monitored.handler.service}/${name}`,
      queryString: new logs.QueryString(query),
      logGroups,
    });
  }
}
