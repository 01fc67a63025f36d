/** The pages of the gateway: whole, and under the policy that they were built with. */
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { servePage } from '../../clients/gateway/page-routes.ts'
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
