import type { AddWish } from '../shared/console/adding.ts';
import type { EntryInspection } from '../shared/console/inspection.ts';
import type { Estimate } from '../shared/operations/estimate.ts';
import { costText, countText, priceText } from './format.ts';

/** What a file would be as a batch at the chosen entries, or why it cannot be one there. */
export type Plan =
  /** `isWaiting`: only until the file is read. */
  | { readonly isPossible: false; readonly why: string; readonly isWaiting: boolean }
  | {
      readonly isPossible: true;
      /** At the entry where it costs most. */
      readonly estimate: Estimate;
      /** USD at most; null if an entry has no price for the model. */
      readonly cost: number | null;
      readonly costText: string;
      /** The most jobs of any entry. If there are several entries, their limits may make them more. */
      readonly jobs: number;
      /** What would keep the batch waiting. */
      readonly waits: readonly string[];
    };

/** @param chosen provider entries; the batch runs at any of them */
export function planOf(entries: readonly EntryInspection[], chosen: readonly string[]): Plan {
  const impossible = (why: string, isWaiting = false): Plan => ({
    ...{ isPossible: false, why, isWaiting },
  });
  const picked = entries.filter(({ provider }) => chosen.includes(provider));
  if (picked.length === 0) return impossible('Choose a provider entry.');
  const estimates: Estimate[] = [];
  for (const { provider, state, estimate, message } of picked) {
    if (state === 'failed') return impossible(`${provider} cannot take it: ${message}`);
    if (!estimate) return impossible(`The file is still read for ${provider}.`, true);
    if (estimate.problems > 0)
      return impossible(`${provider} would refuse it. Mend the file, and choose it again.`);
    estimates.push(estimate);
  }
  const unpriced = picked.filter(({ estimate }) => estimate?.cost === null);
  const [dearest] = [...estimates].sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0));
  if (!dearest) return impossible('Choose a provider entry.');
  const cost = unpriced.length > 0 ? null : dearest.cost;
  const names = unpriced.map(({ provider }) => provider).join(', ');
  return {
    ...{ isPossible: true, estimate: dearest, cost },
    costText:
      cost === null
        ? `not known: ${names} has no price for ${dearest.model ?? 'the model'}`
        : costSentence(dearest, estimates.length > 1),
    jobs: Math.max(...estimates.map(({ jobs }) => jobs)),
    waits: estimates.flatMap(({ waits }) => waits),
  };
}

function costSentence(
  { cost, price, openEnded, providers, builtinPricesOf }: Estimate,
  isOfSeveral: boolean,
): string {
  const where = isOfSeveral ? ` at ${providers.join(', ')}, where it costs most` : '';
  const prices =
    price && `, at ${priceText(price.input)} and ${priceText(price.output)} a million tokens`;
  const builtin = builtinPricesOf === null ? '' : ` (built-in prices of ${builtinPricesOf})`;
  const open =
    openEnded === 0
      ? ''
      : `; of ${countText(openEnded)} requests without a token limit for answers, only the prompts are counted`;
  return `about ${costText(cost)} at most${where}${prices ?? ''}${builtin}${open}`;
}

/** The options of a batch as somebody types them. */
export interface Draft {
  readonly batchId: string;
  readonly priority: string;
  readonly tenant: string;
  /** As the browser's field has it, in UTC. */
  readonly notBefore: string;
  readonly maxCost: string;
  readonly completionWindow: string;
  readonly outputLifeSeconds: string;
  /** JSON. */
  readonly options: string;
  readonly metadata: readonly (readonly [string, string])[];
}

export const EMPTY_DRAFT: Draft = {
  ...{ batchId: '', priority: '', tenant: '', notBefore: '', maxCost: '' },
  ...{ completionWindow: '', outputLifeSeconds: '', options: '', metadata: [] },
};

/** @throws Error that says what is wrong with a field. The server checks the rest. */
export function wishOf(draft: Draft): Omit<AddWish, 'batchId' | 'provider' | 'providers'> {
  const { tenant, completionWindow, notBefore, options } = draft;
  const metadata = draft.metadata.filter(([key, value]) => key !== '' || value !== '');
  const keys = metadata.map(([key]) => key);
  if (keys.includes('')) throw new Error('A pair of metadata has no key.');
  if (new Set(keys).size < keys.length)
    throw new Error('A key of the metadata is there twice: only one of them can be kept.');
  return {
    ...(tenant !== '' && { tenant }),
    ...(completionWindow !== '' && { completionWindow }),
    ...numberOf('priority', draft.priority),
    ...numberOf('maxCost', draft.maxCost),
    ...numberOf('outputLifeSeconds', draft.outputLifeSeconds),
    ...(notBefore !== '' && { notBefore: new Date(`${notBefore}Z`).toISOString() }),
    ...(options.trim() !== '' && { options: optionsOf(options) }),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata) }),
  };
}

function numberOf(name: 'priority' | 'maxCost' | 'outputLifeSeconds', text: string) {
  if (text.trim() === '') return {};
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error(`${name} must be a number, and is ${text}.`);
  return { [name]: number };
}

function optionsOf(text: string): NonNullable<AddWish['options']> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('The options are not JSON: write an object, such as {"name": 1}.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('The options must be a JSON object, such as {"name": 1}.');
  // What JSON.parse makes of an object is one of JSON values.
  return value as NonNullable<AddWish['options']>;
}
