/** The resource `/v1/status`: what the replicas say of themselves and of each other, field by field. */
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
  .describe('What it signed twice, differently. `/v1/evidence` has the messages.')

const CutOff = z
  .strictObject({
    id: replicaId.describe('The replica that takes nothing from it for now.'),
    because: z
      .enum(CUT_OFF_REASONS)
      .describe(
        '`fails-checks`: it sends what fails its checks. `floods`: it sends too much that is of no use.',
      ),
    times: count.describe('How often it was cut off by that replica; each time lasts longer.'),
  })
  .describe('A replica does not take its messages for a while.')

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
        '`voting`: it takes part. `transferring`: it fetches a state. `amnesiac`: it lost synced data and heals. `diverged`: its state is another one than the others agree on. `recalling`: it has just started and asks what it sent before.',
      ),
    suspected: z
      .boolean()
      .describe('f + 1 replicas hear nothing of it, or as primary wait for it past their timers.'),
    cutOffBy: z
      .array(CutOff)
      .describe('Who does not take its messages, and why; empty for a correct replica.'),
    clientsCutOff: count.describe('Clients whose messages it does not take for a while.'),
    eventLoopDelayMs: z
      .int()
      .nullable()
      .describe(
        'Milliseconds: the longest that its loop took nothing in because of its own work since it started.',
      ),
    blacklisted: z
      .array(z.enum(COMPLAINTS))
      .describe(
        'Why f + 1 replicas will not have it as primary for a while: it delivered less than others, proposed late, or passed a client over. Empty for one that they would have.',
      ),
    evidence: z
      .array(EvidencePlace)
      .describe('What its key is proved to have signed; empty for a correct replica.'),
  })
  .describe('A replica, as it and the others say.')

const Stall = z
  .strictObject({
    since: z.int().describe('Milliseconds since 1970.'),
    missing: z.array(replicaId).describe('Replicas that are waited for.'),
    because: z.string().describe('A sentence.'),
  })
  .nullable()
  .describe('Why nothing moves; null while requests are served.')

const Gateway = z
  .strictObject({
    eventLoopDelayMs: count.describe('As of a replica, in milliseconds.'),
    isKeyShared: z
      .boolean()
      .describe('Whether another process uses its client key: then neither of them sends requests.'),
    counterLeaps: count.describe(
      'How often its counter of request numbers was found behind what the replicas executed: it was lost, restored, or its key is used elsewhere.',
    ),
    numbersLeft: count.describe('Request numbers that are reserved on its disk and not used.'),
    reservationFailure: z
      .string()
      .nullable()
      .describe('Why no more can be reserved; it tries again. Null while they can.'),
  })
  .describe('The process that answers.')

export const StatusDocument = z
  .strictObject({
    clusterId: z.string().describe('32 bytes in hexadecimal.'),
    n: count.describe('Replicas.'),
    f: count.describe('How many of them may be faulty.'),
    auth: z.enum(AUTHENTICATION_MODES),
    suite: z.enum(Object.keys(SUITES) as [ClusterSuite, ...ClusterSuite[]]),
    view: count.describe('The highest view that f + 1 replicas have reached.'),
    primary: replicaId.describe('The primary of that view.'),
    revision: count.describe('The highest store revision that f + 1 replicas have reached.'),
    replicas: z.array(Replica).describe('In the order of their ids.'),
    stalled: Stall,
    gateway: Gateway,
  })
  .describe('What the replicas say of themselves and of each other.')

export type StatusAnswer = Described<typeof StatusDocument>
/** The part that is true of the cluster, whoever asks. */
export type ClusterStatus = Omit<StatusAnswer, 'gateway'>

export const getStatus = endpoint({
  method: 'GET',
  path: '/v1/status',
  summary:
    'Names the primary, the replicas that lag and those that are suspected, and why nothing moves when nothing does.',
  answers: { 200: json(StatusDocument, 'What the replicas say of themselves.') },
  problems: [],
})
