// The text of nats.conf, written from the services' reaction tables.

import type { AnyService } from "../service/define.ts";
import {
  filterSubjects,
  MONITOR,
  monitorPermissions,
  OPERATOR,
  operatorPermissions,
  permissions,
} from "./topology.ts";

/** nats.conf for these services. Addresses, folders and passwords come from nats-server's environment. */
export function natsConf(services: readonly AnyService[]): string {
  return `# nats-server's configuration. The users are written from the reaction tables in apps/*/service.ts by
# \`npm run conf\`; a test fails when they differ. Passwords come from the environment: none is kept here.

host: $NATS_HOST
port: $NATS_PORT
http_port: $NATS_MONITOR_PORT
server_name: quadrille
max_payload: 1MB

jetstream {
  store_dir: $NATS_STORE_DIR
  # Every stored message is on disk before it is acknowledged.
  sync_interval: $NATS_SYNC_INTERVAL
}

authorization {
  users: [
    # Creates the streams and consumers; no service knows its password.
    { user: admin, password: $ADMIN_PASSWORD }
${users(services).join("\n")}
  ]
}
`;
}

/** What `npm start` sets NATS up for, as a text: which services there are, what they may say, and what they hear. */
export function arrangement(services: readonly AnyService[]): string {
  const heard = services.map((service) => [service.name, ...filterSubjects(service)]);
  return natsConf(services) + JSON.stringify(heard);
}

function users(services: readonly AnyService[]): string[] {
  return [
    ...services.map((service) => user(service.name, permissions(service))),
    user(OPERATOR, operatorPermissions()),
    user(MONITOR, monitorPermissions(services)),
  ];
}

function user(name: string, { publish, subscribe }: ReturnType<typeof permissions>): string {
  const list = (subjects: string[]) =>
    `[\n${subjects.map((subject) => `          "${subject}"`).join("\n")}\n        ]`;
  return `
    {
      user: ${name}, password: $${name.toUpperCase()}_PASSWORD
      permissions: {
        publish: ${list(publish)}
        subscribe: ${list(subscribe)}
      }
    }`;
}
