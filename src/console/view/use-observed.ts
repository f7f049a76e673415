import { useEffect, useState } from 'preact/hooks'
import type { Observable } from '../observable.ts'

/** Draws the component again when the model has changed. */
export function useObserved(model: Observable): void {
  const [, redraw] = useState(0)
  useEffect(() => {
    const changed = (): void => {
      redraw((count) => count + 1)
    }
    const stop = model.subscribe(changed)
    // It may have changed between the first drawing and now.
    changed()
    return stop
  }, [model])
}
