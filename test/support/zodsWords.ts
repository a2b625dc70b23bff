/** How zod itself says what is wrong with an input. No user reads that. */
export const ZODS_WORDS =
  /Invalid (input|option|string|key|value|number|discriminator|URL|ISO)|expected|received|Too (small|big)|Unrecognized/;
