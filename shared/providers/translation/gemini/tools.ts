import { refusal } from '../../../batch/errors.ts';
import type { Chat, Tool } from '../chat.ts';
import { cannotExpress } from '../fields.ts';

/** https://ai.google.dev/api/caching#FunctionDeclaration */
const FUNCTION_NAME = /^[a-zA-Z_][\w.:-]{0,127}$/;

/** `tools` and `toolConfig`: https://ai.google.dev/gemini-api/docs/function-calling */
export function toolFieldsOf({ tools, toolChoice }: Chat, provider: string): object {
  if (tools.length === 0) {
    if (toolChoice !== 'required' && typeof toolChoice !== 'object') return {};
    throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
  }
  const declarations = tools.map((tool, index) => declarationOf(tool, index, provider));
  const config = functionCallingConfigOf(tools, toolChoice);
  return {
    tools: [{ functionDeclarations: declarations }],
    ...(config === undefined ? {} : { toolConfig: { functionCallingConfig: config } }),
  };
}

function declarationOf(tool: Tool, index: number, provider: string): object {
  const { name, description, parameters } = tool;
  if (!FUNCTION_NAME.test(name))
    throw cannotExpress(
      `body.tools[${index}].function.name`,
      provider,
      'begin it with a letter or an underscore',
    );
  return {
    name,
    ...(description === undefined ? {} : { description }),
    // A function without parameters is declared without a schema.
    ...(hasProperties(parameters) ? { parametersJsonSchema: parameters } : {}),
  };
}

/** What a schema without properties may have beside. */
const SAYS_NOTHING: readonly string[] = ['additionalProperties', 'required', '$schema'];

function hasProperties(parameters: Tool['parameters']): boolean {
  if (parameters === undefined) return false;
  const { type, properties, ...rest } = parameters;
  const isEmpty = Object.keys(properties ?? {}).length === 0;
  return !isEmpty || Object.keys(rest).some((name) => !SAYS_NOTHING.includes(name));
}

function functionCallingConfigOf(
  tools: readonly Tool[],
  choice: Chat['toolChoice'],
): object | undefined {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.tool] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  // ANY keeps to the schemas by itself; AUTO does not, which is what VALIDATED is there for.
  if (tools.some(({ strict }) => strict)) return { mode: 'VALIDATED' };
  return choice === 'auto' ? { mode: 'AUTO' } : undefined;
}
