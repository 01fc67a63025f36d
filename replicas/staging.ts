/**
 * Makes a directory completely or not at all: its entries are written to a temporary place, and moved when all are
 * complete.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { OperatorError } from '../src/base/operator-error.ts'
import { syncDirectory } from '../src/io/file-log-files.ts'

export interface Staging {
  /** The directory that the entries are written to. */
  readonly directory: string
  /** Moves the entries to their place, the entry named `last` after all others. Refuses if an entry exists. */
  commit(last: string): void
  /** Removes the entries, committed or not. */
  undo(): void
}

/** Begins to make a directory, or entries of one that exists. */
export function stage(directory: string): Staging {
  const target = resolve(directory)
  const suffix = randomBytes(6).toString('hex')
  return existsSync(target) ? stageEntries(target, suffix) : stageWhole(target, suffix)
}

/** A new directory is made under a temporary name, and renamed in one step. */
function stageWhole(target: string, suffix: string): Staging {
  const parent = dirname(target)
  const firstMade = mkdirSync(parent, { recursive: true })
  const staging = `${target}.new-${suffix}`
  mkdirSync(staging)
  let isCommitted = false
  return {
    directory: staging,
    commit: () => {
      renameSync(staging, target)
      isCommitted = true
      syncDirectory(parent)
    },
    undo: () => {
      rmSync(isCommitted ? target : staging, { recursive: true, force: true })
      if (firstMade !== undefined) removeEmpty(parent, resolve(firstMade))
    },
  }
}

/** Entries of an existing directory are made in a directory inside it, and moved one by one. */
function stageEntries(target: string, suffix: string): Staging {
  const staging = join(target, `.new-${suffix}`)
  mkdirSync(staging)
  const moved: string[] = []
  return {
    directory: staging,
    commit: (last) => {
      const entries = readdirSync(staging).sort((a, b) => Number(a === last) - Number(b === last))
      const taken = entries.map((name) => join(target, name)).find((path) => existsSync(path))
      if (taken !== undefined) throw new OperatorError(`${taken} exists already; nothing is overwritten.`)
      for (const name of entries) {
        renameSync(join(staging, name), join(target, name))
        moved.push(join(target, name))
      }
      rmdirSync(staging)
      syncDirectory(target)
    },
    undo: () => {
      // The entry that was moved last is removed first, because its presence means that all others exist.
      for (const path of moved.toReversed()) rmSync(path, { recursive: true, force: true })
      rmSync(staging, { recursive: true, force: true })
    },
  }
}

/** Removes empty directories from `from` upwards, as far as `last`. */
function removeEmpty(from: string, last: string): void {
  for (let path = from; path.startsWith(last); path = dirname(path)) {
    try {
      rmdirSync(path)
    } catch {
      return // Another process has put something there meanwhile.
    }
  }
}
