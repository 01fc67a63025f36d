/** The resource `/v1/status`: the reports of the replicas about themselves and each other. */
import { z } from 'zod'
import { AUTHENTICATION_MODES, type ClusterSuite, SUITES } from '../../src/messages/cluster.ts'
import { CUT_OFF_REASONS, REPLICA_CONDITIONS } from '../../src/messages/report.ts'
import { COMPLAINTS } from '../../src/messages/status.ts'
import { type Described, endpoint, json } from './endpoint.ts'
import { evidenceSubject } from './evidence.ts'

const count = z.int().min(0)
const replicaId = z.int().min(0)

const EvidencePlace = z
  .strictObject(evidenceSubject)
  .describe('A pair of contradicting messages that it signed. `/v1/evidence` has the messages.')

const CutOff = z
  .strictObject({
    id: replicaId.describe('The replica that refuses its messages.'),
    because: z
      .enum(CUT_OFF_REASONS)
      .describe(
        '`fails-checks`: its messages fail their checks. `floods`: it sends too many useless messages.',
      ),
    times: count.describe('The number of times that this replica cut it off; each time lasts longer.'),
  })
  .describe('A replica that refuses its messages for a while.')

const Replica = z
  .strictObject({
    id: replicaId,
    address: z.string().describe('Host and port.'),
    publicKey: z.string().describe('The key of its signatures: 32 bytes in hexadecimal.'),
    reachable: z.boolean().describe('Whether it answered just now. Where not, what it says is null.'),
    view: z.int().nullable().describe('The view that it is in.'),
    lastExecuted: z.int().nullable().describe('The last sequence number that it executed.'),
    stable: z.int().nullable().describe('The sequence number of its stable checkpoint.'),
    state: z
      .enum(REPLICA_CONDITIONS)
      .nullable()
      .describe(
        '`voting`: it takes part in agreement. `transferring`: it fetches a state. `amnesiac`: it lost synced data and recovers it. `diverged`: its state differs from the state that the others agree on. `recalling`: it has just started and asks the others which messages it sent before.',
      ),
    suspected: z
      .boolean()
      .describe('True if f + 1 replicas hear nothing from it, or their timers for it as primary expired.'),
    cutOffBy: z
      .array(CutOff)
      .describe('The replicas that refuse its messages, and the reasons; empty for a correct replica.'),
    clientsCutOff: count.describe('The number of clients whose messages it refuses for a while.'),
    eventLoopDelayMs: z
      .int()
      .nullable()
      .describe(
        'The longest time since its start in which its event loop received nothing because of its own work, in milliseconds.',
      ),
    blacklisted: z
      .array(z.enum(COMPLAINTS))
      .describe(
        'The reasons why f + 1 replicas pass it over as primary for a while: it was slower than others, proposed late, or starved a client. Empty for an eligible primary.',
      ),
    evidence: z
      .array(EvidencePlace)
      .describe('The equivocations proved against its key; empty for a correct replica.'),
  })
  .describe('A replica, as reported by itself and by the others.')

const Stall = z
  .strictObject({
    since: z.int().describe('The start of the stall, in milliseconds since 1970.'),
    missing: z.array(replicaId).describe('Replicas that are waited for.'),
    because: z.string().describe('A sentence.'),
  })
  .nullable()
  .describe('Why nothing moves; null while requests are served.')

const Gateway = z
  .strictObject({
    eventLoopDelayMs: count.describe('The same as for a replica, in milliseconds.'),
    isPlayground: z
      .boolean()
      .describe('Whether `strategos up --playground` started it: then its page can make replicas lie.'),
    isKeyShared: z
      .boolean()
      .describe('True if another process uses its client key; then neither of them can send requests.'),
    counterLeaps: count.describe(
      'The number of times that its request counter was behind the replicas: it was lost, restored from a backup, or its key is used elsewhere.',
    ),
    numbersLeft: count.describe(
      'The number of request numbers that are reserved on its disk and not yet used.',
    ),
    reservationFailure: z
      .string()
      .nullable()
      .describe(
        'The reason why no more can be reserved; the gateway retries. Null while it can reserve them.',
      ),
  })
  .describe('The gateway that answers.')

export const StatusDocument = z
  .strictObject({
    clusterId: z.string().describe('32 bytes in hexadecimal.'),
    n: count.describe('Replicas.'),
    f: count.describe('The maximum number of faulty replicas.'),
    auth: z.enum(AUTHENTICATION_MODES),
    suite: z.enum(Object.keys(SUITES) as [ClusterSuite, ...ClusterSuite[]]),
    view: count.describe('The highest view that f + 1 replicas have reached.'),
    primary: replicaId.describe('The primary of that view.'),
    revision: count.describe('The highest store revision that f + 1 replicas have reached.'),
    replicas: z.array(Replica).describe('The replicas, in the order of their ids.'),
    stalled: Stall,
    gateway: Gateway,
  })
  .describe('The reports of the replicas about themselves and each other.')

export type StatusAnswer = Described<typeof StatusDocument>
/** The part of the status that does not depend on the gateway. */
export type ClusterStatus = Omit<StatusAnswer, 'gateway'>

export const getStatus = endpoint({
  method: 'GET',
  path: '/v1/status',
  summary:
    'Reports the primary, the replicas that lag or are suspected, and the reason if the cluster makes no progress.',
  answers: { 200: json(StatusDocument, 'The reports of the replicas.') },
  problems: [],
})
