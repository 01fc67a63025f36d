/** Processes that may open few files: strangers take none of those that are needed, and no disk is blamed. */
import { afterEach, describe, expect, test } from 'vitest'
import { initCluster } from '../../replicas/init.ts'
import {
  callersMax,
  FILES_RESERVE,
  isOutOfDescriptors,
  openFilesMax,
  openPatiently,
  shareConnections,
  TooFewDescriptors,
} from '../../src/io/descriptors.ts'
import { CLIENT_LINKS_MAX, HALF_OPEN_MAX } from '../../src/io/tcp-transport.ts'
import { ProcessKit, until } from './process-kit.ts'

/** Enough to load the program, and not to serve. */
const FEW = 128
const MOST = { halfOpenMax: HALF_OPEN_MAX, clientLinksMax: CLIENT_LINKS_MAX }

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

describe('what a process may open', () => {
  test('is told by the system', () => expect(openFilesMax()).toBeGreaterThan(0))

  test.each([200, 256, 1_024, 4_096, 1_048_576, Number.POSITIVE_INFINITY])(
    'of %d is shared out',
    (openFiles) => {
      for (const n of [4, 13]) {
        const { halfOpenMax, clientLinksMax } = shareConnections(openFiles, n, MOST)
        expect(halfOpenMax + clientLinksMax + 2 * n + FILES_RESERVE).toBeLessThanOrEqual(openFiles)
        expect(Math.min(halfOpenMax, clientLinksMax)).toBeGreaterThanOrEqual(16)
        expect(callersMax(openFiles, n, 1_024) + 2 * n + FILES_RESERVE).toBeLessThanOrEqual(openFiles)
      }
    },
  )

  test('is all of the limits where it is enough', () => {
    expect(shareConnections(4_096, 4, MOST)).toEqual(MOST)
    expect(() => shareConnections(100, 4, MOST)).toThrow(TooFewDescriptors)
    expect(() => callersMax(100, 4, 1_024)).toThrow(TooFewDescriptors)
  })

  test('may be used up for a while: a file is opened later, and no disk is blamed', async () => {
    let tries = 0
    const opened = await openPatiently('a file', async () => {
      if (++tries < 3) throw Object.assign(new Error('too many'), { code: tries === 1 ? 'EMFILE' : 'ENFILE' })
      return 'open'
    })
    expect([opened, tries]).toEqual(['open', 3])
    expect(isOutOfDescriptors(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toBe(false)
    const full = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
    await expect(openPatiently('a file', full)).rejects.toThrow('full')
  })
})

describe('with few descriptors', () => {
  test('a replica that could not work says so at once', async () => {
    const directory = kit.directory()
    await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
    const child = kit.startWithOpenFiles(FEW, 'replica', '--dir', directory, '--id', '0')
    await until('it ends', () => child.exitCode !== null)
    expect(child.exitCode).toBe(2)
    expect(child.output.stderr.replaceAll(/\s+/g, ' ')).toMatch(/open.* files/)
  })
})
