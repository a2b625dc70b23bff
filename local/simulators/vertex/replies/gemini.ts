import { hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import { type Answer, ERRORS, type Question } from './question.ts';

const INVALID = { ...ERRORS.refused, message: 'Please use a valid role: user, model.' };

/** A row of Gemini's: the line again, with `status` and `response`. */
export function geminiRow({ model, line, verdict, inputTokens, chance }: Question): Answer {
  const request = isObject(line.request) ? line.request : {};
  const error = verdict === 'succeeded' ? problemOf(request) : ERRORS[verdict];
  if (error) {
    const status = `Error: ${JSON.stringify({ error })}`;
    return { inputTokens: 0, outputTokens: 0, row: { ...line, status, response: {} } };
  }
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCall(request);
  const part = tool === undefined ? { text } : { functionCall: { name: tool, args: { text } } };
  const response = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
    },
    modelVersion: model.slice(model.lastIndexOf('/') + 1),
    responseId: hexadecimal(chance, 22),
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

function problemOf({ contents }: Readonly<Record<string, unknown>>): object | undefined {
  const roles = Array.isArray(contents) ? contents.map((content) => content?.role) : [];
  const isValid = roles.length > 0 && roles.every((role) => role === 'user' || role === 'model');
  return isValid ? undefined : INVALID;
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall({ tools, toolConfig }: Readonly<Record<string, unknown>>): string | undefined {
  const { functionCallingConfig: config } = isObject(toolConfig) ? toolConfig : {};
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const [named] = Array.isArray(config.allowedFunctionNames) ? config.allowedFunctionNames : [];
  const [first] = Array.isArray(tools) ? tools : [];
  return String(named ?? first?.functionDeclarations?.[0]?.name);
}
