/** The resources for a supervisor: `/healthz` and `/readyz`. */
import { z } from 'zod'
import { endpoint, json } from './endpoint.ts'

const Health = z.strictObject({ status: z.literal('ok') })

const Readiness = z.strictObject({
  ready: z.boolean(),
  answering: z.int().describe('The number of replicas that answered just now.'),
  needed: z.int().describe('The number of replicas that must answer.'),
  because: z.string().nullable().describe('The reason why requests are not served; null while they are.'),
})

export const getHealth = endpoint({
  method: 'GET',
  path: '/healthz',
  summary: 'Succeeds as long as the gateway runs.',
  answers: { 200: json(Health, 'The gateway runs.') },
  problems: [],
})

export const getReadiness = endpoint({
  method: 'GET',
  path: '/readyz',
  summary:
    'Reports whether requests are served: a quorum of replicas answers, and the gateway can send requests.',
  answers: { 200: json(Readiness, 'Requests are served.'), 503: json(Readiness, 'Requests are not served.') },
  problems: [],
})
