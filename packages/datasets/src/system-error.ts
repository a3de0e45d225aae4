/** Tells an error of the operating system, such as ENOENT, from any other. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
}

/** The code of a system error, such as `ENOENT`; the message of any other. */
export function systemErrorCode(error: unknown): string {
  if (isSystemError(error)) return error.code ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
