/** What the store does not do yet: by attack, the only complaint that may be heard of it. */
export const AWAITED: ReadonlyMap<string, RegExp> = new Map([
  // Two halves of an equivocation that no correct replica holds together.
  ['equivocate', /^there is no evidence against replica 0$/],
  // Backups hear of requests only when something is wrong, so no progress of theirs shrinks T again.
  ['silent-successors', /^timeouts grew to \d+ ticks and are still \d+$/],
  ['inflate-timeout', /^timeouts grew to \d+ ticks and are still \d+$/],
])

export const unexpected = (name: string, faults: readonly string[]): readonly string[] =>
  faults.filter((fault) => AWAITED.get(name)?.test(fault) !== true)
