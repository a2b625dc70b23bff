import { runAsProcess } from '../childProcess.ts';
import { startGeminiSimulator } from './index.ts';
import type { GeminiOptionsInput } from './options.ts';

await runAsProcess((options) => startGeminiSimulator(options as GeminiOptionsInput));
