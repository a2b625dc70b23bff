/** How many days a person may look back, today included. */
export const PERIODS = ['7', '30', '90'] as const;
