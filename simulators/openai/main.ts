import { runAsProcess } from '../engine/childProcess.ts';
import { type OpenAiOptionsInput, startOpenAiSimulator } from './index.ts';

await runAsProcess((options) => startOpenAiSimulator(options as OpenAiOptionsInput));
