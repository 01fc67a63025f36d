/** The known name that a misspelt one is nearest to. */

/** Letters that may differ between a misspelt name and the one that was meant, for each letter of the longer one. */
const DIFFERING_SHARE = 0.5

/** Null when none is near. Case counts for nothing. */
export function nearestName(name: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const each of known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase())
    if (distance >= least || distance > Math.max(name.length, each.length) * DIFFERING_SHARE) continue
    nearest = each
    least = distance
  }
  return nearest
}

/** Letters to insert, delete or change until one text is the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 1; at <= other.length; at++) {
      const changed = (row[at - 1] ?? 0) + (letter === other[at - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
