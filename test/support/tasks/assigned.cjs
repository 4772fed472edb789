// Names that are not in the text of the module as exports.
const functions = { etl: (n) => 3 * n, prepare: () => 7, withShared: (n, shared) => n + shared }
Object.assign(module.exports, functions)
