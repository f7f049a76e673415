import type { Context } from './context.ts'

/** The same promise, but rejected if it takes longer: `no ${what} within 10 s`. */
export async function within<T>(
  context: Context,
  milliseconds: number,
  what: string,
  promise: T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = context.after(milliseconds, () => {
      reject(new Error(`no ${what} within ${milliseconds / 1000} s`))
    })
    Promise.resolve(promise).then(resolve, reject).finally(cancel)
  })
}
