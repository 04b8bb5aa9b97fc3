// How the commands are called: what `npm run -s NAME -- --help` says, before anything is installed, compiled or done.
// Commands that have commands of their own tell of those themselves: flow, parked and schemas.

export const USAGE = {
  start: `npm start

  the whole stack in this terminal, until Ctrl-C`,

  restart: `npm run -s restart [-- SERVICE...]

  the running stack's services go on with this build, one after the other; all of them unless some are named`,

  rebuild: `npm run -s rebuild -- SERVICE [--force] [--as-of TIME] [--json]

  makes a service's database anew from the stream, and compares the two
  --force        the new one takes the place of the old one though they differ
  --as-of TIME   as it was then, such as 2026-01-05T09:00Z; nothing is replaced`,

  test: `npm test [-- VITEST-ARGUMENT...]

  all that CI runs, up to the first failure: format and lint, types, tests`,

  bench: `npm run bench [-- overhead | backlog [EVENTS]]

  measures what this machine makes of it, on stacks of its own, and writes bench.json
  overhead           what monitoring and tracing cost instead
  backlog [EVENTS]   how each service catches up, as the monitor sees it (20000)`,

  chaos: `npm run -s chaos [-- --seed N] [--orders N] [--kills N] [--json]

  the real stack under load while everything goes wrong, and the laws that must hold all the same
  --seed N     what happens to whom (another one each time)
  --orders N   how many orders (500)
  --kills N    how often a service or NATS is killed (50); half as many other faults come on top`,

  fuzz: `npm run -s fuzz [-- --seed N] [--messages N] [--bodies N] [--json]

  the real stack under messages and requests that make no sense, while good orders go on
  --seed N       what is sent (another one each time)
  --messages N   how many messages (10000)
  --bodies N     how many requests (1000)`,

  provision: `npm run -s provision [-- --keep]

  creates or updates streams and consumers, for stacks that npm start does not run
  --keep   stays, and makes anew what is missing later on`,

  conf: `npm run -s conf

  writes nats.conf from the reaction tables`,

  lag: `npm run -s lag [-- --watch | --check] [--json]

  how far every service is behind, and when it will have caught up
  --watch   goes on looking, until Ctrl-C
  --check   counts in the stream whether it is so`,

  order: `npm run -s order -- ID [--json]

  the story of one order, and what is expected next`,

  why: `npm run -s why -- ID [--json]

  why an order stands where it stands, in one sentence, and one safe command`,

  demo: `npm run -s demo [-- --json]

  places one order for each branch of the flow on a running stack, and shows them live to their ends`,

  passwords: `npm run -s passwords

  adds the passwords that docker-compose.yml asks for to .env`,
};
