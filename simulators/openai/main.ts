import { runAsProcess } from '../engine/jobServer.ts';
import { type OpenAiOptionsInput, startOpenAiSimulator } from './index.ts';

await runAsProcess((options) => startOpenAiSimulator(options as OpenAiOptionsInput));
