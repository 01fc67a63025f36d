/** A hostile client among the extra clients of a simulation. */
import { assert } from '../../../src/base/assert.ts'
import type { ExtraClientHost, ExtraClients } from '../../../src/simulator/world/extra-clients.ts'
import { EPOCH_MS } from '../../../src/simulator/world/virtual-clock.ts'
import type { Blackboard } from '../../language/adversary-context.ts'
import type { ClientRole } from '../../language/client-behaviour.ts'
import { HostileClient } from '../../language/hostile-client.ts'

export interface HostileExtraClientOptions {
  readonly board: Blackboard
  /** When the attack begins, in virtual milliseconds. */
  readonly fromMs: number
  readonly onAct: () => void
}

/** Continues after the calm, while other clients still send requests. */
export class HostileExtraClient implements ExtraClients {
  readonly admitted: number
  readonly #role: ClientRole
  readonly #options: HostileExtraClientOptions
  #client: HostileClient | null = null

  constructor(role: ClientRole, options: HostileExtraClientOptions) {
    this.admitted = role.identities ?? 1
    this.#role = role
    this.#options = options
  }

  get told(): HostileClient['told'] {
    return this.#client?.told ?? new Map()
  }

  arrive(host: ExtraClientHost): void {
    const [first, ...others] = host.signers
    assert(first !== undefined, 'a hostile client has a key of the cluster')
    const { cluster, suite, clock, random, connect, agreementSecrets } = host
    const { board, fromMs, onAct } = this.#options
    this.#client = new HostileClient({
      cluster,
      suite,
      clock,
      random,
      connect,
      agreementSecrets,
      board,
      onAct,
      behaviour: this.#role.behaviour(),
      signers: [first, ...others],
      isOn: () => clock.now() - EPOCH_MS >= fromMs && !host.isLoadOver(),
      onSigned: ({ client, timestamp, digest, operations }) =>
        host.signed({ client, timestamp, requestDigest: digest, operations }),
    })
  }

  end(): readonly string[] {
    return this.#client?.end() ?? []
  }
}
