import { chanceFrom } from '../../chance.ts';
import { claudeRow } from './claude.ts';
import { geminiRow } from './gemini.ts';
import { openRow } from './open.ts';
import type { Answer, Question } from './question.ts';

const BYTES_PER_TOKEN = 4;
const ROWS = { anthropic: claudeRow, google: geminiRow } as const;

export function rowOf(
  model: string,
  line: Question['line'],
  verdict: Question['verdict'],
  hash: number,
): Answer {
  const inputTokens = Math.ceil(JSON.stringify(line).length / BYTES_PER_TOKEN);
  const publisher = /^publishers\/([^/]+)/.exec(model)?.[1] ?? 'google';
  const answer = ROWS[publisher as keyof typeof ROWS] ?? openRow;
  return answer({ model, line, verdict, inputTokens, chance: chanceFrom(hash) });
}
