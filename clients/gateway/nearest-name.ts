/** Finds the known name that is nearest to a misspelt one. */

/** The share of letters that may differ between a misspelt name and the intended one, relative to the longer one. */
const DIFFERING_SHARE = 0.5
const NAMES_MAX = 3

/** Returns null if none is near. Case is ignored. */
export function nearestName(name: string, known: readonly string[]): string | null {
  return nearestNames(name, known)[0] ?? null
}

/** Returns up to three known names that are near, the nearest first. Case is ignored. */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  const isNear = (each: string, distance: number): boolean =>
    distance <= Math.max(name.length, each.length) * DIFFERING_SHARE
  return known
    .map((each) => ({ each, distance: editDistance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => isNear(each, distance))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NAMES_MAX)
    .map(({ each }) => each)
}

/** The number of letters to insert, delete or change to turn one text into the other (Levenshtein). */
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
