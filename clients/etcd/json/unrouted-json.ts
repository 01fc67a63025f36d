/** etcd's plain-text answers to requests that match no method of its JSON gateway. */
import type { FastifyReply } from 'fastify'
import { JSON_ROOTS } from './json-routes.ts'

const OTHER_PATHS: readonly string[] = ['/version', '/health']

/** True for a path of etcd's interface. */
export const isOfEtcd = (path: string): boolean =>
  OTHER_PATHS.includes(path) || JSON_ROOTS.some((root) => path === root || path.startsWith(`${root}/`))

/** `methods` are the HTTP methods of the path; empty if there is no such path. */
export function answerAsEtcd(reply: FastifyReply, methods: readonly string[]): FastifyReply {
  reply.type('text/plain; charset=utf-8')
  if (methods.length === 0) return reply.code(404).send('Not Found\n')
  return reply.code(405).header('allow', methods.join(', ')).send('Method Not Allowed\n')
}
