import { runAsProcess } from '../engine/jobServer.ts';
import { startTogetherSimulator, type TogetherOptionsInput } from './index.ts';

await runAsProcess((options) => startTogetherSimulator(options as TogetherOptionsInput));
