/**
 * The tree of relayed values. A node is a path of distinct processes; its value is the value that the last process on
 * the path reported for the path without it. A level holds one byte for each path of one length, in the order of the
 * paths. The children of the node at index k are a contiguous block of the next level. Lynch, "Distributed Algorithms",
 * 6.2.3.
 */
import { DEFAULT_VALUE, type ProcessId, VALUE_MAX, type Value } from '../process.ts'

export type Path = readonly ProcessId[]

/** The byte that stands for a missing value. */
export const UNSAID = 255

/** Returns every path that extends `root` by `more` processes, in order. */
export function pathsBelow(n: number, root: Path, more: number): readonly Path[] {
  if (more === 0) return [root]
  const paths: Path[] = []
  for (const path of pathsBelow(n, root, more - 1)) {
    for (let id = 0; id < n; id++) if (!path.includes(id)) paths.push([...path, id])
  }
  return paths
}

/** Returns the index of the child that ends in `id`, among the children of this path. */
export function childIndex(path: Path, id: ProcessId): number {
  return id - path.filter((each) => each < id).length
}

/**
 * Returns the index of a path of distinct processes in its level. All paths of the level begin with the same `root`
 * processes.
 */
export function indexOf(n: number, path: Path, root: number): number {
  let index = 0
  for (let length = root; length < path.length; length++) {
    index = index * (n - length) + childIndex(path.slice(0, length), path[length] as ProcessId)
  }
  return index
}

export const valueAt = (level: Uint8Array | undefined, index: number): Value => {
  const value = level?.[index] ?? UNSAID
  return value > VALUE_MAX ? DEFAULT_VALUE : value
}
