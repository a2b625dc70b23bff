import { runAsProcess } from '../engine/jobServer.ts';
import { type MistralOptionsInput, startMistralSimulator } from './index.ts';

await runAsProcess((options) => startMistralSimulator(options as MistralOptionsInput));
