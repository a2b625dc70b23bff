import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { settingsText } from '../../../infra/settings.ts';
import { checkMessage } from '../../../shared/client/addBatch.ts';
import { parseBatchMessage } from '../../../shared/usecases/intake/intake.ts';
import { parseWorkMessage } from '../../../shared/usecases/work/work.ts';
import { cliRun } from '../../support/cliRun.ts';
import { ZODS_WORDS } from '../../support/zodsWords.ts';

const KINDS_OF_VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, '', 'hush', 'x'.repeat(2_000)],
  ...[[], [1], ['hush'], [{}], {}, { hush: 1 }, { kind: 'opnai' }, { a: { kind: 'openai', b: 1 } }],
];

/** Inputs with each kind of value at each of these fields. */
const wrongAt = (fields: readonly string[]) =>
  fields.flatMap((field) => KINDS_OF_VALUES.map((value) => ({ [field]: value })));

const MESSAGE_FIELDS = [
  ...[
    'schemaVersion',
    'batchId',
    'provider',
    'providers',
    'file',
    'requests',
    'format',
    'endpoint',
  ],
  ...['priority', 'notBefore', 'maxCost', 'completionWindow', 'options', 'metadata', 'unheardOf'],
];

/** What each entry says of each wrong input. */
function textsOf(inputs: readonly unknown[], enter: (input: never) => unknown): string[] {
  return inputs.flatMap((input) => {
    try {
      enter(input as never);
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : ''];
    }
  });
}

const PROVIDER = { kind: 'openai' };
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  'a message of the batch queue': textsOf(wrongAt(MESSAGE_FIELDS), (input) =>
    parseBatchMessage(JSON.stringify(input)),
  ),
  'a message of the work queue': textsOf(wrongAt(['action', 'batchId', 'unheardOf']), (input) =>
    parseWorkMessage(JSON.stringify(input)),
  ),
  'addBatch of the client': textsOf(wrongAt(MESSAGE_FIELDS), (input) =>
    checkMessage(input, ['openai']),
  ),
  'the context of the CDK': textsOf(
    wrongAt([
      ...['scheduleMinutes', 'processorArn', 'providers', 'policy', 'collector', 'retentionDays'],
      ...['inputBuckets', 'inbox', 'alarms', 'alarmTopicArns', 'docsUrl', 'runbook', 'unheardOf'],
    ]),
    parseContext,
  ),
  'a provider in it': textsOf(
    wrongAt([
      'limits',
      'timing',
      'models',
      'dropFields',
      'modelFacts',
      'prices',
      'baseUrl',
      'secretArn',
    ]),
    (input: object) => parseContext({ providers: { a: { ...PROVIDER, ...input } } }),
  ),
  'the settings': textsOf(
    wrongAt(['providers', 'policy', 'collector', 'unheardOf']),
    (input: object) => settingsText({ providers: { a: { kind: 'openai' } }, ...input }),
  ),
};

describe('what a user reads of a wrong value has no words of zod:', () => {
  it.each(Object.entries(ENTRIES))('%s', (_, texts) => {
    expect(texts.length).toBeGreaterThan(20);
    for (const text of texts) {
      expect(text).not.toMatch(ZODS_WORDS);
      expect(text.length).toBeLessThan(2_500);
    }
  });

  it('an option of the command line', async () => {
    const { code, stderr } = await cliRun([
      ...['estimate', 'x.jsonl', '--kind', 'openai', '--endpoint', 'embeddings'],
    ]);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(ZODS_WORDS);
  });
});
