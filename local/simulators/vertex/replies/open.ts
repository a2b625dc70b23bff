import { hexadecimal } from '../../chance.ts';
import { answerChat } from '../../openai/replies/chat.ts';
import { answerEmbeddings } from '../../openai/replies/embeddings.ts';
import { isObject } from '../../readJson.ts';
import { type Answer, ERRORS, type Question } from './question.ts';

/** A row of an open model's, as OpenAI's output files have them. */
export function openRow({ line, verdict, inputTokens, chance }: Question): Answer {
  const id = `batch_req_${hexadecimal(chance, 24)}`;
  const row = (status_code: number, body: object) => ({
    id,
    custom_id: line.custom_id,
    response: { status_code, request_id: id, body },
    error: null,
  });
  if (verdict !== 'succeeded') {
    const error = ERRORS[verdict];
    return { inputTokens: 0, outputTokens: 0, row: row(error.code, { error }) };
  }
  const answer = line.url === '/v1/embeddings' ? answerEmbeddings : answerChat;
  const body = isObject(line.body) ? line.body : {};
  const { body: reply, outputTokens } = answer({ body, inputTokens, created: 0, chance });
  return { inputTokens, outputTokens, row: row(200, reply) };
}
