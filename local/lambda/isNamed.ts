/** Whether a text names a function, by its name or ARN, with or without a qualifier. */
export function isNamed(text: string | undefined, name: string, arn: string): boolean {
  return [name, arn].some((id) => text === id || text?.startsWith(`${id}:`));
}
