import { runAsProcess } from '../engine/childProcess.ts';
import { type GeminiOptionsInput, startGeminiSimulator } from './index.ts';

await runAsProcess((options) => startGeminiSimulator(options as GeminiOptionsInput));
