/**
 * The resource `/v1/attacks` of a cluster that `strategos up --playground` started: traitors at a click. No other gateway
 * has it, so it stands in no description of the API.
 */
import { z } from 'zod'
import { type Described, endpoint, json } from './endpoint.ts'
import { wholeNumber } from './parameters.ts'

const count = z.int().min(0)

/** `waiting`: it has not acted yet. `held`: as promised. `broke`: as it must beyond f. `failed`: a promise is broken. */
export const VERDICTS = ['waiting', 'held', 'broke', 'failed'] as const
export type Verdict = (typeof VERDICTS)[number]

const LiveAttack = z.strictObject({
  name: z.string(),
  does: z.string().describe('One sentence, without its full stop.'),
  expects: z.string().describe('The result that is expected beside what always holds.'),
  isOfPrimary: z.boolean().describe('It acts only while its replica is the primary.'),
  breaksFrom: count
    .nullable()
    .describe('The number of traitors from which it breaks the store, as it then must.'),
})

const Traitor = z.strictObject({
  replica: count,
  attack: z.string(),
  seconds: z.number().min(0).describe('Since it was launched, or as long as it lasted.'),
  acts: count,
  isConvicted: z.boolean(),
  answered: count.describe('Requests of a correct client meanwhile.'),
  unanswered: count,
  wrong: count.describe('Answers that the client believed and that are not what it wrote.'),
  longestGapMs: z.number().min(0),
  verdict: z.enum(VERDICTS),
  sentence: z.string(),
})

const LiveAttacks = z.strictObject({
  f: count,
  used: count.describe('Replicas that play an attack now, or are convicted.'),
  catalogue: z.array(LiveAttack),
  playing: z.array(Traitor),
  ended: z.array(Traitor).describe('The last first.'),
})

const Launch = z.strictObject({
  attack: z.string(),
  replica: count,
  beyond: z.boolean().optional().describe('A person wants to see what breaks beyond f.'),
})

const REPLICA_IN_QUERY = {
  replica: { description: 'The id of the replica.', schema: wholeNumber('the replica') },
} as const

export const showAttacks = endpoint({
  method: 'GET',
  path: '/v1/attacks',
  summary: 'Lists the attacks that can be launched, and those that are.',
  answers: { 200: json(LiveAttacks, 'The attacks.') },
  problems: [],
})

export const launchAttack = endpoint({
  method: 'POST',
  path: '/v1/attacks',
  summary: 'Makes a replica of this cluster a traitor.',
  body: {
    description: 'The attack and the replica.',
    bytesMax: 1024,
    content: { 'application/json': Launch },
  },
  answers: { 200: json(LiveAttacks, 'The replica plays it.') },
  problems: ['unknown'],
})

export const withdrawAttack = endpoint({
  method: 'DELETE',
  path: '/v1/attacks',
  summary: 'Makes a replica honest again.',
  parameters: REPLICA_IN_QUERY,
  answers: { 200: json(LiveAttacks, 'The replica is honest.') },
  problems: ['unknown'],
})

export type LiveAttackDocument = Described<typeof LiveAttack>
export type TraitorDocument = Described<typeof Traitor>
export type LiveAttacksDocument = Described<typeof LiveAttacks>
