import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  addMessageSchema,
  commandMessageSchema,
  PROVIDER_ACTIONS,
} from '../../shared/batch/messages.ts';
import { parseBatchMessage } from '../../shared/usecases/intake/intake.ts';

const page = await readFile(new URL('../../docs/messages.md', import.meta.url), 'utf8');
const sections = page.split(/^## /m);
const sectionOf = (title: string) => sections.find((each) => each.startsWith(title)) ?? '';
const rowsOf = (section: string) =>
  [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);

it('docs/messages.md has every field of the message that adds a batch, and no other', () => {
  const fields = rowsOf(sectionOf('Add a batch'));
  expect(fields.toSorted()).toEqual(Object.keys(addMessageSchema.shape).toSorted());
});

it('docs/messages.md has every command', () => {
  const commands = rowsOf(sectionOf('Command a batch'));
  expect(commands).toEqual(commandMessageSchema.shape.action.options);
  for (const action of PROVIDER_ACTIONS)
    expect(sectionOf('Pause a provider')).toContain(`\`${action}\``);
});

it('docs/messages.md shows messages that the handler takes', () => {
  const shown = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, json = '']) => json);
  const inline = [...page.matchAll(/`(\{"action".*?\})`/g)].map(([, json = '']) => json);
  expect(shown.length).toBeGreaterThan(2);
  for (const json of [...shown, ...inline]) expect(() => parseBatchMessage(json)).not.toThrow();
});
