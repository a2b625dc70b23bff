import { chanceFrom, hexadecimal } from '../engine/plan.ts';
import { isObject } from '../engine/server.ts';
import { textFrom } from '../openai/replies.ts';

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

/** A response of Converse, which is also Amazon Nova's own. */
function answerConverse({ input, inputTokens, chance }: Question): Answer {
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCall(input.toolConfig);
  const content =
    tool === undefined
      ? [{ text }]
      : [
          {
            toolUse: {
              toolUseId: `tooluse_${hexadecimal(chance, 22)}`,
              name: tool,
              input: { text },
            },
          },
        ];
  return {
    inputTokens,
    outputTokens,
    modelOutput: {
      output: { message: { role: 'assistant', content } },
      stopReason: tool === undefined ? 'end_turn' : 'tool_use',
      usage: {
        inputTokens,
        outputTokens,
        totalTokens: inputTokens + outputTokens,
        cacheReadInputTokens: 0,
        cacheWriteInputTokens: 0,
      },
      metrics: { latencyMs: 100 },
    },
  };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall(config: unknown): string | undefined {
  const { tools, toolChoice: choice } = isObject(config) ? config : {};
  if (!isObject(choice)) return undefined;
  if (isObject(choice.tool)) return String(choice.tool.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return isObject(choice.any) ? String(first?.toolSpec?.name) : undefined;
}

/** A message of Anthropic's Messages API. */
function answerMessages({ input, model, inputTokens, chance }: Question): Answer {
  const { text, tokens: outputTokens } = textFrom(chance);
  const id = `msg_bdrk_${hexadecimal(chance, 22)}`;
  const tool = toolToCallMessages(input);
  const content =
    tool === undefined
      ? { type: 'text', text }
      : {
          type: 'tool_use',
          id: `toolu_bdrk_${hexadecimal(chance, 22)}`,
          name: tool,
          input: { text },
        };
  return {
    inputTokens,
    outputTokens,
    modelOutput: {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [content],
      stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: inputTokens,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: outputTokens,
      },
    },
  };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCallMessages({ tools, tool_choice: choice }: Question['input']): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const DIMENSIONS = 1024;
const DECIMALS = 6;

/** An embedding of Titan Text Embeddings V2. */
function answerTitan({ input, inputTokens, chance }: Question): Answer {
  const length = typeof input.dimensions === 'number' ? input.dimensions : DIMENSIONS;
  const number = () => Number((chance() * 0.1 - 0.05).toFixed(DECIMALS));
  const embedding = Array.from({ length }, number);
  return {
    inputTokens,
    outputTokens: 0,
    modelOutput: {
      embedding,
      embeddingsByType: { float: embedding },
      inputTextTokenCount: inputTokens,
    },
  };
}
