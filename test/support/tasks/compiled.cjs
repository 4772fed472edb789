// As compilers write an ES module in CommonJS.
Object.defineProperty(exports, '__esModule', { value: true })
exports.default = (n) => 2 * n
exports.etl = (n) => 3 * n
