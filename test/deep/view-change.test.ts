/** The primary is killed, stopped and restarted, and disks are lost, under a load whose history must stay linearizable. */
import { afterEach, expect, test } from 'vitest'
import { expectLinearizable, Fleet } from '../integration/fleet.ts'
import { ProcessKit } from '../integration/process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

test('the primary is killed, its successor is suspended for a while, and writes continue without them', async () => {
  const fleet = await Fleet.up(kit)
  const load = await fleet.startLoad()
  await load.progress(10)
  const first = (await fleet.status()).primary
  await fleet.end('SIGKILL', first)
  await load.progress(40)
  const second = await fleet.status()
  expect(second.view).toBeGreaterThan(0)
  expect(second.primary).not.toBe(first)
  await fleet.start(first)
  await fleet.level()

  const primary = (await fleet.status()).primary
  fleet.signal('SIGSTOP', primary)
  await load.progress(80)
  expect((await fleet.status()).view).toBeGreaterThan(second.view)
  // It resumes in a view that has ended, with its clock far ahead.
  fleet.signal('SIGCONT', primary)
  await fleet.level()
  await load.progress(10)
  await expectLinearizable(load)
})

test('replicas are restarted in turn, then one loses its disk and heals', async () => {
  const fleet = await Fleet.up(kit)
  const load = await fleet.startLoad()
  for (const id of fleet.ids) {
    await load.progress(20)
    await fleet.end('SIGTERM', id)
    await load.progress(20)
    await fleet.start(id)
    await fleet.level()
  }
  await load.progress(40)
  await fleet.end('SIGKILL', 0)
  fleet.wipe(0)
  const { view } = await fleet.status()
  await fleet.start(0)
  await fleet.level()
  // A replica that forgot its votes does not vote in views in which it may have voted (6.4).
  expect((await fleet.status()).view).toBeGreaterThanOrEqual(view + 2)
  // It votes as any other: without it there would be no quorum.
  await fleet.end('SIGKILL', 1)
  await load.progress(40)
  await expectLinearizable(load)
})
