import { runAsProcess } from '../engine/jobServer.ts';
import type { OpenAiOptionsInput } from '../openai/index.ts';
import { startAzureSimulator } from './index.ts';

await runAsProcess((options) => startAzureSimulator(options as OpenAiOptionsInput));
