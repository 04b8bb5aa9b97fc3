// How the commands are called: what `npm run -s NAME -- --help` says, before anything is installed, compiled or done.
// Commands that have commands of their own tell of those themselves: flow, parked and schemas.

export const USAGE = {
  start: `npm start

  the whole stack in this terminal, until Ctrl-C`,

  restart: `npm run -s restart [-- SERVICE...]

  moves the running stack to this build, one service after the other: all of them, unless some are named`,

  rebuild: `npm run -s rebuild -- SERVICE [--force] [--as-of TIME] [--json]

  rebuilds a service's database from the stream, and compares it with the old one
  --force        replaces the old one even if they differ
  --as-of TIME   rebuilds it as of a time such as 2026-01-05T09:00Z, and replaces nothing`,

  test: `npm test [-- VITEST-ARGUMENT...]

  everything that CI runs, up to the first failure: format and lint, types, tests`,

  bench: `npm run bench [-- overhead | backlog [EVENTS]]

  measures the speed of this machine and of the services on it, on stacks of its own, and writes bench.json
  overhead           measures what monitoring and tracing cost instead
  backlog [EVENTS]   measures how each service catches up, as the monitor sees it (20000 events)`,

  chaos: `npm run -s chaos [-- --seed N] [--orders N] [--kills N] [--json]

  puts a stack of its own under load while everything goes wrong, and checks the laws that must hold all the same
  --seed N     what happens to whom (random unless given)
  --orders N   how many orders (500)
  --kills N    how often a service or NATS is killed (50); half as many other faults come on top`,

  fuzz: `npm run -s fuzz [-- --seed N] [--messages N] [--bodies N] [--json]

  sends a stack of its own messages and requests that make no sense, with good orders in between
  --seed N       what is sent (random unless given)
  --messages N   how many messages (10000)
  --bodies N     how many requests (1000)`,

  provision: `npm run -s provision [-- --keep]

  creates or updates streams and consumers, for stacks that npm start does not run
  --keep   stays, and recreates whatever goes missing`,

  conf: `npm run -s conf

  writes nats.conf from the reaction tables`,

  lag: `npm run -s lag [-- --watch | --check] [--json]

  how far behind every service is, and when it will have caught up
  --watch   keeps looking, until Ctrl-C
  --check   counts in the stream whether the numbers are right`,

  order: `npm run -s order -- ID [--json]

  the story of one order, and what is expected next`,

  why: `npm run -s why -- ID [--json]

  why an order is where it is, in one sentence, and one safe command`,

  demo: `npm run -s demo [-- --json]

  places one order for each branch of the flow on a running stack, and shows them live until they end`,

  passwords: `npm run -s passwords

  adds the passwords that docker-compose.yml asks for to .env`,
};
