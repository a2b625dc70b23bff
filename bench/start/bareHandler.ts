/** Does nothing, with nothing. */
export async function handler(): Promise<void> {}
