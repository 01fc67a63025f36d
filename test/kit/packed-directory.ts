/**
 * A directory packed into a text file, with a line for each file: path, size and compressed bytes without trailing
 * zeros. It is small enough to be committed beside the tests that need an old directory.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * Returns the lines of a directory's files, in the order of their names, without those for which `isLeftOut` is true.
 */
export function packDirectory(directory: string, isLeftOut: (path: string) => boolean): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !isLeftOut(path))
    .sort()
    .map((path) => {
      const bytes = readFileSync(join(directory, path))
      let used = bytes.length
      while (used > 0 && bytes[used - 1] === 0) used--
      const packed = deflateRawSync(bytes.subarray(0, used), { level: 9 })
      return `${path} ${bytes.length} ${packed.toString('base64')}`
    })
}

/** Writes the files of these lines below `directory`, readable by their owner only, as keys must be. */
export function unpackDirectory(lines: readonly string[], directory: string): void {
  for (const line of lines) {
    const [path = '', size = '0', packed = ''] = line.split(' ')
    const bytes = Buffer.alloc(Number(size))
    inflateRawSync(Buffer.from(packed, 'base64')).copy(bytes)
    mkdirSync(dirname(join(directory, path)), { recursive: true, mode: 0o700 })
    writeFileSync(join(directory, path), bytes, { mode: 0o600 })
  }
}
