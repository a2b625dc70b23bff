import type { SettingsOf } from '../../providerSettings.ts';
import { modelAt } from '../models.ts';
import type { JobContext } from '../provider.ts';
import type { LineChange } from './dialect.ts';

/** Names the model as the service does. Undefined if that is how the requests name it. */
export function renaming(
  { models }: Pick<SettingsOf<'openai'>, 'models'>,
  { model }: Pick<JobContext, 'model'>,
): LineChange | undefined {
  const name = modelAt(models, model);
  if (name === model) return undefined;
  return (line) => ({ ...line, body: { ...line.body, model: name } });
}

/** Leaves fields of the bodies out. Undefined if there are none to be left out. */
export function dropping(fields: readonly string[]): LineChange | undefined {
  if (fields.length === 0) return undefined;
  const names = new Set(fields);
  return (line) => {
    const kept = Object.entries(line.body).filter(([name]) => !names.has(name));
    if (kept.length === Object.keys(line.body).length) return line;
    return { ...line, body: Object.fromEntries(kept) };
  };
}

/** One after the other. Undefined if there are none. */
export function inOrder(changes: readonly (LineChange | undefined)[]): LineChange | undefined {
  const real = changes.filter((change) => change !== undefined);
  if (real.length === 0) return undefined;
  return (line) => real.reduce((changed, change) => change(changed), line);
}
