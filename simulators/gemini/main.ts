import { runAsProcess } from '../engine/jobServer.ts';
import { type GeminiOptionsInput, startGeminiSimulator } from './index.ts';

await runAsProcess((options) => startGeminiSimulator(options as GeminiOptionsInput));
