import { expect, test } from 'vitest';
import { azureApi, describeAzure } from '../../../../shared/providers/azure/description.ts';
import { azureSettings } from './connection.ts';

const RESOURCE = 'https://name.openai.azure.com';

test.each([
  [RESOURCE, undefined, `${RESOURCE}/openai/v1`, 'v1'],
  [`${RESOURCE}/`, 'v1', `${RESOURCE}/openai/v1`, 'v1'],
  [`${RESOURCE}/openai/v1/`, 'preview', `${RESOURCE}/openai/v1`, 'preview'],
  [RESOURCE, '2024-10-21', `${RESOURCE}/openai`, '2024-10-21'],
  [`${RESOURCE}/openai`, '2025-04-01-preview', `${RESOURCE}/openai`, '2025-04-01-preview'],
])('%s with version %s is at %s', (resource, asked, baseUrl, version) => {
  expect(azureApi(resource, asked)).toMatchObject({ baseUrl, version });
});

test('responses need the v1 API', () => {
  const endpoints = (apiVersion?: string) =>
    describeAzure(azureSettings(apiVersion === undefined ? {} : { apiVersion })).endpoints;
  expect(endpoints()).toEqual(['/v1/chat/completions', '/v1/responses']);
  expect(endpoints('2024-10-21')).toEqual(['/v1/chat/completions']);
});

test.each([1_209_600, 2_592_000])('output may be kept for %i seconds', (seconds) => {
  const { checkOptions } = describeAzure(azureSettings());
  expect(() => checkOptions({ outputExpiresAfterSeconds: seconds })).not.toThrow();
});

test.each([1_209_599, 2_592_001, 1.5, '2000000'])('output is not kept for %j seconds', (value) => {
  const { checkOptions } = describeAzure(azureSettings());
  expect(() => checkOptions({ outputExpiresAfterSeconds: value })).toThrow(
    `options.outputExpiresAfterSeconds is ${JSON.stringify(value)}: Azure OpenAI jobs take only outputExpiresAfterSeconds, a whole number from 1209600 to 2592000`,
  );
});
