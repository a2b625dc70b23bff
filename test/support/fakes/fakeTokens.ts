import type { TokenEstimate, TokenEstimation } from '../../../shared/batch/ports.ts';

/** Four bytes to a token, which is enough where the number does not matter. */
export function fakeEstimate(): TokenEstimate {
  let total = 0;
  return {
    add(_body, bytes) {
      total += bytes / 4;
      return bytes / 4;
    },
    total: () => Math.ceil(total),
  };
}

export const fakeTokens: TokenEstimation = { estimate: async () => fakeEstimate() };
