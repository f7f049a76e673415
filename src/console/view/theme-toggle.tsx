import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { applyTheme, keepTheme, keptTheme, type Theme, THEMES } from '../theme.ts'
import { Icon } from './icons.tsx'

const LABELS = {
  light: ['Light', 'sun'],
  dark: ['Dark', 'moon'],
  system: ['As the system', 'screen'],
} as const

export function ThemeToggle(): JSX.Element {
  const [theme, setTheme] = useState(keptTheme)
  const choose = (chosen: Theme): void => {
    setTheme(chosen)
    keepTheme(chosen)
    applyTheme(chosen)
  }
  return (
    <fieldset class="segments themes">
      <legend class="hidden">Colours</legend>
      {THEMES.map((name) => (
        <label key={name} class="segment" title={LABELS[name][0]}>
          <input
            type="radio"
            name="theme"
            class="hidden"
            checked={theme === name}
            data-testid={`theme-${name}`}
            onChange={() => {
              choose(name)
            }}
          />
          <Icon name={LABELS[name][1]} />
          <span class="hidden">{LABELS[name][0]}</span>
        </label>
      ))}
    </fieldset>
  )
}
