/** A lying primary among real processes: its signatures convict it, at the gateway and far from it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ClusterStatus } from '../../clients/api/status.ts'
import { type EvidenceJson, evidenceJson } from '../../clients/library/evidence-json.ts'
import { DEFAULT_CLIENTS, initCluster } from '../../replicas/init.ts'
import { replicaIds } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readKeyFile } from '../../src/io/key-file.ts'
import { decodeCited } from '../../src/messages/cited.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { http, isReady, ProcessKit, until } from './process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

const evidenceOf = async (url: string): Promise<readonly EvidenceJson[]> =>
  (await http(`${url}/v1/evidence`)).json['evidence'] as readonly EvidenceJson[]

/** The text with one bit of the bytes that it stands for turned over. */
function flipped(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64')
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1
  return bytes.toString('base64')
}

test.runIf(IS_DEEP)(
  'an equivocating primary is convicted at /v1/evidence, in status, and by strategos verify',
  async () => {
    const directory = kit.directory()
    const clusterPath = join(directory, 'cluster.json')
    expect((await runCommand(kit, 'init', '--dir', directory, '--base-port', '0')).code).toBe(0)
    const correct = ['1', '2', '3'].map((id) => kit.start('replica', '--dir', directory, '--id', id))
    const traitor = kit.start('attack', 'equivocate', '--dir', directory, '--play', '0')
    await until('the adversary is ready', () => traitor.output.stdout.includes('"adversary":"equivocate"'))
    const gateway = kit.start('gateway', '--dir', directory, '--port', '0')
    await until('the gateway listens', () => gateway.output.stdout.includes('http://'))
    const url = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
    await until('the gateway is ready', () => isReady(url))

    let count = 0
    let evidence: readonly EvidenceJson[] = []
    await until('there is evidence', async () => {
      await http(`${url}/v1/kv/a`, 'PUT', `${count++}`)
      evidence = await evidenceOf(url)
      return evidence.length > 0
    })
    expect(new Set(evidence.map(({ guilty }) => guilty))).toEqual(new Set([0]))
    expect(evidence[0]).toMatchObject({ kind: 'pre-prepare', view: 0 })

    const status = (await http(`${url}/v1/status`)).json as unknown as ClusterStatus
    expect(status.replicas.map((replica) => replica.evidence.length > 0)).toEqual([true, false, false, false])
    const [first] = evidence
    const text = await runCommand(kit, 'status', '--url', url)
    expect(text.stdout).toContain('replica 0')
    expect(text.stdout).toMatch(/guilty: it signed two pre-prepares for sequence number \d+ of view 0/)

    await until('every correct replica says so in its log', () =>
      correct.every(({ output }) => output.stdout.includes('messages that contradict each other')),
    )

    // Whoever has the cluster file can check it, with all of the cluster gone.
    const file = join(directory, 'evidence.json')
    const verify = (...entries: readonly unknown[]) => {
      writeFileSync(file, JSON.stringify({ evidence: entries }))
      return runCommand(kit, 'verify', file, '--cluster', clusterPath)
    }
    for (const child of [gateway, traitor, ...correct]) child.kill('SIGKILL')
    const good = await verify(...evidence)
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout.trim().split('\n')).toHaveLength(evidence.length)
    expect(good.stdout).toContain('0: true: replica 0 signed two pre-prepares')

    const wrong = { ...first, second: flipped(first?.second ?? '', 40) }
    const refused = await verify(first, wrong)
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/^0: true: .*\n1: not proved: its second message /)
    expect((await verify({ ...first, guilty: 1 })).stdout).toContain(
      'its messages are of replica 0, not of 1',
    )
    expect((await verify({ ...first, second: first?.first })).stdout).toContain('its messages say the same')
    // Another cluster's file: nobody there signed these messages.
    const other = kit.directory()
    expect((await runCommand(kit, 'init', '--dir', other, '--base-port', '0')).code).toBe(0)
    writeFileSync(file, JSON.stringify({ evidence }))
    const elsewhere = await runCommand(
      kit,
      'verify',
      file,
      '--cluster',
      join(other, 'cluster.json'),
      '--json',
    )
    expect(elsewhere.code).toBe(1)
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ proved: false })
  },
)

describe('strategos verify', () => {
  test('names what it cannot use, and reads standard input', async () => {
    const directory = kit.directory()
    const suite = suiteNamed('sodium')
    const cluster = await initCluster({
      directory,
      replicas: 4,
      suite: 'sodium',
      basePort: 0,
      clients: DEFAULT_CLIENTS,
    })
    const clusterPath = join(directory, 'cluster.json')
    const fromInput = async (input: string | Uint8Array) => {
      const child = kit.start('verify', '-', '--cluster', clusterPath)
      child.stdin?.end(input)
      await until('it ended', () => child.exitCode !== null)
      return { code: child.exitCode, ...child.output }
    }
    const verify = (input: string | Uint8Array, ...flags: readonly string[]) => {
      const path = join(directory, 'shown.json')
      writeFileSync(path, input)
      return runCommand(kit, 'verify', path, '--cluster', clusterPath, ...flags)
    }
    expect(await fromInput('{"evidence":[]}')).toMatchObject({
      code: 0,
      stdout: 'The file contains no evidence.\n',
    })
    for (const [input, because] of [
      ['', 'it is neither JSON nor a snapshot'],
      [Uint8Array.of(0xff), 'it is neither JSON nor a snapshot'],
      ['[]', 'it is neither a proof nor an answer of /v1/evidence: at "top level"'],
      ['{"evidence":[{"guilty":-1}]}', 'at "evidence.0.guilty"'],
    ] as const) {
      const answer = await verify(input)
      expect(answer.code).toBe(2)
      expect(answer.stderr).toContain(because)
    }
    const missing = await runCommand(kit, 'verify', join(directory, 'none'), '--cluster', clusterPath)
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('it does not exist') })
    const noCluster = await runCommand(kit, 'verify', '-', '--cluster', join(directory, 'none'))
    expect(noCluster.code).toBe(2)

    // Evidence of every kind, signed with a replica's own key.
    const { signingSeed } = readKeyFile(join(directory, 'replica-2', 'secret.key'))
    const signer = suite.signer(signingSeed)
    const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)
    const signed = (kind: 'commit' | 'checkpoint', place: readonly number[], content: number) => {
      const payload = packPayload([2, ...place, new Uint8Array(32).fill(content)])
      const authentication = signer.sign(signingDigest(FRAME_KINDS[kind], payload))
      const frame = { kind: FRAME_KINDS[kind], payload, authentication, body: new Uint8Array(0) }
      const message = decodeCited(encodeFrame(frame).bytes)
      if (isRejection(message)) throw new Error(message.reason)
      return message
    }
    const [guilty] = replicaIds(4).slice(2)
    if (guilty === undefined) throw new Error('no replica')
    const pair = (kind: 'commit' | 'checkpoint', place: readonly number[]) =>
      evidenceJson({ guilty, first: signed(kind, place, 1), second: signed(kind, place, 2) })
    const entries = [pair('commit', [1, 7]), pair('checkpoint', [128])]
    expect(entries[1]).toMatchObject({ guilty: 2, kind: 'checkpoint', view: null, sequence: 128 })
    const answer = await verify(JSON.stringify({ evidence: entries }), '--json')
    expect(answer.code).toBe(0)
    expect(JSON.parse(answer.stdout)).toMatchObject({ proved: true, evidence: [{ kind: 'commit' }, {}] })
  })
})
