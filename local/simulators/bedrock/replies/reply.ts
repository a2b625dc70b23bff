import { chanceFrom } from '../../chance.ts';
import { answerConverse } from './converse.ts';
import { answerMessages } from './messages.ts';
import { answerTitan } from './titan.ts';

export interface Question {
  readonly input: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly inputTokens: number;
  /** Numbers in [0, 1), drawn from the record's hash: an equal record gets an equal reply. */
  readonly chance: () => number;
}

/** What stands in an output line beside the request, and what it cost. */
export type Answer = { readonly inputTokens: number; readonly outputTokens: number } & (
  | { readonly modelOutput: object }
  | { readonly error: object }
);

const BYTES_PER_TOKEN = 4;

/** What the model answers to a record whose line has this hash. */
export function answer(
  { modelId, invocationType }: { readonly modelId: string; readonly invocationType: string },
  input: Question['input'],
  hash: number,
  bytes: number,
): Answer {
  const inputTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
  const question = { input, model: modelId, inputTokens, chance: chanceFrom(hash) };
  if (invocationType === 'Converse') {
    // https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
    if ('toolConfig' in input) return refused('toolConfig is not supported in batch inference');
    return answerConverse(question);
  }
  if (/anthropic\.claude/.test(modelId)) {
    if (input.anthropic_version !== 'bedrock-2023-05-31') return refused('anthropic_version');
    return 'model' in input ? refused('extraneous key [model]') : answerMessages(question);
  }
  if (/titan-embed/.test(modelId)) return answerTitan(question);
  if (/amazon\.nova/.test(modelId)) return answerConverse(question);
  return { inputTokens, outputTokens: 1, modelOutput: { echo: Object.keys(input).sort() } };
}

function refused(what: string): Answer {
  const error = { errorCode: 400, errorMessage: `Malformed input request: ${what}` };
  return { inputTokens: 0, outputTokens: 0, error };
}
