/** The resource `/metrics`: the metrics of the gateway, and of the cluster as the gateway sees it, for Prometheus. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

export const getMetrics = endpoint({
  method: 'GET',
  path: '/metrics',
  summary: 'Returns the metrics of the gateway and of the cluster, in the text format of Prometheus.',
  answers: {
    200: {
      description: 'One metric per line.',
      content: { 'text/plain': z.string().describe('The text format of Prometheus, version 0.0.4.') },
    },
  },
  problems: [],
})
