import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main as compileAssembly } from 'assemblyscript/asc';

/**
 * Compiles module.ts, the scanner of request lines, to WebAssembly, and writes compiled.ts:
 *
 *     npm run build:scanner
 *
 * A test compiles it, too, and compares.
 */

const SOURCE = 'module.ts';
const TARGET = join(import.meta.dirname, 'compiled.ts');

/** The line has 1 MiB from byte 512; the module's own strings follow it, after 64 KiB for what reads ahead. */
const OPTIONS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ...['--memoryBase', String(17 * 65_536), '--initialMemory', '18', '--maximumMemory', '18'],
];

/** @returns the text of compiled.ts */
export async function compile(): Promise<string> {
  let text = '';
  const { error, stderr } = await compileAssembly(
    [SOURCE, '--baseDir', import.meta.dirname, '-o', 'module.wasm', ...OPTIONS],
    {
      writeFile(_name, contents) {
        const lines =
          Buffer.from(contents)
            .toString('base64')
            .match(/.{1,96}/g) ?? [];
        const quoted = lines.map((line) => `  '${line}',`).join('\n');
        text = `/** module.ts as WebAssembly, in base64. Written by build.ts. */\nexport const MODULE = [\n${quoted}\n].join('');\n`;
      },
    },
  );
  if (error) throw new Error(`module.ts does not compile: ${stderr}`, { cause: error });
  return text;
}

if (import.meta.main) writeFileSync(TARGET, await compile());
