import { runAsProcess } from '../engine/childProcess.ts';
import type { OpenAiOptionsInput } from '../openai/index.ts';
import { startAzureSimulator } from './index.ts';

await runAsProcess((options) => startAzureSimulator(options as OpenAiOptionsInput));
