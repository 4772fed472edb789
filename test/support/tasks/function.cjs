module.exports = (n) => 2 * n
module.exports.etl = (n) => 3 * n
