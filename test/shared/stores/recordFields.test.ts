import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { BATCH_SCHEMA_VERSION, batchSchema } from '../../../shared/batch/record.ts';
import { LANE_SCHEMA_VERSION, laneSchema } from '../../../shared/collector/lane.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  providerStateSchema,
} from '../../../shared/quota/providerState.ts';
import {
  TENANT_STATE_SCHEMA_VERSION,
  tenantStateSchema,
} from '../../../shared/quota/tenantState.ts';
import { fromItem, toItem } from '../../../shared/stores/batchItem.ts';
import { recordJson } from '../../../shared/stores/items.ts';
import { given } from '../../support/given.ts';

/** The names of all fields, from the outermost to the innermost. */
function fieldsOf(schema: z.ZodType): readonly string[] {
  const found = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name !== 'properties') walk(inner, path);
      else
        for (const [field, of] of Object.entries(inner)) {
          found.add(path + field);
          walk(of, `${path}${field}.`);
        }
    }
  };
  walk(z.toJSONSchema(schema, { unrepresentable: 'any' }), '');
  return [...found].sort();
}

describe('code of the same schema version drops a field that it does not know', () => {
  it.each([
    ['batch', BATCH_SCHEMA_VERSION, batchSchema],
    ['provider state', PROVIDER_STATE_SCHEMA_VERSION, providerStateSchema],
    ['tenant state', TENANT_STATE_SCHEMA_VERSION, tenantStateSchema],
    ['collector lane', LANE_SCHEMA_VERSION, laneSchema],
  ] as const)(
    'so a new field of a %s needs a version after %i, unless no harm is done without it: then update this snapshot',
    (_, _version, schema) => {
      expect(fieldsOf(schema)).toMatchSnapshot();
    },
  );
});

const LAYOUT = { partitions: { due: 4, active: 1 }, ...DEFAULT_POLICY };

describe('a record whose numbers no schema reads', () => {
  it('is written with those in range, and says so', () => {
    const number = fc.oneof(
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 60),
    );
    fc.assert(
      fc.property(number, number, (inputTokens, cost) => {
        const usage = { inputTokens, outputTokens: 1, totalTokens: 1 };
        const batch = { ...given('collecting'), usage, cost };
        const read = fromItem(toItem(batch, LAYOUT));
        expect(Number.isSafeInteger(read.usage.inputTokens)).toBe(true);
        expect(read.cost).toBeGreaterThanOrEqual(0);
        const isChanged = read.usage.inputTokens !== inputTokens || read.cost !== cost;
        expect(read.reasons.some(({ code }) => code === 'value_out_of_range')).toBe(isChanged);
      }),
    );
  });

  it('is not written if anything else is wrong', () => {
    const batch = { ...given('queued'), provider: 5 } as never;
    expect(() => toItem(batch, LAYOUT)).toThrow(/batch b1 \(queued\) cannot be written/);
  });
});

it('the state of a provider is not written if it could not be read back', () => {
  const state = { schemaVersion: 1, provider: 'p', version: -1 } as const;
  expect(() => recordJson('provider p', providerStateSchema, state)).toThrow(
    /provider p cannot be written/,
  );
});
