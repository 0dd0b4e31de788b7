// Connects as each case says, with the `pg` of the folder given, and prints what came of it as JSON. The sessions stay
// until standard input ends.
const [folder, text] = process.argv.slice(2);
const { Client } = require(require.resolve('pg', { paths: [folder] }));

async function connect({ url, ssl, application }) {
  const client = new Client({ connectionString: url, ssl, application_name: application });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  return { tls: rows[0].ssl };
}

async function main() {
  const warnings = [];
  process.on('warning', (warning) => warnings.push(warning.message));
  const outcomes = [];
  for (const one of JSON.parse(text)) {
    outcomes.push(await connect(one).catch(({ message, code }) => ({ message, code })));
  }
  console.log(JSON.stringify({ outcomes, warnings }));
  process.stdin.on('end', () => process.exit()).resume();
}

main();
