/** Files that are read again when they change, also when a link to them is moved, as Kubernetes moves it. */
import { unwatchFile, watchFile } from 'node:fs'

/** Milliseconds between looks at a file. */
const LOOK_MS = 1_000

/** Calls `changed` after one of the files has changed. Returns a function that ends it. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  const look = (): void => changed()
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, look)
  return () => {
    for (const path of paths) unwatchFile(path, look)
  }
}
