/**
 * Debian's etcdctl, unmodified, before the gateway and before a real etcd: the same commands, equal output. What is not
 * compared: ids of clusters and members, the term, ids of leases that a store chooses, how much is left of a lease, the
 * time that an answer took, and the client's own log on the standard error.
 */
import { execFile, execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStoreGateway } from '../etcd/store-gateway.ts'
import { PATIENCE_MS } from '../kit/patience.ts'
import { EtcdProcess } from '../store/etcd-model/etcd-process.ts'

const WHY_NOT = EtcdProcess.whyNot() ?? whyNoClient()

function whyNoClient(): string | null {
  try {
    execFileSync('etcdctl', ['version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'etcdctl does not run here: apt-get install etcd-client.'
  }
}

/** A command with its standard input, and its outcome. */
interface Ran {
  readonly command: string
  readonly code: number
  readonly output: string
}

function etcdctl(url: string, command: string, input = ''): Promise<Ran> {
  const args = command.split(' ').map((word) => (word === "''" ? '' : word))
  const limit = { timeout: PATIENCE_MS, env: { ...process.env, ETCDCTL_API: '3' } }
  return new Promise((resolve) => {
    const child = execFile('etcdctl', ['--endpoints', url, ...args], limit, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1
      const errors = stderr.split('\n').filter((line) => line.startsWith('Error'))
      resolve({ command, code, output: comparable([stdout, ...errors].join('\n'), url) })
    })
    child.stdin?.end(input)
  })
}

const comparable = (output: string, url: string): string =>
  output
    .replaceAll(new URL(url).host, 'HOST')
    .replaceAll(/("(?:cluster_id|member_id|raft_term)":)\d+/g, '$1?')
    .replaceAll(/("(?:ClusterID|MemberID|RaftTerm)" : )\d+/g, '$1?')
    .replaceAll(/lease [0-9a-f]{16}/g, 'lease ID')
    .replaceAll(/^[0-9a-f]{16}$/gm, 'ID')
    .replaceAll(/remaining\(\d+s\)/g, 'remaining(?)')
    .replaceAll(/took = [\d.]+\w+/g, 'took = ?')

/** The commands about keys. Both stores are new, so revisions are equal. */
const KEY_COMMANDS: readonly (readonly [string, string?])[] = [
  ['put foo bar'],
  ['put foo baz --prev-kv'],
  ['put foo --ignore-value'],
  ['put missing --ignore-value'],
  ['put fox 3'],
  ['get foo'],
  ['get foo -w json'],
  ['get foo -w fields'],
  ['get foo --rev 2'],
  ['get foo --print-value-only'],
  ['get --prefix f'],
  ['get --prefix f --keys-only'],
  ['get --prefix f --limit 1 -w json'],
  ['get --prefix f --sort-by CREATE --order DESCEND'],
  ["get --prefix ''"],
  ['get fop --from-key'],
  ['get foo fox'],
  ['get missing'],
  ['get foo --rev 99'],
  ['txn', 'mod("foo") > "0"\n\nput foo success\nget foo\n\nput foo failure\n\n'],
  ['txn -w json', 'value("foo") = "other"\n\nput foo success\n\nget --prefix f\ndel fox\n\n'],
  ['txn', '\n\nput same 1\nput same 2\n\n\n'],
  ['del foo --prev-kv'],
  ['del nothing'],
  ['put foo new'],
  ['get foo -w json'],
  ['compaction 4'],
  ['compaction 4'],
  ['compaction 99'],
  ['get foo --rev 2'],
  ["del --prefix '' -w json"],
  ['endpoint health'],
  ['put leased 1 --lease 7'],
  ['lease revoke 7'],
  ['lease timetolive 7'],
  ['lease keep-alive --once 7'],
  ['lock a-lock echo held'],
]

describe.skipIf(WHY_NOT !== null)(
  `etcdctl before the gateway and before a real etcd${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    let etcd: EtcdProcess
    let own: Awaited<ReturnType<typeof startStoreGateway>>
    beforeAll(async () => {
      etcd = await EtcdProcess.start()
      own = await startStoreGateway()
    })
    afterAll(async () => {
      await own?.server.close()
      await etcd?.stop()
    })

    test('gives equal outputs for commands about keys', async () => {
      for (const [command, input] of KEY_COMMANDS) {
        const [real, ours] = await Promise.all([etcd.url, own.url].map((url) => etcdctl(url, command, input)))
        expect(ours).toEqual(real)
      }
    })

    test('gives equal outputs for commands about leases', async () => {
      const outputs = async (url: string): Promise<readonly string[]> => {
        const granted = await new Promise<string>((resolve) =>
          execFile('etcdctl', ['--endpoints', url, 'lease', 'grant', '100'], (_, stdout) => resolve(stdout)),
        )
        const [, id = 'none'] = /lease ([0-9a-f]{1,16}) granted/.exec(granted) ?? []
        const commands = [
          `put leased 1 --lease ${id}`,
          `lease timetolive ${id} --keys`,
          'lease list',
          `lease keep-alive --once ${id}`,
          'put leased --ignore-lease 2',
          `lease revoke ${id}`,
          'get leased',
        ]
        const ran: string[] = [comparable(granted, url)]
        for (const command of commands) {
          const { code, output } = await etcdctl(url, command)
          ran.push(`${code}: ${output}`.replaceAll(id, 'ID'))
        }
        return ran
      }
      expect(await outputs(own.url)).toEqual(await outputs(etcd.url))
    })
  },
)
