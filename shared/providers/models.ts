/** The provider's name for a model, by the entry's `models`; `*` stands for all that is not named. */
export function modelAt(models: Readonly<Record<string, string>>, model: string): string {
  const named = Object.hasOwn(models, model) ? models[model] : models['*'];
  return named ?? model;
}
