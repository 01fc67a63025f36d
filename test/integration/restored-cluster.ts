/** The restore of a snapshot by the commands of its owners. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runCommand } from './command-run.ts'
import { expectSentence } from './expect-sentence.ts'
import type { ProcessKit } from './process-kit.ts'

interface SavedSnapshot {
  readonly snapshot: string
  /** The option that names the cluster file of the cluster that made it. */
  readonly from: readonly string[]
  /** The directory of that cluster. */
  readonly directory: string
}

/** Each of two owners restores replicas of one new cluster, and nothing is overwritten. */
export async function expectRestorable(
  kit: ProcessKit,
  { snapshot, from, directory }: SavedSnapshot,
): Promise<void> {
  const restore = (...args: readonly string[]) => runCommand(kit, 'snapshot', 'restore', snapshot, ...args)
  const made = kit.directory()
  const keys: string[] = []
  for (const id of [0, 1, 2, 3]) {
    const { stdout } = await runCommand(kit, 'keygen', '--dir', made, '--id', `${id}`)
    const path = join(made, `${id}.json`)
    writeFileSync(path, stdout)
    keys.push(path)
  }
  const publicKeys = ['--public-keys', keys.join()] as const
  const first = await restore(...from, '--dir', made, ...publicKeys, '--json')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const { root, revision } = JSON.parse(first.stdout)
  expect(revision).toBeGreaterThan(1)
  expectSentence(await restore(...from, '--dir', made, ...publicKeys), /is never overwritten/)
  expectSentence(await runCommand(kit, 'replica', '--dir', made, '--id', '2'), /has no state yet/)
  const second = await restore(...from, '--dir', made, '--id', '2', '--json')
  expect(JSON.parse(second.stdout)).toMatchObject({ id: 2, root, revision })
  expectSentence(await restore(...from, '--dir', made, '--id', '2'), /has a state already/)
  expectSentence(await restore(...from, '--dir', directory, '--id', '2'), /did not begin from a snapshot/)
  const ofOther = ['--cluster', join(made, 'cluster.json')] as const
  const other = await restore(...ofOther, '--dir', join(made, 'other'))
  expect(other).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/it is of another cluster/),
  })
}
