/** Runs before the first paint, so that a dark page never flashes white. The page's policy allows no inline script. */
import { applyTheme, keptTheme } from './theme.ts'

applyTheme(keptTheme())
