import { runAsProcess } from '../childProcess.ts';
import { startOpenAiSimulator } from './index.ts';
import type { OpenAiOptionsInput } from './options.ts';

await runAsProcess((options) => startOpenAiSimulator(options as OpenAiOptionsInput));
