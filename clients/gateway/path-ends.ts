/**
 * Parts of paths that are any bytes, such as the key in `/v1/kv/{key}`. The router never sees them: it would decode them
 * as UTF-8. No request can ask for such a route in another way: every URL that begins and ends so has its part taken out.
 */
import type { IncomingMessage } from 'node:http'
import { ENDPOINTS } from '../api/endpoints.ts'

/** The path by which the router knows an endpoint. */
export const routePath = (path: string): string => path.replace(NAME, '')

const NAME = /\{\w+\}/

/** The paths of endpoints by their routes, where the two differ. */
const PATHS_BY_ROUTE: ReadonlyMap<string, string> = new Map(
  ENDPOINTS.map(({ path }) => [routePath(path), path] as const).filter(([route, path]) => route !== path),
)

/** The parts of each path before and behind the bytes, the longest end first. */
const FRAMES = [...PATHS_BY_ROUTE]
  .map(([route, path]) => ({ route, parts: path.split(NAME) as [before: string, behind: string] }))
  .sort((a, b) => b.parts[1].length - a.parts[1].length)

/** The path of a route as a person knows it. */
export const shownPath = (route: string): string => PATHS_BY_ROUTE.get(route) ?? route

/** These parts of the requests' paths, still encoded. */
export class PathEnds {
  readonly #ends = new WeakMap<IncomingMessage, string>()

  /** The URL by which the request is routed. */
  rewrite(request: IncomingMessage): string {
    const url = originForm(request)
    const [target = '', ...query] = url.split('?')
    const frame = FRAMES.find(
      ({ parts: [before, behind] }) =>
        target.startsWith(before) && target.slice(before.length).endsWith(behind),
    )
    if (frame === undefined) return url
    const [before, behind] = frame.parts
    this.#ends.set(request, target.slice(before.length, target.length - behind.length))
    return [frame.route, ...query].join('?')
  }

  of(request: IncomingMessage): string | undefined {
    return this.#ends.get(request)
  }
}

/** A target with scheme and host (RFC 9112, 3.2.2) without them; its host counts, and not the Host header. */
function originForm(request: IncomingMessage): string {
  const { url = '/' } = request
  const [start, host] = /^https?:\/\/([^/?]*)/i.exec(url) ?? []
  if (start === undefined) return url
  request.headers.host = host
  const rest = url.slice(start.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
