/** The end of a gateway by signals, while a call waits for the replicas. */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { expect } from 'vitest'
import { end, http, PATIENT_GATEWAY, type ProcessKit, until } from './process-kit.ts'

interface Stalling {
  /** The processes of f + 1 replicas, without which no call is answered. */
  readonly pids: readonly number[]
  readonly directory: string
}

/** A gateway answers the call that has come, and takes no other; a second signal ends it at once. */
export async function expectDraining(kit: ProcessKit, { pids, directory }: Stalling): Promise<void> {
  const each = (signal: NodeJS.Signals): void => {
    for (const pid of pids) end(pid, signal)
  }
  const first = await startGateway(kit, directory)
  each('SIGSTOP')
  try {
    const put = await begunPut(first.url)
    const prober = new Prober(first.url)
    await prober.ask()
    first.process.kill('SIGTERM')
    let seen: unknown = null
    await until('it says that it drains', async () => {
      seen = await prober.ask()
      return JSON.stringify(seen).includes('draining')
    })
    expect(seen).toMatchObject([503, 'close', { ready: false, because: 'draining' }])
    prober.end()
    expect(await refusalOf(first.url)).toBe('ECONNREFUSED')
    each('SIGCONT')
    expect(await put.outcome).toBe(200)
    expect(await exitOf(first.process)).toBe(0)

    const second = await startGateway(kit, directory)
    each('SIGSTOP')
    const lost = await begunPut(second.url)
    await http(`${second.url}/readyz`)
    second.process.kill('SIGTERM')
    await until('it takes no connections', async () => (await refusalOf(second.url)) === 'ECONNREFUSED')
    expect(second.process.exitCode).toBeNull()
    second.process.kill('SIGTERM')
    expect([await exitOf(second.process), await lost.outcome]).toEqual([143, 'cut off'])
  } finally {
    each('SIGCONT')
  }
}

async function startGateway(kit: ProcessKit, directory: string) {
  const named = ['--client', 'operator', '--port', '0'] as const
  const process = kit.start('gateway', '--dir', directory, ...named, ...PATIENT_GATEWAY)
  await until('the gateway listens', () => process.output.stdout.includes('http://'))
  return { process, url: /http:\/\/\S+/.exec(process.output.stdout)?.[0] ?? '' }
}

/** Begins to put a key. Resolves once the whole call is sent. */
async function begunPut(url: string): Promise<{ readonly outcome: Promise<number | 'cut off'> }> {
  const call = request(`${url}/v1/kv/drained`, { method: 'PUT', agent: false })
  const outcome = new Promise<number | 'cut off'>((resolve) => {
    call.once('response', (answer) => resolve(answer.resume().statusCode ?? 0))
    call.once('error', () => resolve('cut off'))
  })
  await new Promise<void>((sent) => call.end('value', sent))
  return { outcome }
}

/** Asks `/readyz`, over one connection as long as it lasts. */
class Prober {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  ask(): Promise<readonly [status: number | undefined, connection: string | undefined, body: object]> {
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}/readyz`, { agent: this.#agent }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (more) => {
          text += more
        })
        answer.on('end', () => resolve([answer.statusCode, answer.headers.connection, JSON.parse(text)]))
      })
      asked.on('error', reject).end()
    })
  }

  end(): void {
    this.#agent.destroy()
  }
}

/** Returns the error of a new connection; null if there is one. */
function refusalOf(url: string): Promise<string | null> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
  })
}

function exitOf(process: ReturnType<ProcessKit['start']>): Promise<number | null> {
  if (process.exitCode !== null) return Promise.resolve(process.exitCode)
  return new Promise((resolve) => process.once('exit', resolve))
}
