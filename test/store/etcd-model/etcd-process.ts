/** A real etcd of one member, on free ports of the loopback interface and in a temporary directory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../../replicas/free-ports.ts'

const POLL_MS = 20
const MISSING = 'etcd is not installed: apt-get install etcd-server.'

export class EtcdProcess {
  readonly url: string
  readonly #process: ChildProcess
  readonly #directory: string

  private constructor(process: ChildProcess, directory: string, url: string) {
    this.#process = process
    this.#directory = directory
    this.url = url
  }

  /** Why there can be none on this machine, as a sentence; null where there can. */
  static whyNot(): string | null {
    try {
      execFileSync('etcd', ['--version'], { stdio: 'ignore' })
      return null
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return code === 'ENOENT' ? MISSING : `etcd does not run here: ${message.split('\n')[0]}`
    }
  }

  /** Starts one, and comes back when it answers. */
  static async start(): Promise<EtcdProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'strategos-etcd-'))
    const [clientPort, peerPort] = await freePorts(2)
    const url = `http://127.0.0.1:${clientPort}`
    const peerUrl = `http://127.0.0.1:${peerPort}`
    const options = {
      name: 'only',
      'data-dir': join(directory, 'data'),
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `only=${peerUrl}`,
      logger: 'zap',
      'log-level': 'error',
    }
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    const child = spawn('etcd', [...args, '--unsafe-no-fsync'], { stdio: ['ignore', 'ignore', 'pipe'] })
    const etcd = new EtcdProcess(child, directory, url)
    try {
      await etcd.#ready()
      return etcd
    } catch (error) {
      await etcd.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#process
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGKILL')
      await ended
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #ready(): Promise<void> {
    let said = ''
    this.#process.stderr?.on('data', (text: Buffer) => {
      said += text.toString()
    })
    const ended = once(this.#process, 'exit').then(() => 'ended' as const)
    for (;;) {
      const isHealthy = fetch(`${this.url}/health`).then(
        (response) => response.ok,
        () => false,
      )
      const outcome = await Promise.race([ended, isHealthy])
      if (outcome === true) return
      if (outcome === 'ended') throw new Error(`etcd ended before it answered: ${said}`)
      await sleep(POLL_MS)
    }
  }
}
