import { chanceFrom } from '../../chance.ts';
import type { BatchJob } from '../batchJob.ts';
import { rpcStatus } from '../errors.ts';
import { answerEmbedContent } from './embedContent.ts';
import { answerGenerateContent } from './generateContent.ts';
import { problemOf } from './problems.ts';

export interface Question {
  readonly request: Readonly<Record<string, unknown>>;
  /** `models/…` */
  readonly model: string;
  readonly inputTokens: number;
  /** Numbers in [0, 1), drawn from the line's hash: an equal request gets an equal reply. */
  readonly chance: () => number;
}

/** What stands in a line of the results beside the key, and what it cost. */
export type Answer = { readonly inputTokens: number; readonly outputTokens: number } & (
  | { readonly response: object }
  | { readonly error: object }
);

const BYTES_PER_TOKEN = 4;

/** What the model answers to a request whose line has this hash. */
export function answer(
  { kind, model }: Pick<BatchJob, 'kind' | 'model'>,
  request: Question['request'],
  hash: number,
  bytes: number,
): Answer {
  const problem = problemOf(kind, request, model);
  if (problem !== undefined)
    return { inputTokens: 0, outputTokens: 0, error: rpcStatus('INVALID_ARGUMENT', problem) };
  const inputTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
  const question = { request, model, inputTokens, chance: chanceFrom(hash) };
  return kind === 'EmbedContent' ? answerEmbedContent(question) : answerGenerateContent(question);
}
