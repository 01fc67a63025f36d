/** The pages of the gateway: whole, and under the policy that they were built with. */
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { serveDashboard, servePage } from '../../clients/gateway/page-routes.ts'
import { type Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { BROWSER_PAGES } from '../../clients/web/bundle/pages.ts'

test.each(BROWSER_PAGES)('$name', async ({ name, title }) => {
  const server = Fastify()
  servePage(server, '/page', name)
  const { statusCode, headers, body } = await server.inject({ method: 'GET', url: '/page' })
  expect(statusCode).toBe(200)
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*; frame-ancestors 'none'$/)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(body).toContain(`<title>${title}</title>`)
  const head = await server.inject({ method: 'HEAD', url: '/page' })
  expect(head.body).toBe('')
  expect(head.headers['content-length']).toBe(headers['content-length'])
  await server.close()
})

test('the dashboard is there for browsers, and nothing is for programs', async () => {
  const server = Fastify()
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, error as Problem))
  serveDashboard(server)
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const page = await server.inject({ method: 'GET', url: '/', headers: { accept } })
  expect(page.statusCode).toBe(200)
  expect(page.headers['content-security-policy']).toMatch(/connect-src 'self'.*frame-ancestors 'none'$/)
  const program = await server.inject({ method: 'GET', url: '/', headers: { accept: '*/*' } })
  expect(program.statusCode).toBe(404)
  expect(program.json()).toMatchObject({ code: 'no-such-route' })
  await server.close()
})
