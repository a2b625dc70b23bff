import type { Source } from './source.ts';

const NAMES = [
  'userId',
  'orderTotal',
  'retryCount',
  'parseHeader',
  'cache_key',
  'MAX_LENGTH',
  'responseBody',
  'index',
  'connectionPool',
  'is_valid',
  'fetchPage',
  'tmp',
  'node',
  'visited',
  'leftChild',
  'acc',
];
type Line = (name: () => string, number: () => number) => string;
const LINES: readonly Line[] = [
  (name, number) => `const ${name()} = await ${name()}(${name()}, { limit: ${number()} });\n`,
  (name, number) => `  if (${name()}.length > ${number()} && !${name()}) return null;\n`,
  (name) => `def ${name()}(self, ${name()}: int, ${name()}: str = "") -> bool:\n`,
  (name) => `    return [${name()} for ${name()} in ${name()} if ${name()} is not None]\n`,
  (name, number) => `for (let ${name()} = 0; ${name()} < ${number()}; ${name()}++) {\n`,
  (name) => `    ${name()}[${name()}] = ${name()}.get(${name()}, 0) + 1\n`,
  () => '}\n\n',
  (name) => `// TODO: handle the case where ${name()} is empty\n`,
  (name, number) =>
    `SELECT ${name()}, COUNT(*) FROM ${name()} WHERE ${name()} >= ${number()} GROUP BY 1;\n`,
  (name) => `export interface ${name()} { readonly ${name()}: string; ${name()}?: number }\n`,
  (name, number) =>
    `\tfprintf(stderr, "%s: error %d\\n", ${name()}, 0x${number().toString(16)});\n`,
  (name) => `import { ${name()}, ${name()} } from '../${name()}/index.js';\n`,
  (name) => `<div className="${name()}" onClick={() => ${name()}(${name()})}>{${name()}}</div>\n`,
];

export const code: Source = ({ pick, integer }, characters) => {
  let text = 'Find the bug in this code:\n```\n';
  while (text.length < characters) {
    text += pick(LINES)(
      () => pick(NAMES),
      () => integer(5000),
    );
  }
  return `${text}\`\`\``;
};
