/** Names and values on one line. */
export const factsLine = (facts: object): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
