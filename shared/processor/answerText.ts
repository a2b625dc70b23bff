/** What is used of the answers of the endpoints that answer with text. */
interface Answer {
  /** Of /v1/chat/completions and /v1/completions. */
  readonly choices?: readonly {
    readonly message?: { readonly content?: string | null };
    readonly text?: string;
  }[];
  /** Of /v1/responses. */
  readonly output?: readonly { readonly content?: readonly { readonly text?: string }[] }[];
}

/**
 * The text of an answer of `/v1/chat/completions`, `/v1/completions` or `/v1/responses`.
 *
 * @param body the body of a response
 * @returns any other answer, such as an embedding, as JSON; an empty text if the model gave none
 */
export function answerText(body: unknown): string {
  const { choices, output } = (body ?? {}) as Answer;
  if (choices) return choices[0]?.message?.content ?? choices[0]?.text ?? '';
  if (output)
    return output.flatMap(({ content = [] }) => content.map((part) => part.text)).join('');
  return JSON.stringify(body) ?? '';
}
