/**
 * The tree of who said that who said what: a node is a path of distinct processes, and its value is what the last one of
 * them said that the one before had said, and so on. A level is one byte for each path of one length, in the order of
 * the paths; the children of the node at index k are a block of the next level. Lynch, "Distributed Algorithms", 6.2.3.
 */
import { DEFAULT_VALUE, type ProcessId, VALUE_MAX, type Value } from '../process.ts'

export type Path = readonly ProcessId[]

/** The byte for what was not said. */
export const UNSAID = 255

/** Every path with `more` further processes behind `root`, in order. */
export function pathsBelow(n: number, root: Path, more: number): readonly Path[] {
  if (more === 0) return [root]
  const paths: Path[] = []
  for (const path of pathsBelow(n, root, more - 1)) {
    for (let id = 0; id < n; id++) if (!path.includes(id)) paths.push([...path, id])
  }
  return paths
}

/** The index, among the children of this path, of the one that ends in `id`. */
export function childIndex(path: Path, id: ProcessId): number {
  return id - path.filter((each) => each < id).length
}

/**
 * The index of a path of distinct processes in its level; `root` is the number of processes with which all paths
 * begin with.
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
