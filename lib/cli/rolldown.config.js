// The command in one file: loading some fifty modules one by one takes longer than a short file's noise. Dependencies stay outside.
export default {
  input: 'dist/cli/main.js',
  external: /^[a-z]/,
  platform: 'node',
  logLevel: 'warn',
  output: { file: 'dist/cli.cjs', format: 'cjs' },
}
