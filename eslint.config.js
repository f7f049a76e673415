import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['dist', 'cdk.out', 'node_modules']),
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in a message are as clear as strings.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // An async function that only returns a promise is how a port says "this may take time".
      '@typescript-eslint/require-await': 'off',
      // `_name` says "the signature wants it, this one does not".
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Factories: each is what a class would be elsewhere, and minifies to half of that.
    files: ['src/client/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 135, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // `describe` and `it` take arrow functions of any length, and a test may call `.!`.
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
)
