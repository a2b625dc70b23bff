import { chanceFrom } from '../../chance.ts';
import { answerChat } from './chat.ts';
import { answerCompletion } from './completions.ts';
import { answerEmbeddings } from './embeddings.ts';
import { answerModeration } from './moderations.ts';
import { answerResponse } from './responses.ts';

export interface Question {
  /** The `body` of the request's line. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly inputTokens: number;
  /** Unix seconds. */
  readonly created: number;
  /** Numbers in [0, 1), drawn from the request's hash: an equal request gets an equal reply. */
  readonly chance: () => number;
}

export interface Answer {
  readonly body: Record<string, unknown>;
  readonly outputTokens: number;
}

const ANSWERS: Readonly<Record<string, (question: Question) => Answer>> = {
  '/v1/chat/completions': answerChat,
  '/v1/responses': answerResponse,
  '/v1/embeddings': answerEmbeddings,
  '/v1/completions': answerCompletion,
  '/v1/moderations': answerModeration,
};

export const ENDPOINTS = Object.keys(ANSWERS);

/** What the model answers to a request whose line has this hash. */
export function answer(endpoint: string, hash: number, question: Omit<Question, 'chance'>): Answer {
  const reply = ANSWERS[endpoint];
  if (!reply) throw new Error(`no replies for the endpoint ${endpoint}, only ${ENDPOINTS}`);
  return reply({ ...question, chance: chanceFrom(hash) });
}
