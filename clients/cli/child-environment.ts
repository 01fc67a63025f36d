/** The environment of a command that runs as a child process. */

/** Returns this process's environment with additional variables. */
export const environmentWith = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})
