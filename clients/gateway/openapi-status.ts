/** The answer of /v1/status, field by field. A test holds real answers against it. */
import { AUTHENTICATION_MODES, SUITES } from '../../src/messages/cluster.ts'
import { CUT_OFF_REASONS, REPLICA_STANDINGS } from '../../src/messages/report.ts'
import { COMPLAINTS } from '../../src/messages/status.ts'

const replicaId = { type: 'integer', minimum: 0 }
const count = { type: 'integer', minimum: 0 }

/** An object with these fields, all of them there, and no others. */
const whole = (properties: object, description: string) => ({
  type: 'object',
  description,
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
})

const orNull = (type: string, description: string) => ({ type: [type, 'null'], description })
const listOf = (items: object, description: string) => ({ type: 'array', description, items })

const evidencePlace = whole(
  {
    kind: { type: 'string', enum: ['pre-prepare', 'prepare', 'commit', 'checkpoint'] },
    view: orNull('integer', 'Null for a checkpoint: it belongs to no view.'),
    sequence: count,
  },
  'What it signed twice, differently. `/v1/evidence` has the messages.',
)

const cutOff = whole(
  {
    id: { ...replicaId, description: 'The replica that takes nothing from it for now.' },
    because: {
      type: 'string',
      enum: CUT_OFF_REASONS,
      description:
        '`fails-checks`: it sends what fails its checks. `floods`: it sends too much that is of no use.',
    },
    times: { ...count, description: 'How often it was cut off by that replica; each time lasts longer.' },
  },
  'A replica does not take its messages for a while.',
)

const replica = whole(
  {
    id: replicaId,
    address: { type: 'string', description: 'Host and port.' },
    reachable: {
      type: 'boolean',
      description: 'Whether it answered just now. Where not, what it says is null.',
    },
    view: orNull('integer', 'The view that it is in.'),
    lastExecuted: orNull('integer', 'The last sequence number that it executed.'),
    stable: orNull('integer', 'The sequence number of its stable checkpoint.'),
    state: {
      type: ['string', 'null'],
      enum: [...REPLICA_STANDINGS, null],
      description:
        '`voting`: it takes part. `transferring`: it fetches a state. `amnesiac`: it lost synced data and heals. `diverged`: its state is another one than the others agree on. `recalling`: it has just started and asks what it sent before.',
    },
    suspected: {
      type: 'boolean',
      description: 'f + 1 replicas hear nothing of it, or as primary wait for it past their timers.',
    },
    cutOffBy: listOf(cutOff, 'Who does not take its messages, and why; empty for a correct replica.'),
    clientsCutOff: { ...count, description: 'Clients whose messages it does not take for a while.' },
    loopHeldMs: orNull(
      'integer',
      'Milliseconds: the longest that its loop took nothing in because of its own work since it started.',
    ),
    blacklisted: listOf(
      { type: 'string', enum: COMPLAINTS },
      'Why f + 1 replicas will not have it as primary for a while: it delivered less than others, proposed late, or passed a client over. Empty for one that they would have.',
    ),
    evidence: listOf(evidencePlace, 'What its key is proved to have signed; empty for a correct replica.'),
  },
  'A replica, as it and the others say.',
)

const stall = {
  ...whole(
    {
      since: { type: 'integer', description: 'Milliseconds since 1970.' },
      missing: listOf(replicaId, 'Replicas that are waited for.'),
      because: { type: 'string', description: 'A sentence.' },
    },
    'Why nothing moves; null while requests are served.',
  ),
  type: ['object', 'null'],
}

export const statusSchema = whole(
  {
    clusterId: { type: 'string', description: '32 bytes in hexadecimal.' },
    n: { ...count, description: 'Replicas.' },
    f: { ...count, description: 'How many of them may be faulty.' },
    auth: { type: 'string', enum: AUTHENTICATION_MODES },
    suite: { type: 'string', enum: Object.keys(SUITES) },
    view: { ...count, description: 'The highest view that f + 1 replicas have reached.' },
    primary: { ...replicaId, description: 'The primary of that view.' },
    revision: { ...count, description: 'The highest store revision that f + 1 replicas have reached.' },
    replicas: listOf(replica, 'In the order of their ids.'),
    stalled: stall,
    gateway: whole(
      {
        loopHeldMs: { ...count, description: 'As of a replica, in milliseconds.' },
        isKeyShared: {
          type: 'boolean',
          description: 'Whether another process uses its client key: then neither of them sends requests.',
        },
        counterLeaps: {
          ...count,
          description:
            'How often its counter of request numbers was found behind what the replicas executed: it was lost, restored, or its key is used elsewhere.',
        },
        numbersLeft: { ...count, description: 'Request numbers that are reserved on its disk and not used.' },
        reservationFailure: orNull(
          'string',
          'Why no more can be reserved; it tries again. Null while they can.',
        ),
      },
      'The process that answers.',
    ),
  },
  'What the replicas say of themselves and of each other.',
)
