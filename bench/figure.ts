/** One measured number. */
export interface Figure {
  /** Of letters, digits and dashes; the same in every run. */
  readonly name: string;
  /** What it says, for people. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal | undefined;
  /** The figure that no implementation could be better than is shown beside what it limits. */
  readonly isLimit?: boolean;
}

export interface Goal {
  readonly is: 'at most' | 'at least';
  readonly value: number;
}

/** Measures one thing; what it needs, it starts and ends itself. */
export interface Benchmark {
  readonly name: string;
  /** Heading of its figures. */
  readonly title: string;
  run(): Promise<readonly Figure[]>;
}

export function atMost(value: number): Goal {
  return { is: 'at most', value };
}

export function atLeast(value: number): Goal {
  return { is: 'at least', value };
}

/** Whether a figure reaches its goal; null if it has none. */
export function isReached({ value, goal }: Pick<Figure, 'value' | 'goal'>): boolean | null {
  if (goal === undefined) return null;
  return goal.is === 'at most' ? value <= goal.value : value >= goal.value;
}
