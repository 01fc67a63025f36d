/** A hostile client of real replicas: with links over TCP, and keys of the cluster's own clients. */
import { StoreClient } from '../../../clients/library/store-client.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { createRandom } from '../../../src/base/random.ts'
import { suiteNamed } from '../../../src/crypto/suites.ts'
import { clientKey } from '../../../src/io/cluster-directory.ts'
import { readKeyFile } from '../../../src/io/key-file.ts'
import { systemClock } from '../../../src/io/system.ts'
import { createTcpTransport, type TcpTransport } from '../../../src/io/tcp-transport.ts'
import type { Cluster } from '../../../src/messages/cluster.ts'
import type { Signer } from '../../../src/ports.ts'
import type { ClientRole } from '../../language/client-behaviour.ts'
import { HostileClient } from '../../language/hostile-client.ts'

/** The maximum duration of a read, in milliseconds. */
const READ_MS_MAX = 60_000

export interface HostileProcessOptions {
  readonly role: ClientRole
  /** The directory of the cluster file and the clients' keys. */
  readonly directory: string
  readonly cluster: Cluster
  /** The clients of the cluster that only this attacker uses; as many as the role needs. */
  readonly names: readonly string[]
  readonly seed: number
  readonly traitors: readonly ReplicaId[]
  readonly onAct: () => void
}

export class HostileProcessClient {
  readonly #options: HostileProcessOptions
  readonly #client: HostileClient
  readonly #transports: TcpTransport[] = []
  #isOn = false

  constructor(options: HostileProcessOptions) {
    this.#options = options
    const { role, directory, cluster, names, seed, traitors, onAct } = options
    const suite = suiteNamed(cluster.suite)
    const keys = names.map((name) => readKeyFile(clientKey(directory, name)))
    const signers = keys.map(({ signingSeed }) => suite.signer(signingSeed))
    this.#client = new HostileClient({
      cluster,
      suite,
      onAct,
      behaviour: role.behaviour(),
      signers: signers as [Signer, ...Signer[]],
      agreementSecrets: keys.map(({ agreementSecret }) => agreementSecret),
      clock: systemClock,
      random: createRandom(seed),
      board: { traitors, notes: new Map() },
      connect: (security) => {
        const transport = createTcpTransport({
          self: { kind: 'client' },
          replicas: cluster.replicas,
          security,
        })
        this.#transports.push(transport)
        return transport
      },
      isOn: () => this.#isOn,
    })
  }

  get told(): HostileClient['told'] {
    return this.#client.told
  }

  turn(isOn: boolean): void {
    this.#isOn = isOn
  }

  /**
   * Returns violations as sentences: those that it saw, and those that `reader`, a correct client, finds for its
   * timestamps.
   */
  async end(reader: string): Promise<readonly string[]> {
    const { role, directory } = this.#options
    const seen = this.#client.end()
    if (role.writes === undefined) return seen
    return [
      ...seen,
      ...(await repeated(role.writes, { directory, reader, timestamps: this.#client.timestamps })),
    ]
  }

  async close(): Promise<void> {
    this.#client.end()
    for (const transport of this.#transports) await transport.close()
  }
}

/** Checks that each timestamp changed the key at most once. */
async function repeated(
  key: string,
  {
    directory,
    reader: name,
    timestamps,
  }: { readonly directory: string; readonly reader: string; readonly timestamps: number },
): Promise<readonly string[]> {
  const reader = await StoreClient.open({ directory, name, timeoutMs: READ_MS_MAX })
  try {
    const result = await reader.execute({ kind: 'get', key: Buffer.from(key) })
    if (result.status !== 'ok' || result.kind !== 'get') return ['none of its requests was executed']
    return result.version <= timestamps
      ? []
      : [`${timestamps} timestamps made ${result.version} changes: some were executed twice`]
  } finally {
    await reader.close()
  }
}
