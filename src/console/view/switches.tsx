import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Device } from '../device.ts'

interface SwitchProps {
  readonly label: string
  readonly hint: string
  readonly isOn: boolean
  readonly isDisabled?: boolean
  readonly testId: string
  readonly onFlip: (isOn: boolean) => void
}

function Switch({ label, hint, isOn, isDisabled = false, testId, onFlip }: SwitchProps): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={isOn}
      aria-describedby={`${testId}-hint`}
      aria-label={label}
      disabled={isDisabled}
      data-testid={testId}
      onClick={() => {
        onFlip(!isOn)
      }}
    >
      <span class="switch-text">
        <span class="switch-label">{label}</span>
        <span class="switch-hint" id={`${testId}-hint`}>
          {hint}
        </span>
      </span>
      <span class="switch-track" aria-hidden="true">
        <span class="switch-thumb" />
      </span>
    </button>
  )
}

/** What may go wrong on a device's way to the server, and in its app, to be tried. */
export function Switches({ device, canExpire }: { device: Device; canExpire: boolean }): JSX.Element {
  const { network, role } = device
  const [trouble, setTrouble] = useState('')
  const run = (change: Promise<void>): void => {
    change.then(
      () => {
        setTrouble('')
      },
      (error: unknown) => {
        setTrouble(String(error))
      },
    )
  }
  return (
    <div class="switches" role="group" aria-label={`What goes wrong for the ${role}`}>
      <Switch
        label="Cut the socket"
        hint="HTTP still works"
        isOn={network.isCut}
        testId={`${role}-cut`}
        onFlip={(isOn) => {
          run(device.setCut(isOn))
        }}
      />
      <Switch
        label="Go offline"
        hint="nothing gets through"
        isOn={network.isOffline}
        testId={`${role}-offline`}
        onFlip={(isOn) => {
          run(device.setOffline(isOn))
        }}
      />
      <Switch
        label="Expire the token"
        hint={canExpire ? 'the server refuses it' : 'not with a pasted one'}
        isOn={network.tokenInstead !== undefined}
        isDisabled={!canExpire}
        testId={`${role}-expire`}
        onFlip={(isOn) => {
          run(device.setExpired(isOn))
        }}
      />
      <Switch
        label="Make the handler throw"
        hint="events fail in the app"
        isOn={device.doesThrow}
        testId={`${role}-throw`}
        onFlip={(isOn) => {
          device.setThrowing(isOn)
        }}
      />
      {trouble !== '' && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </div>
  )
}
