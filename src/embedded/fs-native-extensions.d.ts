/** The part of fs-native-extensions that is used here; the package has no types of its own. */
declare module 'fs-native-extensions' {
  /**
   * Locks an open file exclusively, for as long as it is open: however the process ends, the system lets go of it.
   *
   * @returns false if another descriptor has the lock, one of this very process included
   */
  export function tryLock(fd: number): boolean
}
