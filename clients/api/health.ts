/** The resources that a supervisor asks: `/healthz` and `/readyz`. */
import { z } from 'zod'
import { endpoint, json } from './endpoint.ts'

const Health = z.strictObject({ status: z.literal('ok') })

const Readiness = z.strictObject({
  ready: z.boolean(),
  answering: z.int().describe('Replicas that answered just now.'),
  needed: z.int().describe('The number of replicas that must answer.'),
  because: z.string().nullable().describe('Why nothing moves; null while requests are served.'),
})

export const getHealth = endpoint({
  method: 'GET',
  path: '/healthz',
  summary: 'Answers as long as the gateway runs.',
  answers: { 200: json(Health, 'It runs.') },
  problems: [],
})

export const getReadiness = endpoint({
  method: 'GET',
  path: '/readyz',
  summary:
    'Tells if requests are served: a quorum of replicas answers, and nothing keeps the gateway from sending.',
  answers: { 200: json(Readiness, 'They are.'), 503: json(Readiness, 'They are not.') },
  problems: [],
})
