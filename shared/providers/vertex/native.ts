import { refusal } from '../../batch/errors.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * What the model requires of every request; the rest is for it to judge.
 *
 * @throws RefusedError if the list of this name is no list
 */
export function checkNative(body: Body, list: 'contents' | 'messages'): Body {
  if (Array.isArray(body[list])) return body;
  throw refusal('invalid_field', `body.${list} is no list: write it as the model's own API has it`);
}

/** The model stands in the job, not in the request. */
export function withoutModel({ model: _, ...body }: Body): Record<string, unknown> {
  return body;
}
