/**
 * A gateway whose disk is really full, as `write` reports it: it continues with its reserved request numbers, reports
 * the reason when they are used up, and resumes by itself when there is room again.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { DEFAULT_CLIENTS, initCluster } from '../../replicas/init.ts'
import { http, isReady, PATIENT_GATEWAY, ProcessKit, until } from '../integration/process-kit.ts'
import { hasNamespaces } from '../io/other-process.ts'

const WHY_NOT = hasNamespaces() ? null : 'This user or system cannot make mount namespaces.'
const CLIENT = 'full'
/** Concurrent puts: the operations of one turn of the gateway are sent as one request, with one number. */
const UNDER_WAY = 8
/** Thousands of numbers are used up one after the other. */
const TEST_MS_MAX = 30 * 60_000
const PIECE = new Uint8Array(4_096)

let kit: ProcessKit
afterEach(() => kit?.cleanUp())

/** A small separate disk, with a copy of the files that a gateway needs. */
const onOwnDisk = (from: string, to: string): readonly string[] => [
  ...['unshare', '--mount', 'sh', '-c'],
  `mount -t tmpfs -o size=1m none '${to}' && cp -a '${from}/cluster.json' '${from}/clients' '${to}/' && exec "$@"`,
  'sh',
]

/** Writes to a new file until the disk takes no more. */
function fillUp(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, PIECE)
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
  } finally {
    closeSync(file)
  }
}

interface Facts {
  readonly numbersLeft: number
  readonly reservationFailure: string | null
}
const factsOf = async (url: string) => (await http(`${url}/v1/status`)).json.gateway as Facts

/** Repeats puts until a condition holds, as long as they use up numbers; returns the status of every put. */
async function putUntil(url: string, holds: () => Promise<boolean>): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>()
  let isDone = false
  const putting = Array.from({ length: UNDER_WAY }, async () => {
    while (!isDone) statuses.add((await http(`${url}/v1/kv/key`, 'PUT', 'value')).status)
  })
  try {
    while (!(await holds())) {
      const { numbersLeft } = await factsOf(url)
      const isUsed = async (): Promise<boolean> => (await factsOf(url)).numbersLeft < numbersLeft
      await until('a number is used', async () => (await isUsed()) || (await holds()))
    }
  } finally {
    isDone = true
    await Promise.all(putting)
  }
  return statuses
}

test.skipIf(WHY_NOT !== null)(
  `PBFT-1.8 a full disk stops a gateway only when its reserved numbers are used up, and not for good${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  async () => {
    kit = new ProcessKit()
    const [directory, disk] = [kit.directory(), kit.directory()]
    const clients = [...DEFAULT_CLIENTS, CLIENT]
    await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0, clients })
    await kit.up(directory)
    const args = ['--dir', disk, '--client', CLIENT, '--port', '0', ...PATIENT_GATEWAY]
    const gateway = kit.startBehind(onOwnDisk(directory, disk), 'gateway', ...args)
    await until('the gateway is up', () => gateway.output.stdout.includes('http://'))
    const url = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
    const facts = (): Promise<Facts> => factsOf(url)
    await until('it is ready', () => isReady(url))

    // Its disk as this process sees it, through the root of the gateway's mount namespace.
    const filler = join(`/proc/${gateway.pid}/root`, disk, 'filler')
    fillUp(filler)
    const isRefused = async (): Promise<boolean> => (await facts()).reservationFailure !== null
    expect([...(await putUntil(url, isRefused))]).toEqual([200])
    const refused = await facts()
    expect(refused.reservationFailure).toContain(
      `${CLIENT}.timestamps cannot be written: the disk is full (ENOSPC)`,
    )
    expect(refused.numbersLeft).toBeGreaterThan(0)
    expect((await http(`${url}/v1/kv/key`, 'PUT', 'value')).status).toBe(200)
    await until('it is ready with what it has reserved', () => isReady(url))

    // A busy cluster may be unready for a moment, for another reason.
    const isUsedUp = async (): Promise<boolean> =>
      String((await http(`${url}/readyz`)).json.because).includes('ENOSPC')
    const statuses = await putUntil(url, isUsedUp)
    expect([...statuses].every((status) => status === 200 || status === 507)).toBe(true)
    expect((await http(`${url}/readyz`)).json).toMatchObject({
      ready: false,
      because: expect.stringContaining('ENOSPC'),
    })
    const put = await http(`${url}/v1/kv/key`, 'PUT', 'value')
    expect([put.status, put.text]).toEqual([507, expect.stringContaining('the disk is full (ENOSPC)')])
    expect(gateway.exitCode).toBeNull()

    rmSync(filler)
    await until('it is ready again', () => isReady(url))
    expect((await http(`${url}/v1/kv/key`, 'PUT', 'value')).status).toBe(200)
    expect((await facts()).reservationFailure).toBeNull()
    expect(gateway.output.stderr).not.toMatch(/\n\s+at /)
  },
  TEST_MS_MAX,
)
