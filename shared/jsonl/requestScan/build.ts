import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Compiles module.ts, the scanner of request lines, to WebAssembly, and writes compiled.ts:
 *
 *     npx -y -p assemblyscript@0.28.20 node shared/jsonl/requestScan/build.ts
 *
 * Another version of the compiler may write other bytes.
 */

const SOURCE = join(import.meta.dirname, 'module.ts');
const TARGET = join(import.meta.dirname, 'compiled.ts');

/** The line has 1 MiB from byte 512; the module's own strings follow it, after 64 KiB for what reads ahead. */
const OPTIONS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ...['--memoryBase', String(17 * 65_536), '--initialMemory', '18', '--maximumMemory', '18'],
];

/**
 * The text of compiled.ts.
 *
 * @param compiler path of `asc`
 */
export function compile(compiler: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'scanner-'));
  try {
    const file = join(directory, 'module.wasm');
    execFileSync(compiler, [SOURCE, '-o', file, ...OPTIONS]);
    const lines =
      readFileSync(file)
        .toString('base64')
        .match(/.{1,96}/g) ?? [];
    const text = lines.map((line) => `  '${line}',`).join('\n');
    return `/** module.ts as WebAssembly, in base64. Written by build.ts. */\nexport const MODULE = [\n${text}\n].join('');\n`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(TARGET, compile('asc'));
