/** The resource `/openapi.json`: the description of the API for programs. */
import { z } from 'zod'
import { endpoint, json } from './endpoint.ts'

export const getDescription = endpoint({
  method: 'GET',
  path: '/openapi.json',
  summary: 'Returns the description of this API for programs.',
  answers: { 200: json(z.looseObject({}), 'OpenAPI 3.1.') },
  problems: [],
})
