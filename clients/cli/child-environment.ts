/** The environment of a command that runs as a child process. */

/** Returns this process's environment with additional variables. */
export const environmentWith = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})

/** Returns true if systemd started this process and waits to be told that it is ready. */
export const isAwaitedBySystemd = (): boolean => (process.env['NOTIFY_SOCKET'] ?? '') !== ''
