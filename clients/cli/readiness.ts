/** Reports that a process of the cluster is ready, or that it stops. */
import { spawn } from 'node:child_process'
import { isAwaitedBySystemd } from './child-environment.ts'

/** Reports to the parent process, if there is one, and to systemd that this process is ready. */
export function reportReady(address: string): void {
  process.send?.({ ready: address })
  notifySystemd()
}

/** Reports readiness to systemd where it waits for it. Node has no datagram socket for paths, so a child does it. */
export const notifySystemd = (): void => notify('READY=1')

/** Reports to systemd that this process stops, so that it waits for its end. */
export const notifyStopping = (): void => notify('STOPPING=1')

function notify(state: string): void {
  if (!isAwaitedBySystemd()) return
  // Without the program systemd goes on waiting, and its log says so.
  spawn('systemd-notify', [state], { stdio: 'ignore' }).on('error', () => {})
}
