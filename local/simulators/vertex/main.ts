import { runAsProcess } from '../childProcess.ts';
import { startVertexSimulator } from './index.ts';
import type { VertexOptionsInput } from './options.ts';

await runAsProcess((options) => startVertexSimulator(options as VertexOptionsInput));
