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

/** The text of an answer; whatever is no text, such as an embedding, as it is: JSON. */
export function answerText(body: unknown): string {
  const { choices, output } = (body ?? {}) as Answer;
  if (choices) return choices[0]?.message?.content ?? choices[0]?.text ?? '';
  if (output)
    return output.flatMap(({ content = [] }) => content.map((part) => part.text)).join('');
  return JSON.stringify(body);
}
