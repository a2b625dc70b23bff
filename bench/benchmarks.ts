import { costing } from './cost/costing.ts';
import type { Benchmark } from './figure.ts';
import { inspecting } from './lines/inspecting.ts';
import { merging } from './lines/merging.ts';
import { latency } from './stack/latency.ts';
import { starting } from './start/starting.ts';
import { sweeping } from './sweep/sweeping.ts';
import { sweepingTable } from './table/sweepingTable.ts';
import { collecting } from './transfer/collecting.ts';
import { submitting } from './transfer/submitting.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  sweeping,
  sweepingTable,
  collecting,
  submitting,
  inspecting,
  merging,
  starting,
  latency,
  costing,
];
