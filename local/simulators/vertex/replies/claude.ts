import { hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import { type Answer, ERRORS, type Question } from './question.ts';

const VERSION = /^vertex-\d{4}-\d{2}-\d{2}$/;

/** A row of Claude's: the line again, with `status` and `response`. */
export function claudeRow({ model, line, verdict, inputTokens, chance }: Question): Answer {
  const request = isObject(line.request) ? line.request : {};
  const error = verdict === 'succeeded' ? problemOf(request) : ERRORS[verdict];
  if (error)
    return {
      inputTokens: 0,
      outputTokens: 0,
      row: { ...line, status: JSON.stringify({ error }), response: {} },
    };
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCall(request);
  const id = hexadecimal(chance, 22);
  const block =
    tool === undefined
      ? { type: 'text', text }
      : { type: 'tool_use', id: `toolu_vrtx_${id}`, name: tool, input: { text } };
  const response = {
    id: `msg_vrtx_${id}`,
    type: 'message',
    role: 'assistant',
    model: model.slice(model.lastIndexOf('/') + 1),
    content: [block],
    stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: inputTokens, output_tokens: outputTokens },
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

function problemOf(request: Readonly<Record<string, unknown>>): object | undefined {
  const { anthropic_version: version, messages } = request;
  if (typeof version !== 'string' || !VERSION.test(version))
    return { ...ERRORS.refused, message: 'anthropic_version: Field required' };
  if ('model' in request)
    return { ...ERRORS.refused, message: 'model: Extra inputs are not permitted' };
  const isValid = Array.isArray(messages) && Number.isInteger(request.max_tokens);
  return isValid ? undefined : { ...ERRORS.refused, message: 'max_tokens: Field required' };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall({
  tools,
  tool_choice: choice,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}
