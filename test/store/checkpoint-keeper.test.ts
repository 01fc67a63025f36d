/** The keeper of checkpoints over real states: what it lets go of is nothing that it still needs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { toSequence } from '../../src/base/ids.ts'
import type { CheckpointCertificate } from '../../src/messages/message.ts'
import type { Application, Page, PageStore, Snapshot } from '../../src/ports.ts'
import { CheckpointKeeper } from '../../src/runtime/state/checkpoint-keeper.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'
import { hash, pagesOf } from '../tree/tree-kit.ts'

/** A disk that reads what it was given as late as it may, just before it says that it is done. */
class LateDisk {
  readonly pages = new Map<string, Uint8Array>()
  anchored = ''
  readonly #tasks: (() => void)[] = []
  readonly store = {
    write: (pages: readonly Page[], done: () => void): void => {
      this.#tasks.push(() => {
        for (const page of pages) {
          expect(toHex(hash(page.bytes))).toBe(toHex(page.hash))
          this.pages.set(toHex(page.hash), page.bytes.slice())
        }
        done()
      })
    },
    commit: (anchor: { root: Uint8Array }, removed: readonly Uint8Array[], done: () => void): void => {
      this.#tasks.push(() => {
        for (const name of removed) expect(this.pages.delete(toHex(name))).toBe(true)
        this.anchored = toHex(anchor.root)
        done()
      })
    },
  } as unknown as PageStore

  /** Does one piece of work; false when there is none. */
  turn(): boolean {
    const task = this.#tasks.shift()
    task?.()
    return task !== undefined
  }
}

/** A tree of which every batch changes some keys; it counts its snapshots that are not released. */
function changing(): {
  application: Application
  execute: (round: number) => void
  open: () => number
  newest: () => TreeSnapshot
} {
  const tree = new Tree(hash)
  let open = 0
  let newest: TreeSnapshot
  const snapshot = (): Snapshot => {
    const frozen = tree.snapshot()
    newest = frozen
    const release = frozen.release.bind(frozen)
    frozen.release = () => {
      open--
      release()
    }
    open++
    return frozen
  }
  return {
    application: { snapshot } as unknown as Application,
    execute: (round) => {
      for (let at = 0; at < 60; at++) {
        const key = Uint8Array.of((round * 31 + at * 7) & 0xff, at & 3)
        tree.set(key, new Uint8Array(at === 9 ? 2000 : 90).fill(round))
      }
      tree.remove(Uint8Array.of((round * 31) & 0xff, 0))
    },
    open: () => open,
    newest: () => newest,
  }
}

test('every stored state is whole, whenever the disk is done, and old snapshots are let go of', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 10, maxLength: 60 }), (delays) => {
      const { application, execute, open, newest } = changing()
      const disk = new LateDisk()
      const references = new Map<string, string>()
      const roots = new Map<number, Uint8Array>()
      const keeper = new CheckpointKeeper({
        application,
        pages: disk.store,
        storeAfterBytes: 1,
        stored: null,
        onTaken: (sequence, root) => roots.set(sequence, root),
        onStored: () => expect(namesOf(disk.pages)).toBe(references.get(disk.anchored)),
      })
      for (const [round, delay] of delays.entries()) {
        const sequence = toSequence(round + 1)
        execute(round)
        keeper.take(sequence)
        while (keeper.hasWork) keeper.work()
        const root = roots.get(sequence) as Uint8Array
        references.set(toHex(root), namesOf(pagesOf(newest())))
        keeper.noteLogged(1)
        keeper.stable({ sequence, root, checkpoints: [] } as unknown as CheckpointCertificate)
        for (let turn = 0; turn < delay; turn++) disk.turn()
        expect(open()).toBeLessThan(8)
      }
      while (disk.turn());
      expect(disk.anchored).not.toBe('')
    }),
    { numRuns: 20 },
  )
})

const namesOf = (pages: ReadonlyMap<string, unknown>): string => [...pages.keys()].sort().join('\n')
