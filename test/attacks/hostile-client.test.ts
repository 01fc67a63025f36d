/** Hostile clients of a simulation: which replicas admit them, and that their acts are counted. */
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import type { ClientBehaviour } from '../../attacks/language/client-behaviour.ts'
import { atTick, everyTicks, inTheEnd, jointly } from '../../attacks/language/client-behaviour.ts'
import type { ClientContext, ClientLink, FalseIdentity } from '../../attacks/language/client-context.ts'
import { HostileClient } from '../../attacks/language/hostile-client.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { withoutFaults } from '../../src/simulator/plan/plan.ts'
import { type DetailedResult, simulate } from '../../src/simulator/runs/simulate.ts'
import type { ExtraClientHost } from '../../src/simulator/world/extra-clients.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'

const drawn = withoutFaults(drawPlan(5, 4))
const plan = {
  ...drawn,
  calmAtMs: 200,
  workload: { ...drawn.workload, requestsPerClient: 8, pauseMsMax: 60 },
}
const OPERATIONS = encodeOperations([{ kind: 'put', key: utf8('mine'), value: utf8('value') }])

/** A run with this client, which reports the requests that it signs, or hides them. */
function run(behaviour: ClientBehaviour, isTold = true): { result: DetailedResult; client: HostileClient } {
  let client: HostileClient | null = null
  const arrive = (host: ExtraClientHost): void => {
    client = new HostileClient({
      ...{ ...host, behaviour, signers: host.signers as never, random: createRandom(1) },
      connect: (security) => host.connect(security),
      board: { traitors: [], notes: new Map() },
      isOn: () => !host.isLoadOver(),
      onAct: () => {},
      onSigned: ({ client: id, timestamp, digest, operations }) => {
        if (isTold) host.signed({ client: id, timestamp, requestDigest: digest, operations })
      },
    })
  }
  const result = simulate({ seed: 5, plan, extraClients: { admitted: 2, arrive } })
  return { result, client: client as unknown as HostileClient }
}

describe('a door', () => {
  const admittedBy = (identityOf: (place: ClientContext) => FalseIdentity): readonly ReplicaId[] => {
    let link: ClientLink | null = null
    run(
      jointly(
        atTick(0, (place) => {
          link = place.open(identityOf(place))
        }),
        everyTicks(10, () => link?.inquire()),
      ),
    )
    return (link as unknown as ClientLink).admittedBy
  }

  test('admits a client that proves its key, known or not', () => {
    expect(admittedBy(({ signers: [signer] }) => ({ signer }))).toEqual([0, 1, 2, 3])
    expect(admittedBy(({ stranger }) => ({ signer: stranger() }))).toEqual([0, 1, 2, 3])
  })

  test.each<[string, (place: ClientContext) => FalseIdentity]>([
    [
      "another client's key",
      ({ stranger, cluster }) => ({ signer: stranger(), key: cluster.clients[0]?.publicKey as never }),
    ],
    [
      "a replica's place with the own key",
      ({ stranger }) => ({ signer: stranger(), replica: 1 as ReplicaId }),
    ],
    ['another cluster', ({ signers: [signer] }) => ({ signer, clusterId: new Uint8Array(32) })],
    [
      'no handshake',
      ({ signers: [signer], request }) => ({
        signer,
        instead: request({ timestamp: 1, operations: OPERATIONS }),
      }),
    ],
  ])('does not let in %s', (_, identityOf) => {
    const known = admittedBy(identityOf)
    // To the replica that it claims to be, it connects as a client, and its own key is valid there.
    expect(known.filter((id) => id !== 1)).toEqual([])
  })

  test("does not admit a client that claims to be a replica and shows its key's key", () => {
    const replica = 1 as ReplicaId
    const key = ({ cluster }: ClientContext) => cluster.replicas[replica]?.publicKey as never
    expect(admittedBy((place) => ({ signer: place.stranger(), replica, key: key(place) }))).toEqual([])
  })

  test('ends a link over which something came that is no frame, and opens it again', () => {
    const seen: number[] = []
    run(
      jointly(
        atTick(0, ({ link }) => link.sendToAll(Uint8Array.of(0, 0, 0, 9, 1))),
        everyTicks(1, ({ link }) => {
          link.inquire()
          seen.push(link.admittedBy.length)
        }),
      ),
    )
    expect([seen[0], seen.at(-1)]).toEqual([0, 4])
  })
})

describe('what a client did', () => {
  const asking = everyTicks(1, ({ link, request, ticks }) =>
    link.sendToAll(request({ timestamp: 1 + ticks, operations: OPERATIONS })),
  )

  test('is answered and counted', () => {
    const { result, client } = run(asking)
    expect(result.verdict).toBe('held')
    expect(client.told.get('reply')).toBeGreaterThan(0)
    expect(client.timestamps).toBeGreaterThan(5)
    expect(client.end()).toEqual([])
  })

  test('is a violation where no checker knows that a client asked for it', () => {
    const { result } = run(asking, false)
    expect(result.verdict).toBe('safety')
    expect(result.violation?.name).toBe('validity')
  })

  test('is reported at the end by its findings', () => {
    expect(run(inTheEnd(() => ['something'])).client.end()).toEqual(['something'])
  })

  test('comes out the same for the same seed', () => {
    const attack = CATALOGUE.get('conspiracy')
    if (attack === undefined) throw new Error('there is no conspiracy')
    const [one, other] = [1, 2].map(() => attackInSimulator(attack, { n: 4, seed: 7, lastsMs: 400 }))
    expect(one?.result.traceHash).toBe(other?.result.traceHash)
    expect(one?.facts).toEqual(other?.facts)
  })
})
