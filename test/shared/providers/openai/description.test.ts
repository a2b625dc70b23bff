import { expect, test } from 'vitest';
import { RefusedError } from '../../../../shared/batch/errors.ts';
import { openAiDescription } from '../../../../shared/providers/openai/description.ts';

test.each([{}, { outputExpiresAfterSeconds: 3_600 }, { outputExpiresAfterSeconds: 2_592_000 }])(
  'takes %j',
  (options) => {
    expect(() => openAiDescription.checkOptions(options)).not.toThrow();
  },
);

test.each([
  [{ outputExpiresAfterSeconds: 3_599 }, 'options.outputExpiresAfterSeconds is 3599'],
  [{ outputExpiresAfterSeconds: 2_592_001 }, 'options.outputExpiresAfterSeconds is 2592001'],
  [{ outputExpiresAfterSeconds: 4_000.5 }, 'options.outputExpiresAfterSeconds is 4000.5'],
  [{ outputExpiresAfterSeconds: '4000' }, 'options.outputExpiresAfterSeconds is "4000"'],
  [{ temperature: 1 }, 'options.temperature is 1'],
])('refuses %j', (options, found) => {
  const check = () => openAiDescription.checkOptions(options);
  expect(check).toThrow(RefusedError);
  expect(check).toThrow(found);
  expect(check).toThrow('outputExpiresAfterSeconds, a whole number from 3600 to 2592000');
});
