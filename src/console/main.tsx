import { render } from 'preact'
import { Announcer } from './announcer.ts'
import { type Config, fetchConfig } from './config.ts'
import { startConsole } from './console.ts'
import { mintedTokens, type PastedTokens, pastedTokens, subjectOf } from './tokens.ts'
import { Notice } from './view/notice.tsx'
import { Page } from './view/page.tsx'
import { TokenForm } from './view/token-form.tsx'
import { Workbench } from './view/workbench.tsx'

const announcer = new Announcer()
const root = document.getElementById('root') ?? document.body

function show(content: preact.ComponentChildren): void {
  render(<Page announcer={announcer}>{content}</Page>, root)
}

function startWithPasted(config: Config, pasted: PastedTokens): void {
  const users = { trainer: subjectOf(pasted.trainer) ?? '', student: subjectOf(pasted.student) ?? '' }
  show(<Workbench model={startConsole(config, pastedTokens(pasted), announcer, users)} />)
}

function start(config: Config): void {
  const { whyNoTokens } = config
  if (whyNoTokens === undefined) {
    const users = { trainer: 'trainer-1', student: 'student-1' }
    show(<Workbench model={startConsole(config, mintedTokens, announcer, users)} />)
    return
  }
  show(
    <TokenForm
      whyNoTokens={whyNoTokens}
      onTokens={(tokens) => {
        startWithPasted(config, tokens)
      }}
    />,
  )
}

fetchConfig().then(start, (error: unknown) => {
  show(
    <Notice>
      The console cannot start: {String(error)}. Is the server still there? Then load this page again.
    </Notice>,
  )
})
