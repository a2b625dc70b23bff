import { runAsProcess } from '../engine/childProcess.ts';
import { type BedrockOptionsInput, startBedrockSimulator } from './index.ts';

await runAsProcess((options) => startBedrockSimulator(options as BedrockOptionsInput));
