import { expect, it } from 'vitest';
import { batchLogs, inCloudWatch } from '../../../shared/operations/batchLogs.ts';

const BATCH = { batchId: 'nightly', createdAt: '2026-12-01T10:00:00.000Z' };
const handler = {
  ...{ name: '/data', providers: [], version: undefined, settings: {} },
  processorLog: '.local/logs/p.log',
};

it('names the lines about a batch in the console of CloudWatch, and the command that prints them', () => {
  const { url, command } = inCloudWatch('/aws/lambda/worker', 'eu-west-1', BATCH);
  const place = 'log-groups/log-group/$252Faws$252Flambda$252Fworker/log-events';
  const filter = `$3FfilterPattern$3D$2522nightly$2522$26start$3D${Date.parse(BATCH.createdAt)}`;
  expect(url).toBe(
    `https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:${place}${filter}`,
  );
  expect(command).toBe(
    `aws logs tail /aws/lambda/worker --since 2026-12-01T10:00:00.000Z --filter-pattern '"nightly"'`,
  );
});

it.each([
  ['cn-north-1', 'cn-north-1.console.amazonaws.cn'],
  ['us-gov-west-1', 'us-gov-west-1.console.amazonaws-us-gov.com'],
])('knows the console of %s', (region, host) => {
  const { url = '' } = inCloudWatch('g', region, BATCH);
  expect(new URL(url).host).toBe(host);
});

it('names the file of the processor in a local stack, and the program of a directory', async () => {
  const aws = { access: { endpoint: 'http://127.0.0.1:1' } } as never;
  expect(await batchLogs({ handler, aws })(BATCH)).toEqual([
    { name: 'processor', place: '.local/logs/p.log' },
  ]);
  const [log] = await batchLogs({ handler, process: {} as never })(BATCH);
  expect(log?.place).toMatch(/^The program that runs the handler in \/data/);
});
