import { referenceOf } from '../translation/reference.ts';

/**
 * Anthropic's batches have no name and no metadata, so each `custom_id` starts with the submission
 * key. At most 64 of A-Za-z0-9_- are allowed, and any id of the user's fits as its reference:
 * https://platform.claude.com/docs/en/api/messages/batches/create
 */
export function wireIdOf(key: string, customId: string): string {
  return `${key}_${referenceOf(customId)}`;
}

const WIRE_ID = /^(bh[a-z0-9]{16}-\d+)_([0-9a-f]{32})$/;

/** The parts of a `custom_id` of ours; undefined for any other. */
export function readWireId(
  wireId: string,
): { readonly key: string; readonly reference: string } | undefined {
  const [, key, reference] = WIRE_ID.exec(wireId) ?? [];
  return key === undefined || reference === undefined ? undefined : { key, reference };
}
