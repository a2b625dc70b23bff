import { hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import type { Answer, Question } from './reply.ts';

const MAX_CANDIDATES = 8;

/** A GenerateContentResponse. */
export function answerGenerateContent(question: Question): Answer {
  const { request, model, inputTokens, chance } = question;
  const { candidateCount } = configOf(request);
  const count = typeof candidateCount === 'number' ? candidateCount : 1;
  const written = Array.from({ length: Math.min(count, MAX_CANDIDATES) }, () =>
    partOf(request, chance),
  );
  const outputTokens = written.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    inputTokens,
    outputTokens,
    response: {
      candidates: written.map(({ part }, index) => ({
        content: { parts: [part], role: 'model' },
        finishReason: 'STOP',
        index,
      })),
      usageMetadata: {
        promptTokenCount: inputTokens,
        candidatesTokenCount: outputTokens,
        totalTokenCount: inputTokens + outputTokens,
      },
      modelVersion: model.replace('models/', ''),
      responseId: hexadecimal(chance, 22),
    },
  };
}

function partOf(request: Question['request'], chance: () => number) {
  const { text, tokens } = textFrom(chance);
  const name = functionToCall(request);
  if (name !== undefined) return { part: { functionCall: { name, args: { text } } }, tokens };
  const isJson = configOf(request).responseMimeType === 'application/json';
  return { part: { text: isJson ? JSON.stringify({ answer: text }) : text }, tokens };
}

/** The function that must be called: the one that is allowed, or the first. */
function functionToCall({ tools, toolConfig }: Question['request']): string | undefined {
  const config = isObject(toolConfig) ? toolConfig.functionCallingConfig : undefined;
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const { allowedFunctionNames: allowed } = config;
  if (Array.isArray(allowed)) return String(allowed[0]);
  const [tool] = Array.isArray(tools) ? tools : [];
  return String(tool?.functionDeclarations?.[0]?.name);
}

function configOf({ generationConfig }: Question['request']): Record<string, unknown> {
  return isObject(generationConfig) ? generationConfig : {};
}
