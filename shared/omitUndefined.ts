/** The object without the properties that are `undefined`: for records and options in which absent and `undefined` differ. */
export function omitUndefined<T extends object>(properties: T): WithoutUndefined<T> {
  const defined = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as WithoutUndefined<T>;
}

/** Required properties stay required; one that may be `undefined` becomes optional. */
type WithoutUndefined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
