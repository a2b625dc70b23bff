import { runAsProcess } from '../engine/jobServer.ts';
import { startVertexSimulator, type VertexOptionsInput } from './index.ts';

await runAsProcess((options) => startVertexSimulator(options as VertexOptionsInput));
