import { runAsProcess } from '../childProcess.ts';
import type { OpenAiOptionsInput } from '../openai/options.ts';
import { startAzureSimulator } from './index.ts';

await runAsProcess((options) => startAzureSimulator(options as OpenAiOptionsInput));
