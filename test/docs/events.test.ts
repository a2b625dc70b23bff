import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { stateChangeSchema } from '../../shared/batch/contracts.ts';

it('docs/events.md has the JSON Schema of the event, as it is', async () => {
  const page = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8');
  const [, schema = ''] = /## JSON Schema\n.*?```json\n(.*?)```/s.exec(page) ?? [];
  expect(JSON.parse(schema)).toEqual(z.toJSONSchema(stateChangeSchema, { io: 'input' }));
});
